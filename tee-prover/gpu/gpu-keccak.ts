import { bytesEqual } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { batchesOf, digestsOf, RATE_BYTES } from "./batch.ts";
import { type DeviceChoice, type GpuFailure, type GpuKeccak, type GpuStart, gpuFailed } from "./device.ts";
import { GpuProcess, type GpuProcessOptions } from "./gpu-process.ts";

export type GpuKeccakOptions = { readonly choice: DeviceChoice } & Partial<GpuProcessOptions>;

/** Compiling the kernel takes a hardware driver well below a second, a software driver up to a quarter of a minute. */
const START_TIMEOUT_MS = 60_000;
/** A batch of 32 MiB takes hardware milliseconds, a software driver on a busy machine some tens of seconds. */
const BATCH_TIMEOUT_MS = 120_000;

/** Around the ends of one block and of two, and a message of many dispatches. */
const TRIAL_LENGTHS = [0, 1, RATE_BYTES - 1, RATE_BYTES, RATE_BYTES + 1, 2 * RATE_BYTES, 600, 40_000];

function isGpuFailure(error: unknown): error is GpuFailure {
  return isRollupError(error, "GPU_FAILED");
}

/**
 * Starts the device's process, and lets it hash a few messages whose digests are known. A device that is not there, is
 * not of the choice, or computes wrongly, is a value: whether a prover does without is for its configuration to say.
 */
export async function startGpuKeccak(options: GpuKeccakOptions): Promise<GpuStart> {
  const full = { startTimeoutMs: START_TIMEOUT_MS, batchTimeoutMs: BATCH_TIMEOUT_MS, ...options };
  let process: GpuProcess | undefined;
  try {
    process = await startChecked(full);
    return { kind: "ready", gpu: restartingGpu(process, full) };
  } catch (error) {
    if (!isGpuFailure(error) || error.data === undefined) throw error;
    return { kind: "absent", ...error.data };
  }
}

/** @throws RollupError GPU_FAILED */
async function startChecked(options: GpuProcessOptions): Promise<GpuProcess> {
  const process = await GpuProcess.start(options);
  try {
    const messages = TRIAL_LENGTHS.map((length) => Uint8Array.from({ length }, (_, i) => i + length));
    const digests = await hashOn(process, messages);
    const wrong = messages.findIndex((message, i) => !bytesEqual(keccak256(message), digests[i] ?? message));
    if (wrong < 0) return process;
    throw gpuFailed("wrong-digests", `the digest of ${TRIAL_LENGTHS[wrong]} known bytes is wrong`);
  } catch (error) {
    await process.stop();
    throw error;
  }
}

/** @throws RollupError GPU_FAILED */
async function hashOn(process: GpuProcess, messages: readonly Uint8Array[]): Promise<readonly Uint8Array[]> {
  const digests = new Array<Uint8Array>(messages.length);
  for (const { data, spans, order } of batchesOf(messages)) {
    const some = digestsOf(await process.run({ data, spans }), order.length);
    if (some === undefined) {
      throw gpuFailed("device-fails", `the answer to ${order.length} messages has another size`);
    }
    for (const [place, index] of order.entries()) digests[index] = some[place] ?? new Uint8Array(0);
  }
  return digests;
}

/** A failed process fails the call that met it; the next call starts another, on a device of the same choice. */
function restartingGpu(first: GpuProcess, options: GpuProcessOptions): GpuKeccak {
  let current: Promise<GpuProcess> = Promise.resolve(first);
  let isStopped = false;
  const alive = async (): Promise<GpuProcess> => {
    const process = await current.catch(() => undefined);
    return process === undefined || process.failure !== undefined ? startChecked(options) : process;
  };
  return {
    device: first.device,
    async hash(messages) {
      if (isStopped) throw gpuFailed("process-ended", "it was stopped");
      current = alive();
      return hashOn(await current, messages);
    },
    async stop() {
      isStopped = true;
      const process = await current.catch(() => undefined);
      await process?.stop();
    },
  };
}
