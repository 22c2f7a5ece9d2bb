import { toHex } from "@phala-l2/protocol/bytes";
import { timeText } from "../certificates/time.ts";
import { type Explanation, type Refusal, refusalsOf } from "../refusal.ts";
import { chipIdBytes, type Product } from "./product.ts";
import {
  type EndorsementKey,
  type FirmwareVersion,
  GUEST_POLICY,
  type GuestPolicyFlag,
  hasBit,
  PLATFORM_INFO,
  type PlatformFlag,
  type ReportVersion,
  type SnpReport,
} from "./report.ts";
import { type AmdTcbStatus, isAtLeast, sameTcb, type TcbVersion, tcbText } from "./tcb.ts";
import { type AmdEvidence, isChipIdMasked } from "./verify.ts";

/** Flags that must be set, and flags that must not be; the others may be as they like. */
export type FlagRule<Flag extends string> = {
  readonly required: readonly Flag[];
  readonly forbidden: readonly Flag[];
};

/** Measured and declared values that may be pinned, by their names in the policy file. */
export const SNP_VALUES = [
  "measurement",
  "hostData",
  "idKeyDigest",
  "authorKeyDigest",
  "familyId",
  "imageId",
  "reportData",
] as const;
export type SnpValue = (typeof SNP_VALUES)[number];

export type Abi = Pick<FirmwareVersion, "major" | "minor">;

/** What is accepted of genuine evidence. Debug never is. Lists are hex without 0x; undefined accepts every value. */
export type AmdPolicy = {
  readonly products: readonly Product[];
  readonly endorsements: readonly EndorsementKey[];
  /** VLEK: whose fleets. */
  readonly cloudProviders: readonly string[] | undefined;
  /** Chips, by their identity as AMD certifies it: 64 bytes, of Turin 8. */
  readonly chipIds: readonly string[] | undefined;
  readonly acceptMaskedChipId: boolean;
  /** Refuses evidence without a current revocation list of AMD's. */
  readonly requireCrl: boolean;
  readonly minimumReportVersion: ReportVersion;
  /** 0 is the most privileged level of a guest; the host asks with 4294967295. */
  readonly maximumVmpl: number;
  readonly guestPolicy: FlagRule<GuestPolicyFlag>;
  /** The least firmware interface that the guest's own policy must demand. */
  readonly minimumAbi: Abi;
  readonly platformInfo: FlagRule<PlatformFlag>;
  readonly minimumTcb: Readonly<Record<Product, TcbVersion>>;
  readonly minimumFirmware: FirmwareVersion;
  /** `OutOfDate` is accepted until then, in Unix seconds, by a decision of governance. */
  readonly outOfDateUntil: bigint | undefined;
  /** Bits that both vectors of mitigations must have; a report before version 5 has none. */
  readonly mitigations: bigint;
  readonly minimumGuestSvn: number;
  readonly values: Readonly<Partial<Record<SnpValue, readonly string[]>>>;
};

/** No part of the TCB has a least level: AMD signs no list, bulletins name levels for each product and model. */
export const NO_MINIMUM: TcbVersion = { fmc: 0, bootloader: 0, tee: 0, snp: 0, microcode: 0 };

/**
 * The default: no Milan (its chip's secret was read by software alone, arXiv 2605.12990), no debug, no migration, from
 * the guest's most privileged level, on a platform that does not run behind its own firmware.
 */
export const STRICT_AMD_POLICY: AmdPolicy = {
  products: ["Genoa", "Turin"],
  endorsements: ["VCEK", "VLEK"],
  cloudProviders: undefined,
  chipIds: undefined,
  acceptMaskedChipId: false,
  requireCrl: false,
  minimumReportVersion: 2,
  maximumVmpl: 0,
  guestPolicy: { required: [], forbidden: ["migrationAgent"] },
  minimumAbi: { major: 0, minor: 0 },
  platformInfo: { required: [], forbidden: [] },
  minimumTcb: { Milan: NO_MINIMUM, Genoa: NO_MINIMUM, Turin: NO_MINIMUM },
  minimumFirmware: { major: 0, minor: 0, build: 0 },
  outOfDateUntil: undefined,
  mitigations: 0n,
  minimumGuestSvn: 0,
  values: {},
};

const POLICY = "change the policy file only by a decision of governance";
const IMAGE = "start the released image with its released configuration";
const UPDATE = "update BIOS, SEV firmware and microcode, commit them (SNP_COMMIT), then ask for a new report";
const SETTING = "change the platform's settings in its BIOS, then ask for a new report";

