import { toHex } from "@phala-l2/protocol/bytes";
import type { PinnedRoot } from "../certificates/chain.ts";
import type { Refusal } from "../refusal.ts";
import { type EvidenceFields, forged, judged, type Verdict } from "../verdict.ts";
import { type DeviceEvidence, readEvidence } from "./evidence.ts";
import { goldenOf } from "./golden.ts";
import { type Appraisal, appraiseNvidia, chipOf, modeOf, type NvidiaPolicy } from "./policy.ts";
import { refuseNvidia } from "./refusals.ts";
import { type Rim, verifyRim } from "./rim.ts";
import { type NvidiaEvidence, verifyNvidiaReport } from "./verify.ts";

export type NvidiaFiles = {
  readonly report: Uint8Array;
  readonly chain: Uint8Array | undefined;
  /** The nonce that the verifier chose; without one the report may be a replay. */
  readonly nonce: Uint8Array | undefined;
  readonly rims: readonly string[];
  /** Unix seconds. */
  readonly at: bigint;
  readonly deviceRoots: readonly PinnedRoot[];
  readonly rimRoots: readonly PinnedRoot[];
};

/** How far the measurements were compared with what NVIDIA published. */
type MeasurementStatus = "MeasurementsMatch" | "MeasurementsMatchPartly" | "NotCompared" | "Mismatch";

function statusOf({ report }: NvidiaEvidence, { comparison }: Appraisal): MeasurementStatus {
  if (comparison.kind !== "comparison" || comparison.mismatches.length > 0) return "Mismatch";
  if (comparison.subjects.length === 0) return "NotCompared";
  const wanted = report.opaque.driverVersion === undefined ? 1 : 2;
  return comparison.subjects.length === wanted ? "MeasurementsMatch" : "MeasurementsMatchPartly";
}

/** What an accepted report does not say, in the answer itself. */
const NOT_JUDGED: Readonly<Partial<Record<MeasurementStatus, string>>> = {
  NotCompared: "its measurements were compared with no RIM",
  MeasurementsMatchPartly: "its measurements were compared with the RIM of one part only",
};

function hex(bytes: Uint8Array): string {
  return toHex(bytes).slice(2);
}

/** What L1 knows a GPU by whose measurements are those of both RIMs. */
function gpuMeasurementOf(status: MeasurementStatus, rims: readonly Rim[]): string | null {
  const golden = status === "MeasurementsMatch" ? goldenOf(rims) : undefined;
  return golden?.kind === "golden" ? toHex(golden.measurement) : null;
}

function fieldsOf(evidence: NvidiaEvidence, appraisal: Appraisal, rims: readonly Rim[]): EvidenceFields {
  const { report, leaf, model, deviceId, firmwareId } = evidence;
  const status = statusOf(evidence, appraisal);
  const { opaque, measurements } = report;
  const { comparison } = appraisal;
  const isComparison = comparison.kind === "comparison";
  return {
    device: opaque.driverVersion === undefined ? "switch" : "gpu",
    model,
    chip: chipOf(evidence),
    device_id: toHex(deviceId),
    device_serial: leaf.serial,
    ueid: BigInt(`0x${leaf.serial}`).toString(),
    nonce: hex(report.nonce),
    driver_version: opaque.driverVersion ?? null,
    vbios_version: opaque.vbiosVersion,
    project: opaque.project ?? null,
    project_sku: opaque.projectSku ?? null,
    chip_sku: opaque.chipSku ?? null,
    chip_info: opaque.chipInfo ?? null,
    mode: modeOf(evidence) ?? null,
    fwid: opaque.firmwareId === undefined ? null : hex(opaque.firmwareId),
    fwid_flags: firmwareId?.flags ?? [],
    pdis: opaque.pdis.map(hex),
    measurement_count: measurements.size,
    measurements_status: status,
    gpu_measurement: gpuMeasurementOf(status, rims),
    measurements_compared: isComparison ? comparison.compared : 0,
    rims: isComparison ? comparison.subjects : [],
    mismatches: isComparison
      ? comparison.mismatches.map(({ subject, index, wanted, found }) => ({
          rim: subject,
          index,
          block: index + 1,
          wanted,
          found: found ?? null,
        }))
      : [],
  };
}

/** Each device once: several reports prove several devices only when the keys of their boot ROMs differ. */
function duplicateOf(devices: readonly DeviceEvidence[]): Refusal | undefined {
  const seen = new Set<string>();
  for (const { chain } of devices) {
    const bootRom = chain[1];
    if (bootRom === undefined) continue;
    if (seen.has(bootRom.keyHash)) {
      return refuseNvidia(
        "DEVICE_DUPLICATE",
        "2 device chain",
        "boot ROM",
        "each device once",
        bootRom.serial,
      );
    }
    seen.add(bootRom.keyHash);
  }
  return undefined;
}

function judgeDevice(
  device: DeviceEvidence,
  rims: readonly Rim[],
  files: NvidiaFiles,
  policy: NvidiaPolicy,
): Verdict {
  const { report, chain } = device;
  const { at, deviceRoots: roots } = files;
  const evidence = verifyNvidiaReport({ report, chain, at, roots, revocation: policy.revocation });
  if (evidence.kind === "refused") return forged(evidence);
  // The verifier's own nonce first; what the collector says it asked with must hold as well.
  const asked = [files.nonce, device.nonce].filter((nonce) => nonce !== undefined);
  const appraisals = (asked.length === 0 ? [undefined] : asked).map((nonce) =>
    appraiseNvidia(evidence, { nonce, rims, policy }),
  );
  const appraisal = appraisals.find(({ refusal }) => refusal !== undefined) ?? appraisals[0];
  if (appraisal === undefined) throw new TypeError("a device without an appraisal");
  const status = statusOf(evidence, appraisal);
  const verdict = judged(status, fieldsOf(evidence, appraisal, rims), appraisal.refusal);
  const caveat = NOT_JUDGED[status];
  return verdict.ok && caveat !== undefined
    ? { ...verdict, message: `${verdict.message}; ${caveat}` }
    : verdict;
}

/** The verdict of several devices: the first that fails decides, and their fields stand in a list. */
function joined(verdicts: readonly Verdict[]): Verdict | undefined {
  const [first, ...more] = verdicts;
  if (first === undefined || more.length === 0) return first;
  const forgery = verdicts.find(({ genuine }) => !genuine);
  if (forgery !== undefined) return forgery;
  const worst = verdicts.find(({ ok }) => !ok) ?? first;
  const agreed = verdicts.every(({ status }) => status === worst.status) ? worst.status : null;
  const fields = { devices: verdicts.map((verdict) => verdict.fields) };
  return { ...worst, status: worst.ok ? agreed : worst.status, fields };
}

/** Verifies reports of GPUs or NVSwitches, compares them with RIMs where these are given, and judges them by a policy. */
export function judgeNvidiaReport(files: NvidiaFiles, policy: NvidiaPolicy): Verdict {
  const devices = readEvidence(files.report, files.chain);
  if ("kind" in devices) return forged(devices);
  const duplicate = duplicateOf(devices);
  if (duplicate !== undefined) return forged(duplicate);
  const rims: Rim[] = [];
  for (const document of files.rims) {
    const rim = verifyRim(document, { roots: files.rimRoots, at: files.at });
    if (rim.kind === "refused") return forged(rim);
    rims.push(rim);
  }
  const verdict = joined(devices.map((device) => judgeDevice(device, rims, files, policy)));
  if (verdict === undefined) throw new TypeError("evidence without a device");
  return verdict;
}
