import type { ProverKind } from "@phala-l2/contracts/deploy/config";
import { silentLog } from "@phala-l2/protocol/log";
import { classOf } from "../attest/kind.ts";
import { type GpuWorkDependencies, type GpuWorkWanted, startGpuWork } from "../gpu/gpu-work.ts";
import { type DoctorCheck, failed, held } from "./check.ts";

const CHECK = "GPU work";
const FIELD = "requireGpuWork";

type Settings = Omit<GpuWorkWanted, "hasGpu"> & { readonly kind: ProverKind };

/** Whether a GPU computes, by letting it; nothing for a prover that has none. */
export async function checkGpuWork(
  { kind, ...settings }: Settings,
  { start }: Pick<GpuWorkDependencies, "start"> = {},
): Promise<readonly DoctorCheck[]> {
  try {
    const wanted = { ...settings, hasGpu: classOf(kind).gpu };
    const work = await startGpuWork(wanted, { log: silentLog, start });
    if (work.kind === "none") return [];
    if (work.kind === "presence") return [held(CHECK, FIELD, "none is done: evidence is of presence only")];
    const { vendor, description } = work.gpu.device;
    await work.gpu.stop();
    return [held(CHECK, FIELD, `done by ${vendor} ${description}`)];
  } catch (error) {
    return [failed(CHECK, FIELD, "a GPU that computes", error)];
  }
}
