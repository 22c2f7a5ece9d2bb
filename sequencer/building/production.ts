import type { Clock } from "@phala-l2/node/clock";
import type { Engine } from "@phala-l2/node/engine/engine";
import type { L1Source } from "@phala-l2/node/l1/l1-source";
import type { SequencerControl } from "@phala-l2/node/rpc/admin";
import type { ChainReader } from "@phala-l2/node/store/chain-reader";
import { bytesEqual, type Hash } from "@phala-l2/protocol/bytes";
import type { L2BlockRef } from "@phala-l2/protocol/config/rollup";
import { isRollupError } from "@phala-l2/protocol/errors";
import type { Log } from "@phala-l2/protocol/log";
import type { Block } from "@phala-l2/protocol/wire/block";
import type { Mempool } from "../mempool/mempool.ts";
import { Backlog } from "./backlog.ts";
import { fillBlock } from "./fill-block.ts";
import { type AttributesSource, nextAttributes } from "./next-attributes.ts";
import { settledL1 } from "./settled-l1.ts";

export type ProductionDependencies = {
  readonly chain: ChainReader;
  readonly l1: L1Source;
  /** L1 blocks that must follow an origin before it is built on; a reorg of the origin drops L2 blocks. */
  readonly confirmations: bigint;
  readonly engine: Pick<Engine, "build" | "insert" | "syncStatus">;
  readonly mempool: Mempool;
  readonly clock: Clock;
  readonly log: Log;
  /** Tells the network of a block that is on disk. */
  readonly publish: (block: Block) => Promise<void>;
};

/** Milliseconds before a block's time at which it is sealed: what sealing, storing and telling of it take. */
const SEAL_MARGIN_MS = 60;
/** Milliseconds that a block may take to fill when its time is over already: it is late, but not stuck. */
const LATE_FILL_MS = 300;
/** Milliseconds until the next try when L1 has not moved, or something failed; each failure in a row doubles it. */
const RETRY_MS = 200;
const MAX_RETRY_MS = 5_000;
/** Failures in a row after which a block without users' transactions is tried: the chain must go on. */
const FAILURES_BEFORE_EMPTY_BLOCK = 3;
/** L1 blocks that derivation may be behind L1's head, beside its confirmations, when production starts. */
const CAUGHT_UP_L1_BLOCKS = 3n;

type Outcome = "made" | "waiting" | "failed" | "halted";

/**
 * Makes one block after the other on the unsafe head: a block of time t is filled while its slot lasts and told at
 * t. A sequencer that is behind makes blocks without waiting until it has caught up with the clock. At each
 * height it makes one block: the engine takes none but on its head, and has it on disk before anybody hears of it.
 */
export class Production implements SequencerControl {
  readonly #on: ProductionDependencies;
  readonly #attributes: AttributesSource;
  readonly #backlog: Backlog;
  #running: { readonly abort: AbortController; readonly done: Promise<void> } | undefined;
  #wasCaughtUp = false;
  #failures = 0;

  constructor(dependencies: ProductionDependencies) {
    const { chain, l1, engine, confirmations } = dependencies;
    const l1Head = () => engine.syncStatus().headL1.number;
    this.#on = dependencies;
    this.#attributes = { chain, l1: settledL1(l1, l1Head), l1Head, confirmations };
    this.#backlog = new Backlog(chain);
  }

