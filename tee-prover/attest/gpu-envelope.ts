import { bigintToBytes, concatBytes } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { type SealedParts, sealReport } from "./report-envelope.ts";

/** Bytes of the length; the contract reads no more. */
const LENGTH_BYTES = 3;
const GOLDEN_BYTES_MAX = 256 ** LENGTH_BYTES - 1;

/** A GPU's report, its leaf's certificate, and what the report is compared with. */
export type GpuSealedParts = SealedParts & {
  /** Of the RIMs of the GPU's driver and VBIOS: `bytes` of `goldenOf`. */
  readonly golden: Uint8Array;
};

/**
 * The evidence that L1 takes of a GPU (`INvidiaReportVerifier.sol`):
 *
 *   length of the golden measurements 3, big-endian | golden measurements | envelope of report and certificate
 *
 * @throws RollupError EVIDENCE_MALFORMED where something has more bytes than its length can tell
 */
export function sealGpuReport({ golden, ...parts }: GpuSealedParts): Uint8Array {
  if (golden.length > GOLDEN_BYTES_MAX) {
    throw new RollupError("EVIDENCE_MALFORMED", `golden measurements of ${golden.length} bytes`, {
      data: { length: golden.length, most: GOLDEN_BYTES_MAX },
    });
  }
  const length = bigintToBytes(BigInt(golden.length), LENGTH_BYTES);
  return concatBytes(length, golden, sealReport(parts));
}
