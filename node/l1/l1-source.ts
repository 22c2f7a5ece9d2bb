import type { L1Block } from "@phala-l2/derivation/l1-block";
import type { Hash, Hex } from "@phala-l2/protocol/bytes";
import type { BlockId, BlockRef } from "@phala-l2/protocol/config/rollup";
import type { Header } from "@phala-l2/protocol/wire/header";

/** The three heads that an L1 execution client names. */
export type L1Label = "latest" | "safe" | "finalized";

/**
 * L1 as derivation sees it. Whatever it returns has been checked against a hash: headers against their own,
 * transactions and receipts against the header's roots, blobs against their versioned hashes. What can not
 * be checked that way is which block is the head; that much an L1 client is trusted.
 *
 * Every method throws RollupError: L1_UNREACHABLE when no endpoint answers, L1_DATA_INVALID when all that
 * answer are wrong, BLOBS_UNAVAILABLE when no source has a blob.
 */
export interface L1Source {
  /** The block that L1 now calls by this label; on a young chain `safe` and `finalized` may be its genesis. */
  head(label: L1Label): Promise<BlockRef>;
  /** A block's number, hash, parent and time; undefined when L1 does not have it (yet, or any more). */
  blockRef(numberOrHash: bigint | Hash): Promise<BlockRef | undefined>;
  /** A whole block with receipts. @throws RollupError L1_BLOCK_NOT_FOUND */
  block(numberOrHash: bigint | Hash): Promise<L1Block>;
  /** The header of that hash. @throws RollupError L1_BLOCK_NOT_FOUND */
  header(hash: Hash): Promise<Header>;
  /**
   * The blobs that the block's transactions carry, by versioned hash; all of `hashes` are in the result.
   * `timestamp` of the block tells its beacon slot.
   */
  blobs(
    block: BlockId & { readonly timestamp: bigint },
    hashes: readonly Hash[],
  ): Promise<ReadonlyMap<Hex, Uint8Array>>;
}
