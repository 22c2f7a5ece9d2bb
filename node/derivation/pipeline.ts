import { bytesEqual, type Hex } from "@phala-l2/protocol/bytes";
import type { BlockId, BlockRef, L2BlockRef, RollupConfig } from "@phala-l2/protocol/config/rollup";
import type { SystemConfig } from "@phala-l2/protocol/config/system-config";
import { RollupError } from "@phala-l2/protocol/errors";
import { buildAttributes, depositsOnly, isDeposit } from "./attributes.ts";
import { type AcceptedBatch, type BatchOutcome, BatchStage } from "./batch-stage.ts";
import { ChannelAssembler } from "./channel-assembler.ts";
import { ChannelReader } from "./channel-reader.ts";
import type { L1Epoch } from "./epoch.ts";
import { FrameQueue } from "./frame-queue.ts";
import type { L1Block } from "./l1-block.ts";
import { L1Retrieval } from "./l1-retrieval.ts";
import { L1Traversal, type Reorg } from "./l1-traversal.ts";
import type { L2ChainReader } from "./l2-chain-reader.ts";
import { assertSupported } from "./rules.ts";
import type { DerivedAttributes, Dropped, Stage, Step } from "./step.ts";
import { systemConfigForChild } from "./system-config.ts";

/** Where a pipeline begins; `findSyncStart` gives it. */
export type PipelineStart = {
  /** The L2 block to build on first. */
  readonly l2SafeHead: L2BlockRef;
  /** The first L1 block to read. */
  readonly l1Start: BlockId;
  /** The SystemConfig as of `l1Start`, that block's own changes included. */
  readonly systemConfigAtStart: SystemConfig;
};

export type L1BlockVerdict = { readonly kind: "accepted" } | Reorg;

/**
 * Derives L2 blocks from L1 blocks. It is pure and synchronous: it says what it needs, and the caller fetches.
 * An L1 reorg, or any other change of the safe head than by its own attributes, calls for a new pipeline.
 */
export interface Pipeline {
  /**
   * Does a bounded piece of work.
   *
   * @param safeHead the current safe head. After `attributes` it must become the block that was built from them;
   * as long as it is still their parent, the same attributes come again.
   * @throws RollupError DERIVATION_SAFE_HEAD for any other safe head; DEPOSIT_UNREADABLE, L2_BLOCK_MISSING
   */
  step(safeHead: L2BlockRef): Step;
  /**
   * Answers `need-l1-block`. A block that does not connect is refused with `reorg`, and the pipeline stays as it
   * is: whether the L1 source lagged or the chain changed is for the caller to find out.
   * @throws RollupError DERIVATION_L1_BLOCK_UNASKED, L1_RECEIPTS_MISSING
   */
  provideL1Block(block: L1Block): L1BlockVerdict;
  /** Answers `need-blobs`. @throws RollupError DERIVATION_BLOB_MISSING */
  provideBlobs(blobs: ReadonlyMap<Hex, Uint8Array>): void;
  /**
   * Execution found the last attributes invalid: the next step gives the same without the batch's transactions,
   * and what is left of their span batch and channel is dropped.
   * Source: specs/protocol/holocene/derivation.md "Engine Queue".
   * @throws RollupError DERIVATION_NOTHING_TO_REJECT, DERIVATION_DEPOSITS_REJECTED when they were deposits only
   */
  rejectAttributes(): void;
  /** The L1 block that the pipeline is reading; undefined before the first. */
  origin(): BlockRef | undefined;
}

/**
 * Makes a pipeline. Only chains with every fork up to Holocene active at genesis are supported.
 * @throws RollupError FORK_UNSUPPORTED, SEQUENCING_WINDOW_TOO_SMALL
 */
export function createPipeline(config: RollupConfig, start: PipelineStart, chain: L2ChainReader): Pipeline {
  assertSupported(config);
  return new DerivationPipeline(config, start, chain);
}

