import { randomBytes } from "node:crypto";
import { GRANITE_CHANNEL_TIMEOUT } from "@phala-l2/derivation/rules";
import type { Clock } from "@phala-l2/node/clock";
import type { RollupConfig } from "@phala-l2/protocol/config/rollup";
import { isRollupError } from "@phala-l2/protocol/errors";
import type { Log } from "@phala-l2/protocol/log";
import { CHANNEL_ID_LENGTH } from "@phala-l2/protocol/wire/frame";
import { BlockQueue } from "./block-queue.ts";
import { channelOfBlocks } from "./channel.ts";
import { choosePlace, type DataAvailability, type Payload, payloadsOfChannel } from "./data-availability.ts";
import { InFlight } from "./in-flight.ts";
import { type L1Sender, reasonOf } from "./l1-sender.ts";
import { fetchHeads, type Heads, type RpcRequest } from "./l2-block.ts";

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

/**
 * Longest wait before lost blocks are posted again. Data that derivation refuses time after time (a batcher
 * that the SystemConfig does not name) would otherwise cost L1 fees without end.
 */
const MAX_REPOST_PAUSE_MS = 10 * 60_000;

/** A channel of which L1 has a part. */
type Posting = {
  readonly payloads: readonly Payload[];
  readonly firstNumber: bigint;
  readonly lastNumber: bigint;
  /** How many of the payloads L1 has, and the blocks of the first and the last. */
  readonly posted: number;
  readonly firstL1Number: bigint;
  readonly l1Number: bigint;
};

/**
 * Posts the sequencer's unsafe blocks to L1, one channel after the other, each transaction after the one before
 * is included: Holocene takes frames in their order only.
 *
 * It keeps nothing on disk. After a restart, an L2 reorg, or when derivation has passed a channel without making
 * its blocks safe, it begins again at the safe head; what derivation has already it drops in silence.
 */
export class Batcher {
  readonly #options: BatcherOptions;
  readonly #on: BatcherDependencies;
  readonly #inFlight = new InFlight();
  #queue: BlockQueue | undefined;
  #openedAt = 0;
  #posting: Posting | undefined;
  /** L1's head when the batcher started. */
  #startL1: bigint | undefined;
  #lostInARow = 0;
  #pauseUntil = 0;

  constructor(options: BatcherOptions, dependencies: BatcherDependencies) {
    this.#options = options;
    this.#on = dependencies;
  }

