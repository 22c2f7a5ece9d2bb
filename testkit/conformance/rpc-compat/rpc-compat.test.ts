import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { isRollupError } from "@phala-l2/protocol/errors";
import { silentLog } from "@phala-l2/protocol/log";
import { absent, EXECUTION_APIS, unpack } from "../archives.ts";
import { runRpcCompat } from "./run.ts";

/** Of 170 in the archive; fewer would be a harness that lost its conversations. */
const LEAST_CONVERSATIONS = 150;

describe("conversations of ethereum/execution-apis", { skip: absent(EXECUTION_APIS) }, () => {
  let folder: string;
  let suite: string;

  before(() => {
    folder = unpack(EXECUTION_APIS);
    suite = join(folder, "tests");
  });
  after(() => rmSync(folder, { recursive: true }));

  test("all of them, replayed against the node's server over their chain", async () => {
    const { passed, failures, blocks, gasUsed } = await runRpcCompat(suite, { log: silentLog });
    assert.deepEqual(failures, []);
    assert.ok(passed >= LEAST_CONVERSATIONS, `${passed} conversations`);
    assert.ok(blocks > 0 && gasUsed > 0n);
  });

  test("an answer that is not the reference's is told, with its file", async () => {
    const changed = mkdtempSync(join(tmpdir(), "conversations-"));
    try {
      for (const file of ["genesis.json", "chain.rlp"]) copyFileSync(join(suite, file), join(changed, file));
      mkdirSync(join(changed, "eth_blockNumber"));
      const conversation = '>> {"jsonrpc":"2.0","id":1,"method":"eth_blockNumber"}\n<< {"result":"0xffff"}\n';
      writeFileSync(join(changed, "eth_blockNumber/wrong.io"), conversation);
      const { passed, failed, failures } = await runRpcCompat(changed, { log: silentLog });
      assert.deepEqual([passed, failed], [0, 1]);
      assert.equal(failures[0]?.file, "eth_blockNumber/wrong.io");
      assert.equal(failures[0]?.expected, "0xffff");
    } finally {
      rmSync(changed, { recursive: true });
    }
  });

  test("a block that execution does not give stops the import", async () => {
    const changed = mkdtempSync(join(tmpdir(), "conversations-"));
    try {
      const genesis = JSON.parse(readFileSync(join(suite, "genesis.json"), "utf8"));
      genesis.alloc[`0x${"5e".repeat(20)}`] = { balance: "0x1" };
      writeFileSync(join(changed, "genesis.json"), JSON.stringify(genesis));
      copyFileSync(join(suite, "chain.rlp"), join(changed, "chain.rlp"));
      await assert.rejects(
        runRpcCompat(changed, { log: silentLog }),
        (error) => isRollupError(error, "CHAIN_MISMATCH") || isRollupError(error, "FIXTURE_MALFORMED"),
      );
    } finally {
      rmSync(changed, { recursive: true });
    }
  });

  test("a folder without a chain is no suite", async () => {
    await assert.rejects(runRpcCompat(join(suite, "eth_call"), { log: silentLog }), (error) =>
      isRollupError(error, "FIXTURES_MISSING"),
    );
  });
});