class DerivationPipeline implements Pipeline {
  readonly #config: RollupConfig;
  readonly #chain: L2ChainReader;
  readonly #traversal: L1Traversal;
  readonly #retrieval: L1Retrieval;
  readonly #frames = new FrameQueue();
  readonly #assembler: ChannelAssembler;
  readonly #reader: ChannelReader;
  readonly #batches: BatchStage;
  #safeHead: L2BlockRef;
  #epoch: L1Epoch | undefined;
  /** Attributes that have been handed out and whose block is not known yet. */
  #pending: DerivedAttributes | undefined;
  /** The current L1 block holds nothing more. */
  #needsL1Block = true;
  #facts: Dropped[] = [];

  constructor(config: RollupConfig, start: PipelineStart, chain: L2ChainReader) {
    this.#config = config;
    this.#chain = chain;
    this.#safeHead = start.l2SafeHead;
    this.#traversal = new L1Traversal(config, start.l1Start, start.systemConfigAtStart);
    this.#retrieval = new L1Retrieval(config);
    this.#assembler = new ChannelAssembler(config);
    this.#reader = new ChannelReader(config);
    this.#batches = new BatchStage(config, chain);
  }

  origin(): BlockRef | undefined {
    return this.#epoch?.ref;
  }

  /** Later stages come first, so that nothing is read before all that came before it is used up. */
  step(safeHead: L2BlockRef): Step {
    const repeated = this.#follow(safeHead);
    return (
      repeated ??
      this.#facts.shift() ??
      this.#nextOfSpan() ??
      this.#nextOfChannel() ??
      this.#nextFrame() ??
      this.#nextData() ??
      this.#endOfL1Block()
    );
  }

  provideL1Block(block: L1Block): L1BlockVerdict {
    if (!this.#needsL1Block) {
      throw new RollupError("DERIVATION_L1_BLOCK_UNASKED", "the current L1 block is not used up yet", {
        data: { given: block.header.number },
      });
    }
    const { l1Origin } = this.#safeHead;
    if (block.header.number === l1Origin.number && !bytesEqual(block.hash, l1Origin.hash)) {
      return { kind: "reorg", number: l1Origin.number, expected: l1Origin.hash, found: block.hash };
    }
    const advance = this.#traversal.advance(block);
    if (advance.kind === "reorg") return advance;
    const { epoch, ignoredUpdates } = advance;
    this.#epoch = epoch;
    this.#needsL1Block = false;
    for (const reason of ignoredUpdates) this.#report("l1-traversal", reason);
    this.#retrieval.open(block.transactions, epoch.systemConfig.batcherAddress);
    const timeout = this.#assembler.advance(epoch.ref);
    if (timeout !== undefined) this.#report("channel-assembler", timeout);
    this.#batches.advance(epoch);
    return { kind: "accepted" };
  }

  provideBlobs(blobs: ReadonlyMap<Hex, Uint8Array>): void {
    this.#retrieval.provideBlobs(blobs);
  }

  rejectAttributes(): void {
    const pending = this.#pending;
    if (pending === undefined) {
      throw new RollupError("DERIVATION_NOTHING_TO_REJECT", "no attributes are waiting for their block");
    }
    if (pending.attributes.transactions.every(isDeposit)) {
      // The rules guarantee that a block of deposits is valid: this is a fault of execution, never of the data.
      throw new RollupError(
        "DERIVATION_DEPOSITS_REJECTED",
        "attributes with deposits only cannot be invalid",
        {
          data: { parent: pending.parent, derivedFrom: pending.derivedFrom },
        },
      );
    }
    this.#batches.flush();
    this.#reader.flush();
    this.#pending = { ...pending, attributes: depositsOnly(pending.attributes) };
  }

