import type { L2BlockRef } from "@phala-l2/protocol/config/rollup";
import type { Header } from "@phala-l2/protocol/wire/header";

/** A block of the L2 chain, as far as derivation looks at it. */
export type L2BlockFacts = {
  readonly ref: L2BlockRef;
  readonly header: Header;
  /** Encoded, deposits first. */
  readonly transactions: readonly Uint8Array[];
};

/** Synchronous access to the L2 chain at and below the safe head. */
export interface L2ChainReader {
  /** The canonical block of that number; undefined when it is not at hand. */
  block(number: bigint): L2BlockFacts | undefined;
}
