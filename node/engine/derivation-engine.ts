import type { L2ChainReader } from "@phala-l2/derivation/l2-chain-reader";
import type { PipelineStart } from "@phala-l2/derivation/pipeline";
import type { Hash } from "@phala-l2/protocol/bytes";
import type { BlockId, BlockRef, L2BlockRef, RollupConfig } from "@phala-l2/protocol/config/rollup";
import type { RollupError } from "@phala-l2/protocol/errors";
import type { PayloadAttributes } from "@phala-l2/protocol/wire/payload-attributes";
import type { L1Source } from "../l1/l1-source.ts";
import type { L1Heads } from "../l1/watch.ts";
import type { ChainHeads } from "../store/chain-store.ts";

export type DerivedInput = {
  readonly attributes: PayloadAttributes;
  readonly parent: L2BlockRef;
  readonly derivedFrom: BlockRef;
};

export type DerivedResult =
  | { readonly kind: "applied"; readonly ref: L2BlockRef }
  /** Execution found the attributes invalid; derivation goes on with their deposits alone. */
  | { readonly kind: "invalid"; readonly reason: string };

/** Where derivation goes on, with the chain below. */
export type DerivationStart = { readonly start: PipelineStart; readonly reader: L2ChainReader };

/** What the derivation driver needs of an engine, whether it executes blocks itself or has another program do it. */
export interface DerivationEngine {
  readonly config: RollupConfig;
  /** The error that made the engine take no more blocks. */
  readonly halted: RollupError | undefined;
  heads(): ChainHeads;
  /** A block that was once the safe head; undefined when it is not at hand. */
  ref(hash: Hash): L2BlockRef | undefined;
  /** The safe head as it was once derivation had read L1 up to that block. */
  safeHeadAtL1Block(l1Number: bigint): { readonly l1: BlockId; readonly safe: BlockId } | undefined;
  /** Brings the heads in line with L1 as it is now. Used at each start and after each L1 reorg. */
  resume(l1: L1Source): Promise<DerivationStart>;
  /** The block that the attributes describe becomes the safe head. */
  applyDerived(derived: DerivedInput): Promise<DerivedResult>;
  /** Records that derivation has read L1 up to this block, and which safe head that gave. */
  recordSafeHead(l1: BlockRef): Promise<void>;
  /** `ref` is derived from final L1 data up to `from`. */
  finalize(ref: L2BlockRef, from: BlockId): Promise<void>;
  /** Takes no more blocks; reads go on. */
  halt(error: RollupError): void;
  noteL1(heads: L1Heads): void;
  noteCurrentL1(current: BlockRef): void;
}