  /** Takes over the new safe head; gives the waiting attributes again as long as it has not changed. */
  #follow(safeHead: L2BlockRef): DerivedAttributes | undefined {
    const pending = this.#pending;
    if (bytesEqual(safeHead.hash, this.#safeHead.hash)) return pending;
    const isChild =
      pending !== undefined &&
      bytesEqual(safeHead.parentHash, pending.parent.hash) &&
      safeHead.number === pending.parent.number + 1n &&
      safeHead.timestamp === pending.attributes.timestamp;
    if (!isChild) {
      throw new RollupError("DERIVATION_SAFE_HEAD", "the safe head is not what this pipeline derived", {
        data: { safeHead, expectedParent: this.#safeHead },
      });
    }
    this.#pending = undefined;
    this.#safeHead = safeHead;
    return undefined;
  }

  #nextOfSpan(): Step | undefined {
    const outcome = this.#batches.nextOfSpan(this.#safeHead);
    return outcome === undefined ? undefined : this.#conclude(outcome);
  }

  #nextOfChannel(): Step | undefined {
    const read = this.#reader.next();
    if (read.kind === "exhausted") return undefined;
    if (read.kind === "dropped") return this.#dropped("channel-reader", read.reason);
    return this.#conclude(this.#batches.offer(this.#safeHead, read));
  }

  #conclude(outcome: BatchOutcome): Step {
    if (outcome.kind === "accepted") return this.#attributes(outcome);
    if (outcome.flush) this.#reader.flush();
    return this.#dropped("batch-stage", outcome.reason);
  }

  #nextFrame(): Step | undefined {
    const frame = this.#frames.next();
    if (frame === undefined) return undefined;
    const assembled = this.#assembler.add(frame);
    if (assembled.kind === "dropped") return this.#dropped("channel-assembler", assembled.reason);
    if (assembled.kind === "complete") this.#reader.open(assembled.channel, this.#origin());
    return assembled.replaced ? this.#dropped("channel-assembler", "channel-replaced") : { kind: "advanced" };
  }

  #nextData(): Step | undefined {
    if (this.#needsL1Block) return undefined;
    const retrieved = this.#retrieval.next();
    switch (retrieved.kind) {
      case "exhausted":
        return undefined;
      case "advanced":
        return retrieved;
      case "dropped":
        return this.#dropped("l1-retrieval", retrieved.reason);
      case "need-blobs":
        return { kind: "need-blobs", block: this.#origin(), hashes: retrieved.hashes };
      case "data": {
        const { invalid, outOfOrder } = this.#frames.load(retrieved.data);
        if (invalid !== undefined) return this.#dropped("frame-queue", invalid);
        if (outOfOrder > 0) return this.#dropped("frame-queue", "frame-out-of-order", outOfOrder);
        return { kind: "advanced" };
      }
    }
  }

  #endOfL1Block(): Step {
    const batch = this.#needsL1Block ? undefined : this.#batches.endOfData(this.#safeHead);
    if (batch !== undefined) return this.#attributes(batch);
    this.#needsL1Block = true;
    return { kind: "need-l1-block", number: this.#traversal.next };
  }

  #attributes({ epoch, transactions }: AcceptedBatch): DerivedAttributes {
    const parent = this.#safeHead;
    const systemConfig = systemConfigForChild(this.#config, parent, epoch, this.#chain);
    const attributes = buildAttributes({
      config: this.#config,
      parent,
      epoch: { ...epoch, systemConfig },
      transactions,
    });
    const derivedFrom = this.#origin();
    this.#pending = { kind: "attributes", attributes, parent, derivedFrom, isLastInSpan: true };
    return this.#pending;
  }

  #origin(): BlockRef {
    if (this.#epoch !== undefined) return this.#epoch.ref;
    throw new RollupError("DERIVATION_NO_ORIGIN", "no L1 block has been read yet");
  }

  #dropped(stage: Stage, reason: string, count = 1): Dropped {
    return { kind: "dropped", stage, reason, count, origin: this.#origin() };
  }

  #report(stage: Stage, reason: string): void {
    this.#facts.push(this.#dropped(stage, reason));
  }
}
