import type { FeeOffer } from "./l1-transaction.ts";

/** L1's prices now, wei per gas. */
export type FeeQuote = {
  readonly baseFee: bigint;
  readonly tip: bigint;
  readonly blobBaseFee: bigint;
};

/** What bounds an offer. */
export type FeeRules = {
  /** Wei per gas, and per blob gas, that is never exceeded. */
  readonly ceiling: bigint;
  readonly hasBlobs: boolean;
};

/**
 * Twice the base fee holds for six full blocks of rises of an eighth; a blob base fee rises alike and is cheap,
 * so it gets the same room.
 */
const BASE_FEE_ROOM = 2n;
/** L1 pools replace a transaction for a tenth more; one with blobs only for twice as much (geth's blobpool). */
const BUMP_PERCENT = 10n;
const BLOB_BUMP_PERCENT = 100n;

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

/** What a first try offers. Below L1's price when that is above the ceiling: it then waits in L1's pool. */
export function firstOffer(
  { baseFee, tip, blobBaseFee }: FeeQuote,
  { ceiling }: Pick<FeeRules, "ceiling">,
): FeeOffer {
  const maxFeePerGas = smaller(baseFee * BASE_FEE_ROOM + tip, ceiling);
  return {
    maxFeePerGas,
    maxPriorityFeePerGas: smaller(tip, maxFeePerGas),
    maxFeePerBlobGas: smaller(blobBaseFee * BASE_FEE_ROOM, ceiling),
  };
}

/**
 * What a replacement offers: enough for L1's pools to take it, and for the prices now. Undefined when the least
 * that the pools take is above the ceiling.
 */
export function nextOffer(before: FeeOffer, quote: FeeQuote, rules: FeeRules): FeeOffer | undefined {
  const percent = rules.hasBlobs ? BLOB_BUMP_PERCENT : BUMP_PERCENT;
  const bumped = (value: bigint) => (value * (100n + percent) + 99n) / 100n;
  const leastBlobFee = rules.hasBlobs ? bumped(before.maxFeePerBlobGas) : before.maxFeePerBlobGas;
  if (bumped(before.maxFeePerGas) > rules.ceiling || leastBlobFee > rules.ceiling) return undefined;
  const fresh = firstOffer(quote, rules);
  return {
    maxFeePerGas: larger(bumped(before.maxFeePerGas), fresh.maxFeePerGas),
    maxPriorityFeePerGas: larger(bumped(before.maxPriorityFeePerGas), fresh.maxPriorityFeePerGas),
    maxFeePerBlobGas: larger(leastBlobFee, fresh.maxFeePerBlobGas),
  };
}
