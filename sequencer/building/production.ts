import type { Clock } from "@phala-l2/node/clock";
import type { Engine } from "@phala-l2/node/engine/engine";
import type { SequencerControl } from "@phala-l2/node/rpc/admin";
import { bytesEqual, type Hash } from "@phala-l2/protocol/bytes";
import type { L2BlockRef } from "@phala-l2/protocol/config/rollup";
import { isRollupError } from "@phala-l2/protocol/errors";
import type { Log } from "@phala-l2/protocol/log";
import type { Block } from "@phala-l2/protocol/wire/block";
import type { Mempool } from "../mempool/mempool.ts";
import { fillBlock } from "./fill-block.ts";
import { type AttributesSource, nextAttributes } from "./next-attributes.ts";

export type ProductionDependencies = AttributesSource & {
  readonly engine: Engine;
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
/** Milliseconds until the next try when L1 has not moved, or something failed. */
const RETRY_MS = 200;
/** L1 blocks that derivation may be behind L1's head when production starts. */
const CAUGHT_UP_L1_BLOCKS = 3n;

type Made = "made" | "waiting";

/**
 * Makes one block after the other on the unsafe head: a block of time t is filled while its slot lasts and told at
 * t. A sequencer that is behind makes blocks without waiting until it has caught up with the clock.
 */
export class Production implements SequencerControl {
  readonly #on: ProductionDependencies;
  #running: { readonly abort: AbortController; readonly done: Promise<void> } | undefined;
  #wasCaughtUp = false;

  constructor(dependencies: ProductionDependencies) {
    this.#on = dependencies;
  }

  /** Starts on whatever the unsafe head is. */
  begin(): void {
    if (this.#running !== undefined) return;
    const abort = new AbortController();
    this.#running = { abort, done: this.#run(abort.signal) };
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
    this.#running = undefined;
    return { kind: "stopped", head: this.#on.chain.heads().unsafe.hash };
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#on;
    while (!signal.aborted) {
      let made: Made = "waiting";
      try {
        if (this.#isCaughtUp()) made = await this.#makeBlock(this.#on.chain.heads().unsafe, signal);
      } catch (error) {
        const code = isRollupError(error) ? error.code : undefined;
        log.warn({ code, error: String(error) }, "no block was made; trying again");
      }
      if (made === "waiting") await clock.sleep(RETRY_MS, signal);
    }
  }

  /** A sequencer that lost its blocks must first learn from L1 what it has promised. */
  #isCaughtUp(): boolean {
    const { currentL1, headL1 } = this.#on.engine.syncStatus();
    this.#wasCaughtUp ||= currentL1.number + CAUGHT_UP_L1_BLOCKS >= headL1.number;
    return this.#wasCaughtUp;
  }

  async #makeBlock(parent: L2BlockRef, signal: AbortSignal): Promise<Made> {
    const { engine, mempool, clock, log, chain } = this.#on;
    const timestamp = parent.timestamp + chain.config.blockTime;
    await this.#sleepUntil(Number(timestamp - chain.config.blockTime) * 1000, signal);
    if (signal.aborted) return "waiting";
    const next = await nextAttributes(this.#on, parent);
    if (next.kind !== "attributes") {
      log.debug({ parent: parent.number, why: next.kind }, "the next block can't begin yet");
      return "waiting";
    }
    const open = await engine.build(next.attributes, parent.hash);
    const sealAt = Number(timestamp) * 1000 - SEAL_MARGIN_MS;
    if (!next.depositsOnly) {
      const endMs = Math.max(sealAt, clock.now() + LATE_FILL_MS);
      await fillBlock(open, { arriveUntilMs: sealAt, endMs }, { mempool, clock });
    }
    await this.#sleepUntil(sealAt, signal);
    const sealed = open.seal();
    await engine.insert(sealed);
    log.debug({ number: open.number, transactions: sealed.block.transactions.length }, "block made");
    await this.#on.publish(sealed.block).catch((error: unknown) => {
      log.warn({ number: open.number, error: String(error) }, "a block could not be gossiped");
    });
    return "made";
  }

  async #sleepUntil(unixMs: number, signal: AbortSignal): Promise<void> {
    const milliseconds = unixMs - this.#on.clock.now();
    if (milliseconds > 0) await this.#on.clock.sleep(milliseconds, signal);
  }
}
