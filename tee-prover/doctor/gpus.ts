import type { EvidenceSettings } from "../attest/configured.ts";
import { classOf } from "../attest/kind.ts";
import { requireState } from "../attest/nvidia.ts";
import { type NvmlLibrary, openNvml } from "../attest/nvml-koffi.ts";
import { compared, type DoctorCheck, failed, held } from "./check.ts";

const CHECK = "NVML";

/** A finding, or the library's own word of why there is none. */
async function finding(
  field: string,
  wanted: string,
  find: () => Promise<DoctorCheck>,
): Promise<DoctorCheck> {
  try {
    return await find();
  } catch (error) {
    return failed(CHECK, field, wanted, error);
  }
}

async function vbiosChecks(nvml: NvmlLibrary, count: number): Promise<readonly DoctorCheck[]> {
  const checks: DoctorCheck[] = [];
  for (let index = 0; index < count; index++) {
    const field = `GPU ${index}: VBIOS`;
    checks.push(
      await finding(field, "a version", async () => held(CHECK, field, await nvml.vbiosVersion(index))),
    );
  }
  return checks;
}

async function look(nvml: NvmlLibrary, wantedCount: number): Promise<readonly DoctorCheck[]> {
  let count = 0;
  const counted = await finding("GPUs", `${wantedCount}`, async () => {
    count = await nvml.deviceCount();
    const remedy = "give the machine its GPUs, or correct the setting gpus";
    return compared(CHECK, "GPUs", `${wantedCount}`, `${count}`, remedy);
  });
  const driver = await finding("driver", "a version", async () =>
    held(CHECK, "driver", await nvml.driverVersion()),
  );
  const mode = "confidential computing for production, without developer tools";
  const state = await finding("mode", mode, async () => {
    await requireState(nvml);
    return held(CHECK, "mode", mode);
  });
  const ready = await finding("ready state", "GPUs take work", async () => {
    const found = (await nvml.gpusReady()) ? "GPUs take work" : "GPUs take no work";
    const remedy = "set it once their evidence was verified: nvidia-smi conf-compute -srs 1";
    return compared(CHECK, "ready state", "GPUs take work", found, remedy);
  });
  // Of GPUs beyond the wanted number nobody asks.
  return [counted, driver, ...(await vbiosChecks(nvml, Math.min(count, wantedCount))), state, ready];
}

/** What NVIDIA's library says of the GPUs: driver and VBIOS name the RIMs to fetch. Nothing for a prover that asks it nothing. */
export async function checkGpus(settings: EvidenceSettings): Promise<readonly DoctorCheck[]> {
  const { kind, gpus, gpuEvidence, nvmlLibrary, dangerouslySimulate } = settings;
  if (dangerouslySimulate || !classOf(kind).gpu || gpuEvidence !== "nvml") return [];
  try {
    const nvml = await openNvml(nvmlLibrary);
    try {
      return await look(nvml, gpus);
    } finally {
      await nvml.close();
    }
  } catch (error) {
    return [failed(CHECK, "nvmlLibrary", "NVIDIA's library, with all functions", error)];
  }
}
