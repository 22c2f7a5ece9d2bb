import { jsonInteger } from "@phala-l2/protocol/config/json-reader";
import { isRollupError } from "@phala-l2/protocol/errors";
import { BlockRunner, findBlockFixtures } from "@phala-l2/testkit/conformance/blocks/run";
import { BAD_USAGE, DOES_NOT_HOLD, defineCommand, HOLDS } from "./command.ts";

export const executeCommand = defineCommand({
  name: "execute",
  summary: "re-executes blocks of OP Stack chains from their witnesses, as a prover does",
  words: {
    name: "fixture",
    help: "JSON files, also compressed, or folders of such",
    fault: ({ length }) => (length === 0 ? "at least one fixture is wanted" : undefined),
  },
  settings: {},
  run: async (_, { words, log, print, stop }) => {
    const files = filesAmong(words);
    if (files === undefined) return BAD_USAGE;
    const runner = new BlockRunner();
    let matches = true;
    let malformed = false;
    for (const file of files) {
      if (stop.aborted) return DOES_NOT_HOLD;
      const result = await runner.runFile(file);
      print({ ...result, gasUsed: jsonInteger(result.gasUsed) });
      matches &&= result.match;
      if (result.code !== "FIXTURE_MALFORMED") continue;
      malformed = true;
      log.error({ file, code: result.code, reason: result.reason }, "no fixture of a block");
    }
    if (malformed) return BAD_USAGE;
    return matches ? HOLDS : DOES_NOT_HOLD;
  },
});

/** Says on stderr what is wrong with the paths, if anything is. */
function filesAmong(paths: readonly string[]): readonly string[] | undefined {
  try {
    return findBlockFixtures(paths);
  } catch (error) {
    if (!isRollupError(error, "FIXTURES_MISSING")) throw error;
    process.stderr.write(`l2: ${error.code}: ${error.message}\n`);
    return undefined;
  }
}
