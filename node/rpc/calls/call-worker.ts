import { MessageChannel, Worker } from "node:worker_threads";
import type { AncestorHash } from "@phala-l2/execution/block/ancestors";
import type { Simulation } from "@phala-l2/execution/call";
import type { ChainConfig } from "@phala-l2/execution/chain-config";
import type { Estimate } from "@phala-l2/execution/estimate-gas";
import type { ChainSimulation } from "@phala-l2/execution/simulate/run";
import type { BlockTrace } from "@phala-l2/execution/trace/trace-block";
import type { CallTrace } from "@phala-l2/execution/trace/trace-call";
import { asHash } from "@phala-l2/protocol/bytes";
import { isRollupError, RollupError } from "@phala-l2/protocol/errors";
import type { Log } from "@phala-l2/protocol/log";
import { type CallInput, type CallRunner, type ChainInput, STOPPED, type Stopped } from "./runner.ts";
import type { CallJob, Job, JobResult, StateAnswer, StateRead, WorkerStart } from "./wire.ts";

/** Memory of the thread: a call's own memory is bounded by its gas, at 50 million about 60 MB. */
const WORKER_MEMORY_MB = 512;

type Thread = {
  readonly worker: Worker;
  /** Whose state the thread's questions are about. */
  serve: Served | undefined;
};

/** What the main thread knows and the thread asks for. */
type Served = Pick<CallInput, "state"> &
  Partial<Pick<ChainInput, "readNode">> & { readonly ancestorHash?: AncestorHash | undefined };

function answer(input: Served | undefined, read: StateRead): StateAnswer {
  if (input === undefined)
    return { kind: "fault", code: "CALL_WORKER_OUT_OF_STEP", message: "no call is running" };
  try {
    switch (read.kind) {
      case "account":
        return { kind: "account", account: input.state.account(read.address) };
      case "storage":
        return { kind: "storage", value: input.state.storage(read.address, read.slot) };
      case "code":
        return { kind: "code", code: input.state.code(read.codeHash) };
      case "node":
        return { kind: "node", node: input.readNode?.(asHash(read.hash)) };
      case "ancestor":
        return { kind: "ancestor", hash: input.ancestorHash?.(read.number) };
    }
  } catch (error) {
    const code = isRollupError(error) ? error.code : "STATE_READ_FAILED";
    return { kind: "fault", code, message: error instanceof Error ? error.message : String(error) };
  }
}

function startThread(config: ChainConfig, memoryMb: number): Thread {
  const { port1, port2 } = new MessageChannel();
  const answered = new SharedArrayBuffer(4);
  const counter = new Int32Array(answered);
  const workerData: WorkerStart = { config, reads: port2, answered };
  const worker = new Worker(new URL("./worker.ts", import.meta.url), {
    workerData,
    transferList: [port2],
    resourceLimits: { maxOldGenerationSizeMb: memoryMb },
  });
  const thread: Thread = { worker, serve: undefined };
  port1.on("message", (read: StateRead) => {
    port1.postMessage(answer(thread.serve, read));
    Atomics.add(counter, 0, 1);
    Atomics.notify(counter, 0);
  });
  worker.once("exit", () => port1.close());
  return thread;
}

/** Half a million slots of transient storage, which one call's gas is enough for: the caller's doing, no fault here. */
function isOutOfMemory(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && cause.code === "ERR_WORKER_OUT_OF_MEMORY";
}

/** One job on the thread: its result, or what ended the thread. */
function runOn({ worker }: Thread, job: Job, signal: AbortSignal): Promise<JobResult | Stopped> {
  return new Promise((resolve, reject) => {
    const onMessage = (result: JobResult): void => end(() => resolve(result));
    const onAbort = (): void => end(() => resolve(STOPPED));
    const onError = (cause: unknown): void =>
      end(() => {
        if (isOutOfMemory(cause)) return resolve(STOPPED);
        reject(new RollupError("CALL_WORKER_FAILED", "the thread that runs calls ended", { cause }));
      });
    function end(settle: () => void): void {
      worker.off("message", onMessage).off("error", onError).off("exit", onError);
      signal.removeEventListener("abort", onAbort);
      settle();
    }
    worker.on("message", onMessage).on("error", onError).on("exit", onError);
    signal.addEventListener("abort", onAbort);
    worker.postMessage(job);
  });
}

