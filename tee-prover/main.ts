import type { ProverKind } from "@phala-l2/contracts/deploy/config";
import { MAX_BLOCKS_PER_PROOF } from "@phala-l2/enclave/prove";
import { systemClock } from "@phala-l2/node/clock";
import { type NodeCore, startCore } from "@phala-l2/node/core";
import { coreOptions, coreSettings } from "@phala-l2/node/core-settings";
import { loadAccount } from "@phala-l2/node/keys/account";
import { nativeKzg } from "@phala-l2/node/l1/kzg";
import { type Hex, toHex } from "@phala-l2/protocol/bytes";
import { mayHoldValue } from "@phala-l2/protocol/config/development";
import type { RollupConfig } from "@phala-l2/protocol/config/rollup";
import { rollupConfigHash } from "@phala-l2/protocol/config/rollup-json";
import {
  addressSetting,
  bigintWithin,
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
import { bornEnclave } from "./host/born-enclave.ts";
import { createClaims } from "./host/claims.ts";
import { type EnclaveProgram, loadEnclaveProgram, programSettings } from "./host/enclave-program.ts";
import { GameBook, type SettlementAddresses } from "./host/games.ts";
import { readKeyStanding } from "./host/key-standing.ts";
import { createL1Transactions } from "./host/l1-transactions.ts";
import { Submitter } from "./host/submitter.ts";
import { rpcSettings, startTeeEndpoint } from "./rpc/endpoint.ts";
import type { KeyFacts } from "./rpc/tee.ts";

export const proverSettings = {
  ...evidenceSettings,
  ...gpuWorkSettings,
  ...programSettings,
  ...rpcSettings,
  ...coreSettings,
  account: textSetting({
    help: "the account that pays on L1: a keystore file, or dev:INDEX on a development chain",
  }),
  passwordFile: fileSetting({ help: "file whose first line opens the keystore", optional: true }),
  disputeGameFactory: addressSetting({ help: "DisputeGameFactory on L1" }),
  anchorStateRegistry: addressSetting({ help: "AnchorStateRegistry on L1" }),
  proverRegistry: addressSetting({ help: "ProverRegistry on L1" }),
  proposalInterval: bigintWithin(
    1n,
    MAX_BLOCKS_PER_PROOF,
  )({ help: `L2 blocks between proposals, up to ${MAX_BLOCKS_PER_PROOF}`, default: "1800" }),
  pollInterval: secondsSetting({ help: "seconds between looks at the games", default: "12" }),
  resubmitAfter: secondsSetting({ help: "seconds without inclusion until more is offered", default: "60" }),
};

export type ProverSettings = SettingsOf<typeof proverSettings>;

export type RunningProver = {
  /** The enclave's key, to be registered before its claims count. */
  readonly address: Hex;
  /** As the contracts name it. */
  readonly kind: ProverKind;
  readonly measurement: Hex;
  readonly simulated: boolean;
  /** SHA-384 of the enclave's program, hex; undefined when it runs from the sources. */
  readonly program: string | undefined;
  /** The L1 block that the evidence commits to: it is not older. */
  readonly l1Block: Hex;
  /** What speaks for the key: the JSON of `encodeEvidence`. */
  readonly evidence: Hex;
  /** Where it serves `tee_*`; undefined when it does not. */
  readonly rpcUrl: string | undefined;
  stop(): Promise<void>;
};

const MILLISECONDS = 1000;

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
    const domain = { chainId: config.l1ChainId, verifyingContract: settings.proverRegistry };
    const enclave = bornEnclave({ program, gpuWork, domain });
    const l1Block = core.watch.heads().latest.hash;
    const binding = { domain, key: enclave.address, l1Block, policyVersion: settings.policyVersion };
    const evidence = await source.evidence(binding);
    const client = l1Client(settings.l1RpcUrls);
    const addresses = settlementOf(settings);
    const book = new GameBook(client, addresses);
    await requireSameSettlement(book, addresses, config);
    const facts = keyFacts(source, { program, gpuWork, binding, evidence });
    const readStanding = (key: Hex) => readKeyStanding(client, addresses.proverRegistry, key);
    const endpoint = { facts: () => facts, readStanding, clock: systemClock, log };
    const rpc = await startTeeEndpoint(settings, endpoint);
    const abort = new AbortController();
    const { signal } = abort;
    const claims = createClaims({ enclave, chain: core.chain, l1: core.l1, clock: systemClock, log, signal });
    const running = submitter(settings, {
      core,
      client,
      addresses,
      book,
      account,
      claims,
      key: toHex(enclave.address),
      source,
      log,
      signal,
    }).run();
    const stop = async () => {
      abort.abort();
      await stopGpuWork(gpuWork);
      await running;
      await rpc?.stop();
      await core.stop();
    };
    return announced(facts, { rpcUrl: rpc?.url, stop }, log);
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

type SubmitterParts = {
  readonly core: NodeCore;
  readonly client: PublicClient;
  readonly addresses: SettlementAddresses;
  readonly book: GameBook;
  readonly account: Awaited<ReturnType<typeof loadAccount>>;
  readonly claims: ReturnType<typeof createClaims>;
  readonly key: Hex;
  readonly source: EvidenceSource;
  readonly log: Log;
  readonly signal: AbortSignal;
};

function submitter(settings: ProverSettings, parts: SubmitterParts): Submitter {
  const { core, client, addresses, book, account, claims, key, source, log, signal } = parts;
  const pollIntervalMs = settings.pollInterval * MILLISECONDS;
  const shared = { clock: systemClock, signal };
  return new Submitter(
    {
      addresses,
      own: { ...classOf(source.kind), key },
      interval: settings.proposalInterval,
      maxBlocks: MAX_BLOCKS_PER_PROOF,
      pollIntervalMs,
    },
    {
      ...shared,
      log,
      claims,
      book,
      node: { chain: core.chain, currentL1: () => core.engine.syncStatus().currentL1 },
      l1: core.l1,
      transactions: createL1Transactions(
        { resubmitAfterMs: settings.resubmitAfter * MILLISECONDS, pollIntervalMs },
        { ...shared, client, account },
      ),
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
  { kind, simulated, measurement, program, binding, evidence }: KeyFacts,
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
    "a new key was born in this prover; have it registered: proofs begin when the registry counts it",
  );
  const facts = { address, kind, measurement, simulated, program, l1Block };
  return { ...facts, evidence: toHex(encodeEvidence(evidence)), ...running };
}
