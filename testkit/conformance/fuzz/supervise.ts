import { type ChildProcess, fork } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toHex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { readBlackBox } from "./black-box.ts";
import type { FuzzAnswer, FuzzJob } from "./child.ts";
import type { FuzzFailure, FuzzOptions, FuzzReport, FuzzTarget } from "./report.ts";

/**
 * Milliseconds for one case. The slowest known, an L1 block of a thousand cases in the pipeline, takes less than
 * one second on an idle core: a busy machine is no hang.
 */
export const CASE_DEADLINE_MS = 60_000;
const POLL_MS = 250;
const CHILD = new URL("./child.ts", import.meta.url);
/** The heap takes at most three quarters of the bound: what grows without end ends the process, not the machine. */
const HEAP_SHARE = 0.75;

export type SuperviseOptions = Pick<FuzzOptions, "cases" | "seed" | "only"> & {
  readonly caseDeadlineMs?: number;
  /** The program of the process; `child.ts` without one. */
  readonly child?: URL;
  /** Whether what the process writes is passed on to stderr: it is, without this. */
  readonly showsOutput?: boolean;
  readonly stop?: AbortSignal;
  readonly onProgress?: (target: string, index: number) => void;
};

type Ending =
  | { readonly kind: "report"; readonly report: FuzzReport }
  | { readonly kind: "hang" }
  | { readonly kind: "crash"; readonly what: string };

/**
 * Runs a target in a process of its own: its memory is its own, and neither a hang nor a crash of the whole process
 * ends the run without telling the input. @throws RollupError STOPPED
 */
export async function superviseTarget(target: FuzzTarget, options: SuperviseOptions): Promise<FuzzReport> {
  const started = performance.now();
  const folder = mkdtempSync(join(tmpdir(), "phala-l2-fuzz-"));
  const file = join(folder, "last-case");
  writeFileSync(file, "");
  const { cases, seed, only, stop } = options;
  const job: FuzzJob = { target: target.name, file, cases, seed, only };
  const output = options.showsOutput === false ? "ignore" : 2;
  const child = fork(options.child ?? CHILD, [JSON.stringify(job)], {
    execArgv: [`--max-old-space-size=${Math.floor(target.boundMiB * HEAP_SHARE)}`],
    // Results alone go to stdout.
    stdio: ["ignore", output, output, "ipc"],
  });
  const box = openSync(file, "r");
  const onStop = () => child.kill("SIGKILL");
  stop?.addEventListener("abort", onStop, { once: true });
  try {
    const ending = await endingOf(child, target.name, box, options);
    if (stop?.aborted === true) throw new RollupError("STOPPED", "the fuzzer was stopped");
    if (ending.kind === "report") return ending.report;
    const what =
      ending.kind === "hang"
        ? `no answer in ${(options.caseDeadlineMs ?? CASE_DEADLINE_MS) / 1000} s`
        : ending.what;
    const seconds = Math.round((performance.now() - started) / 10) / 100;
    return brokenReport(target, options, seconds, {
      kind: ending.kind,
      what,
      last: readBlackBox(box),
    });
  } finally {
    stop?.removeEventListener("abort", onStop);
    closeSync(box);
    rmSync(folder, { recursive: true });
  }
}

/** How the process ended; it has ended when this resolves. */
function endingOf(
  child: ChildProcess,
  target: string,
  box: number,
  { caseDeadlineMs = CASE_DEADLINE_MS, onProgress }: SuperviseOptions,
): Promise<Ending> {
  return new Promise((resolve, reject) => {
    let answer: FuzzAnswer | undefined;
    let hasHung = false;
    let last: number | undefined;
    let since = performance.now();
    const timer = setInterval(() => {
      const index = readBlackBox(box)?.index;
      if (index !== last) {
        last = index;
        since = performance.now();
        if (index !== undefined) onProgress?.(target, index);
        return;
      }
      // What a target prepares before its first case has the longer time.
      const deadline = last === undefined ? CASE_DEADLINE_MS : caseDeadlineMs;
      if (answer === undefined && performance.now() - since > deadline) {
        hasHung = true;
        child.kill("SIGKILL");
      }
    }, POLL_MS);
    child.on("message", (message: FuzzAnswer) => {
      answer = message;
    });
    child.on("error", (error) => {
      clearInterval(timer);
      reject(error);
    });
    child.on("exit", (code, signal) => {
      clearInterval(timer);
      if (answer !== undefined) resolve({ kind: "report", report: answer.report });
      else if (hasHung) resolve({ kind: "hang" });
      else resolve({ kind: "crash", what: `the process ended with ${signal ?? `status ${code}`}` });
    });
  });
}

/** What is known of a run whose process could not report. */
function brokenReport(
  { name, boundMiB }: FuzzTarget,
  { seed, only }: SuperviseOptions,
  seconds: number,
  {
    kind,
    what,
    last,
  }: Pick<FuzzFailure, "kind" | "what"> & { readonly last: ReturnType<typeof readBlackBox> },
): FuzzReport {
  const index = last?.index ?? only ?? 0;
  const bytes = toHex(last?.input ?? new Uint8Array(0));
  const cases = only === undefined ? index + 1 : 1;
  return {
    target: name,
    cases,
    seed,
    seconds,
    casesPerSecond: seconds > 0 ? Math.round(cases / seconds) : 0,
    // The process took what it knew of its memory with it.
    peakRssMiB: 0,
    boundMiB,
    outcomes: { failed: 1 },
    failures: [{ seed, case: index, kind, what, bytes }],
  };
}