  /** Starts on whatever the unsafe head is. */
  begin(): void {
    if (this.#running !== undefined) return;
    const abort = new AbortController();
    const done = this.#run(abort.signal).finally(() => {
      this.#running = undefined;
    });
    this.#running = { abort, done };
  }

  isActive(): boolean {
    return this.#running !== undefined;
  }

  async start(unsafeHead: Hash): ReturnType<SequencerControl["start"]> {
    if (this.isActive()) return { kind: "refused", reason: "sequencer already running" };
    const { unsafe } = this.#on.chain.heads();
    if (!bytesEqual(unsafe.hash, unsafeHead)) {
      return { kind: "refused", reason: "block hash does not match the unsafe head" };
    }
    this.begin();
    return { kind: "started" };
  }

  async stop(): ReturnType<SequencerControl["stop"]> {
    const running = this.#running;
    if (running === undefined) return { kind: "refused", reason: "sequencer not running" };
    running.abort.abort();
    await running.done;
    return { kind: "stopped", head: this.#on.chain.heads().unsafe.hash };
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#on;
    while (!signal.aborted) {
      const outcome = await this.#attempt(signal);
      this.#failures = outcome === "failed" ? this.#failures + 1 : outcome === "made" ? 0 : this.#failures;
      if (outcome === "halted") {
        log.error({}, "the sequencer stops: the engine takes no more blocks");
        return;
      }
      if (outcome === "waiting") await clock.sleep(RETRY_MS, signal);
      if (outcome === "failed") {
        await clock.sleep(Math.min(RETRY_MS * 2 ** (this.#failures - 1), MAX_RETRY_MS), signal);
      }
    }
  }

  async #attempt(signal: AbortSignal): Promise<Outcome> {
    try {
      if (!this.#isCaughtUp()) return "waiting";
      return await this.#makeBlock(this.#on.chain.heads().unsafe, signal);
    } catch (error) {
      if (isRollupError(error, "ENGINE_HALTED")) return "halted";
      // Derivation or gossip moved the head while the block was filled: it is built anew on the new one.
      if (isRollupError(error, "ENGINE_PARENT_NOT_HEAD")) return "waiting";
      const facts = isRollupError(error) ? { code: error.code, data: error.data } : {};
      this.#on.log.warn({ ...facts, error: String(error) }, "no block was made; trying again");
      return "failed";
    }
  }

  /** A sequencer that lost its blocks must first learn from L1 what it has promised. */
  #isCaughtUp(): boolean {
    const { currentL1, headL1 } = this.#on.engine.syncStatus();
    const behind = headL1.number - currentL1.number;
    this.#wasCaughtUp ||= behind <= CAUGHT_UP_L1_BLOCKS + this.#on.confirmations;
    return this.#wasCaughtUp;
  }

  async #makeBlock(parent: L2BlockRef, signal: AbortSignal): Promise<Outcome> {
    const { engine, log, chain } = this.#on;
    const timestamp = parent.timestamp + chain.config.blockTime;
    await this.#sleepUntil(Number(parent.timestamp) * 1000, signal);
    if (signal.aborted) return "waiting";
    const next = await nextAttributes(this.#attributes, parent);
    if (next.kind !== "attributes") {
      log.debug({ parent: parent.number, why: next.kind }, "the next block can't begin yet");
      return "waiting";
    }
    const open = await engine.build(next.attributes, parent.hash);
    const sealAt = Number(timestamp) * 1000 - SEAL_MARGIN_MS;
    const isEmpty = next.depositsOnly || this.#failures >= FAILURES_BEFORE_EMPTY_BLOCK;
    if (!isEmpty) await fillBlock(open, this.#fillLimits(sealAt), this.#on);
    await this.#sleepUntil(sealAt, signal);
    const sealed = open.seal();
    await engine.insert(sealed);
    const transactions = sealed.block.transactions.length;
    log.debug({ number: open.number, transactions, isEmpty }, "block made");
    void this.#publish(sealed.block);
    return "made";
  }

  #fillLimits(sealAt: number) {
    const maxBytes = this.#backlog.blockLimit();
    if (Number.isFinite(maxBytes))
      this.#on.log.warn({ maxBytes }, "batches are behind; blocks are kept small");
    return { arriveUntilMs: sealAt, endMs: Math.max(sealAt, this.#on.clock.now() + LATE_FILL_MS), maxBytes };
  }

  /**
   * The block stands whether anybody hears of it or not: verifiers get it from L1 in the end. The next one does
   * not wait for it.
   */
  async #publish(block: Block): Promise<void> {
    try {
      await this.#on.publish(block);
    } catch (error) {
      const { number } = block.header;
      this.#on.log.warn({ number, error: String(error) }, "a block could not be gossiped");
    }
  }

  async #sleepUntil(unixMs: number, signal: AbortSignal): Promise<void> {
    const milliseconds = unixMs - this.#on.clock.now();
    if (milliseconds > 0) await this.#on.clock.sleep(milliseconds, signal);
  }
}
