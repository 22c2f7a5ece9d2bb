import type { L2BlockRef, RollupConfig } from "@phala-l2/protocol/config/rollup";
import type { SingularBatch } from "@phala-l2/protocol/wire/singular-batch";
import type { SpanBatch, SpanBatchBlock } from "@phala-l2/protocol/wire/span-batch";
import { type BatchContext, type BatchReason, checkSingularBatch } from "./batch-validity.ts";
import type { DecodedBatch } from "./channel-reader.ts";
import type { L1Epoch } from "./epoch.ts";
import type { L2ChainReader } from "./l2-chain-reader.ts";
import { checkSpanBatch } from "./span-batch-validity.ts";

export type StageReason = BatchReason | "batch-before-safe-head-origin";

/** The next block's content, with the L1 block that it belongs to. */
export type AcceptedBatch = {
  readonly kind: "accepted";
  readonly epoch: L1Epoch;
  readonly transactions: readonly Uint8Array[];
};

export type BatchOutcome =
  | AcceptedBatch
  /** `flush`: the rest of the channel goes too. */
  | { readonly kind: "dropped"; readonly reason: StageReason; readonly flush: boolean };

/** A block of a span batch that was accepted as a whole; its parent is known when its turn comes. */
type SpanBlock = { readonly block: SpanBatchBlock; readonly epoch: L1Epoch };

/**
 * Sixth stage: strictly ordered batches, at most one span batch at a time, and empty batches once the
 * sequencing window of an epoch is over.
 * Source: specs/protocol/holocene/derivation.md "Batch Queue"; derivation.md "Batch Queue" on empty batches.
 */
export class BatchStage {
  readonly #config: RollupConfig;
  readonly #chain: L2ChainReader;
  /** Consecutive; the first is the safe head's epoch, or the next once all of its blocks are derived. */
  #epochs: L1Epoch[] = [];
  /** Number of the L1 block being read; batches that come now were included in it. */
  #inclusion = 0n;
  #span: readonly SpanBlock[] = [];
  #spanAt = 0;

  constructor(config: RollupConfig, chain: L2ChainReader) {
    this.#config = config;
    this.#chain = chain;
  }

  /** The pipeline has moved to another L1 block. */
  advance(epoch: L1Epoch): void {
    this.#epochs.push(epoch);
    this.#inclusion = epoch.ref.number;
  }

  /** Forgets the rest of the span batch. */
  flush(): void {
    this.#span = [];
    this.#spanAt = 0;
  }

  /** The next block of the current span batch, judged; undefined when there is none. */
  nextOfSpan(parent: L2BlockRef): BatchOutcome | undefined {
    const next = this.#span[this.#spanAt];
    if (next === undefined) return undefined;
    this.#spanAt += 1;
    const { block, epoch } = next;
    const { epochNumber, timestamp, transactions } = block;
    // The span's parent check and L1 origin check have stood in for the two hashes.
    const hashes = { parentHash: parent.hash, epochHash: epoch.ref.hash };
    return this.#judge(parent, { ...hashes, epochNumber, timestamp, transactions });
  }

  /** Judges a batch that comes from the channel. */
  offer(parent: L2BlockRef, batch: DecodedBatch): BatchOutcome {
    if (this.#isDraining(parent)) {
      // A channel that is complete at the safe head's own origin can only hold blocks up to the safe head.
      return { kind: "dropped", reason: "batch-before-safe-head-origin", flush: false };
    }
    return batch.kind === "singular" ? this.#judge(parent, batch.batch) : this.#openSpan(parent, batch.batch);
  }

  #openSpan(parent: L2BlockRef, span: SpanBatch): BatchOutcome {
    const verdict = checkSpanBatch(this.#context(parent), span, this.#chain);
    if (verdict.kind === "drop") return this.#dropAll(verdict.reason);
    if (verdict.kind !== "accept") return { kind: "dropped", reason: verdict.reason, flush: false };
    const blocks: SpanBlock[] = [];
    for (const block of span.blocks) {
      if (block.timestamp <= parent.timestamp) continue;
      const epoch = this.#epoch(block.epochNumber);
      // As in op-node's GetSingularBatches: one epoch that is not at hand spoils the span from its beginning.
      if (epoch === undefined) return this.#dropAll("epoch-unknown");
      blocks.push({ block, epoch });
    }
    this.#span = blocks;
    this.#spanAt = 0;
    return this.nextOfSpan(parent) ?? this.#dropAll("batch-past");
  }

  #judge(parent: L2BlockRef, batch: SingularBatch): BatchOutcome {
    const verdict = checkSingularBatch(this.#context(parent), batch);
    if (verdict.kind === "past") return { kind: "dropped", reason: verdict.reason, flush: false };
    if (verdict.kind !== "accept") return this.#dropAll(verdict.reason);
    const epoch = this.#epoch(batch.epochNumber);
    if (epoch === undefined) return this.#dropAll("epoch-unknown");
    return { kind: "accepted", epoch, transactions: batch.transactions };
  }

  #dropAll(reason: StageReason): BatchOutcome {
    this.flush();
    return { kind: "dropped", reason, flush: true };
  }

  /**
   * Called when the L1 block has no more data: the next empty batch if the window of the current epoch is over,
   * or undefined, and then the pipeline must move to the next L1 block before it calls again.
   *
   * An epoch's blocks go on, empty, until the next epoch's time is reached; each epoch has at least one block.
   * Source: derivation.md "Batch Queue": when no batch is left and epoch.number + sequence_window_size is
   * reached, an empty batch is derived.
   */
  endOfData(parent: L2BlockRef): AcceptedBatch | undefined {
    if (this.#isDraining(parent)) return undefined;
    this.#forgetEpochsBefore(parent);
    const [epoch, next] = this.#epochs;
    if (epoch === undefined || next === undefined) return undefined;
    if (epoch.ref.number + this.#config.seqWindowSize > this.#inclusion) return undefined;
    const nextTimestamp = parent.timestamp + this.#config.blockTime;
    const isFirstOfEpoch = epoch.ref.number === parent.l1Origin.number + 1n;
    if (nextTimestamp < next.ref.timestamp || isFirstOfEpoch) {
      return { kind: "accepted", epoch, transactions: [] };
    }
    this.#epochs.shift();
    return undefined;
  }

  #context(parent: L2BlockRef): BatchContext {
    this.#forgetEpochsBefore(parent);
    return { config: this.#config, epochs: this.#epochs, parent, inclusion: this.#inclusion };
  }

  #forgetEpochsBefore(parent: L2BlockRef): void {
    const keep = this.#epochs.findIndex(({ ref }) => ref.number >= parent.l1Origin.number);
    if (keep > 0) this.#epochs = this.#epochs.slice(keep);
  }

  /** Whether the L1 block being read is at or before the safe head's origin. */
  #isDraining(parent: L2BlockRef): boolean {
    return this.#inclusion <= parent.l1Origin.number;
  }

  #epoch(number: bigint): L1Epoch | undefined {
    const first = this.#epochs[0];
    return first === undefined ? undefined : this.#epochs[Number(number - first.ref.number)];
  }
}
