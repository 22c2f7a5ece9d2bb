import type { OpenBlock } from "@phala-l2/execution/block/open-block";
import type { SealedBlock } from "@phala-l2/execution/block/sealed-block";
import type { Hash } from "@phala-l2/protocol/bytes";
import type { BlockRef, L2BlockRef } from "@phala-l2/protocol/config/rollup";
import type { Block } from "@phala-l2/protocol/wire/block";
import type { PayloadAttributes } from "@phala-l2/protocol/wire/payload-attributes";
import type { ChainReader } from "../store/chain-reader.ts";

/** What happened to a block that came from elsewhere. */
export type InsertResult =
  /** It is the unsafe head now. */
  | { readonly kind: "inserted"; readonly ref: L2BlockRef }
  /** The node has it already. */
  | { readonly kind: "known" }
  /** Its parent is not the unsafe head; blocks between are missing, or it is on another branch. */
  | { readonly kind: "gap"; readonly head: L2BlockRef }
  | { readonly kind: "invalid"; readonly reason: string };

export type EngineEvent =
  /** A new unsafe head that extends the one before. */
  | { readonly kind: "unsafe"; readonly ref: L2BlockRef }
  | { readonly kind: "safe"; readonly ref: L2BlockRef; readonly derivedFrom: BlockRef }
  | { readonly kind: "finalized"; readonly ref: L2BlockRef }
  /** The unsafe chain was replaced: `dropped` are hashes no longer canonical, newest first. */
  | {
      readonly kind: "reorg";
      readonly ref: L2BlockRef;
      readonly commonAncestor: L2BlockRef;
      readonly dropped: readonly Hash[];
    }
  /** Conflict with finalized L1 data: the engine takes no more blocks until a person has looked. */
  | { readonly kind: "halted"; readonly code: string; readonly message: string };

/** The shape of `optimism_syncStatus`, as values. */
export type SyncStatus = {
  readonly headL1: BlockRef;
  readonly safeL1: BlockRef;
  readonly finalizedL1: BlockRef;
  /** The L1 block that derivation has reached. */
  readonly currentL1: BlockRef;
  readonly unsafeL2: L2BlockRef;
  readonly safeL2: L2BlockRef;
  readonly finalizedL2: L2BlockRef;
};

/** The only writer of heads. All changes run one after another. */
export interface Engine {
  readonly chain: ChainReader;
  /**
   * Opens a block on the unsafe head for the sequencer to fill; `attributes.transactions` are applied first.
   * @throws RollupError ENGINE_PARENT_NOT_HEAD, ENGINE_ATTRIBUTES_INVALID, ENGINE_HALTED
   */
  build(attributes: PayloadAttributes, parent: Hash): Promise<OpenBlock>;
  /**
   * Makes an own, sealed block the unsafe head; durable on disk when the promise resolves.
   * @throws RollupError ENGINE_PARENT_NOT_HEAD when the head has moved meanwhile, ENGINE_HALTED
   */
  insert(sealed: SealedBlock): Promise<void>;
  /** Takes a block of another node: re-executed, and only an equal hash makes it the unsafe head. */
  insertUnsafe(block: Block): Promise<InsertResult>;
  /** Calls back after each change is on disk; the returned function ends it. */
  subscribe(listener: (event: EngineEvent) => void): () => void;
  syncStatus(): SyncStatus;
}
