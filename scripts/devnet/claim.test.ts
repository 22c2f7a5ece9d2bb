import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { isRollupError } from "@phala-l2/protocol/errors";
import { claimFolder, emptyClaimed } from "./claim.ts";

describe("a devnet's folder", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "devnet-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test("is one process's own until it gives it back", () => {
    const giveBack = claimFolder(folder);
    assert.equal(existsSync(join(folder, "devnet.pid")), true);
    giveBack();
    assert.deepEqual(readdirSync(folder), []);
  });

  test("is refused while another devnet lives, and nothing in it is touched", async () => {
    writeFileSync(join(folder, "l1-state.json"), "{}");
    // Its command line is a devnet's; it does nothing but live.
    const program = join(import.meta.dirname, "../devnet.ts");
    const other = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)", program], {
      stdio: "ignore",
    });
    await once(other, "spawn");
    try {
      writeFileSync(join(folder, "devnet.pid"), String(other.pid));
      assert.throws(
        () => claimFolder(folder),
        (error) => isRollupError(error, "DEVNET_RUNNING"),
      );
      assert.deepEqual(readdirSync(folder).toSorted(), ["devnet.pid", "l1-state.json"]);
    } finally {
      other.kill("SIGKILL");
      await once(other, "exit");
    }
    claimFolder(folder)();
  });

  test("that a killed devnet, or a stranger with its id, left is taken over", () => {
    for (const left of [String(process.ppid), "4194305", "", "text"]) {
      writeFileSync(join(folder, "devnet.pid"), left);
      claimFolder(folder)();
    }
  });

  test("is emptied but for the claim", () => {
    const giveBack = claimFolder(folder);
    writeFileSync(join(folder, "rollup.json"), "{}");
    emptyClaimed(folder);
    assert.deepEqual(readdirSync(folder), ["devnet.pid"]);
    giveBack();
  });
});
