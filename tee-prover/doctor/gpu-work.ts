import type { ProverKind } from "@phala-l2/contracts/deploy/config";
import { silentLog } from "@phala-l2/protocol/log";
import { classOf } from "../attest/kind.ts";
import { type GpuWorkDependencies, type GpuWorkWanted, startGpuWork } from "../gpu/gpu-work.ts";
import { type DoctorCheck, failed, held } from "./check.ts";

const CHECK = "GPU work";
const FIELD = "requireGpuWork";

type Settings = Omit<GpuWorkWanted, "hasGpu"> & { readonly kind: ProverKind };

export type GpuWorkFindings = {
  /** None for a prover without GPUs. */
  readonly checks: readonly DoctorCheck[];
  /** Whether a GPU computed. */
  readonly recomputes: boolean;
};

/** Whether a GPU computes, by letting it. */
export async function checkGpuWork(
  { kind, ...settings }: Settings,
  { start }: Pick<GpuWorkDependencies, "start"> = {},
): Promise<GpuWorkFindings> {
  try {
    const wanted = { ...settings, hasGpu: classOf(kind).gpu };
    const work = await startGpuWork(wanted, { log: silentLog, start });
    if (work.kind === "none") return { checks: [], recomputes: false };
    if (work.kind === "presence") {
      const found = "none is done: evidence is of presence only";
      return { checks: [held(CHECK, FIELD, found)], recomputes: false };
    }
    const { vendor, description } = work.gpu.device;
    await work.gpu.stop();
    return { checks: [held(CHECK, FIELD, `done by ${vendor} ${description}`)], recomputes: true };
  } catch (error) {
    return { checks: [failed(CHECK, FIELD, "a GPU that computes", error)], recomputes: false };
  }
}
