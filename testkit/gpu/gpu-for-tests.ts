import type { GpuKeccak } from "@phala-l2/tee-prover/gpu/device";
import { startGpuKeccak } from "@phala-l2/tee-prover/gpu/gpu-keccak";
import { softwareVulkan } from "./software-vulkan.ts";

export type GpuForTests =
  | { readonly kind: "ready"; readonly gpu: GpuKeccak; readonly env: Record<string, string | undefined> }
  | { readonly kind: "absent"; readonly reason: string };

/** Software drivers take a second; a driver that takes this long is of no use to a test. */
const START_TIMEOUT_MS = 30_000;

/**
 * The machine's own GPU if it has one, else a software driver. Not the machine's own software driver, which may take
 * long to compile the kernel.
 */
export async function gpuForTests(): Promise<GpuForTests> {
  const own = await startGpuKeccak({ choice: "hardware", startTimeoutMs: START_TIMEOUT_MS });
  if (own.kind === "ready") return { ...own, env: process.env };
  if (own.reason === "package-missing") return { kind: "absent", reason: `no WebGPU here: ${own.detail}` };
  const driver = await softwareVulkan();
  if (driver.kind === "absent") return driver;
  const env = { ...process.env, ...driver.env };
  const started = await startGpuKeccak({ choice: "any", env, startTimeoutMs: START_TIMEOUT_MS });
  if (started.kind === "ready") return { ...started, env };
  return {
    kind: "absent",
    reason: `the software driver does not work: ${started.reason}, ${started.detail}`,
  };
}
