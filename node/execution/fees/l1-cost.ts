import { fastLzLength } from "./fastlz.ts";
import type { L1BlockValues } from "./l1-block-values.ts";

/**
 * The L1 fee of Fjord: a linear estimate of what a transaction adds to a compressed batch, at L1's prices.
 * Source: specs/protocol/fjord/exec-engine.md "L1-Cost fees". Numbers are scaled by a million.
 */
const INTERCEPT = -42_585_600n;
const FASTLZ_COEFFICIENT = 836_500n;
const MIN_SIZE_SCALED = 100n * 1_000_000n;
const SCALE = 1_000_000n;
/** Gas of a non-zero byte of calldata (EIP-2028), the unit of the base fee's part. */
const GAS_PER_BYTE = 16n;

/** Estimated bytes in a compressed batch, times a million, of a transaction as encoded in a block. */
export function estimatedSizeScaled(raw: Uint8Array): bigint {
  const size = INTERCEPT + FASTLZ_COEFFICIENT * BigInt(fastLzLength(raw));
  return size < MIN_SIZE_SCALED ? MIN_SIZE_SCALED : size;
}

/** Wei that a transaction of this estimated size pays for L1. */
export function l1Fee(
  sizeScaled: bigint,
  values: Pick<L1BlockValues, "baseFee" | "blobBaseFee" | "baseFeeScalar" | "blobBaseFeeScalar">,
): bigint {
  const priceScaled =
    values.baseFeeScalar * GAS_PER_BYTE * values.baseFee + values.blobBaseFeeScalar * values.blobBaseFee;
  return (sizeScaled * priceScaled) / (SCALE * SCALE);
}

/** The L1 gas that receipts show; nothing is priced by it. */
export function l1GasUsed(sizeScaled: bigint): bigint {
  return (sizeScaled * GAS_PER_BYTE) / SCALE;
}
