// The process behind `startGpuKeccak`: it alone loads drivers, which are native code of others and may end it.
// Its one argument is the DeviceChoice.
import type { DeviceChoice, GpuAbsence, GpuDevice } from "./device.ts";
import { isChosen } from "./device.ts";
import { type GpuFlags, KeccakPipeline } from "./keccak-pipeline.ts";
import type { Answer, Question } from "./messages.ts";

type WebGpu = { readonly create: (options: string[]) => GPU; readonly globals: object };

function tell(answer: Answer, then: () => void = () => {}): void {
  process.send?.(answer, then);
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Says why, and ends. */
function absent(reason: GpuAbsence, error: unknown): undefined {
  tell({ kind: "absent", reason, detail: wordsOf(error) }, () => process.disconnect());
  return undefined;
}

function isChoice(word: string | undefined): word is DeviceChoice {
  return word === "attested" || word === "hardware" || word === "any";
}

function hasFlags(globals: object): globals is GpuFlags {
  return "GPUBufferUsage" in globals && "GPUMapMode" in globals;
}

async function loadWebGpu(): Promise<WebGpu | undefined> {
  try {
    return await import("webgpu");
  } catch (error) {
    return absent("package-missing", error);
  }
}

function describe({ info }: GPUAdapter): GpuDevice {
  const { vendor, architecture, description, isFallbackAdapter } = info;
  return { vendor, architecture, description, isSoftware: isFallbackAdapter };
}

async function openDevice(gpu: GPU, choice: DeviceChoice): Promise<GPUDevice | undefined> {
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null) return absent("no-device", "no driver offers a device that WebGPU can use");
  const device = describe(adapter);
  if (!isChosen(device, choice)) {
    return absent("device-refused", `'${device.vendor} ${device.description}', and ${choice} is wanted`);
  }
  return adapter.requestDevice();
}

function serve(device: GPUDevice, pipeline: KeccakPipeline): void {
  // One after another: a batch fills the device.
  let last: Promise<void> = Promise.resolve();
  const answer = async ({ id, ...batch }: Question): Promise<void> => {
    try {
      tell({ kind: "digests", id, words: await pipeline.run(batch) });
    } catch (error) {
      tell({ kind: "failed", id, detail: wordsOf(error) });
    }
  };
  process.on("message", (question: Question) => {
    last = last.then(() => answer(question));
  });
  void device.lost.then(() => process.disconnect());
}

/** Held for as long as the process lives: drivers are unloaded, mid-work, when it is collected. */
let held: GPU | undefined;

async function main(): Promise<void> {
  const choice = process.argv[2];
  if (!isChoice(choice)) return absent("device-fails", "started without a choice of device");
  const webGpu = await loadWebGpu();
  if (webGpu === undefined) return;
  if (!hasFlags(webGpu.globals)) return absent("package-missing", "webgpu is another package than expected");
  held = webGpu.create([]);
  const device = await openDevice(held, choice);
  if (device === undefined) return;
  serve(device, await KeccakPipeline.on(device, webGpu.globals));
  const { vendor, architecture, description, isFallbackAdapter } = device.adapterInfo;
  tell({ kind: "ready", device: { vendor, architecture, description, isSoftware: isFallbackAdapter } });
}

// Nothing outlives the prover, and no driver gets to run its exit code: some crash there.
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
await main().catch((error: unknown) => absent("device-fails", error));
