import { bytesEqual, fromHex, toHex } from "@phala-l2/protocol/bytes";
import { timeText } from "../certificates/time.ts";
import { type Explanation, type Refusal, refusalsOf } from "../refusal.ts";
import { type EnclaveReport, isDebugEnclave, isDebugTd, type TdReport } from "./reports.ts";
import type { TcbStatus } from "./tcb-status.ts";
import type { IntelEvidence } from "./verify.ts";

/** Bits that must have a value; the others may be as they like. Little-endian, as in the report. */
export type BitRule = { readonly mask: Uint8Array; readonly value: Uint8Array };

export const TD_MEASUREMENTS = [
  "mrTd",
  "rtmr0",
  "rtmr1",
  "rtmr2",
  "rtmr3",
  "mrConfigId",
  "mrOwner",
  "mrOwnerConfig",
  "mrServiceTd",
  "mrSeam",
] as const;
export type TdMeasurement = (typeof TD_MEASUREMENTS)[number];

/** A status that is accepted for a while, by a decision of governance; `UpToDate` needs none. */
export type Grace = {
  readonly status: Exclude<TcbStatus, "UpToDate" | "Revoked">;
  /** Unix seconds; the status is refused after it. */
  readonly until: bigint;
  /** The advisories that were weighed; one that is not among them is refused. Undefined: all. */
  readonly advisoryIds: readonly string[] | undefined;
};

/** What is accepted of genuine evidence. Debug, a revoked TCB and an unknown one never are. */
export type IntelPolicy = {
  readonly grace: readonly Grace[];
  /** Collateral of an older evaluation of the TCB by Intel is refused, even before it expires. */
  readonly minimumTcbEvaluationDataNumber: number;
  /** Platforms (PPID, hex without 0x); undefined: all. */
  readonly ppids: readonly string[] | undefined;
  readonly tdAttributes: BitRule;
  readonly xfam: BitRule;
  /** Accepted values in hex without 0x; a measurement without an entry may have any value. */
  readonly tdMeasurements: Readonly<Partial<Record<TdMeasurement, readonly string[]>>>;
  readonly mrEnclaves: readonly string[] | undefined;
  readonly mrSigners: readonly string[] | undefined;
  readonly isvProdId: number | undefined;
  readonly minimumIsvSvn: number;
};

/**
 * Attributes of a TD (Intel TDX Module Base Specification, "ATTRIBUTES"): all bits as wanted but for PKS (30) and KL
 * (31), which only give the TD instructions. SEPT_VE_DISABLE (28) must be set, or the host can inject exceptions on
 * memory; DEBUG (0), LASS (27), MIGRATABLE (29) and PERFMON (63) must not be.
 */
const STRICT_TD_ATTRIBUTES: BitRule = {
  mask: fromHex("ffffff3fffffffff"),
  value: fromHex("0000001000000000"),
};
/** XFAM: processor trace (8) and last-branch records (15) would record what the TD does. */
const STRICT_XFAM: BitRule = { mask: fromHex("0081000000000000"), value: fromHex("0000000000000000") };
const NO_MEASUREMENT = "00".repeat(48);

/** The default: up to date, no debug, nothing that another TD or the host may change or watch. */
export const STRICT_INTEL_POLICY: IntelPolicy = {
  grace: [],
  minimumTcbEvaluationDataNumber: 0,
  ppids: undefined,
  tdAttributes: STRICT_TD_ATTRIBUTES,
  xfam: STRICT_XFAM,
  // A service TD can move this one to another machine.
  tdMeasurements: { mrServiceTd: [NO_MEASUREMENT] },
  mrEnclaves: undefined,
  mrSigners: undefined,
  isvProdId: undefined,
  minimumIsvSvn: 0,
};

const POLICY = "change the policy file only by a decision of governance";
const IMAGE = "start the released image with its released configuration";
const UPDATE = "update BIOS, microcode and TDX module of the platform, then ask for a new quote";

