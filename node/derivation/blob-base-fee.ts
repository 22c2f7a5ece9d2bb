import type { BlobParameters } from "@phala-l2/protocol/config/rollup";
import type { Header } from "@phala-l2/protocol/wire/header";

/** MIN_BASE_FEE_PER_BLOB of EIP-4844, in wei. */
const MIN_BASE_FEE_PER_BLOB = 1n;

/** BLOB_BASE_FEE_UPDATE_FRACTION as EIP-4844 introduced it: for L1 times before a chain's first entry. */
const CANCUN_UPDATE_FRACTION = 3_338_477n;

/**
 * L1's blob base fee in a block, in wei, by the schedule that holds at the block's time; 1 for a block without
 * `excessBlobGas` (L1 before Cancun).
 * Source: EIP-4844 `get_base_fee_per_blob_gas`, EIP-7840 and EIP-7892 (blob-parameter-only forks),
 * specs/protocol/ecotone/l1-attributes.md.
 */
export function l1BlobBaseFee(
  schedule: readonly BlobParameters[],
  header: Pick<Header, "excessBlobGas" | "timestamp">,
): bigint {
  const { excessBlobGas, timestamp } = header;
  if (excessBlobGas === undefined) return MIN_BASE_FEE_PER_BLOB;
  const parameters = schedule.findLast(({ since }) => since <= timestamp);
  const fraction = parameters?.baseFeeUpdateFraction ?? CANCUN_UPDATE_FRACTION;
  return fakeExponential(MIN_BASE_FEE_PER_BLOB, excessBlobGas, fraction);
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
