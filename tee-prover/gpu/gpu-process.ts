import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { type DeviceChoice, type GpuDevice, type GpuFailure, gpuFailed } from "./device.ts";
import { isAnswer, type Question } from "./messages.ts";

export type GpuProcessOptions = {
  readonly choice: DeviceChoice;
  /** Of the process; the own one's when absent. Where drivers are found is said there. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Until the device is ready; software drivers take seconds to compile the kernel. */
  readonly startTimeoutMs: number;
  /** For one batch. */
  readonly batchTimeoutMs: number;
  /** What the process runs. */
  readonly program?: URL | undefined;
};

/** Drivers talk on stderr: the last words tell why a process ended. */
const LAST_WORDS = 2_000;
const STOP_MS = 2_000;

type Waiting = {
  readonly resolve: (words: Uint8Array) => void;
  readonly reject: (failure: GpuFailure) => void;
};

/**
 * The device's process, seen from the prover's. Whatever happens to it (it crashes, hangs, says something else) is an
 * answer or a GPU_FAILED here.
 */
export class GpuProcess {
  readonly device: GpuDevice;
  readonly #child: ChildProcess;
  readonly #batchTimeoutMs: number;
  readonly #waiting = new Map<number, Waiting>();
  #asked = 0;
  #failure: GpuFailure | undefined;

  private constructor(child: ChildProcess, device: GpuDevice, { batchTimeoutMs }: GpuProcessOptions) {
    this.#child = child;
    this.device = device;
    this.#batchTimeoutMs = batchTimeoutMs;
  }

  /** @throws RollupError GPU_FAILED { reason, detail } */
  static async start(options: GpuProcessOptions): Promise<GpuProcess> {
    const { choice, env, program = new URL("./device-process.ts", import.meta.url) } = options;
    const child = fork(program, [choice], {
      serialization: "advanced",
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      execArgv: [],
      ...(env !== undefined && { env: { ...env } }),
    });
    let lastWords = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      lastWords = (lastWords + text).slice(-LAST_WORDS);
    });
    const ended = () => gpuFailed("process-ended", lastWords.trim() || "without a word");
    try {
      const device = await firstAnswer(child, options.startTimeoutMs, ended);
      const started = new GpuProcess(child, device, options);
      child.on("message", (answer: unknown) => started.#take(answer));
      child.on("error", (error) => started.#fail(gpuFailed("process-ended", error.message)));
      child.once("close", () => started.#fail(ended()));
      return started;
    } catch (error) {
      await end(child);
      throw error;
    }
  }

  /** Why nothing more will come; undefined while all is well. */
  get failure(): GpuFailure | undefined {
    return this.#failure;
  }

  /** Word w of message i's digest at w * count + i. @throws RollupError GPU_FAILED */
  async run(batch: Omit<Question, "id">): Promise<Uint8Array> {
    if (this.#failure !== undefined) throw this.#failure;
    const id = this.#asked++;
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    this.#waiting.set(id, { resolve, reject });
    const late = `no answer to a batch within ${this.#batchTimeoutMs} ms`;
    const timer = setTimeout(() => this.#fail(gpuFailed("too-slow", late)), this.#batchTimeoutMs);
    this.#child.send({ id, ...batch } satisfies Question, (error) => {
      if (error !== null) this.#fail(gpuFailed("process-ended", error.message));
    });
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  async stop(): Promise<void> {
    this.#fail(gpuFailed("process-ended", "the prover is stopping"));
    await end(this.#child);
  }

  #take(answer: unknown): void {
    if (!isAnswer(answer) || answer.kind === "ready" || answer.kind === "absent") {
      this.#fail(gpuFailed("device-fails", "the process says what answers no batch"));
      return;
    }
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (answer.kind === "digests") waiting?.resolve(answer.words);
    else waiting?.reject(gpuFailed("device-fails", answer.detail));
  }

  /** The first failure stays: those that follow come from it. */
  #fail(failure: GpuFailure): void {
    this.#failure ??= failure;
    for (const { reject } of this.#waiting.values()) reject(this.#failure);
    this.#waiting.clear();
    this.#child.kill("SIGKILL");
  }
}

/** Waits until the device is there. @throws RollupError GPU_FAILED */
async function firstAnswer(
  child: ChildProcess,
  timeoutMs: number,
  ended: () => GpuFailure,
): Promise<GpuDevice> {
  const { promise, resolve, reject } = Promise.withResolvers<GpuDevice>();
  const onMessage = (answer: unknown) => {
    if (isAnswer(answer) && answer.kind === "ready") resolve(answer.device);
    else if (isAnswer(answer) && answer.kind === "absent") reject(gpuFailed(answer.reason, answer.detail));
    else reject(gpuFailed("device-fails", "the process begins with something else than its device"));
  };
  const onError = (error: Error) => reject(gpuFailed("process-ended", error.message));
  const onClose = () => reject(ended());
  const late = () => reject(gpuFailed("too-slow", `no device within ${timeoutMs} ms`));
  const timer = setTimeout(late, timeoutMs);
  child.on("message", onMessage).on("error", onError).on("close", onClose);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    child.off("message", onMessage).off("error", onError).off("close", onClose);
  }
}

/** Ends the process whatever it does, and waits until it is gone, for a while. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await Promise.race([gone, delay(STOP_MS, undefined, { ref: false })]);
}
