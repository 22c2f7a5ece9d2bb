import { jsonInteger } from "@phala-l2/protocol/config/json-reader";
import { textSetting } from "@phala-l2/protocol/config/settings";
import { isRollupError } from "@phala-l2/protocol/errors";
import { runRpcCompat } from "@phala-l2/testkit/conformance/rpc-compat/run";
import { BAD_USAGE, DOES_NOT_HOLD, defineCommand, HOLDS } from "./command.ts";

export const rpcCompatCommand = defineCommand({
  name: "rpc-compat",
  summary: "replays JSON-RPC conversations of ethereum/execution-apis against this project's server",
  words: {
    name: "folder",
    help: "with chain.rlp, genesis.json and the conversations",
    fault: ({ length }) => (length === 1 ? undefined : "one folder is wanted, the tests of execution-apis"),
  },
  settings: {
    filter: textSetting({ help: "only conversations with this text in their name", optional: true }),
  },
  run: async ({ filter }, { words, log, print }) => {
    const [folder = ""] = words;
    try {
      const report = await runRpcCompat(folder, { filter, log });
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
