import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { NetworkDescription } from "@phala-l2/bridge/network";
import type { SourceAddresses } from "@phala-l2/contracts/deploy/source";
import { type Hash, hashFromHex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { L1_CHAIN_ID, USERS } from "@phala-l2/testkit/devnet/accounts";
import { compileContracts, type DeployedChain, deployChain } from "@phala-l2/testkit/devnet/deploy";
import { deployChainL2 } from "@phala-l2/testkit/devnet/deploy-l2";
import { claimFolder, emptyClaimed } from "./claim.ts";
import { type DevnetSettings, type PartWriter, PROVERS, partWriter } from "./configs.ts";
import { writeDescription } from "./description.ts";
import { fundUsers } from "./funding.ts";
import { type EmbeddedL1, startEmbeddedL1 } from "./l1.ts";
import { requireFreePorts } from "./ports.ts";
import { createProcesses, endLeftovers, type OnReady, type Processes, type Ready } from "./processes.ts";
import { untilRegistered } from "./registration.ts";
import { seedDevnet } from "./seed.ts";
import { keptSources } from "./sources.ts";

/**
 * Seconds that one vendor's root waits, and with it what a vote does on L1: long enough that the second vendor's proof
 * is there first, short enough to be watched.
 */
const SLOW_DELAY = 30n;

/** Seconds in which votes are cast: each command of a holder takes a second or three. */
const VOTING_PERIOD = 20;

export type Devnet = {
  readonly network: NetworkDescription;
  readonly chain: DeployedChain;
  readonly endpoints: Readonly<Record<string, string>>;
  /** Contracts of the parachains that PHA comes from, as far as they stand. */
  sources(): readonly SourceAddresses[];
  /** Starts all but L1 and the sequencer, which run already; then everything serves. */
  complete(): Promise<void>;
  /** Gives it holders, stake, a parachain with its swap, and another one's claims; when everything serves. */
  seed(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
};

/** Runs one step of the start and tells of it. */
export type Step = <Result>(name: string, run: () => Promise<Result>) => Promise<Result>;

function networkOf(settings: DevnetSettings, l1: EmbeddedL1, { book }: DeployedChain): NetworkDescription {
  const { addresses } = book;
  return {
    l1ChainId: L1_CHAIN_ID,
    l2ChainId: Number(book.l2ChainId),
    l1RpcUrl: l1.rpcUrl,
    l2RpcUrl: `http://127.0.0.1:${settings.sequencerPort}`,
    portal: addresses.OptimismPortalProxy,
    disputeGameFactory: addresses.DisputeGameFactoryProxy,
    l1StandardBridge: addresses.L1StandardBridgeProxy,
    multicall3: addresses.Multicall3,
  };
}

function endpointsOf(settings: DevnetSettings, l1: EmbeddedL1): Readonly<Record<string, string>> {
  return {
    l1: l1.rpcUrl,
    l1Beacon: l1.beaconUrl,
    sequencer: `http://127.0.0.1:${settings.sequencerPort}`,
    sequencerAdmin: `http://127.0.0.1:${settings.sequencerAdminPort}`,
    sequencerWebSocket: `ws://127.0.0.1:${settings.sequencerPort}`,
    verifier: `http://127.0.0.1:${settings.verifierPort}`,
    verifierWebSocket: `ws://127.0.0.1:${settings.verifierPort}`,
    proverTdx: `http://127.0.0.1:${settings.proverTdxPort}`,
    proverSevSnp: `http://127.0.0.1:${settings.proverSevSnpPort}`,
    proverTdxGpu: `http://127.0.0.1:${settings.proverTdxGpuPort}`,
    parachain: `http://127.0.0.1:${settings.parachainPort}`,
    parachainWebSocket: `ws://127.0.0.1:${settings.parachainPort}`,
    relayChain: `http://127.0.0.1:${settings.relayChainPort}`,
    relayer: `http://127.0.0.1:${settings.relayerPort}`,
  };
}

function gossipAddresses({ p2p }: Ready): readonly string[] {
  return Array.isArray(p2p) ? p2p.map(String) : [];
}

type StartedParts = Pick<StartOptions, "step" | "report"> & {
  readonly processes: Processes;
  readonly parts: PartWriter;
};

/** What the parachain's finality is proven from. @throws RollupError DEVNET_PART_FAILED */
function anchorOf({ anchor }: Ready): Hash {
  if (typeof anchor === "string") return hashFromHex(anchor);
  throw new RollupError("DEVNET_PART_FAILED", "the parachain's ready line lacks its anchor");
}

/** Starts the sequencer; what comes back starts everything else, while L2 is in use already. */
async function startParts(
  l1: EmbeddedL1,
  chain: DeployedChain,
  { processes, step, report, parts }: StartedParts,
): Promise<() => Promise<void>> {
  const sequencer = await step("sequencer", () => processes.start(parts.sequencer()));
  const registered = untilRegistered(chain.book, l1.rpcUrl);
  /** Not waited for: until two vendors count, L2 is used and games wait. */
  const registration = (name: string): OnReady => {
    return async (ready) => {
      step(`${name} registered by its evidence`, () => registered(ready)).catch((error: Error) =>
        report(`${name}: ${error.message}`),
      );
    };
  };
  return async () => {
    await Promise.all([
      step("batcher", () => processes.start(parts.batcher())),
      step("verifier node", () => processes.start(parts.verifier(gossipAddresses(sequencer)))),
      ...PROVERS.map((prover) =>
        step(`${prover.name} (SIMULATED hardware)`, () =>
          processes.start(parts.prover(prover), registration(prover.name)),
        ),
      ),
    ]);
  };
}

export type StartOptions = {
  /** Forget what earlier runs have left. */
  readonly fresh: boolean;
  readonly step: Step;
  readonly report: (line: string) => void;
};

function portsOf(settings: DevnetSettings) {
  const { l1Port, beaconPort, sequencerPort, sequencerAdminPort, verifierPort } = settings;
  const { sequencerP2pPort, verifierP2pPort } = settings;
  const { proverTdxPort, proverSevSnpPort, proverTdxGpuPort } = settings;
  const { parachainPort, relayChainPort, relayerPort } = settings;
  return {
    l1Port,
    beaconPort,
    sequencerPort,
    sequencerAdminPort,
    verifierPort,
    sequencerP2pPort,
    verifierP2pPort,
    proverTdxPort,
    proverSevSnpPort,
    proverTdxGpuPort,
    parachainPort,
    relayChainPort,
    relayerPort,
  };
}

/**
 * Starts the system up to its sequencer, from what the last run has left or, when `fresh`, from nothing.
 * @throws RollupError DEVNET_RUNNING, PORT_TAKEN: nothing was touched
 */
export async function startDevnet(settings: DevnetSettings, options: StartOptions): Promise<Devnet> {
  const { folder } = settings;
  mkdirSync(folder, { recursive: true });
  const giveBack = claimFolder(folder);
  try {
    await endLeftovers(folder);
    await requireFreePorts(portsOf(settings));
    if (options.fresh) emptyClaimed(folder);
    mkdirSync(join(folder, "data"), { recursive: true });
    const devnet = await startClaimed(settings, options);
    const stop = async () => {
      await devnet.stop();
      giveBack();
    };
    return { ...devnet, stop };
  } catch (error) {
    giveBack();
    throw error;
  }
}

async function startClaimed(settings: DevnetSettings, { step, report }: StartOptions): Promise<Devnet> {
  const { folder } = settings;
  let describe = () => {};
  const processes = createProcesses(folder, { report, onChange: () => describe() });
  await step("contracts compiled", compileContracts);
  const { l1Port: rpcPort, beaconPort, l1BlockTime: blockTime } = settings;
  const l1 = await step("embedded L1", () =>
    startEmbeddedL1({ folder, rpcPort, beaconPort, blockTime }, processes, report),
  );
  const stop = async () => {
    await processes.stop();
    await l1.stop();
  };
  try {
    const chain = await step("contracts on L1, L2 genesis", () =>
      deployChain(folder, l1.rpcUrl, () => {}, { slowDelay: SLOW_DELAY, votingPeriod: VOTING_PERIOD }),
    );
    const network = networkOf(settings, l1, chain);
    const parts = partWriter(settings, l1, chain);
    const startOthers = await startParts(l1, chain, { processes, step, report, parts });
    const endpoints = endpointsOf(settings, l1);
    const complete = async () => {
      await Promise.all([
        startOthers(),
        step("users funded on L2", () => fundUsers(network, USERS)),
        step("PHA and its governance on L2", () => deployChainL2(chain, network)),
      ]);
      const { addresses, l2 } = chain.book;
      describe = () =>
        writeDescription(folder, {
          network,
          endpoints,
          addresses,
          l2,
          sources: keptSources(folder),
          pids: processes.pids(),
        });
      describe();
    };
    const provers = ["proverTdx", "proverSevSnp", "proverTdxGpu"].map((name) => endpoints[name] ?? "");
    const late = {
      parachain: async () => anchorOf(await processes.start(parts.parachain())),
      relayer: () => processes.start(parts.relayer()),
      parachainUrl: endpoints.parachain ?? "",
      relayerUrl: endpoints.relayer ?? "",
    };
    const seed = async (signal: AbortSignal) => {
      await seedDevnet({ folder, chain, network, provers, parts: late, step, signal });
      describe();
    };
    const sources = () => keptSources(folder);
    return { network, chain, endpoints, sources, complete, seed, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
