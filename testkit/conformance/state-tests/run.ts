import { readdirSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, sep } from "node:path";
import { Worker } from "node:worker_threads";
import { RollupError } from "@phala-l2/protocol/errors";
import type { Failure, FileResult, Selection, Skip } from "./run-file.ts";
import type { WorkerAnswer } from "./worker.ts";

export type StateTestReport = {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly failures: readonly Failure[];
  readonly skips: readonly Skip[];
  readonly gasUsed: bigint;
  readonly ms: number;
  readonly mgasPerSecond: number;
};

export type RunOptions = {
  readonly selection: Selection;
  readonly threads?: number;
  readonly onProgress?: (progress: Progress) => void;
  readonly stop?: AbortSignal;
};

export type Progress = {
  readonly files: number;
  readonly filesDone: number;
  readonly passed: number;
  readonly failed: number;
};

/** The suites' folders of state tests; beside them their archives hold tests of other kinds. */
const SUITES: ReadonlySet<string> = new Set(["GeneralStateTests", "state_tests"]);
/** ethereum/tests has its state tests a second time, as chains of blocks. */
const BLOCKS = "BlockchainTests";

/**
 * The files of state tests in folders, hidden ones left out. Where there are folders of the known suites, only
 * what they hold.
 * @throws RollupError FIXTURES_MISSING for a path that is not there or holds no JSON file
 */
export function findStateTests(paths: readonly string[]): readonly string[] {
  return paths.flatMap((path) => {
    const files = jsonFilesIn(path);
    const ofSuites = files.filter((file) => {
      const parts = file.split(sep);
      return parts.some((part) => SUITES.has(part)) && !parts.includes(BLOCKS);
    });
    return ofSuites.length > 0 ? ofSuites : files;
  });
}

function jsonFilesIn(path: string): readonly string[] {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isFile() === true) return [path];
  const found =
    stats === undefined
      ? []
      : readdirSync(path, { recursive: true, encoding: "utf8" })
          .filter((file) => file.endsWith(".json") && !file.split(sep).some((part) => part.startsWith(".")))
          .sort();
  if (found.length > 0) return found.map((file) => join(path, file));
  throw new RollupError("FIXTURES_MISSING", `${path}: a folder with JSON files of tests is wanted`, {
    data: { path },
  });
}

/**
 * Runs files of state tests on threads, a file at a time.
 * @throws RollupError FIXTURE_MALFORMED with the file's name, STOPPED
 */
export async function runStateTests(
  files: readonly string[],
  { selection, threads = availableParallelism(), onProgress, stop }: RunOptions,
): Promise<StateTestReport> {
  const started = performance.now();
  const results: FileResult[] = [];
  const queue = files.values();
  const workers = Array.from(
    { length: Math.min(threads, files.length) },
    () => new Worker(new URL("./worker.ts", import.meta.url), { workerData: selection }),
  );
  const onStop = () => void Promise.all(workers.map((worker) => worker.terminate()));
  stop?.addEventListener("abort", onStop, { once: true });
  try {
    await Promise.all(
      workers.map(async (worker) => {
        for (const file of queue) {
          results.push(await runOn(worker, file));
          onProgress?.(progressOf(results, files.length));
        }
      }),
    );
  } finally {
    stop?.removeEventListener("abort", onStop);
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  return reportOf(results, performance.now() - started);
}

function runOn(worker: Worker, file: string): Promise<FileResult> {
  return new Promise((resolve, reject) => {
    const onMessage = (answer: WorkerAnswer): void => {
      settle();
      if (answer.kind === "ran") resolve(answer.result);
      else reject(new RollupError("FIXTURE_MALFORMED", answer.problem, { data: { file } }));
    };
    const onError = (error: unknown): void => {
      settle();
      reject(error);
    };
    const onExit = (): void => {
      settle();
      reject(new RollupError("STOPPED", "the state tests were stopped"));
    };
    const settle = (): void => {
      worker.off("message", onMessage).off("error", onError).off("exit", onExit);
    };
    worker.on("message", onMessage).on("error", onError).on("exit", onExit);
    worker.postMessage(file);
  });
}

function progressOf(results: readonly FileResult[], files: number): Progress {
  return {
    files,
    filesDone: results.length,
    passed: results.reduce((sum, { passed }) => sum + passed, 0),
    failed: results.reduce((sum, { failures }) => sum + failures.length, 0),
  };
}

function reportOf(results: readonly FileResult[], ms: number): StateTestReport {
  const failures = results.flatMap((result) => result.failures).sort(byPlace);
  const skips = results.flatMap((result) => result.skips).sort(byPlace);
  const gasUsed = results.reduce((sum, result) => sum + result.gasUsed, 0n);
  return {
    passed: results.reduce((sum, { passed }) => sum + passed, 0),
    failed: failures.length,
    skipped: skips.length,
    failures,
    skips,
    gasUsed,
    ms: Math.round(ms),
    mgasPerSecond: ms > 0 ? Math.round(Number(gasUsed) / ms / 10) / 100 : 0,
  };
}

/** Threads end in any order. */
function byPlace(a: Failure | Skip, b: Failure | Skip): number {
  return placeOf(a) < placeOf(b) ? -1 : 1;
}

function placeOf({ file, test, fork, index }: Failure | Skip): string {
  return `${file} ${test} ${fork} ${index.data} ${index.gas} ${index.value}`;
}
