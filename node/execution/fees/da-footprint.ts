import { DEPOSIT_TYPE, type Transaction } from "@phala-l2/protocol/wire/transaction";

/**
 * Jovian's data-availability footprint: what a block's user transactions are estimated to take of L1's blobs,
 * in gas; bounded by the gas limit and stored in the header's blobGasUsed.
 * Source: specs/protocol/jovian/exec-engine.md "DA Footprint Block Limit".
 */
const SIZE_SCALE = 1_000_000n;
/** `setL1BlockValuesIsthmus()` calldata: still in use in Jovian's activation block, which has no footprint. */
const ISTHMUS_CALLDATA_LENGTH = 176;
const JOVIAN_CALLDATA_LENGTH = 178;
/** keccak256("setL1BlockValuesJovian()")[0:4]. Source: specs/protocol/jovian/l1-attributes.md. */
const JOVIAN_SELECTOR = [0x3d, 0xb6, 0xbe, 0x2b] as const;

export type FootprintScalar =
  | { readonly kind: "ok"; readonly gasPerByte: bigint }
  /** Jovian's activation block: no user transactions are allowed, and the footprint is zero. */
  | { readonly kind: "activation" }
  | { readonly kind: "invalid" };

/** The scalar that the block's first transaction, its L1 attributes deposit, carries. */
export function footprintScalar(first: Transaction): FootprintScalar {
  if (first.type !== DEPOSIT_TYPE) return { kind: "invalid" };
  const { data } = first;
  if (data.length === ISTHMUS_CALLDATA_LENGTH) return { kind: "activation" };
  if (data.length < JOVIAN_CALLDATA_LENGTH || JOVIAN_SELECTOR.some((byte, i) => data[i] !== byte)) {
    return { kind: "invalid" };
  }
  return { kind: "ok", gasPerByte: BigInt(((data[176] ?? 0) << 8) | (data[177] ?? 0)) };
}

/** A user transaction's footprint in gas. */
export function daFootprint(sizeScaled: bigint, gasPerByte: bigint): bigint {
  return (sizeScaled / SIZE_SCALE) * gasPerByte;
}
