import type { ProverKind } from "@phala-l2/contracts/deploy/config";
import { MAX_BLOCKS_PER_PROOF } from "@phala-l2/enclave/prove";
import { systemClock } from "@phala-l2/node/clock";
import { type NodeCore, startCore } from "@phala-l2/node/core";
import { coreOptions, coreSettings } from "@phala-l2/node/core-settings";
import { loadAccount } from "@phala-l2/node/keys/account";
import { nativeKzg } from "@phala-l2/node/l1/kzg";
import type { BlockTag } from "@phala-l2/node/rpc/parameters";
import { addressFromHex, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { mayHoldValue } from "@phala-l2/protocol/config/development";
import type { RollupConfig } from "@phala-l2/protocol/config/rollup";
import { rollupConfigHash } from "@phala-l2/protocol/config/rollup-json";
import {
  addressSetting,
  bigintWithin,
  booleanSetting,
  fileSetting,
  type SettingsOf,
  secondsSetting,
  textSetting,
} from "@phala-l2/protocol/config/settings";
import { RollupError } from "@phala-l2/protocol/errors";
import type { Log } from "@phala-l2/protocol/log";
import { createPublicClient, fallback, http, type PublicClient } from "viem";
import { configuredEvidence, evidenceSettings } from "./attest/configured.ts";
import type { EvidenceSource } from "./attest/evidence.ts";
import { encodeEvidence } from "./attest/evidence-json.ts";
import { expiriesOf } from "./attest/expiry.ts";
import { classOf } from "./attest/kind.ts";
import { hostFacts } from "./attest/measurement.ts";
import { type GpuWork, gpuWorkSettings, startGpuWork, stopGpuWork } from "./gpu/gpu-work.ts";
import { affirmKey } from "./host/affirm.ts";
import { bornEnclave } from "./host/born-enclave.ts";
import { createClaims } from "./host/claims.ts";
import { type EnclaveProgram, loadEnclaveProgram, programSettings } from "./host/enclave-program.ts";
import { GameBook, type SettlementAddresses } from "./host/games.ts";
import { KeyLife, type LiveKey } from "./host/key-life.ts";
import { readKeyStanding } from "./host/key-standing.ts";
import { createL1Transactions, type L1Transactions } from "./host/l1-transactions.ts";
import { ownKeys } from "./host/own-keys.ts";
import type { Progress } from "./host/registration/bring.ts";
import type { PrintedKey } from "./host/registration/printed.ts";
import { registerKey } from "./host/registration/register.ts";
import {
  type RegistryContracts,
  readLeastVersion,
  readPolicy,
  readRegistryContracts,
} from "./host/registration/registry.ts";
import { descriptionsOf, statementSettings } from "./host/statements/description.ts";
import { StatementDesk } from "./host/statements/desk.ts";
import { finalityByNode } from "./host/statements/parachain-node.ts";
import { Submitter } from "./host/submitter.ts";
import { readPolicyRules } from "./registry/policy-rules.ts";
import { readCoverage } from "./registry/proof-status.ts";
import { rpcSettings, startTeeEndpoint } from "./rpc/endpoint.ts";
import { numberOfTag } from "./rpc/settlement.ts";
import type { KeyFacts } from "./rpc/tee.ts";

export const proverSettings = {
  ...evidenceSettings,
  ...gpuWorkSettings,
  ...programSettings,
  ...rpcSettings,
  ...statementSettings,
  ...coreSettings,
  account: textSetting({
    help: "the account that pays on L1: a keystore file, or dev:INDEX on a development chain",
  }),
  passwordFile: fileSetting({ help: "file whose first line opens the keystore", optional: true }),
  disputeGameFactory: addressSetting({ help: "DisputeGameFactory on L1" }),
  anchorStateRegistry: addressSetting({ help: "AnchorStateRegistry on L1" }),
  proverRegistry: addressSetting({ help: "ProverRegistry on L1" }),
  registers: booleanSetting({
    help: "true: this prover registers its keys, and posts their bonds in PHA; false: somebody else does (l2 register-prover)",
    default: "true",
  }),
  beneficiary: addressSetting({ help: "earns what the keys prove; the account without", optional: true }),
  renewalLead: secondsSetting({
    help: "seconds before a key or its evidence ends in which a new key is taken",
    default: "259200",
  }),
  proposalInterval: bigintWithin(
    1n,
    MAX_BLOCKS_PER_PROOF,
  )({ help: `L2 blocks between proposals, up to ${MAX_BLOCKS_PER_PROOF}`, default: "1800" }),
  pollInterval: secondsSetting({ help: "seconds between looks at the games", default: "12" }),
  resubmitAfter: secondsSetting({ help: "seconds without inclusion until more is offered", default: "60" }),
};

export type ProverSettings = SettingsOf<typeof proverSettings>;

export type RunningProver = {
  /** The first key of the enclave, to be registered before its claims count; `registration` is for whoever does it. */
  readonly address: Hex;
  /** As the contracts name it. */
  readonly kind: ProverKind;
  readonly measurement: Hex;
  readonly simulated: boolean;
  /** SHA-384 of the enclave's program, hex; undefined when it runs from the sources. */
  readonly program: string | undefined;
  /** The L1 block that the evidence commits to: it is not older. */
  readonly l1Block: Hex;
  /** Whatever else a registration takes; numbers are decimal. */
  readonly registration: PrintedKey["registration"];
  /** What speaks for the key: the JSON of `encodeEvidence`. */
  readonly evidence: Hex;
  /** Where it serves `tee_*`; undefined when it does not. */
  readonly rpcUrl: string | undefined;
  stop(): Promise<void>;
};

const MILLISECONDS = 1000;
/** Provers take their new keys within this share of the lead. */
const SPREAD_OF_LEAD = 4n;

function unixSeconds(): bigint {
  return BigInt(Math.floor(systemClock.now() / MILLISECONDS));
}

/**
 * Starts a prover: a node of its own that follows L1 (no other node is believed), an enclave with a new key, and
 * the loop that keeps settlement going. Proofs begin when the registry counts the key.
 * @throws RollupError EVIDENCE_…, ENCLAVE_PROGRAM_…, GPU_WORK_MISSING, SETTING_INVALID, CONFIG_INVALID,
 * GENESIS_INVALID, KEY_…, and those of the node's parts
 */
export async function startProver(
  settings: ProverSettings,
  { log }: { readonly log: Log },
): Promise<RunningProver> {
  const source = configuredEvidence(settings, { log, now: unixSeconds });
  const program = await loadEnclaveProgram(settings);
  tellProgram(program, log);
  const options = await coreOptions(settings);
  const { rollup: config } = options;
  requireHardware(settings, config);
  const account = await loadAccount({ ...settings, l1ChainId: config.l1ChainId });
  const core = await startCore(options, { log, kzg: nativeKzg });
  let gpuWork: GpuWork = { kind: "none" };
  try {
    gpuWork = await startGpuWork({ ...settings, hasGpu: classOf(source.kind).gpu }, { log });
    const client = l1Client(settings.l1RpcUrls);
    const addresses = settlementOf(settings);
    const book = new GameBook(client, addresses);
    await requireSameSettlement(book, addresses, config);
    const abort = new AbortController();
    const { signal } = abort;
    const parts = { core, client, addresses, account, program, gpuWork, source, log, signal };
    const keys = await startKeys(settings, config, parts);
    const facts = () => keys.life.serving().facts;
    const readStanding = (key: Hex) => readKeyStanding(client, addresses.proverRegistry, key);
    const desk = statementDesk(settings, keys.life, parts);
    const rpc = await startTeeEndpoint(settings, {
      facts,
      readStanding,
      ...settlementReads(keys.contracts, parts),
      desk,
      clock: systemClock,
      log,
    });
    const { transactions } = keys;
    const running = [
      submitter(settings, { ...parts, book, keys: keys.life, transactions }).run(),
      keys.life.run(),
    ];
    const stop = async () => {
      abort.abort();
      await stopGpuWork(gpuWork);
      await Promise.all(running);
      await rpc?.stop();
      await desk?.idle();
      await core.stop();
    };
    return announced(keys.life.serving(), { rpcUrl: rpc?.url, stop }, log);
  } catch (error) {
    await stopGpuWork(gpuWork);
    await core.stop();
    throw error;
  }
}

function tellProgram({ sha384 }: EnclaveProgram, log: Log): void {
  if (sha384 !== undefined) log.info({ sha384 }, "the enclave's program is the bundle that was named");
  else log.warn({}, "the enclave's program runs from the sources: no hash names it (enclaveProgram)");
}

/** Whoever simulates by mistake learns it here, and not when the registry refuses the key. */
function requireHardware({ dangerouslySimulate }: ProverSettings, { l1ChainId }: RollupConfig): void {
  if (!dangerouslySimulate || !mayHoldValue(l1ChainId)) return;
  const message = `dangerouslySimulate is for test chains, and L1 ${l1ChainId} may hold value`;
  throw new RollupError("SETTING_INVALID", message, { data: { l1ChainId } });
}

function l1Client(urls: readonly string[]): PublicClient {
  return createPublicClient({ transport: fallback(urls.map((url) => http(url, { batch: true }))) });
}

function settlementOf(settings: ProverSettings): SettlementAddresses {
  return {
    disputeGameFactory: toHex(settings.disputeGameFactory),
    anchorStateRegistry: toHex(settings.anchorStateRegistry),
    proverRegistry: toHex(settings.proverRegistry),
  };
}

/** Claims for another configuration or registry would be refused one by one, as by an unknown key. */
async function requireSameSettlement(
  book: GameBook,
  { proverRegistry }: SettlementAddresses,
  config: RollupConfig,
): Promise<void> {
  const wanted = await book.wanted();
  const own = toHex(rollupConfigHash(config));
  if (wanted.rollupConfigHash !== own) {
    const message = `the games on L1 are of the rollup configuration ${wanted.rollupConfigHash}, not of the given file's ${own}; use the files of that deployment`;
    throw new RollupError("SETTING_INVALID", message, { data: { wanted: wanted.rollupConfigHash, own } });
  }
  if (wanted.proverRegistry !== proverRegistry) {
    const message = `the games on L1 ask the prover registry ${wanted.proverRegistry}, not ${proverRegistry}`;
    throw new RollupError("SETTING_INVALID", message, { data: { wanted: wanted.proverRegistry } });
  }
}

type ProverParts = {
  readonly core: NodeCore;
  readonly client: PublicClient;
  readonly addresses: SettlementAddresses;
  readonly account: Awaited<ReturnType<typeof loadAccount>>;
  readonly program: EnclaveProgram;
  readonly gpuWork: GpuWork;
  readonly source: EvidenceSource;
  readonly log: Log;
  readonly signal: AbortSignal;
};

/** The first key is born, and what keeps a key counting from then on. */
async function startKeys(settings: ProverSettings, { l1ChainId }: RollupConfig, parts: ProverParts) {
  const { core, client, addresses, account, program, gpuWork, source, log, signal } = parts;
  const shared = { clock: systemClock, log, signal };
  const pollIntervalMs = settings.pollInterval * MILLISECONDS;
  const transactions = createL1Transactions(
    { resubmitAfterMs: settings.resubmitAfter * MILLISECONDS, pollIntervalMs },
    { clock: systemClock, signal, client, account },
  );
  const contracts = await readRegistryContracts(client, addresses.proverRegistry);
  const domain = { chainId: l1ChainId, verifyingContract: settings.proverRegistry };
  const bear = ownKeys(source.kind, {
    source,
    domain,
    beneficiary: settings.beneficiary ?? addressFromHex(account.address),
    createEnclave: () => bornEnclave({ program, gpuWork, domain }),
    l1Block: () => core.watch.heads().safe,
    policyVersion: async () => (await readPolicy(client, contracts)).version,
    claimsOf: (enclave) => createClaims({ enclave, chain: core.chain, l1: core.l1, ...shared }),
    factsOf: (binding, evidence) => keyFacts(source, { program, gpuWork, binding, evidence }),
  });
  const lead = BigInt(Math.round(settings.renewalLead));
  const onProgress = (progress: Progress) => log.info({ ...progress }, "registration");
  const registering = { client, transactions, contracts, payer: account.address, onProgress };
  const life = new KeyLife(
    await bear(),
    { registers: settings.registers, lead, spread: lead / SPREAD_OF_LEAD, pollIntervalMs },
    {
      ...shared,
      bear,
      register: (registration) => registerKey(registration, registering),
      standingOf: (key) => readKeyStanding(client, addresses.proverRegistry, key),
      affirm: (key) => affirmKey(key, { client, transactions, registry: contracts.registry }),
      leastVersion: () => readLeastVersion(client, contracts, source.kind),
    },
  );
  return { life, transactions, contracts };
}

/** Where strangers ask for the key's word on Substrate chains; undefined where no file tells of any. */
function statementDesk(
  { sunset, swap, finality, parachainRpcUrl }: ProverSettings,
  life: KeyLife,
  { log, signal }: Pick<ProverParts, "log" | "signal">,
): StatementDesk | undefined {
  if (sunset === undefined && swap === undefined) return undefined;
  const serving = () => {
    const { registration, statements } = life.serving();
    return { key: toHex(registration.binding.key), statements };
  };
  const descriptions = descriptionsOf({ sunset, swap, finality });
  const isFinal = parachainRpcUrl === undefined ? undefined : finalityByNode(parachainRpcUrl);
  return new StatementDesk({ serving, descriptions, isFinal, clock: systemClock, log, signal });
}

/** What the endpoint tells of L1. */
function settlementReads(contracts: RegistryContracts, { core, client, addresses }: ProverParts) {
  const { config, chain } = core;
  return {
    readPolicyRules: () => readPolicyRules(client, contracts),
    readCoverage: (block: bigint) => readCoverage(client, addresses, block),
    numberOf: (tag: BlockTag) => numberOfTag(tag, chain, config.genesis.l2.number),
  };
}

type SubmitterParts = ProverParts & {
  readonly book: GameBook;
  readonly keys: KeyLife;
  readonly transactions: L1Transactions;
};

function submitter(settings: ProverSettings, parts: SubmitterParts): Submitter {
  const { core, addresses, book, keys, transactions, source, log, signal } = parts;
  const signer = () => {
    const { registration, claims } = keys.serving();
    return { key: toHex(registration.binding.key), claims };
  };
  return new Submitter(
    {
      addresses,
      own: classOf(source.kind),
      interval: settings.proposalInterval,
      maxBlocks: MAX_BLOCKS_PER_PROOF,
      pollIntervalMs: settings.pollInterval * MILLISECONDS,
    },
    {
      clock: systemClock,
      signal,
      log,
      signer,
      book,
      transactions,
      l1: core.l1,
      node: { chain: core.chain, currentL1: () => core.engine.syncStatus().currentL1 },
    },
  );
}

function keyFacts(
  { kind, simulated }: EvidenceSource,
  born: Pick<KeyFacts, "binding" | "evidence"> & {
    readonly program: EnclaveProgram;
    readonly gpuWork: GpuWork;
  },
): KeyFacts {
  const { program, binding, evidence } = born;
  const measurement = toHex(hostFacts(evidence.host).measurement);
  const gpuWork = born.gpuWork.kind === "none" ? undefined : born.gpuWork.kind;
  return { kind, simulated, measurement, binding, evidence, program: program.sha384, gpuWork };
}

/** Tells what has to be registered; a key that nobody registers proves nothing. */
function announced(
  { facts: { kind, simulated, measurement, program, binding, evidence }, registration }: LiveKey,
  running: Pick<RunningProver, "rpcUrl" | "stop">,
  log: Log,
): RunningProver {
  const [address, l1Block] = [toHex(binding.key), toHex(binding.l1Block)];
  const registry = toHex(binding.domain.verifyingContract);
  const [first] = expiriesOf(evidence);
  if (first !== undefined) {
    const at = new Date(Number(first.at) * MILLISECONDS).toISOString();
    log.info({ what: first.what, at }, "the first that expires of the key's evidence; renew the key before");
  }
  log.info(
    { key: address, kind, measurement, simulated, registry, l1Block },
    "a new key was born in this prover: proofs begin when the registry counts it",
  );
  const terms = {
    l1BlockNumber: registration.l1BlockNumber.toString(),
    policyVersion: binding.policyVersion.toString(),
    beneficiary: toHex(registration.beneficiary),
    signature: toHex(registration.signature),
  };
  const facts = { address, kind, measurement, simulated, program, l1Block, registration: terms };
  return { ...facts, evidence: toHex(encodeEvidence(evidence)), ...running };
}
