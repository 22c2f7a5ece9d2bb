import { booleanSetting } from "@phala-l2/protocol/config/settings";
import { RollupError } from "@phala-l2/protocol/errors";
import type { Log } from "@phala-l2/protocol/log";
import type { DeviceChoice, GpuKeccak, GpuStart } from "./device.ts";
import { startGpuKeccak } from "./gpu-keccak.ts";

export const gpuWorkSettings = {
  requireGpuWork: booleanSetting({
    help: "kinds with GPU: sign only what a GPU has computed again, and do not start without one; true on hardware, false in simulation where it is not given",
    optional: true,
  }),
};

export type GpuWorkWanted = {
  /** Whether the prover's kind has a GPU. */
  readonly hasGpu: boolean;
  readonly dangerouslySimulate: boolean;
  readonly requireGpuWork: boolean | undefined;
};

/** What a prover's GPU does for its proofs. */
export type GpuWork =
  /** The kind has none. */
  | { readonly kind: "none" }
  /** Nothing: evidence shows that it is there, and that is all. */
  | { readonly kind: "presence" }
  /** It computes every hash of a proof again, before anything is signed. */
  | { readonly kind: "recomputation"; readonly gpu: GpuKeccak };

export type GpuWorkDependencies = {
  readonly log: Log;
  /** `startGpuKeccak` when absent. */
  readonly start?: ((options: { readonly choice: DeviceChoice }) => Promise<GpuStart>) | undefined;
};

export async function stopGpuWork(work: GpuWork): Promise<void> {
  if (work.kind === "recomputation") await work.gpu.stop();
}

export function isGpuWorkRequired({ dangerouslySimulate, requireGpuWork }: GpuWorkWanted): boolean {
  return requireGpuWork ?? !dangerouslySimulate;
}

/**
 * Hardware that is attested as NVIDIA's has to be the one that works. A simulated prover takes any GPU that it finds; a
 * software driver only when it is told to do without hardware and still to compute.
 */
export function choiceOf(wanted: GpuWorkWanted): DeviceChoice {
  if (!wanted.dangerouslySimulate) return "attested";
  return isGpuWorkRequired(wanted) ? "any" : "hardware";
}

/**
 * Starts the device if the kind has one. Whether the work is done is decided here, once: a device that fails later fails
 * proofs, and is never done without.
 * @throws RollupError GPU_WORK_MISSING when it is required, SETTING_INVALID
 */
export async function startGpuWork(
  wanted: GpuWorkWanted,
  { log, start = startGpuKeccak }: GpuWorkDependencies,
): Promise<GpuWork> {
  if (!wanted.hasGpu) {
    if (wanted.requireGpuWork !== true) return { kind: "none" };
    throw new RollupError("SETTING_INVALID", "requireGpuWork is for kinds with GPU: tdx+gpu, sev-snp+gpu");
  }
  const choice = choiceOf(wanted);
  const started = await start({ choice });
  if (started.kind === "ready") {
    const { gpu } = started;
    log.info({ ...gpu.device }, "the GPU computes every hash of a proof again before it is signed");
    return { kind: "recomputation", gpu };
  }
  const { reason, detail } = started;
  if (isGpuWorkRequired(wanted)) {
    const message = `this prover signs only what a GPU has computed again, and there is none (${reason}): ${detail}`;
    throw new RollupError("GPU_WORK_MISSING", message, { data: { reason, detail, choice } });
  }
  const message =
    "PRESENCE ONLY: no GPU computes anything of this prover's proofs; evidence shows that one is there, and no more";
  log.warn({ reason, detail, choice }, message);
  return { kind: "presence" };
}
