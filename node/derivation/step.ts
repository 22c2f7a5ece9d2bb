import type { Hash } from "@phala-l2/protocol/bytes";
import type { BlockId, BlockRef, L2BlockRef } from "@phala-l2/protocol/config/rollup";
import type { PayloadAttributes } from "@phala-l2/protocol/wire/payload-attributes";

/** The stages in the order in which data flows through them; each is a file of this folder. */
export type Stage =
  | "l1-traversal"
  | "l1-retrieval"
  | "frame-queue"
  | "channel-assembler"
  | "channel-reader"
  | "batch-stage";

/** Something on L1 that the rules discard. It changes nothing but logs. */
export type Dropped = {
  readonly kind: "dropped";
  readonly stage: Stage;
  /** Stable kebab-case code. */
  readonly reason: string;
  /** How many items were dropped together (frames, transactions …). */
  readonly count: number;
  /** The L1 block being read. */
  readonly origin: BlockId;
};

/** Attributes of the next L2 block on `parent`. */
export type DerivedAttributes = {
  readonly kind: "attributes";
  readonly attributes: PayloadAttributes;
  readonly parent: L2BlockRef;
  /** The L1 block whose data completed them: the L2 block is final once this one is. */
  readonly derivedFrom: BlockRef;
  /**
   * Whether the block is safe as soon as it is executed. Under Holocene that is each one, because nothing later
   * in a span batch can invalidate it (specs/protocol/holocene/derivation.md "Span Batches").
   */
  readonly isLastInSpan: boolean;
};

/** What one step of the pipeline led to. */
export type Step =
  /** Answer with `provideL1Block`; `number` may not exist yet. */
  | { readonly kind: "need-l1-block"; readonly number: bigint }
  /** Answer with `provideBlobs`; all `hashes` (versioned, without repetition) belong to that block. */
  | { readonly kind: "need-blobs"; readonly block: BlockRef; readonly hashes: readonly Hash[] }
  | DerivedAttributes
  | Dropped
  /** Some work was done; call again. */
  | { readonly kind: "advanced" };
