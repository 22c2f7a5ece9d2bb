import { bytesEqual, toHex } from "@phala-l2/protocol/bytes";
import { type Explanation, type Refusal, refusalsOf } from "../refusal.ts";
import {
  type Comparison,
  compareMeasurements,
  type Mismatch,
  type RimConflict,
  type RimSubject,
} from "./measurements.ts";
import type { Rim } from "./rim.ts";
import type { NvidiaEvidence, Revocation } from "./verify.ts";

/** Confidential modes that a report's feature flag names: one GPU a TD; several with NVLink encrypted; protected PCIe. */
export const GPU_MODES = ["SPT", "MPT", "PPCIE"] as const;
export type GpuMode = (typeof GPU_MODES)[number];
export const RIM_SUBJECTS: readonly RimSubject[] = ["driver", "vbios"];

/** What is accepted of a genuine report. Debug flags and wrong measurements never are. Undefined: all. */
export type NvidiaPolicy = {
  readonly revocation: Revocation | undefined;
  /** Chips as the chain names them: GH100, GB20X, LS_10. */
  readonly chips: readonly string[] | undefined;
  /** Serial numbers of leaf certificates, in lower-case hex. */
  readonly devices: readonly string[] | undefined;
  /** Listed modes only, and a report that names its mode. */
  readonly modes: readonly GpuMode[] | undefined;
  readonly drivers: readonly string[] | undefined;
  readonly vbios: readonly string[] | undefined;
  /** RIMs without which nothing is accepted; those that are given must match in any case. */
  readonly rims: readonly RimSubject[];
};

export const STRICT_NVIDIA_POLICY: NvidiaPolicy = {
  revocation: undefined,
  chips: undefined,
  devices: undefined,
  modes: undefined,
  drivers: undefined,
  vbios: undefined,
  rims: [],
};

const POLICY = "change the policy file only by a decision of governance";
const UPDATE = "install the driver and VBIOS that the policy lists, then ask for a new report";
const RIMS = "fetch the RIMs of exactly the report's driver and VBIOS from NVIDIA's RIM service";

const catalogue = {
  NONCE_MISMATCH: {
    message: "the report answers another question",
    remedy: "ask for a report with the nonce that was chosen; this one may be a replay",
  },
  DEVICE_DEBUG: {
    message: "the device's firmware is not secure: debug, recovery or not secured",
    remedy: "use a production device in production mode",
  },
  RIM_VERSION_MISMATCH: { message: "a RIM of another version than the device's", remedy: RIMS },
  RIM_DUPLICATE: { message: "two RIMs of one thing", remedy: RIMS },
  RIM_INDEX_CONFLICT: { message: "two RIMs speak of one measurement", remedy: RIMS },
  RIM_MISSING: { message: "the policy demands a RIM that was not given", remedy: RIMS },
  MEASUREMENT_MISMATCH: {
    message: "measurements are not those that NVIDIA published for this version",
    remedy: "the device runs other firmware, or debug firmware; reinstall driver and VBIOS",
  },
  GPU_MODE_NOT_ACCEPTED: { message: "a mode that the policy does not accept", remedy: POLICY },
  CHIP_NOT_ACCEPTED: { message: "a chip that the policy does not list", remedy: POLICY },
  DEVICE_NOT_ACCEPTED: { message: "a device that the policy does not list", remedy: POLICY },
  DRIVER_NOT_ACCEPTED: { message: "a driver that the policy does not list", remedy: UPDATE },
  VBIOS_NOT_ACCEPTED: { message: "a VBIOS that the policy does not list", remedy: UPDATE },
} as const satisfies Readonly<Record<string, Explanation>>;

export type NvidiaPolicyCode = keyof typeof catalogue;
export const NVIDIA_POLICY_CODES: readonly string[] = Object.keys(catalogue);
export type NvidiaPolicyStep = "7 nonce" | "8 measurements" | "9 policy";
export type NvidiaPolicyRefusal = Refusal<NvidiaPolicyCode, NvidiaPolicyStep>;

const refuser = refusalsOf<NvidiaPolicyCode>(catalogue);

function refuse(
  code: NvidiaPolicyCode,
  step: NvidiaPolicyStep,
  field: string,
  wanted: string,
  found: string,
): NvidiaPolicyRefusal {
  return refuser(code, step, { field, wanted, found });
}

/** The chip of a model: the first word of "GH100 A01 GSP BROM". */
export function chipOf({ model }: NvidiaEvidence): string {
  return model.split(" ")[0] ?? "";
}

/** The name of the mode; its number when it has none, undefined when the report does not tell. */
export function modeOf({ report }: NvidiaEvidence): string | undefined {
  const { mode } = report.opaque;
  return mode === undefined ? undefined : (GPU_MODES[mode] ?? `${mode}`);
}

