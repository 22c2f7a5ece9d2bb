import { bigintToBytes, concatBytes } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";

/** Bytes of the length; the contract reads no more. */
const LENGTH_BYTES = 3;
const REPORT_BYTES_MAX = 256 ** LENGTH_BYTES - 1;

/** A report that carries no certificate, and the certificate of the key that signed it. */
export type SealedParts = {
  readonly report: Uint8Array;
  /** Of the leaf, DER. It must stand in the certificate cache. */
  readonly certificate: Uint8Array;
  /**
   * Whether the y-coordinate of the signature's point is odd. A wrong answer costs gas (2.7M) and changes nothing, so
   * whoever sends it may estimate both and take the cheaper.
   */
  readonly oddFirst: boolean;
};

/**
 * The evidence that L1 takes of an SEV-SNP guest or a GPU (`ReportEnvelope.sol`):
 *
 *   hint 1 | length of the report 3, big-endian | report | certificate, DER
 *
 * @throws RollupError EVIDENCE_MALFORMED where the report has more bytes than the length can tell
 */
export function sealReport({ report, certificate, oddFirst }: SealedParts): Uint8Array {
  if (report.length > REPORT_BYTES_MAX) {
    throw new RollupError("EVIDENCE_MALFORMED", `a report of ${report.length} bytes`, {
      data: { length: report.length, most: REPORT_BYTES_MAX },
    });
  }
  const length = bigintToBytes(BigInt(report.length), LENGTH_BYTES);
  return concatBytes(Uint8Array.of(oddFirst ? 1 : 0), length, report, certificate);
}