const catalogue = {
  DEBUG_ENABLED: { message: "the host can read the guest's memory", remedy: "start it without debug" },
  MIGRATION_ENABLED: {
    message: "the guest can be moved to another machine",
    remedy: "start it without a migration agent",
  },
  VMPL_NOT_ACCEPTED: {
    message: "the report was asked for from a privilege level that the policy does not accept",
    remedy: "ask for the report from the guest's most privileged level",
  },
  PRODUCT_NOT_ACCEPTED: {
    message: "a line of processors that the policy does not accept",
    remedy: "use another machine",
  },
  REPORT_VERSION_NOT_ACCEPTED: {
    message: "a version of reports that tells less than the policy demands",
    remedy: UPDATE,
  },
  ENDORSEMENT_NOT_ACCEPTED: {
    message: "a kind of key that the policy does not accept",
    remedy: "have the host sign with the other kind of key",
  },
  CLOUD_PROVIDER_NOT_ACCEPTED: {
    message: "a key lent to a cloud that the policy does not list",
    remedy: POLICY,
  },
  CHIP_ID_MASKED: {
    message: "the host hides which chip this is",
    remedy: "have the host clear MASK_CHIP_ID (SNP_CONFIG), then ask for a new report",
  },
  PLATFORM_NOT_ACCEPTED: { message: "a platform that the policy does not list", remedy: POLICY },
  CRL_REQUIRED: {
    message: "no revocation list was given, and the policy demands one",
    remedy: "fetch the product's list from AMD's KDS, and give it with --crl",
  },
  GUEST_POLICY_NOT_ACCEPTED: { message: "a guest policy that this policy does not accept", remedy: IMAGE },
  PLATFORM_INFO_NOT_ACCEPTED: {
    message: "settings of the platform that the policy does not accept",
    remedy: SETTING,
  },
  FIRMWARE_NOT_ACCEPTED: { message: "firmware older than the policy demands", remedy: UPDATE },
  MITIGATION_MISSING: { message: "a mitigation that the firmware did not verify", remedy: UPDATE },
  GUEST_SVN_NOT_ACCEPTED: { message: "an image older than the policy demands", remedy: IMAGE },
  MEASUREMENT_NOT_ACCEPTED: { message: "a measurement that the policy does not accept", remedy: IMAGE },
  TCB_STATUS_NOT_ACCEPTED: { message: "a TCB status that the policy does not accept", remedy: UPDATE },
  TCB_GRACE_EXPIRED: { message: "the grace for this TCB status is over", remedy: UPDATE },
} as const satisfies Readonly<Record<string, Explanation>>;

export type AmdPolicyCode = keyof typeof catalogue;
export const AMD_POLICY_CODES: readonly string[] = Object.keys(catalogue);
export type AmdPolicyRefusal = Refusal<AmdPolicyCode, "7 policy">;

const refuser = refusalsOf<AmdPolicyCode>(catalogue);

function refuse(
  code: AmdPolicyCode,
  field: string,
  wanted: string,
  found: string | number,
): AmdPolicyRefusal {
  return refuser(code, "7 policy", { field, wanted, found: `${found}` });
}

function hex(bytes: Uint8Array): string {
  return toHex(bytes).slice(2);
}

function bitsText(bits: bigint): string {
  return `0x${bits.toString(16)}`;
}

function listText(values: readonly string[]): string {
  return values.join(" or ") || "none at all";
}

function checkListed(
  code: AmdPolicyCode,
  field: string,
  found: string,
  accepted: readonly string[] | undefined,
): AmdPolicyRefusal | undefined {
  return accepted === undefined || accepted.includes(found)
    ? undefined
    : refuse(code, field, listText(accepted), found);
}

/** The first flag that is not as the rule demands, in words. */
function brokenRule<Flag extends string>(
  bits: bigint,
  flags: Readonly<Record<Flag, bigint>>,
  { required, forbidden }: FlagRule<Flag>,
): string | undefined {
  const missing = required.find((flag) => !hasBit(bits, flags[flag]));
  if (missing !== undefined) return `${missing} set`;
  const extra = forbidden.find((flag) => hasBit(bits, flags[flag]));
  return extra === undefined ? undefined : `${extra} not set`;
}

/** REPORT_ID_MA of a guest that no migration agent was associated with: all ones; zeros are no report's id either. */
function hasMigrationAgent({ reportIdMa }: SnpReport): boolean {
  return !reportIdMa.every((byte) => byte === 0xff) && !reportIdMa.every((byte) => byte === 0);
}

