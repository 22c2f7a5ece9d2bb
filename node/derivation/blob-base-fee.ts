import { blobBaseFee, CANCUN_UPDATE_FRACTION, MIN_BASE_FEE_PER_BLOB } from "@phala-l2/protocol/blob-gas";
import type { BlobParameters } from "@phala-l2/protocol/config/rollup";
import type { Header } from "@phala-l2/protocol/wire/header";

/**
 * L1's blob base fee in a block, in wei, by the schedule that holds at the block's time; 1 for a block without
 * `excessBlobGas` (L1 before Cancun), Cancun's fraction for L1 times before the chain's first entry.
 * Source: EIP-4844, EIP-7840 and EIP-7892 (blob-parameter-only forks), specs/protocol/ecotone/l1-attributes.md.
 */
export function l1BlobBaseFee(
  schedule: readonly BlobParameters[],
  header: Pick<Header, "excessBlobGas" | "timestamp">,
): bigint {
  const { excessBlobGas, timestamp } = header;
  if (excessBlobGas === undefined) return MIN_BASE_FEE_PER_BLOB;
  const parameters = schedule.findLast(({ since }) => since <= timestamp);
  return blobBaseFee(excessBlobGas, parameters?.baseFeeUpdateFraction ?? CANCUN_UPDATE_FRACTION);
}
