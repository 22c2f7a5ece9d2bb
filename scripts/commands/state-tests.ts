import { jsonInteger } from "@phala-l2/protocol/config/json-reader";
import { textSetting } from "@phala-l2/protocol/config/settings";
import { isRollupError } from "@phala-l2/protocol/errors";
import { findStateTests, type Progress, runStateTests } from "@phala-l2/testkit/conformance/state-tests/run";
import { BAD_USAGE, DOES_NOT_HOLD, defineCommand, HOLDS } from "./command.ts";

/** Between two lines of progress. */
const PROGRESS_MS = 5_000;

export const stateTestsCommand = defineCommand({
  name: "state-tests",
  summary: "runs state tests of ethereum/tests and execution-spec-tests on this project's execution",
  words: {
    name: "folder",
    help: "folders with the tests' JSON files",
    fault: ({ length }) => (length === 0 ? "at least one folder with tests is wanted" : undefined),
  },
  settings: {
    fork: textSetting({ help: "only the cases of this fork, by its name in the tests", optional: true }),
    filter: textSetting({
      help: "only cases whose file or test has this text in its name",
      optional: true,
    }),
  },
  run: async ({ fork, filter }, { words, log, print, stop }) => {
    let last = performance.now();
    const onProgress = (progress: Progress): void => {
      if (performance.now() - last < PROGRESS_MS) return;
      last = performance.now();
      log.info({ ...progress }, "state tests");
    };
    try {
      const files = findStateTests(words);
      const report = await runStateTests(files, { selection: { fork, filter }, onProgress, stop });
      print({ ...report, gasUsed: jsonInteger(report.gasUsed) });
      return report.failed === 0 ? HOLDS : DOES_NOT_HOLD;
    } catch (error) {
      if (!isRollupError(error, "FIXTURE_MALFORMED") && !isRollupError(error, "FIXTURES_MISSING"))
        throw error;
      process.stderr.write(`l2: ${error.code}: ${error.message}\n`);
      return BAD_USAGE;
    }
  },
});
