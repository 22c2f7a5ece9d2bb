// The process of one fuzz target: takes its job as an argument, sends its report, and keeps a black box.
import { openSync } from "node:fs";
import { blackBox } from "./black-box.ts";
import type { FuzzOptions, FuzzReport } from "./report.ts";
import { findTarget } from "./targets.ts";

export type FuzzJob = Pick<FuzzOptions, "cases" | "seed" | "only"> & {
  readonly target: string;
  /** The black box's file, which exists. */
  readonly file: string;
};

/** What the process sends. */
export type FuzzAnswer = { readonly report: FuzzReport };

const [, , argument] = process.argv;
if (argument !== undefined && process.send !== undefined) {
  const job: FuzzJob = JSON.parse(argument);
  const target = await findTarget(job.target);
  // Whoever started this process is gone: nobody wants its report.
  process.once("disconnect", () => process.exit(1));
  const onCase = blackBox(openSync(job.file, "r+"));
  const report = await target?.run({ cases: job.cases, seed: job.seed, only: job.only, onCase });
  process.send({ report }, () => process.exit(0));
}
