/** EIP-4844 GAS_PER_BLOB; equal to the blob's size. */
export const GAS_PER_BLOB = 131_072n;

/** MIN_BASE_FEE_PER_BLOB of EIP-4844, in wei. */
export const MIN_BASE_FEE_PER_BLOB = 1n;

/** BLOB_BASE_FEE_UPDATE_FRACTION of EIP-4844 (Cancun) and EIP-7691 (Prague); blob-parameter-only forks bring more. */
export const CANCUN_UPDATE_FRACTION = 3_338_477n;
export const PRAGUE_UPDATE_FRACTION = 5_007_716n;

/** Wei per blob gas of a block with this excess blob gas. Source: EIP-4844 `get_base_fee_per_blob_gas`. */
export function blobBaseFee(excessBlobGas: bigint, updateFraction: bigint): bigint {
  return fakeExponential(MIN_BASE_FEE_PER_BLOB, excessBlobGas, updateFraction);
}

/** factor * e^(numerator / denominator) by its Taylor series in integers. Source: EIP-4844 `fake_exponential`. */
function fakeExponential(factor: bigint, numerator: bigint, denominator: bigint): bigint {
  let output = 0n;
  let term = factor * denominator;
  for (let i = 1n; term > 0n; i++) {
    output += term;
    term = (term * numerator) / (denominator * i);
  }
  return output / denominator;
}