function checkGuestPolicy(report: SnpReport, policy: AmdPolicy): AmdPolicyRefusal | undefined {
  const { guestPolicy, reportIdMa } = report;
  const field = "guest policy";
  if (hasBit(guestPolicy, GUEST_POLICY.debug)) {
    return refuse("DEBUG_ENABLED", field, "debug not set", bitsText(guestPolicy));
  }
  if (policy.guestPolicy.forbidden.includes("migrationAgent")) {
    if (hasBit(guestPolicy, GUEST_POLICY.migrationAgent)) {
      return refuse("MIGRATION_ENABLED", field, "migrationAgent not set", bitsText(guestPolicy));
    }
    if (hasMigrationAgent(report)) {
      return refuse("MIGRATION_ENABLED", "REPORT_ID_MA", "no migration agent", hex(reportIdMa));
    }
  }
  const broken = brokenRule(guestPolicy, GUEST_POLICY, policy.guestPolicy);
  if (broken !== undefined) {
    return refuse("GUEST_POLICY_NOT_ACCEPTED", field, broken, bitsText(guestPolicy));
  }
  const abi = { minor: Number(guestPolicy & 0xffn), major: Number((guestPolicy >> 8n) & 0xffn), build: 0 };
  if (isFirmwareAtLeast(abi, { ...policy.minimumAbi, build: 0 })) return undefined;
  const { major, minor } = policy.minimumAbi;
  return refuse(
    "GUEST_POLICY_NOT_ACCEPTED",
    "guest policy's least ABI",
    `${major}.${minor}`,
    `${abi.major}.${abi.minor}`,
  );
}

function isFirmwareAtLeast(found: FirmwareVersion, least: FirmwareVersion): boolean {
  if (found.major !== least.major) return found.major > least.major;
  if (found.minor !== least.minor) return found.minor > least.minor;
  return found.build >= least.build;
}

function checkIdentity(evidence: AmdEvidence, policy: AmdPolicy): AmdPolicyRefusal | undefined {
  const { report, leaf, product } = evidence;
  const masked = isChipIdMasked(report);
  const { endorsement, hardwareId, cloudProvider } = leaf;
  const kind = checkListed("ENDORSEMENT_NOT_ACCEPTED", "SIGNING_KEY", endorsement, policy.endorsements);
  if (kind !== undefined) return kind;
  if (cloudProvider !== undefined) {
    const { cloudProviders } = policy;
    const foreign = checkListed("CLOUD_PROVIDER_NOT_ACCEPTED", "cloud", cloudProvider, cloudProviders);
    if (foreign !== undefined) return foreign;
  }
  // A key that was lent is of a fleet: its chips are masked as a rule, and their names come from the report alone.
  if (masked && endorsement === "VCEK" && !policy.acceptMaskedChipId) {
    return refuse("CHIP_ID_MASKED", "CHIP_ID", "the chip's identity", "zeros");
  }
  if (masked && endorsement === "VLEK" && policy.chipIds !== undefined) {
    return refuse("CHIP_ID_MASKED", "CHIP_ID", listText(policy.chipIds), "zeros");
  }
  const chip = chipName(report, hardwareId, product);
  return checkListed("PLATFORM_NOT_ACCEPTED", "CHIP_ID", chip, policy.chipIds);
}

/** The chip's identity in hex, at the product's length: AMD's word where a VCEK signed, else the report's. */
export function chipName(report: SnpReport, hardwareId: Uint8Array | undefined, product: Product): string {
  return hex(hardwareId ?? report.chipId.subarray(0, chipIdBytes(product)));
}

/** Bits of PLATFORM_INFO that no specification names yet: nobody judged what they tell. */
function unknownBits(platformInfo: bigint): bigint {
  return Object.values(PLATFORM_INFO).reduce((left, bit) => left & ~(1n << bit), platformInfo);
}

