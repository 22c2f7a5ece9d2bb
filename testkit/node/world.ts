import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { buildAttributes } from "@phala-l2/derivation/attributes";
import { openEpoch } from "@phala-l2/derivation/epoch";
import { createEthereumjsEvm } from "@phala-l2/execution/evm/ethereumjs/evm";
import { type Genesis, type GenesisBlock, genesisBlock } from "@phala-l2/execution/genesis";
import type { Clock } from "@phala-l2/node/clock";
import { ChainEngine } from "@phala-l2/node/engine/chain-engine";
import { runDriver } from "@phala-l2/node/engine/driver";
import type { EngineEvent } from "@phala-l2/node/engine/engine";
import { readAhead } from "@phala-l2/node/l1/read-ahead";
import { type L1Watch, startL1Watch } from "@phala-l2/node/l1/watch";
import type { ChainStore } from "@phala-l2/node/store/chain-store";
import { openStore } from "@phala-l2/node/store/open";
import {
  bigintToBytes,
  bytesEqual,
  fromHex,
  type Hex,
  toHex,
  ZERO_ADDRESS,
  ZERO_HASH,
} from "@phala-l2/protocol/bytes";
import type { RollupConfig } from "@phala-l2/protocol/config/rollup";
import { type Log, silentLog } from "@phala-l2/protocol/log";
import { L1_BLOCK } from "@phala-l2/protocol/predeploys";
import type { SingularBatch } from "@phala-l2/protocol/wire/singular-batch";
import { encodeTransaction, signTransaction } from "@phala-l2/protocol/wire/transaction";
import { calldataFrames, channelId, singularChannel, wholeFrame } from "../derivation/batcher-data.ts";
import { L2_USER } from "../derivation/keys.ts";
import type { L1Chain, MineOptions } from "../derivation/l1-chain.ts";
import { Scenario, type ScenarioOptions } from "../derivation/scenario.ts";
import { L1View } from "./l1-view.ts";

const STOP = Uint8Array.of(0);

/**
 * The L2 genesis of these tests: one rich account, and an L1Block that does nothing, so that each block runs
 * code exactly once and L1 and operator fees are zero.
 */
export function testGenesis(config: Pick<RollupConfig, "forks" | "genesis">): Genesis {
  return {
    forks: config.forks,
    number: 0n,
    timestamp: config.genesis.l2Time,
    parentHash: ZERO_HASH,
    beneficiary: ZERO_ADDRESS,
    difficulty: 0n,
    gasLimit: config.genesis.systemConfig.gasLimit,
    gasUsed: 0n,
    prevRandao: ZERO_HASH,
    extraData: fromHex("0x01000000fa000000060000000000000000"),
    baseFee: 7n,
    alloc: [
      {
        address: L2_USER.address,
        nonce: 0n,
        balance: 10n ** 18n,
        code: new Uint8Array(0),
        storage: new Map(),
      },
      { address: L1_BLOCK, nonce: 1n, balance: 0n, code: STOP, storage: new Map() },
    ],
  };
}

const transfers = new Map<number, Uint8Array>();

/** The L2 user's transfer with this nonce; made once, because signing is slow. */
export function transfer(nonce: number): Uint8Array {
  const made = transfers.get(nonce);
  if (made !== undefined) return made;
  const unsigned = {
    type: 2,
    chainId: 901n,
    accessList: [],
    nonce: BigInt(nonce),
    gasLimit: 30_000n,
    to: ZERO_ADDRESS,
    value: 1n,
    data: bigintToBytes(BigInt(nonce), 8),
    maxPriorityFeePerGas: 1n,
    maxFeePerGas: 1000n,
  } as const;
  const raw = encodeTransaction(signTransaction(unsigned, L2_USER.privateKey));
  transfers.set(nonce, raw);
  return raw;
}

/** Retries at once, so that a test of failures takes no time. */
const impatientClock: Clock = { now: () => 0, sleep: () => nextTurn() };
/** Never wakes by itself: the test looks at L1 when it wants. */
const manualClock: Clock = {
  now: () => 0,
  sleep: (_milliseconds, signal) =>
    new Promise((resolve) =>
      signal?.aborted ? resolve() : signal?.addEventListener("abort", () => resolve()),
    ),
};

/** A node of the test: store, engine and, unless it only sequences, the derivation loop. */
export type TestNode = {
  readonly store: ChainStore;
  readonly engine: ChainEngine;
  readonly watch: L1Watch;
  readonly events: EngineEvent[];
  readonly logged: string[];
  /** How many blocks were executed to verify or derive them; those that the node built do not count. */
  readonly verifications: () => number;
  stop(): Promise<void>;
};

/** Turns of the event loop after which a node that has not come to rest fails the test. */
const MAX_TURNS = 200_000;

/** One L1, and the nodes that follow it. */
export class World {
  readonly scenario: Scenario;
  readonly genesis: GenesisBlock;
  readonly config: RollupConfig;
  readonly l1: L1View;
  readonly #folder = mkdtempSync(join(tmpdir(), "phala-l2-world-"));
  readonly #running = new Set<TestNode>();
  #channels = 0;
  #folders = 0;

  constructor(options: ScenarioOptions = {}) {
    this.scenario = new Scenario(options);
    const { config } = this.scenario;
    this.genesis = genesisBlock(testGenesis(config));
    const l2 = { number: 0n, hash: this.genesis.hash };
    this.config = { ...config, genesis: { ...config.genesis, l2 } };
    this.l1 = new L1View(this.scenario.l1);
  }

  get chain(): L1Chain {
    return this.l1.chain;
  }

