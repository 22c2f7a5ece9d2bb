import { RollupError } from "@phala-l2/protocol/errors";

/** The device as its driver names it. */
export type GpuDevice = {
  /** `nvidia`, `amd`, `intel` …; of a software driver its author. */
  readonly vendor: string;
  readonly architecture: string;
  readonly description: string;
  /** A program on the CPU that only looks like a GPU. */
  readonly isSoftware: boolean;
};

/**
 * Which device may do the work. `attested`: hardware of the vendor whose GPUs are attested; `hardware`: any but
 * software; `any`: software as well, where nothing has a price.
 */
export type DeviceChoice = "attested" | "hardware" | "any";

/** PCI's 0x10de, as WebGPU spells it. */
const ATTESTED_VENDOR = "nvidia";

export function isChosen({ vendor, isSoftware }: GpuDevice, choice: DeviceChoice): boolean {
  if (choice === "any") return true;
  return !isSoftware && (choice === "hardware" || vendor === ATTESTED_VENDOR);
}

/** Why there is no device to compute on. */
export const GPU_ABSENCES = [
  /** The optional package `webgpu` is not installed, or has no build for this platform. */
  "package-missing",
  /** No driver offers a device that WebGPU can use. */
  "no-device",
  /** There is one, and not of the choice. */
  "device-refused",
  /** The driver fails. */
  "device-fails",
  /** It computes other digests than the CPU. */
  "wrong-digests",
  "process-ended",
  "too-slow",
] as const;

export type GpuAbsence = (typeof GPU_ABSENCES)[number];

/** Keccak-256 on a GPU. */
export interface GpuKeccak {
  readonly device: GpuDevice;
  /**
   * The digest of each message, in their order, as the device computed it: nothing here compares it with anything.
   * @throws RollupError GPU_FAILED; a later call begins with a new process
   */
  hash(messages: readonly Uint8Array[]): Promise<readonly Uint8Array[]>;
  stop(): Promise<void>;
}

export type GpuStart =
  | { readonly kind: "ready"; readonly gpu: GpuKeccak }
  | { readonly kind: "absent"; readonly reason: GpuAbsence; readonly detail: string };

export type GpuFailure = RollupError<"GPU_FAILED", { readonly reason: GpuAbsence; readonly detail: string }>;

export function gpuFailed(reason: GpuAbsence, detail: string): GpuFailure {
  return new RollupError("GPU_FAILED", `the GPU gives no digests (${reason}): ${detail}`, {
    data: { reason, detail },
  });
}