/** A thread that runs jobs one after another, started with the first of them. */
type Lane = {
  inTurn(job: Job, served: Served, signal: AbortSignal): Promise<JobResult | Stopped>;
  stop(): Promise<void>;
};

function openLane(config: ChainConfig, log: Log, memoryMb: number): Lane {
  let thread: Thread | undefined;
  let last: Promise<unknown> = Promise.resolve();

  async function runJob(job: Job, served: Served, signal: AbortSignal): Promise<JobResult | Stopped> {
    if (signal.aborted) return STOPPED;
    const running = thread ?? startThread(config, memoryMb);
    thread = running;
    running.serve = served;
    let isAlive = false;
    try {
      const result = await runOn(running, job, signal);
      isAlive = result.kind !== "stopped";
      return result;
    } finally {
      running.serve = undefined;
      if (!isAlive) {
        log.warn(
          { kind: job.kind },
          "the thread that runs calls was ended: a call took too long or too much",
        );
        thread = undefined;
        await running.worker.terminate();
      }
    }
  }

  function inTurn(job: Job, served: Served, signal: AbortSignal): Promise<JobResult | Stopped> {
    const turn = last.then(() => runJob(job, served, signal));
    last = turn.catch(() => undefined);
    return turn;
  }

  return {
    inTurn,
    stop: async () => {
      const running = thread;
      thread = undefined;
      await running?.worker.terminate();
    },
  };
}

/**
 * Runs calls on a thread of their own, one after another, so that a long one holds up neither blocks nor other
 * requests; one whose time is over is ended with its thread, and the next call starts a new one. Traces, which
 * take longest, have another thread.
 */
export function startCallWorker(
  config: ChainConfig,
  log: Log,
  memoryMb: number = WORKER_MEMORY_MB,
): CallRunner {
  const calls = openLane(config, log, memoryMb);
  const traces = openLane(config, log, memoryMb);

  function callJob(kind: CallJob["kind"], input: CallInput): CallJob {
    const { header, request, reportAccessList = false, blockOverrides, movedPrecompiles } = input;
    return { kind, header, request, reportAccessList, blockOverrides, movedPrecompiles };
  }

  function unexpected(result: JobResult): RollupError {
    return result.kind === "fault"
      ? new RollupError(result.code, result.message)
      : new RollupError("CALL_WORKER_OUT_OF_STEP", `the thread answered ${result.kind}`);
  }

  return {
    simulate: async (input, signal): Promise<Simulation | Stopped> => {
      const result = await calls.inTurn(callJob("simulate", input), input, signal);
      if (result.kind === "stopped") return result;
      if (result.kind === "simulated") return result.simulation;
      throw unexpected(result);
    },
    estimateGas: async (input, signal): Promise<Estimate | Stopped> => {
      const result = await calls.inTurn(callJob("estimate", input), input, signal);
      if (result.kind === "stopped") return result;
      if (result.kind === "estimated") return result.estimate;
      throw unexpected(result);
    },
    simulateChain: async (input, signal): Promise<ChainSimulation | Stopped> => {
      const { base, request, gasCap, maxCharacters } = input;
      const job = { kind: "simulate-chain", base, request, gasCap, maxCharacters } as const;
      const result = await calls.inTurn(job, input, signal);
      if (result.kind === "stopped") return result;
      if (result.kind === "chain-simulated") return result.simulation;
      throw unexpected(result);
    },
    traceBlock: async (input, signal): Promise<BlockTrace | Stopped> => {
      const { parent, block, only, tracer, maxCharacters } = input;
      const job = { kind: "trace-block", parent, block, only, tracer, maxCharacters } as const;
      const result = await traces.inTurn(job, input, signal);
      if (result.kind === "stopped") return result;
      if (result.kind === "block-traced") return result.trace;
      throw unexpected(result);
    },
    traceCall: async (input, signal): Promise<CallTrace | Stopped> => {
      const { header, before, request, stateOverrides, blockOverrides, tracer, maxCharacters } = input;
      const wishes = { request, stateOverrides, blockOverrides, tracer, maxCharacters };
      const result = await traces.inTurn({ kind: "trace-call", header, before, ...wishes }, input, signal);
      if (result.kind === "stopped") return result;
      if (result.kind === "call-traced") return result.trace;
      throw unexpected(result);
    },
    stop: async () => {
      await Promise.all([calls.stop(), traces.stop()]);
    },
  };
}