  newFolder(): string {
    return join(this.#folder, `${this.#folders++}`);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#running].map((node) => node.stop()));
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Starts a node; with `derives` it follows L1. */
  async start({ folder = this.newFolder(), derives = true } = {}): Promise<TestNode> {
    const { config, genesis, l1 } = this;
    const store = await openStore({ folder, config, genesis });
    const controller = new AbortController();
    const { signal } = controller;
    const logged: string[] = [];
    const note = (facts: object, message: string) => {
      const code = "code" in facts ? ` ${facts.code}` : "";
      logged.push(`${message}${code}`);
    };
    const log: Log = { ...silentLog, warn: note, error: note };
    const watch = await startL1Watch({ pollIntervalMs: 1 }, { source: l1, clock: manualClock, log, signal });
    const evm = await createEthereumjsEvm(config);
    let runs = 0;
    const counting = {
      name: evm.name,
      run: (...input: Parameters<typeof evm.run>) => {
        runs += 1;
        return evm.run(...input);
      },
    };
    const buildEvm = await createEthereumjsEvm(config);
    const engine = new ChainEngine({ store, evm: counting, buildEvm, log, l1Heads: watch.heads() });
    const events: EngineEvent[] = [];
    engine.subscribe((event) => events.push(event));
    const ahead = readAhead(l1, { depth: 4, inbox: config.batchInboxAddress });
    const parts = { engine, l1: ahead, watch, clock: impatientClock, log, signal };
    const done = derives ? runDriver({ l1Confirmations: 0n }, parts) : Promise.resolve();
    const node: TestNode = {
      store,
      engine,
      watch,
      events,
      logged,
      verifications: () => runs,
      stop: async () => {
        if (!this.#running.delete(node)) return;
        controller.abort();
        await done;
        await engine.settled();
        await store.close();
      },
    };
    this.#running.add(node);
    return node;
  }

  /** The sequencer makes one block on its unsafe head, and gives the batch that tells of it. */
  async sequence(node: TestNode, transactions: readonly Uint8Array[] = []): Promise<SingularBatch> {
    const { config } = this;
    const parent = node.store.heads().unsafe;
    const next = this.chain.at(parent.l1Origin.number + 1n);
    const fits = next !== undefined && next.header.timestamp <= parent.timestamp + config.blockTime;
    const epoch = this.#epoch(fits ? parent.l1Origin.number + 1n : parent.l1Origin.number);
    const attributes = buildAttributes({ config, parent, epoch, transactions: [] });
    const open = await node.engine.build(attributes, parent.hash);
    for (const raw of transactions) {
      const result = await open.apply(raw);
      if (result.kind !== "included") throw new Error(`a test's transaction was rejected: ${result.reason}`);
    }
    await node.engine.insert(open.seal());
    const { number: epochNumber, hash: epochHash } = epoch.ref;
    return { parentHash: parent.hash, epochNumber, epochHash, timestamp: attributes.timestamp, transactions };
  }

  #epoch(number: bigint) {
    const { genesis } = this.config;
    let systemConfig = genesis.systemConfig;
    for (let at = genesis.l1.number; ; at++) {
      const block = this.chain.at(at);
      if (block === undefined) throw new Error(`the test's L1 has no block ${at}`);
      const { epoch } = openEpoch(this.config, block, systemConfig);
      systemConfig = epoch.systemConfig;
      if (at === number) return epoch;
    }
  }

  /** Mines an L1 block with one channel of these batches. */
  mineBatches(batches: readonly SingularBatch[], options: MineOptions = {}): void {
    this.#channels += 1;
    const frames = [wholeFrame(channelId(this.#channels), singularChannel(batches))];
    const transaction = calldataFrames(this.config, this.chain, frames);
    this.chain.mine({ ...options, transactions: [...(options.transactions ?? []), transaction] });
  }

  /** L1 replaces its last blocks by nothing; the test mines the new branch. */
  reorganise(depth: number): void {
    this.l1.chain = this.chain.forkAt(this.chain.head.header.number - BigInt(depth));
  }

  /** Gives the processor away until it is so. */
  async until(isDone: () => boolean): Promise<void> {
    for (let turn = 0; turn < MAX_TURNS; turn++) {
      if (isDone()) return;
      await nextTurn();
    }
    throw new Error("the node never came to rest");
  }

  /** Lets the node look at L1 and waits until it has derived all that is there, or has halted. */
  async settle(node: TestNode): Promise<void> {
    await node.watch.poll();
    const isDone = () => {
      const { hash, header } = this.chain.head;
      const { currentL1, headL1 } = node.engine.syncStatus();
      // After a start the current L1 block is the one that gave the safe head, and may have more to give: only a
      // block that was read to its end has a record.
      const read = node.store.safeHeadAtL1Block(header.number);
      return [currentL1.hash, headL1.hash, read?.l1.hash ?? ZERO_HASH].every((found) =>
        bytesEqual(found, hash),
      );
    };
    await this.until(() => isDone() || node.engine.halted !== undefined);
    // What follows the last L1 block: the records of safe and final heads.
    for (let turn = 0; turn < 20; turn++) await nextTurn();
    await node.engine.settled();
  }
}

/** Hashes of the canonical chain up to the safe head. */
export function safeHashes({ store }: TestNode): readonly Hex[] {
  const hashes: Hex[] = [];
  for (let number = 0n; number <= store.heads().safe.number; number++) {
    const hash = store.hashByNumber(number);
    if (hash === undefined) throw new Error(`no canonical block ${number}`);
    hashes.push(toHex(hash));
  }
  return hashes;
}