const catalogue = {
  DEBUG_ENABLED: { message: "the host can read the TEE's memory", remedy: "start it without debug" },
  MIGRATION_ENABLED: {
    message: "the TD can be moved to another machine",
    remedy: "start it as not migratable",
  },
  PERFMON_ENABLED: { message: "the TD uses performance counters", remedy: "start it without PERFMON" },
  TD_ATTRIBUTES_NOT_ACCEPTED: { message: "attributes that the policy does not accept", remedy: IMAGE },
  XFAM_NOT_ACCEPTED: { message: "CPU features that the policy does not accept", remedy: IMAGE },
  MEASUREMENT_NOT_ACCEPTED: { message: "a measurement that the policy does not accept", remedy: IMAGE },
  ENCLAVE_VERSION_NOT_ACCEPTED: {
    message: "an enclave's product or version that the policy does not accept",
    remedy: IMAGE,
  },
  PLATFORM_NOT_ACCEPTED: { message: "a platform that the policy does not list", remedy: POLICY },
  TCB_EVALUATION_OUTDATED: {
    message: "collateral of an older evaluation than the policy demands",
    remedy: "fetch collateral with update=early, or of the demanded evaluation",
  },
  TCB_LEVEL_NOT_FOUND: { message: "a TCB that Intel does not list any more", remedy: UPDATE },
  TCB_REVOKED: { message: "a TCB that Intel revoked", remedy: "do not use this platform" },
  TCB_STATUS_NOT_ACCEPTED: { message: "a TCB status that the policy does not accept", remedy: UPDATE },
  TCB_GRACE_EXPIRED: { message: "the grace for this TCB status is over", remedy: UPDATE },
  TCB_ADVISORY_NOT_ACCEPTED: { message: "an advisory that the grace does not cover", remedy: UPDATE },
} as const satisfies Readonly<Record<string, Explanation>>;

export type IntelPolicyCode = keyof typeof catalogue;
export const INTEL_POLICY_CODES: readonly string[] = Object.keys(catalogue);
export type IntelPolicyRefusal = Refusal<IntelPolicyCode, "12 policy">;

const refuser = refusalsOf<IntelPolicyCode>(catalogue);

function refuse(code: IntelPolicyCode, field: string, wanted: string, found: string): IntelPolicyRefusal {
  return refuser(code, "12 policy", { field, wanted, found });
}

function bitIsSet(bytes: Uint8Array, bit: number): boolean {
  return (((bytes[bit >> 3] ?? 0) >> (bit & 7)) & 1) === 1;
}

function follows(bytes: Uint8Array, { mask, value }: BitRule): boolean {
  return bytes.every((byte, i) => (byte & (mask[i] ?? 0)) === ((value[i] ?? 0) & (mask[i] ?? 0)));
}

function ruleText({ mask, value }: BitRule): string {
  return `${toHex(value)} under mask ${toHex(mask)}`;
}

const MIGRATABLE_BIT = 29;
const PERFMON_BIT = 63;

/** Attributes get a code of their own where people ask why. */
function checkTdAttributes(attributes: Uint8Array, rule: BitRule): IntelPolicyRefusal | undefined {
  if (follows(attributes, rule)) return undefined;
  const forbidden = (bit: number) =>
    bitIsSet(attributes, bit) && bitIsSet(rule.mask, bit) && !bitIsSet(rule.value, bit);
  const code = forbidden(MIGRATABLE_BIT)
    ? "MIGRATION_ENABLED"
    : forbidden(PERFMON_BIT)
      ? "PERFMON_ENABLED"
      : "TD_ATTRIBUTES_NOT_ACCEPTED";
  return refuse(code, "TD attributes", ruleText(rule), toHex(attributes));
}

/** Each measurement of a TD by its name in the policy; a TD 1.0 has no service TD. */
export function tdMeasurements(report: TdReport): Readonly<Record<TdMeasurement, Uint8Array>> {
  const { mrTd, mrConfigId, mrOwner, mrOwnerConfig, mrSeam, extended } = report;
  const [rtmr0, rtmr1, rtmr2, rtmr3] = report.rtmr;
  const mrServiceTd = extended?.mrServiceTd ?? new Uint8Array(48);
  return {
    mrTd,
    rtmr0,
    rtmr1,
    rtmr2,
    rtmr3,
    mrConfigId,
    mrOwner,
    mrOwnerConfig,
    mrServiceTd,
    mrSeam,
  };
}

function checkListed(
  field: string,
  found: Uint8Array,
  accepted: readonly string[] | undefined,
): IntelPolicyRefusal | undefined {
  if (accepted === undefined || accepted.some((value) => bytesEqual(fromHex(value), found))) return undefined;
  return refuse(
    "MEASUREMENT_NOT_ACCEPTED",
    field,
    accepted.join(" or ") || "none at all",
    toHex(found).slice(2),
  );
}

