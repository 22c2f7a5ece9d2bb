import type { FeeOffer } from "./l1-transaction.ts";

/** L1's prices now, wei per gas. */
export type FeeQuote = {
  readonly baseFee: bigint;
  readonly tip: bigint;
  readonly blobBaseFee: bigint;
};

/**
 * Twice the base fee holds for six full blocks of rises of an eighth; a blob base fee rises alike and is cheap,
 * so it gets the same room.
 */
const BASE_FEE_ROOM = 2n;
/** L1 pools replace a transaction for a tenth more; one with blobs only for twice as much (geth's blobpool). */
const BUMP_PERCENT = 10n;
const BLOB_BUMP_PERCENT = 100n;

/** What a first try offers. */
export function firstOffer({ baseFee, tip, blobBaseFee }: FeeQuote): FeeOffer {
  return {
    maxFeePerGas: baseFee * BASE_FEE_ROOM + tip,
    maxPriorityFeePerGas: tip,
    maxFeePerBlobGas: blobBaseFee * BASE_FEE_ROOM,
  };
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

/** What a replacement offers: enough for L1's pools to take it, and for the prices now. */
export function nextOffer(before: FeeOffer, quote: FeeQuote, hasBlobs: boolean): FeeOffer {
  const percent = hasBlobs ? BLOB_BUMP_PERCENT : BUMP_PERCENT;
  const bumped = (value: bigint) => (value * (100n + percent) + 99n) / 100n;
  const fresh = firstOffer(quote);
  return {
    maxFeePerGas: larger(bumped(before.maxFeePerGas), fresh.maxFeePerGas),
    maxPriorityFeePerGas: larger(bumped(before.maxPriorityFeePerGas), fresh.maxPriorityFeePerGas),
    maxFeePerBlobGas: larger(bumped(before.maxFeePerBlobGas), fresh.maxFeePerBlobGas),
  };
}

/** Whether an offer stays below the operator's ceiling in wei per gas. */
export function isAffordable(offer: FeeOffer, ceiling: bigint): boolean {
  return offer.maxFeePerGas <= ceiling && offer.maxFeePerBlobGas <= ceiling;
}
