import { randomBytes } from "node:crypto";
import type { Clock } from "@phala-l2/node/clock";
import { bytesEqual } from "@phala-l2/protocol/bytes";
import type { RollupConfig } from "@phala-l2/protocol/config/rollup";
import { isRollupError } from "@phala-l2/protocol/errors";
import type { Log } from "@phala-l2/protocol/log";
import { CHANNEL_ID_LENGTH } from "@phala-l2/protocol/wire/frame";
import { expectedSize, framesOfBlocks } from "./channel.ts";
import {
  choosePlace,
  type DataAvailability,
  MAX_BLOB_FRAME_SIZE,
  MAX_CALLDATA_FRAME_SIZE,
  payloadsOfFrames,
} from "./data-availability.ts";
import type { L1Sender } from "./l1-sender.ts";
import {
  type BatchedBlock,
  fetchBatchedBlock,
  fetchHeads,
  type RpcRequest,
  type SafeAndUnsafe,
} from "./l2-block.ts";

export type BatcherOptions = {
  readonly dataAvailability: DataAvailability;
  /** Compressed bytes after which a channel is closed. */
  readonly targetSize: number;
  /** Milliseconds after which a channel with any block in it is closed. */
  readonly maxChannelDurationMs: number;
  readonly pollIntervalMs: number;
};

export type BatcherDependencies = {
  readonly config: RollupConfig;
  readonly sequencer: RpcRequest;
  readonly sender: L1Sender;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
};

/** Blocks that one channel may have, so that a backlog becomes several channels of bounded memory. */
const MAX_CHANNEL_BLOCKS = 3600;

/** What was posted last and is not safe yet. */
type Awaited = { readonly lastNumber: bigint; readonly l1Number: bigint };

/**
 * Posts the sequencer's unsafe blocks to L1, one channel after the other. It keeps nothing on disk: after a
 * restart, an L2 reorg or an L1 reorg it begins again at the safe head, and derivation drops in silence what it
 * already has.
 */
export class Batcher {
  readonly #options: BatcherOptions;
  readonly #on: BatcherDependencies;
  #blocks: BatchedBlock[] = [];
  /** The newest block loaded or posted; the next one must be its child. */
  #tip: { readonly number: bigint; readonly hash: Uint8Array } | undefined;
  #openedAt = 0;
  #awaited: Awaited | undefined;

  constructor(options: BatcherOptions, dependencies: BatcherDependencies) {
    this.#options = options;
    this.#on = dependencies;
  }

  /** Runs until the signal aborts. A fault of either chain's node is logged and tried again. */
  async run(): Promise<void> {
    const { clock, log, signal } = this.#on;
    while (!signal.aborted) {
      try {
        await this.step();
      } catch (error) {
        if (isRollupError(error, "STOPPED")) return;
        log.warn({ error: String(error) }, "posting was interrupted; beginning again at the safe head");
        this.#restart();
      }
      await clock.sleep(this.#options.pollIntervalMs, signal);
    }
  }

  /** Loads what is new, and posts a channel when one is due. */
  async step(): Promise<void> {
    const heads = await fetchHeads(this.#on.sequencer);
    this.#follow(heads);
    await this.#load(heads);
    if (this.#isDue()) await this.#post();
  }

  #restart(): void {
    this.#blocks = [];
    this.#tip = undefined;
    this.#awaited = undefined;
  }

  /** Compares what was posted with what became safe. */
  #follow({ safe, derivedL1Number }: SafeAndUnsafe): void {
    const awaited = this.#awaited;
    if (awaited !== undefined && safe.number >= awaited.lastNumber) this.#awaited = undefined;
    else if (awaited !== undefined && derivedL1Number > awaited.l1Number) {
      this.#on.log.warn(
        { awaited, safe: safe.number },
        "posted blocks did not become safe; posting them again",
      );
      this.#restart();
    }
    if (this.#tip === undefined || this.#tip.number < safe.number) {
      this.#blocks = [];
      this.#tip = safe;
    }
  }

  async #load({ unsafeNumber }: SafeAndUnsafe): Promise<void> {
    while (this.#tip !== undefined && this.#tip.number < unsafeNumber && !this.#isFull()) {
      const block = await fetchBatchedBlock(this.#on.sequencer, this.#tip.number + 1n);
      if (!bytesEqual(block.batch.parentHash, this.#tip.hash)) {
        this.#on.log.warn(
          { number: block.number },
          "the L2 chain was reorganised; beginning again at the safe head",
        );
        this.#restart();
        return;
      }
      if (this.#blocks.length === 0) this.#openedAt = this.#on.clock.now();
      this.#blocks.push(block);
      this.#tip = block;
    }
  }

  #isFull(): boolean {
    return (
      this.#blocks.length >= MAX_CHANNEL_BLOCKS || expectedSize(this.#blocks) >= this.#options.targetSize
    );
  }

  #isDue(): boolean {
    if (this.#blocks.length === 0) return false;
    return this.#isFull() || this.#on.clock.now() - this.#openedAt >= this.#options.maxChannelDurationMs;
  }

  async #post(): Promise<void> {
    const { config, sender, log } = this.#on;
    const blocks = this.#blocks;
    const last = blocks.at(-1);
    if (last === undefined) return;
    const place = choosePlace(this.#options.dataAvailability, expectedSize(blocks), await sender.prices());
    const maxFrameSize = place === "blobs" ? MAX_BLOB_FRAME_SIZE : MAX_CALLDATA_FRAME_SIZE;
    const frames = framesOfBlocks(config, blocks, randomBytes(CHANNEL_ID_LENGTH), maxFrameSize);
    let l1Number = 0n;
    for (const payload of payloadsOfFrames(frames, place)) {
      const posted = await sender.post(payload);
      l1Number = posted.l1Number;
      log.info({ ...posted, place }, "posted");
    }
    log.info({ from: blocks[0]?.number, to: last.number, frames: frames.length, place }, "channel complete");
    this.#blocks = [];
    this.#awaited = { lastNumber: last.number, l1Number };
  }
}
