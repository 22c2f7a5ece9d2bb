import { toHex } from "@phala-l2/protocol/bytes";
import { type EvidenceFields, forged, judged, type Verdict } from "../verdict.ts";
import { type AmdPolicy, amdTcbStatus, appraiseAmd, chipName } from "./policy.ts";
import type { Product } from "./product.ts";
import { type FirmwareVersion, GUEST_POLICY, hasBit, PLATFORM_INFO } from "./report.ts";
import { partsOf, type TcbVersion } from "./tcb.ts";
import { tcbDigest } from "./tcb-digest.ts";
import { type AmdEvidence, type AmdInput, verifySnpReport } from "./verify.ts";

function hex(bytes: Uint8Array): string {
  return toHex(bytes).slice(2);
}

function bitsText(bits: bigint): string {
  return `0x${bits.toString(16)}`;
}

/** Each flag by its name. */
function flagFields(bits: bigint, flags: Readonly<Record<string, bigint>>): EvidenceFields {
  return Object.fromEntries(Object.entries(flags).map(([name, bit]) => [name, hasBit(bits, bit)]));
}

/** Each part of the product's TCB by its name. */
function tcbFields(tcb: TcbVersion, product: Product): EvidenceFields {
  return Object.fromEntries(partsOf(product).map((part) => [part, tcb[part]]));
}

function versionText({ major, minor, build }: FirmwareVersion): string {
  return `${major}.${minor}.${build}`;
}

function platformFields({ report, product, leaf, tcb, revocationChecked }: AmdEvidence): EvidenceFields {
  const { cpuid, mitigations } = report;
  const digest = tcbDigest(product, tcb);
  return {
    product,
    product_name: leaf.productName,
    signing_key: leaf.endorsement,
    hardware_id: leaf.hardwareId === undefined ? null : hex(leaf.hardwareId),
    cloud_provider: leaf.cloudProvider ?? null,
    chip_id: hex(report.chipId),
    chip: chipName(report, leaf.hardwareId, product),
    cpuid: cpuid === undefined ? null : { ...cpuid },
    platform_info: bitsText(report.platformInfo),
    platform_flags: flagFields(report.platformInfo, PLATFORM_INFO),
    reported_tcb: tcbFields(tcb.reported, product),
    current_tcb: tcbFields(tcb.current, product),
    committed_tcb: tcbFields(tcb.committed, product),
    launch_tcb: tcbFields(tcb.launch, product),
    advisories_digest: digest === undefined ? null : hex(digest),
    current_firmware: versionText(report.currentFirmware),
    committed_firmware: versionText(report.committedFirmware),
    launch_mitigations: mitigations === undefined ? null : bitsText(mitigations.launch),
    current_mitigations: mitigations === undefined ? null : bitsText(mitigations.current),
    revocation_checked: revocationChecked,
  };
}

function fieldsOf(evidence: AmdEvidence): EvidenceFields {
  const { report } = evidence;
  return {
    report_version: report.version,
    tee: "SEV_SNP",
    guest_svn: report.guestSvn,
    policy: bitsText(report.guestPolicy),
    policy_flags: flagFields(report.guestPolicy, GUEST_POLICY),
    debug: hasBit(report.guestPolicy, GUEST_POLICY.debug),
    vmpl: report.vmpl,
    measurement: hex(report.measurement),
    host_data: hex(report.hostData),
    report_data: hex(report.reportData),
    id_key_digest: hex(report.idKeyDigest),
    author_key_digest: hex(report.authorKeyDigest),
    author_key_enabled: report.authorKeyEnabled,
    family_id: hex(report.familyId),
    image_id: hex(report.imageId),
    report_id: hex(report.reportId),
    report_id_ma: hex(report.reportIdMa),
    ...platformFields(evidence),
  };
}

/** Verifies a report and judges it by a policy. */
export function judgeSnpReport(input: AmdInput, policy: AmdPolicy): Verdict {
  const evidence = verifySnpReport(input);
  if (evidence.kind === "refused") return forged(evidence);
  const refusal = appraiseAmd(evidence, policy, input.at);
  return judged(amdTcbStatus(evidence, policy), fieldsOf(evidence), refusal);
}
