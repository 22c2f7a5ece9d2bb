import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { needsReceipts } from "@phala-l2/derivation/l1-block";
import { createEthereumjsEvm } from "@phala-l2/execution/evm/ethereumjs/evm";
import { type Genesis, genesisBlock } from "@phala-l2/execution/genesis";
import { bytesEqual, toHex } from "@phala-l2/protocol/bytes";
import type { RollupConfig } from "@phala-l2/protocol/config/rollup";
import { RollupError } from "@phala-l2/protocol/errors";
import type { Log } from "@phala-l2/protocol/log";
import { type Clock, systemClock } from "./clock.ts";
import { ChainEngine } from "./engine/chain-engine.ts";
import { runDriver } from "./engine/driver.ts";
import type { BlobCommitter } from "./l1/kzg.ts";
import { type KzgThread, startKzgThread } from "./l1/kzg-thread.ts";
import { type ReadAhead, readAhead } from "./l1/read-ahead.ts";
import { createL1Source, type RpcL1Source } from "./l1/rpc-source.ts";
import { type L1Watch, startL1Watch } from "./l1/watch.ts";
import type { ChainStore } from "./store/chain-store.ts";
import { openStore } from "./store/open.ts";

export type L1Options = {
  /** Execution clients, in order of preference. */
  readonly rpcUrls: readonly string[];
  /** Beacon nodes and blob archives, in order of preference; none where the batcher posts calldata only. */
  readonly beaconUrls: readonly string[];
  /** Between looks at L1's heads. */
  readonly pollIntervalMs: number;
  /** For one HTTP exchange. */
  readonly timeoutMs: number;
  /** Blocks to stay behind L1's head. */
  readonly confirmations: bigint;
};

export type CoreOptions = {
  readonly rollup: RollupConfig;
  readonly genesis: Genesis;
  readonly l1: L1Options;
  /** Folder of the node's files, made when it is not there; the chain's database is the `chain` in it. */
  readonly dataDir: string;
};

/** What every node consists of, with or without RPC, gossip and a sequencer. */
export type NodeCore = {
  readonly config: RollupConfig;
  readonly chain: ChainStore;
  readonly engine: ChainEngine;
  readonly l1: RpcL1Source;
  readonly watch: L1Watch;
  readonly clock: Clock;
  /** Aborted when the node stops. */
  readonly signal: AbortSignal;
  /** Stops derivation, waits for changes under way, and closes the database. */
  stop(): Promise<void>;
};

/** Tries of all servers before a call fails; with the back-off between them a call lasts some seconds. */
const CALL_ROUNDS = 3;
/** See ReadAheadOptions. */
const READ_AHEAD_DEPTH = 32;

export type CoreDependencies = {
  readonly log: Log;
  /** Who commits to blobs to check them; a thread of the node's own by default. */
  readonly kzg?: BlobCommitter;
};

/** A committer that needs no ending. */
const lasting = (kzg: BlobCommitter): KzgThread => ({ ...kzg, stop: async () => {} });

/** L1 as a node follows it. */
export type L1Parts = {
  readonly l1: RpcL1Source;
  readonly watch: L1Watch;
  /** The same source for derivation, which asks for one block after another. */
  readonly ahead: ReadAhead;
  /** Ends the thread that checks blobs. */
  stop(): Promise<void>;
};

/** Looks at L1 for the first time. @throws RollupError of L1 when it does not answer, L1_OTHER_CHAIN */
export async function openL1(
  options: Pick<CoreOptions, "rollup" | "l1">,
  { log, kzg, signal }: CoreDependencies & { readonly signal: AbortSignal },
): Promise<L1Parts> {
  const { rollup: config } = options;
  const committer = kzg === undefined ? startKzgThread() : lasting(kzg);
  try {
    const l1 = l1SourceOf(options, { log, signal, kzg: committer });
    await checkL1(config, l1);
    const { pollIntervalMs } = options.l1;
    const watch = await startL1Watch({ pollIntervalMs }, { source: l1, clock: systemClock, log, signal });
    const ahead = readAhead(l1, { depth: READ_AHEAD_DEPTH, inbox: config.batchInboxAddress });
    return { l1, watch, ahead, stop: () => committer.stop() };
  } catch (error) {
    await committer.stop();
    throw error;
  }
}

/** Opens the database of a chain, made when it is not there. @throws RollupError of the store */
export async function openChain({
  rollup: config,
  genesis,
  dataDir,
}: Omit<CoreOptions, "l1">): Promise<ChainStore> {
  await mkdir(dataDir, { recursive: true });
  return openStore({ folder: join(dataDir, "chain"), config, genesis: genesisBlock(genesis) });
}

/**
 * Opens the database, looks at L1, and starts to derive.
 * @throws RollupError of the store, of L1 when it does not answer, L1_OTHER_CHAIN
 */
export async function startCore(options: CoreOptions, dependencies: CoreDependencies): Promise<NodeCore> {
  const { rollup: config } = options;
  const { log } = dependencies;
  const controller = new AbortController();
  const { signal } = controller;
  const chain = await openChain(options);
  let stopL1: (() => Promise<void>) | undefined;
  try {
    const { l1, watch, ahead, stop: end } = await openL1(options, { ...dependencies, signal });
    stopL1 = end;
    const [evm, buildEvm] = await Promise.all([createEthereumjsEvm(config), createEthereumjsEvm(config)]);
    const engine = new ChainEngine({ store: chain, evm, buildEvm, log, l1Heads: watch.heads() });
    const parts = { engine, l1: ahead, watch, clock: systemClock, log, signal };
    const driver = runDriver({ l1Confirmations: options.l1.confirmations }, parts);
    const stop = async () => {
      controller.abort();
      await driver;
      await engine.settled();
      await chain.close();
      await end();
    };
    return { config, chain, engine, l1, watch, clock: systemClock, signal, stop };
  } catch (error) {
    controller.abort();
    await chain.close();
    await stopL1?.();
    throw error;
  }
}

function l1SourceOf(
  { rollup, l1 }: Pick<CoreOptions, "rollup" | "l1">,
  { log, signal, kzg }: { log: Log; signal: AbortSignal; kzg: BlobCommitter },
): RpcL1Source {
  const { rpcUrls, beaconUrls, timeoutMs } = l1;
  return createL1Source(
    {
      rpc: { urls: rpcUrls, timeoutMs, rounds: CALL_ROUNDS },
      beacon: { urls: beaconUrls, timeoutMs },
      needsReceipts: (header) => needsReceipts(rollup, header),
    },
    { fetch: (url, init) => fetch(url, init), clock: systemClock, log, kzg, signal },
  );
}

/** The L1 that the URLs lead to is the one that the rollup was deployed on. @throws RollupError L1_OTHER_CHAIN */
async function checkL1({ genesis }: RollupConfig, l1: RpcL1Source): Promise<void> {
  const found = await l1.blockRef(genesis.l1.number);
  if (found === undefined || bytesEqual(found.hash, genesis.l1.hash)) return;
  const data = { number: genesis.l1.number, wanted: toHex(genesis.l1.hash), found: toHex(found.hash) };
  const message = `L1 block ${data.number} is ${data.found}, but the rollup began at ${data.wanted}; check that the L1 RPC URLs and the rollup configuration are of the same L1`;
  throw new RollupError("L1_OTHER_CHAIN", message, { data });
}
