import { bigintToBytes, concatBytes, type Hash, toHex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { parseReport, type SnpReport } from "../verify/amd/report.ts";
import { parseQuote } from "../verify/intel/quote.ts";
import type { TdReport } from "../verify/intel/reports.ts";
import type { Refusal } from "../verify/refusal.ts";
import { refusalText } from "../verify/refusal.ts";
import type { HostEvidence } from "./evidence.ts";

const TDX_TAG = new TextEncoder().encode("phala-l2 tdx image 1");
const SNP_TAG = new TextEncoder().encode("phala-l2 sev-snp image 1");

/**
 * Identity of the image that a TD started: every register and every choice of the host that changes what runs.
 *
 *   keccak256("phala-l2 tdx image 1" | attributes 8 | XFAM 8 | MRTD 48 | MRCONFIGID 48 | MROWNER 48 |
 *             MROWNERCONFIG 48 | RTMR0..3 4 x 48 | MRSERVICETD 48, zeros for a TD 1.0)
 */
export function tdxImage(report: TdReport): Hash {
  const { tdAttributes, xfam, mrTd, mrConfigId, mrOwner, mrOwnerConfig, rtmr, extended } = report;
  const serviceTd = extended?.mrServiceTd ?? new Uint8Array(48);
  const registers = [mrTd, mrConfigId, mrOwner, mrOwnerConfig, ...rtmr, serviceTd];
  return keccak256(concatBytes(TDX_TAG, tdAttributes, xfam, ...registers));
}

/**
 * Identity of the image that a guest under SEV-SNP started.
 *
 *   keccak256("phala-l2 sev-snp image 1" | MEASUREMENT 48 | HOST_DATA 32 | guest policy 8 | VMPL 4 |
 *             ID_KEY_DIGEST 48 | AUTHOR_KEY_DIGEST 48 | FAMILY_ID 16 | IMAGE_ID 16 | guest SVN 4)
 */
export function snpImage(report: SnpReport): Hash {
  const { measurement, hostData, guestPolicy, vmpl, idKeyDigest, authorKeyDigest } = report;
  const { familyId, imageId, guestSvn } = report;
  return keccak256(
    concatBytes(
      ...[SNP_TAG, measurement, hostData, bigintToBytes(guestPolicy, 8), bigintToBytes(BigInt(vmpl), 4)],
      ...[idKeyDigest, authorKeyDigest, familyId, imageId, bigintToBytes(BigInt(guestSvn), 4)],
    ),
  );
}

function malformed(refusal: Refusal): RollupError {
  return new RollupError("EVIDENCE_MALFORMED", refusalText(refusal), { data: { code: refusal.code } });
}

/** What a CPU's evidence says of itself; nothing is verified. */
export type HostFacts = {
  /** 64 bytes. */
  readonly reportData: Uint8Array;
  /** Identity of the measured image, as the registry keeps it. */
  readonly measurement: Hash;
};

/** Reads a quote or report. @throws RollupError EVIDENCE_MALFORMED, also for a quote of an SGX enclave */
export function hostFacts(evidence: HostEvidence): HostFacts {
  if (evidence.kind === "SEV_SNP") {
    const report = parseReport(evidence.report);
    if (report.kind === "refused") throw malformed(report);
    return { reportData: report.reportData, measurement: snpImage(report) };
  }
  const quote = parseQuote(evidence.quote);
  if (quote.kind === "refused") throw malformed(quote);
  if (quote.body.type === "sgx") {
    throw new RollupError("EVIDENCE_MALFORMED", "a quote of a TD is wanted, not of an SGX enclave");
  }
  return { reportData: quote.body.reportData, measurement: tdxImage(quote.body) };
}

/**
 * The report is over the bytes that were asked for. Where a paravisor owns the report data (as on Azure), or another
 * process asked in between, it is not, and the evidence serves no key. @throws RollupError EVIDENCE_REPORT_DATA,
 * EVIDENCE_MALFORMED
 */
export function requireReportData(evidence: HostEvidence, wanted: Uint8Array): void {
  const found = toHex(hostFacts(evidence).reportData);
  if (found === toHex(wanted)) return;
  const message = `the report is over ${found}, not over the ${toHex(wanted)} that was asked for; where a paravisor owns the report data no key can be bound to it`;
  throw new RollupError("EVIDENCE_REPORT_DATA", message, { data: { wanted: toHex(wanted), found } });
}
