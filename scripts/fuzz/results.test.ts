import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, it } from "node:test";
import { invariantResults, readLongRun } from "./results.ts";

describe("the long run of invariants", () => {
  it("is long by itself, and as long as the environment says", () => {
    const usual = { kind: "ok", runs: 10_000, depth: 64, seed: "0x1234" };
    assert.deepEqual(readLongRun({}), usual);
    assert.deepEqual(readLongRun({ INVARIANT_RUNS: "5", INVARIANT_SEED: "0xAb" }), {
      ...{ ...usual, runs: 5, seed: "0xAb" },
    });
  });

  it("refuses what is no number, and what is none that can be run", () => {
    for (const [name, value] of [
      ["INVARIANT_RUNS", "0"],
      ["INVARIANT_RUNS", "many"],
      ["INVARIANT_RUNS", ""],
      ["INVARIANT_DEPTH", "-1"],
      ["INVARIANT_DEPTH", "1e3"],
      ["INVARIANT_DEPTH", "99999999999"],
      ["INVARIANT_SEED", "7"],
      ["INVARIANT_SEED", "0x"],
    ] as const) {
      const read = readLongRun({ [name]: value });
      assert.ok(read.kind === "invalid" && read.reason.startsWith(`${name}: `), `${name}=${value}`);
    }
  });

  it("is told from the reporter's lines, coloured or not; what failed holds not", () => {
    const lines = [
      "  contracts/test/unit/A.t.sol:ATest",
      "    \u001b[32m✔\u001b[39m invariant_held() (runs: 12)",
      "    ✔ test_other()",
      "    1) invariant_broken()",
      "  1) invariant_broken()",
      "     Error: invariant_held() is a word here",
    ];
    assert.deepEqual(invariantResults(lines), [
      { name: "invariant_held", ok: true, runs: 12 },
      { name: "invariant_broken", ok: false, runs: 0 },
    ]);
    assert.deepEqual(invariantResults([]), []);
  });

  it("names the files that there are when none matches, and runs nothing", () => {
    const script = join(import.meta.dirname, "../fuzz.ts");
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, "NoSuchInvariant"], {
      encoding: "utf8",
    });
    assert.equal(status, 2);
    assert.equal(stdout, "");
    assert.match(stderr, /^fuzz: no file of invariants matches NoSuchInvariant; there are ExitInvariant, /);
  });
});
