import { readFileSync } from "node:fs";
import type { EvmFork } from "@phala-l2/execution/block/rules";
import { isRollupError } from "@phala-l2/protocol/errors";
import { readStateTests, type StateTest, type StateTestCase } from "./fixture.ts";
import { forkNamed } from "./forks.ts";
import { type CaseResult, type CaseRunner, type PreState, preStateOf } from "./run-case.ts";
import { skipReason } from "./skipped.ts";

/** Which cases to run: all where a field is undefined. */
export type Selection = {
  /** The fork's name in the tests. */
  readonly fork: string | undefined;
  /** Part of the file's path or of the test's name. */
  readonly filter: string | undefined;
};

/** A case by where it stands. */
export type CaseName = {
  readonly file: string;
  readonly test: string;
  readonly fork: string;
  readonly index: StateTestCase["index"];
};
export type Failure = CaseName & { readonly differences: readonly string[] };
export type Skip = CaseName & { readonly reason: string };

/** What became of a file's cases. */
export type FileResult = {
  readonly passed: number;
  readonly failures: readonly Failure[];
  readonly skips: readonly Skip[];
  /** Without gas that was burnt by a failure. */
  readonly gasUsed: bigint;
};

/** Runs the chosen cases of a file. @throws RollupError FIXTURE_MALFORMED */
export async function runFile(file: string, selection: Selection, runner: CaseRunner): Promise<FileResult> {
  const failures: Failure[] = [];
  const skips: Skip[] = [];
  let passed = 0;
  let gasUsed = 0n;
  for (const test of readStateTests(readFileSync(file, "utf8"), file)) {
    let pre: PreState | undefined;
    for (const testCase of test.cases) {
      if (!isSelected(file, test, testCase, selection)) continue;
      const name: CaseName = { file, test: test.name, fork: testCase.fork, index: testCase.index };
      const fork = forkNamed(testCase.fork);
      if (fork.kind === "skipped") {
        skips.push({ ...name, reason: fork.reason });
        continue;
      }
      const reason = skipReason(name);
      if (reason !== undefined) {
        skips.push({ ...name, reason });
        continue;
      }
      pre ??= preStateOf(test);
      const result = await resultOf(runner, test, testCase, fork.fork, pre);
      gasUsed += result.gasUsed;
      if (result.differences.length === 0) passed++;
      else failures.push({ ...name, differences: result.differences });
    }
  }
  return { passed, failures, skips, gasUsed };
}

/** An exception of the code under test is that case's failure, and the others run. */
async function resultOf(
  runner: CaseRunner,
  test: StateTest,
  testCase: StateTestCase,
  fork: EvmFork,
  pre: PreState,
): Promise<CaseResult> {
  try {
    return await runner.run(test, testCase, fork, pre);
  } catch (error) {
    const code = isRollupError(error) ? `${error.code}: ` : "";
    const message = error instanceof Error ? error.message : String(error);
    return { differences: [`threw ${code}${message}`], gasUsed: 0n };
  }
}

function isSelected(
  file: string,
  test: StateTest,
  testCase: StateTestCase,
  { fork, filter }: Selection,
): boolean {
  if (fork !== undefined && testCase.fork !== fork) return false;
  return filter === undefined || file.includes(filter) || test.name.includes(filter);
}