function checkTd(report: TdReport, policy: IntelPolicy): IntelPolicyRefusal | undefined {
  if (isDebugTd(report))
    return refuse("DEBUG_ENABLED", "TD attributes", "TUD of 0", toHex(report.tdAttributes));
  const attributes = checkTdAttributes(report.tdAttributes, policy.tdAttributes);
  if (attributes !== undefined) return attributes;
  if (!follows(report.xfam, policy.xfam)) {
    return refuse("XFAM_NOT_ACCEPTED", "XFAM", ruleText(policy.xfam), toHex(report.xfam));
  }
  const measurements = tdMeasurements(report);
  for (const name of TD_MEASUREMENTS) {
    const problem = checkListed(name, measurements[name], policy.tdMeasurements[name]);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function checkEnclave(report: EnclaveReport, policy: IntelPolicy): IntelPolicyRefusal | undefined {
  if (isDebugEnclave(report)) {
    return refuse("DEBUG_ENABLED", "enclave attributes", "DEBUG not set", toHex(report.attributes));
  }
  const measurement =
    checkListed("mrEnclave", report.mrEnclave, policy.mrEnclaves) ??
    checkListed("mrSigner", report.mrSigner, policy.mrSigners);
  if (measurement !== undefined) return measurement;
  const { isvProdId, isvSvn } = report;
  if (policy.isvProdId !== undefined && isvProdId !== policy.isvProdId) {
    return refuse("ENCLAVE_VERSION_NOT_ACCEPTED", "ISVPRODID", `${policy.isvProdId}`, `${isvProdId}`);
  }
  if (isvSvn >= policy.minimumIsvSvn) return undefined;
  return refuse("ENCLAVE_VERSION_NOT_ACCEPTED", "ISVSVN", `at least ${policy.minimumIsvSvn}`, `${isvSvn}`);
}

/** `UpToDate`, or a status with a grace that is not over and covers all advisories. */
function checkTcb(
  { tcb }: IntelEvidence,
  { grace }: IntelPolicy,
  at: bigint,
): IntelPolicyRefusal | undefined {
  const { status, reason = "", advisoryIds } = tcb;
  if (status === "UpToDate") return undefined;
  if (status === undefined) return refuse("TCB_LEVEL_NOT_FOUND", "TCB", "a level of Intel's list", reason);
  if (status === "Revoked") return refuse("TCB_REVOKED", "TCB status", "UpToDate", status);
  const graces = grace.filter((each) => each.status === status);
  const wanted = ["UpToDate", ...grace.map((each) => `${each.status} until ${timeText(each.until)}`)].join(
    " or ",
  );
  const found = `${status} (${advisoryIds.join(", ") || "no advisories"})`;
  if (graces.length === 0) return refuse("TCB_STATUS_NOT_ACCEPTED", "TCB status", wanted, found);
  const current = graces.filter(({ until }) => at <= until);
  if (current.length === 0)
    return refuse("TCB_GRACE_EXPIRED", "TCB status", wanted, `${found} at ${timeText(at)}`);
  const covered = current.some((each) => advisoryIds.every((id) => each.advisoryIds?.includes(id) ?? true));
  if (covered) return undefined;
  const weighed = current.flatMap((each) => each.advisoryIds ?? []).join(", ");
  return refuse("TCB_ADVISORY_NOT_ACCEPTED", "advisories", weighed || "none", advisoryIds.join(", "));
}

/** Judges genuine evidence by a policy at a time (Unix seconds); the first rule that it breaks is the answer. */
export function appraiseIntel(
  evidence: IntelEvidence,
  policy: IntelPolicy,
  at: bigint,
): IntelPolicyRefusal | undefined {
  const { quote, pck, tcbEvaluationDataNumber: number } = evidence;
  const body = quote.body.type === "sgx" ? checkEnclave(quote.body, policy) : checkTd(quote.body, policy);
  if (body !== undefined) return body;
  if (policy.ppids !== undefined && !policy.ppids.includes(pck.ppid)) {
    return refuse("PLATFORM_NOT_ACCEPTED", "PPID", policy.ppids.join(" or ") || "none at all", pck.ppid);
  }
  const minimum = policy.minimumTcbEvaluationDataNumber;
  if (number < minimum) {
    return refuse("TCB_EVALUATION_OUTDATED", "tcbEvaluationDataNumber", `at least ${minimum}`, `${number}`);
  }
  return checkTcb(evidence, policy, at);
}
