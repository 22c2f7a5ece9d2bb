// One of the threads that run state tests: takes a file, answers with what became of it.
import { parentPort, workerData } from "node:worker_threads";
import { isRollupError } from "@phala-l2/protocol/errors";
import { CaseRunner } from "./run-case.ts";
import { type FileResult, runFile, type Selection } from "./run-file.ts";

export type WorkerAnswer =
  | { readonly kind: "ran"; readonly result: FileResult }
  /** The file is no state test. */
  | { readonly kind: "malformed"; readonly problem: string };

const port = parentPort;
if (port !== null) {
  const selection: Selection = workerData;
  const runner = new CaseRunner();
  port.on("message", (file: string) => {
    answerFor(file, selection, runner).then(
      (answer) => port.postMessage(answer),
      // Ends the thread, which its owner hears of.
      (error: unknown) => queueMicrotask(() => Promise.reject(error)),
    );
  });
}

async function answerFor(file: string, selection: Selection, runner: CaseRunner): Promise<WorkerAnswer> {
  try {
    return { kind: "ran", result: await runFile(file, selection, runner) };
  } catch (error) {
    if (isRollupError(error, "FIXTURE_MALFORMED")) return { kind: "malformed", problem: error.message };
    throw error;
  }
}