function checkPlatform(evidence: AmdEvidence, policy: AmdPolicy): AmdPolicyRefusal | undefined {
  const { platformInfo, committedFirmware, mitigations } = evidence.report;
  const unknown = unknownBits(platformInfo);
  const broken =
    unknown === 0n
      ? brokenRule(platformInfo, PLATFORM_INFO, policy.platformInfo)
      : `${bitsText(unknown)} not set`;
  if (broken !== undefined) {
    return refuse("PLATFORM_INFO_NOT_ACCEPTED", "PLATFORM_INFO", broken, bitsText(platformInfo));
  }
  if (!isFirmwareAtLeast(committedFirmware, policy.minimumFirmware)) {
    const text = ({ major, minor, build }: FirmwareVersion) => `${major}.${minor}.${build}`;
    const wanted = `at least ${text(policy.minimumFirmware)}`;
    return refuse("FIRMWARE_NOT_ACCEPTED", "COMMITTED_VERSION", wanted, text(committedFirmware));
  }
  const both = (mitigations?.launch ?? 0n) & (mitigations?.current ?? 0n);
  if ((both & policy.mitigations) === policy.mitigations) return undefined;
  const wanted = `${bitsText(policy.mitigations)} set at launch and now`;
  const found = mitigations === undefined ? "no vectors" : bitsText(both);
  return refuse("MITIGATION_MISSING", "mitigation vectors", wanted, found);
}

function checkValues(report: SnpReport, policy: AmdPolicy): AmdPolicyRefusal | undefined {
  for (const name of SNP_VALUES) {
    const problem = checkListed("MEASUREMENT_NOT_ACCEPTED", name, hex(report[name]), policy.values[name]);
    if (problem !== undefined) return problem;
  }
  if (report.guestSvn >= policy.minimumGuestSvn) return undefined;
  const wanted = `at least ${policy.minimumGuestSvn}`;
  return refuse("GUEST_SVN_NOT_ACCEPTED", "GUEST_SVN", wanted, report.guestSvn);
}

/**
 * `UpToDate` when the platform reports, and has committed to, all that it runs, and that and what the guest was
 * launched on are at least the policy's minimum; else `OutOfDate`. A reported TCB below the current one means that the
 * host may go back, and that a key of the older TCB signed.
 */
export function amdTcbStatus({ tcb, product }: AmdEvidence, policy: AmdPolicy): AmdTcbStatus {
  const least = policy.minimumTcb[product];
  const { current, reported, committed, launch } = tcb;
  const versions = [current, reported, committed, launch];
  const settled = sameTcb(reported, current) && sameTcb(committed, current);
  return settled && versions.every((version) => isAtLeast(version, least)) ? "UpToDate" : "OutOfDate";
}

function checkTcb(evidence: AmdEvidence, policy: AmdPolicy, at: bigint): AmdPolicyRefusal | undefined {
  const status = amdTcbStatus(evidence, policy);
  const { outOfDateUntil, minimumTcb } = policy;
  if (status === "UpToDate" || (outOfDateUntil !== undefined && at <= outOfDateUntil)) return undefined;
  const { product, tcb } = evidence;
  const names = ["current", "reported", "committed", "launch"] as const;
  const found = names.map((name) => `${name}: ${tcbText(tcb[name], product)}`).join("; ");
  const least = tcbText(minimumTcb[product], product);
  const wanted = `the same current, reported and committed, none below ${least}`;
  return outOfDateUntil === undefined
    ? refuse("TCB_STATUS_NOT_ACCEPTED", "TCB", wanted, found)
    : refuse("TCB_GRACE_EXPIRED", "TCB", `${wanted}, or before ${timeText(outOfDateUntil)}`, found);
}

/** Judges genuine evidence by a policy at a time (Unix seconds); the first rule that it breaks is the answer. */
export function appraiseAmd(
  evidence: AmdEvidence,
  policy: AmdPolicy,
  at: bigint,
): AmdPolicyRefusal | undefined {
  const { report, product, revocationChecked } = evidence;
  const guest = checkGuestPolicy(report, policy);
  if (guest !== undefined) return guest;
  if (report.vmpl > policy.maximumVmpl) {
    return refuse("VMPL_NOT_ACCEPTED", "VMPL", `at most ${policy.maximumVmpl}`, report.vmpl);
  }
  const line = checkListed("PRODUCT_NOT_ACCEPTED", "product", product, policy.products);
  if (line !== undefined) return line;
  if (report.version < policy.minimumReportVersion) {
    const wanted = `at least ${policy.minimumReportVersion}`;
    return refuse("REPORT_VERSION_NOT_ACCEPTED", "version", wanted, report.version);
  }
  if (policy.requireCrl && !revocationChecked) {
    return refuse("CRL_REQUIRED", "crl", "a list of the product's root", "none");
  }
  return (
    checkIdentity(evidence, policy) ??
    checkPlatform(evidence, policy) ??
    checkValues(report, policy) ??
    checkTcb(evidence, policy, at)
  );
}