function isGpuMode(mode: string): mode is GpuMode {
  return GPU_MODES.some((known) => known === mode);
}

const CONFLICT_CODES = {
  version: "RIM_VERSION_MISMATCH",
  twice: "RIM_DUPLICATE",
  index: "RIM_INDEX_CONFLICT",
} as const satisfies Readonly<Record<RimConflict["kind"], NvidiaPolicyCode>>;

function mismatchText({ subject, index, found }: Mismatch): string {
  return `${subject} index ${index} (block ${index + 1}): ${found ?? "no such block"}`;
}

function checkMeasurements(
  comparison: Comparison | RimConflict,
  { rims }: NvidiaPolicy,
  isSwitch: boolean,
): NvidiaPolicyRefusal | undefined {
  const step = "8 measurements";
  if (comparison.kind !== "comparison") {
    const { kind, field, wanted, found } = comparison;
    return refuse(CONFLICT_CODES[kind], step, field, wanted, found);
  }
  const { mismatches, subjects } = comparison;
  const [first] = mismatches;
  if (first !== undefined) {
    const field = `${mismatches.length} of ${comparison.compared} measurements`;
    const wanted = mismatches
      .map(({ subject, index, wanted: values }) => `${subject} index ${index}: ${values.join(" or ")}`)
      .join("; ");
    return refuse("MEASUREMENT_MISMATCH", step, field, wanted, mismatches.map(mismatchText).join("; "));
  }
  // An NVSwitch has no driver to be measured.
  const missing = rims.find((rim) => !subjects.includes(rim) && !(isSwitch && rim === "driver"));
  if (missing === undefined) return undefined;
  return refuse("RIM_MISSING", step, "RIMs", `one of the ${missing}`, subjects.join(" and ") || "none");
}

function checkListed(
  code: NvidiaPolicyCode,
  field: string,
  found: string | undefined,
  accepted: readonly string[] | undefined,
): NvidiaPolicyRefusal | undefined {
  if (accepted === undefined || (found !== undefined && accepted.includes(found))) return undefined;
  return refuse(code, "9 policy", field, accepted.join(" or ") || "none at all", found ?? "not reported");
}

function checkDevice(evidence: NvidiaEvidence, policy: NvidiaPolicy): NvidiaPolicyRefusal | undefined {
  const { leaf, firmwareId, report } = evidence;
  const { driverVersion, vbiosVersion } = report.opaque;
  const isSwitch = driverVersion === undefined;
  const mode = modeOf(evidence);
  if (firmwareId !== undefined && firmwareId.flags.length > 0) {
    return refuse("DEVICE_DEBUG", "9 policy", "leaf: flags", "none", firmwareId.flags.join(", "));
  }
  if (mode !== undefined && !isGpuMode(mode)) {
    return refuse("GPU_MODE_NOT_ACCEPTED", "9 policy", "feature flag", GPU_MODES.join(" or "), mode);
  }
  return (
    checkListed("CHIP_NOT_ACCEPTED", "chip", chipOf(evidence), policy.chips) ??
    checkListed("DEVICE_NOT_ACCEPTED", "leaf's serial number", leaf.serial, policy.devices) ??
    (isSwitch
      ? undefined
      : (checkListed("GPU_MODE_NOT_ACCEPTED", "mode", mode, policy.modes) ??
        checkListed("DRIVER_NOT_ACCEPTED", "driver", driverVersion, policy.drivers))) ??
    checkListed("VBIOS_NOT_ACCEPTED", "VBIOS", vbiosVersion, policy.vbios)
  );
}

export type Appraisal = {
  readonly refusal: NvidiaPolicyRefusal | undefined;
  readonly comparison: Comparison | RimConflict;
};

/** Judges a genuine report: its nonce where one was chosen, its measurements where RIMs are given, its policy. */
export function appraiseNvidia(
  evidence: NvidiaEvidence,
  {
    nonce,
    rims,
    policy,
  }: { readonly nonce: Uint8Array | undefined; readonly rims: readonly Rim[]; readonly policy: NvidiaPolicy },
): Appraisal {
  const { report } = evidence;
  const comparison = compareMeasurements(report, rims);
  const stale =
    nonce !== undefined && !bytesEqual(nonce, report.nonce)
      ? refuse("NONCE_MISMATCH", "7 nonce", "nonce", toHex(nonce).slice(2), toHex(report.nonce).slice(2))
      : undefined;
  const isSwitch = report.opaque.driverVersion === undefined;
  const refusal = stale ?? checkMeasurements(comparison, policy, isSwitch) ?? checkDevice(evidence, policy);
  return { refusal, comparison };
}
