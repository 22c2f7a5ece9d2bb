import { bytesEqual, type Hash } from "@phala-l2/protocol/bytes";
import { expectedSize } from "./channel.ts";
import { type BatchedBlock, fetchBatchedBlock, type Heads, type RpcRequest } from "./l2-block.ts";

/** Blocks that one channel may have, so that a backlog becomes several channels of bounded memory. */
const MAX_CHANNEL_BLOCKS = 3600;
/** Blocks asked for side by side: a backlog of thousands must not take a round trip for each. */
const FETCHES = 16;

type Tip = { readonly number: bigint; readonly hash: Hash };

/** The sequencer's blocks after those that were posted, each the child of the one before. */
export class BlockQueue {
  readonly #request: RpcRequest;
  readonly #targetSize: number;
  #blocks: BatchedBlock[] = [];
  #size = 0;
  #tip: Tip;

  /** @param targetSize compressed bytes that make a channel */
  constructor(request: RpcRequest, targetSize: number, tip: Tip) {
    this.#request = request;
    this.#targetSize = targetSize;
    this.#tip = tip;
  }

  /** The newest block loaded or taken; the next one must be its child. */
  get tip(): Tip {
    return this.#tip;
  }

  get isEmpty(): boolean {
    return this.#blocks.length === 0;
  }

  /** Whether the blocks are enough for a channel. */
  get isFull(): boolean {
    return this.#blocks.length >= MAX_CHANNEL_BLOCKS || this.#size >= this.#targetSize;
  }

  /**
   * Loads what is new, until there is enough for a channel.
   * @returns false when the sequencer's chain is no longer the one that the queue has the beginning of
   */
  async load({ unsafe }: Pick<Heads, "unsafe">): Promise<boolean> {
    if (unsafe.number < this.#tip.number) return false;
    if (unsafe.number === this.#tip.number) return bytesEqual(unsafe.hash, this.#tip.hash);
    while (this.#tip.number < unsafe.number && !this.isFull) {
      const ahead = unsafe.number - this.#tip.number;
      const count = ahead < BigInt(FETCHES) ? Number(ahead) : FETCHES;
      const first = this.#tip.number + 1n;
      const blocks = await Promise.all(
        Array.from({ length: count }, (_, i) => fetchBatchedBlock(this.#request, first + BigInt(i))),
      );
      for (const block of blocks) {
        if (this.isFull) break;
        if (!bytesEqual(block.batch.parentHash, this.#tip.hash)) return false;
        this.#blocks.push(block);
        this.#size += expectedSize(block);
        this.#tip = block;
      }
    }
    return true;
  }

  /** Leaves out blocks that are safe already: another batcher has posted them. */
  dropSafe(safe: Tip): void {
    if (this.#blocks[0] === undefined || this.#blocks[0].number > safe.number) return;
    this.#blocks = this.#blocks.filter(({ number }) => number > safe.number);
    this.#size = this.#blocks.reduce((size, block) => size + expectedSize(block), 0);
  }

  /** Whether the sequencer's chain still has the tip. */
  async isTipCanonical({ unsafe }: Pick<Heads, "unsafe">): Promise<boolean> {
    if (unsafe.number < this.#tip.number) return false;
    const { hash } = await fetchBatchedBlock(this.#request, this.#tip.number);
    return bytesEqual(hash, this.#tip.hash);
  }

  /** The blocks of the next channel; they stay in the queue until `clear`. */
  peek(): readonly BatchedBlock[] {
    return this.#blocks;
  }

  /** The blocks are in a channel: what follows them comes next. */
  clear(): void {
    this.#blocks = [];
    this.#size = 0;
  }
}
