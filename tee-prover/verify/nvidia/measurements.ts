import { toHex } from "@phala-l2/protocol/bytes";
import type { NvidiaReport } from "./report.ts";
import type { Rim } from "./rim.ts";

/** What a RIM is of; the VBIOS of an NVSwitch is its BIOS. */
export type RimSubject = "driver" | "vbios";

/** A measurement that is not the one of the RIM. */
export type Mismatch = {
  readonly subject: RimSubject;
  /** In the RIM; the report's block is one more. */
  readonly index: number;
  readonly wanted: readonly string[];
  /** Undefined when the report has no such block. */
  readonly found: string | undefined;
};

export type Comparison = {
  readonly kind: "comparison";
  readonly subjects: readonly RimSubject[];
  /** Measurements that were looked at. */
  readonly compared: number;
  readonly mismatches: readonly Mismatch[];
};

/** RIMs that are not for this report, or not for one another. */
export type RimConflict = {
  readonly kind: "version" | "index" | "twice";
  readonly field: string;
  readonly wanted: string;
  readonly found: string;
};

/** Measured only where NVDEC0 is enabled (NVIDIA/nvtrust, "MSR 35"). */
const NVDEC0_INDEX = 35;

/** The report's block of a RIM's index: SPDM counts blocks from 1, RIMs from 0. */
export function blockOf(index: number): number {
  return index + 1;
}

function subjectOf(rim: Rim, { opaque }: NvidiaReport): RimSubject | undefined {
  if (rim.version === opaque.driverVersion?.toUpperCase()) return "driver";
  return rim.version === opaque.vbiosVersion ? "vbios" : undefined;
}

function compareRim(rim: Rim, subject: RimSubject, { measurements, opaque }: NvidiaReport) {
  const relevant = rim.measurements.filter(({ index }) => index !== NVDEC0_INDEX || opaque.nvdec0 !== false);
  const mismatches: Mismatch[] = [];
  for (const { index, values } of relevant) {
    const block = measurements.get(blockOf(index));
    const found = block === undefined ? undefined : toHex(block).slice(2);
    if (found === undefined || !values.includes(found))
      mismatches.push({ subject, index, wanted: values, found });
  }
  return { compared: relevant.length, mismatches };
}

/**
 * Compares a report with verified RIMs. Each RIM is of the driver's or the VBIOS's very version, none twice, and no two
 * speak of one measurement.
 */
export function compareMeasurements(report: NvidiaReport, rims: readonly Rim[]): Comparison | RimConflict {
  const subjects: RimSubject[] = [];
  const owners = new Map<number, RimSubject>();
  const mismatches: Mismatch[] = [];
  let compared = 0;
  for (const rim of rims) {
    const subject = subjectOf(rim, report);
    if (subject === undefined) {
      const { driverVersion, vbiosVersion } = report.opaque;
      const wanted = `VBIOS ${vbiosVersion}${driverVersion === undefined ? "" : ` or driver ${driverVersion}`}`;
      return { kind: "version", field: `RIM ${rim.tagId}`, wanted, found: rim.version };
    }
    if (subjects.includes(subject)) {
      return { kind: "twice", field: `RIM ${rim.tagId}`, wanted: `one RIM of the ${subject}`, found: "two" };
    }
    subjects.push(subject);
    for (const { index } of rim.measurements) {
      const owner = owners.get(index);
      if (owner !== undefined) {
        return {
          kind: "index",
          field: `index ${index}`,
          wanted: `of the ${owner} only`,
          found: "of both RIMs",
        };
      }
      owners.set(index, subject);
    }
    const result = compareRim(rim, subject, report);
    compared += result.compared;
    mismatches.push(...result.mismatches);
  }
  return { kind: "comparison", subjects, compared, mismatches };
}
