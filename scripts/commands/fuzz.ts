import { integerWithin } from "@phala-l2/protocol/config/settings";
import { type FuzzReport, type FuzzTarget, holds } from "@phala-l2/testkit/conformance/fuzz/report";
import { superviseTarget } from "@phala-l2/testkit/conformance/fuzz/supervise";
import { findTarget, TARGET_NAMES } from "@phala-l2/testkit/conformance/fuzz/targets";
import { BAD_USAGE, DOES_NOT_HOLD, defineCommand, HOLDS } from "./command.ts";

/** Between two lines of progress. */
const PROGRESS_MS = 5_000;
/** Seeds are 32-bit integers, and so is what the black box keeps of a case's number. */
const HIGHEST_SEED = 2 ** 32 - 1;

function refuse(message: string): typeof BAD_USAGE {
  process.stderr.write(`l2: ${message}\n`);
  return BAD_USAGE;
}

const isAll = (words: readonly string[]): boolean => words.length === 1 && words[0] === "all";

function areTargets(words: readonly string[]): boolean {
  return isAll(words) || (words.length > 0 && words.every((word) => TARGET_NAMES.includes(word)));
}

async function findTargets(words: readonly string[]): Promise<readonly FuzzTarget[]> {
  const targets = await Promise.all((isAll(words) ? TARGET_NAMES : words).map(findTarget));
  return targets.filter((target) => target !== undefined);
}

export const fuzzCommand = defineCommand({
  name: "fuzz",
  summary: "gives hostile input to decoders, gossip, RPC and execution: no crash, no hang, bounded memory",
  words: {
    name: "target",
    help: `what is fuzzed: ${TARGET_NAMES.join(", ")}; all of them: all`,
    fault: (words) =>
      areTargets(words) ? undefined : `'all' is wanted, or some of ${TARGET_NAMES.join(", ")}`,
  },
  settings: {
    cases: integerWithin(1, HIGHEST_SEED)({ help: "hostile inputs of each target", default: "100000" }),
    seed: integerWithin(0, HIGHEST_SEED)({ help: "start of the pseudo-random sequence", default: "1" }),
    only: integerWithin(
      0,
      HIGHEST_SEED,
    )({ help: "only the case of this number, to see a failure again", optional: true }),
  },
  run: async ({ cases, seed, only }, { words, log, print, stop }) => {
    const targets = await findTargets(words);
    const chained = targets.find(({ hasSingleCases }) => !hasSingleCases);
    if (only !== undefined && chained !== undefined)
      return refuse(`--only: cases of ${chained.name} build on those before; use --cases ${only + 1}`);
    let last = performance.now();
    const onProgress = (target: string, index: number): void => {
      if (performance.now() - last < PROGRESS_MS) return;
      last = performance.now();
      log.info({ target, case: index, cases }, "fuzzing");
    };
    const reports: FuzzReport[] = [];
    for (const target of targets) {
      const report = await superviseTarget(target, { cases, seed, only, stop, onProgress });
      const { seconds, peakRssMiB, failures } = report;
      log.info(
        { target: target.name, cases: report.cases, seconds, peakRssMiB, failures: failures.length },
        "fuzzed",
      );
      reports.push(report);
    }
    print({ targets: Object.fromEntries(reports.map(({ target, ...facts }) => [target, facts])) });
    return reports.every(holds) ? HOLDS : DOES_NOT_HOLD;
  },
});
