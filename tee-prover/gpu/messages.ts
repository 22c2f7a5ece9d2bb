import { isRecord } from "@phala-l2/protocol/json-record";
import { GPU_ABSENCES, type GpuAbsence, type GpuDevice } from "./device.ts";

/** What the prover's process and the device's process say to each other; bytes pass as they are. */

export type Question = {
  readonly id: number;
  readonly data: Uint8Array;
  readonly spans: Uint32Array;
};

export type Answer =
  | { readonly kind: "ready"; readonly device: GpuDevice }
  | { readonly kind: "absent"; readonly reason: GpuAbsence; readonly detail: string }
  | { readonly kind: "digests"; readonly id: number; readonly words: Uint8Array }
  | { readonly kind: "failed"; readonly id: number; readonly detail: string };

function isDevice(value: unknown): value is GpuDevice {
  if (!isRecord(value)) return false;
  const { vendor, architecture, description, isSoftware } = value;
  const words = [vendor, architecture, description];
  return words.every((word) => typeof word === "string") && typeof isSoftware === "boolean";
}

/** Whether it has an answer's shape: drivers run in the process that says it. */
export function isAnswer(value: unknown): value is Answer {
  if (!isRecord(value)) return false;
  const { kind, id, device, reason, detail, words } = value;
  switch (kind) {
    case "ready":
      return isDevice(device);
    case "absent":
      return typeof detail === "string" && GPU_ABSENCES.some((each) => each === reason);
    case "digests":
      return typeof id === "number" && words instanceof Uint8Array;
    case "failed":
      return typeof id === "number" && typeof detail === "string";
    default:
      return false;
  }
}