  /** Runs until the signal aborts. A fault of the sequencer's node is logged, and what it interrupted tried again. */
  async run(): Promise<void> {
    const { clock, log, signal } = this.#on;
    while (!signal.aborted) {
      let isBusy = false;
      try {
        isBusy = await this.step();
      } catch (error) {
        if (isRollupError(error, "STOPPED")) return;
        log.warn({ error: reasonOf(error) }, "batching was interrupted; trying again");
      }
      if (!isBusy) await clock.sleep(this.#options.pollIntervalMs, signal);
    }
  }

  /**
   * Loads what is new, and posts the next part of a channel when one is due.
   * @returns whether there is more to do at once
   */
  async step(): Promise<boolean> {
    const heads = await fetchHeads(this.#on.sequencer);
    if (!this.#mayBegin(heads)) return false;
    const queue = this.#follow(heads);
    if (this.#posting === undefined) {
      if (queue.isEmpty) this.#openedAt = this.#on.clock.now();
      if (!(await queue.load(heads))) return this.#restart("the L2 chain was reorganised");
      if (!this.#isDue(queue)) return false;
      this.#posting = await this.#close(queue);
    }
    return this.#postNext(this.#posting, queue, heads);
  }

  /**
   * What an earlier run has posted must be derived first, or it would be posted again.
   */
  #mayBegin({ l1HeadNumber, derivedL1Number }: Heads): boolean {
    if (this.#startL1 === undefined) {
      this.#startL1 = l1HeadNumber;
      this.#on.log.info(
        { l1HeadNumber, derivedL1Number },
        "beginning once the sequencer has derived L1 so far",
      );
    }
    return derivedL1Number >= this.#startL1;
  }

  /** Begins again at the safe head. */
  #restart(why: string): false {
    this.#on.log.warn({ tip: this.#queue?.tip.number }, `${why}; beginning again at the safe head`);
    this.#queue = undefined;
    this.#posting = undefined;
    this.#inFlight.forget();
    return false;
  }

  /** Compares what was posted with what became safe. */
  #follow(heads: Heads): BlockQueue {
    const verdict = this.#inFlight.follow(heads);
    if (verdict.kind === "lost") {
      const { maxChannelDurationMs } = this.#options;
      this.#on.log.error(
        { ...verdict.channel, safe: heads.safe.number },
        "L1 has a channel that derivation refuses",
      );
      this.#restart("posted blocks did not become safe");
      const pause = this.#lostInARow === 0 ? 0 : maxChannelDurationMs * 2 ** (this.#lostInARow - 1);
      this.#pauseUntil = this.#on.clock.now() + Math.min(pause, MAX_REPOST_PAUSE_MS);
      this.#lostInARow += 1;
    } else if (verdict.safeChannels > 0) {
      this.#lostInARow = 0;
    }
    if (this.#queue === undefined || this.#queue.tip.number < heads.safe.number) {
      this.#queue = new BlockQueue(this.#on.sequencer, this.#options.targetSize, heads.safe);
      this.#posting = undefined;
    }
    this.#queue.dropSafe(heads.safe);
    return this.#queue;
  }

  #isDue(queue: BlockQueue): boolean {
    const now = this.#on.clock.now();
    if (queue.isEmpty || now < this.#pauseUntil) return false;
    return queue.isFull || now - this.#openedAt >= this.#options.maxChannelDurationMs;
  }

  /** Makes a channel of the queue's blocks. */
  async #close(queue: BlockQueue): Promise<Posting> {
    const { config, sender, log } = this.#on;
    const { dataAvailability } = this.#options;
    const blocks = queue.peek();
    const channel = channelOfBlocks(config, blocks);
    const place =
      dataAvailability === "auto"
        ? choosePlace(dataAvailability, channel.length, await sender.prices())
        : dataAvailability;
    const payloads = payloadsOfChannel(randomBytes(CHANNEL_ID_LENGTH), channel, place);
    const lastNumber = queue.tip.number;
    const firstNumber = lastNumber - BigInt(blocks.length) + 1n;
    const facts = { firstNumber, lastNumber, bytes: channel.length, place, transactions: payloads.length };
    log.info(facts, "channel closed");
    queue.clear();
    return { payloads, firstNumber, lastNumber, posted: 0, firstL1Number: 0n, l1Number: 0n };
  }

  /** Posts the channel's next payload. @returns whether there is more to do at once */
  async #postNext(posting: Posting, queue: BlockQueue, heads: Heads): Promise<boolean> {
    const { sender, log } = this.#on;
    const isBegun = posting.posted > 0;
    if (isBegun && isTooLate(posting, heads.l1HeadNumber + 1n))
      return this.#restart("a channel took too long");
    // Since the channel was closed much may have happened; a replaced block on L1 would come back to life.
    if (isBegun && !(await queue.isTipCanonical(heads))) return this.#restart("the L2 chain was reorganised");
    const payload = posting.payloads[posting.posted];
    if (payload === undefined) return false;
    const { hash, l1Number } = await sender.post(payload);
    const { payloads, firstNumber, lastNumber } = posting;
    const posted = posting.posted + 1;
    const firstL1Number = isBegun ? posting.firstL1Number : l1Number;
    log.info({ hash, l1Number, posted, of: payloads.length, firstNumber, lastNumber }, "posted");
    if (isTooLate({ firstL1Number }, l1Number)) return this.#restart("a channel took too long");
    if (posted < payloads.length) {
      this.#posting = { ...posting, posted, firstL1Number, l1Number };
      return true;
    }
    this.#posting = undefined;
    this.#inFlight.add({ lastNumber, l1Number });
    return true;
  }
}

/** Whether a part in this L1 block comes after the channel's end. Source: granite/derivation.md, CHANNEL_TIMEOUT. */
function isTooLate({ firstL1Number }: Pick<Posting, "firstL1Number">, l1Number: bigint): boolean {
  return l1Number > firstL1Number + GRANITE_CHANNEL_TIMEOUT;
}
