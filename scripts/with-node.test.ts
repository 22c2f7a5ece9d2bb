import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";

/** What a command needs before anything is installed. */
const FILES = [
  ...["package-lock.json", "toolchain/package.json"],
  ...["scripts/with-node.mjs", "scripts/install-lock.mjs"],
];

it("a bare clone answers --help at once, and installs nothing for it", () => {
  const clone = mkdtempSync(join(tmpdir(), "with-node-"));
  try {
    for (const file of FILES) cpSync(join(import.meta.dirname, "..", file), join(clone, file));
    for (const command of ["devnet", "test", "check", "fuzz", "l2"]) {
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [join(clone, FILES[2] ?? ""), command, "--help"],
        { encoding: "utf8" },
      );
      assert.deepEqual([status, stderr], [0, ""]);
      assert.match(stdout, new RegExp(`^npm run ${command}: \\w`));
      assert.match(stdout, /The first run installs/);
    }
    // While another process installs, a verb's help neither waits for it nor says that nothing is there yet.
    mkdirSync(join(clone, ".installing"));
    const words = [join(clone, FILES[2] ?? ""), "l2", "stake", "--help"];
    const { status, stdout } = spawnSync(process.execPath, words, { encoding: "utf8" });
    assert.equal(status, 0);
    assert.match(stdout, /An installation is running; when it has ended/);
    assert.ok(!existsSync(join(clone, "node_modules")) && !existsSync(join(clone, "toolchain/node_modules")));
  } finally {
    rmSync(clone, { recursive: true });
  }
});
