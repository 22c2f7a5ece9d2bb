import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { describe, test } from "node:test";
import { isRollupError } from "@phala-l2/protocol/errors";
import { batchTarget } from "./decoders.ts";
import { type FuzzTarget, holds } from "./report.ts";
import { superviseTarget } from "./supervise.ts";

const BROKEN = new URL("./testing/broken-child.ts", import.meta.url);
/** Of what hangs, which has noted its case already when the time begins. What crashes takes the time it takes. */
const HANG_DEADLINE_MS = 3_000;

function brokenTarget(name: string): FuzzTarget {
  return {
    name,
    boundMiB: 128,
    hasSingleCases: true,
    run: async () => assert.fail("it runs in its own process"),
  };
}

function leftovers(): readonly string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith("phala-l2-fuzz-"));
}

describe("a target in a process of its own", () => {
  test("its report is the one that it makes here, and it has memory of its own", async () => {
    const [there, here] = [
      await superviseTarget(batchTarget, { cases: 200, seed: 3 }),
      await batchTarget.run({ cases: 200, seed: 3 }),
    ];
    assert.deepEqual(there.outcomes, here.outcomes);
    assert.deepEqual([there.target, there.cases, there.seed, there.failures], ["batches", 200, 3, []]);
    assert.ok(there.peakRssMiB > 20 && holds(there), `${there.peakRssMiB} MiB`);
  });

  const endings: readonly (readonly [name: string, kind: string, what: RegExp])[] = [
    ["busy", "hang", /^no answer in 3 s$/],
    ["waiting", "hang", /^no answer in 3 s$/],
    ["killed", "crash", /SIGSEGV/],
    ["unhandled", "crash", /status 1$/],
    ["memory", "crash", /SIGABRT|SIGTRAP|status 13[34]/],
    ["mute", "crash", /status 3$/],
  ];
  test("whatever ends it, the case is known, and nothing is left behind", async () => {
    const before = leftovers();
    await Promise.all(
      endings.map(async ([name, kind, what]) => {
        const report = await superviseTarget(brokenTarget(name), {
          cases: 100,
          seed: 9,
          child: BROKEN,
          ...(kind === "hang" ? { caseDeadlineMs: HANG_DEADLINE_MS } : {}),
          showsOutput: false,
        });
        assert.equal(holds(report), false, name);
        const [failure] = report.failures;
        assert.deepEqual(
          [report.failures.length, failure?.kind, failure?.seed, failure?.case, failure?.bytes],
          [1, kind, 9, 7, "0x07ab"],
          name,
        );
        assert.match(failure?.what ?? "", what, name);
      }),
    );
    assert.deepEqual(
      leftovers().filter((name) => !before.includes(name)),
      [],
    );
  });

  test("it is ended when the run is stopped", async () => {
    const stopping = new AbortController();
    const run = superviseTarget(brokenTarget("waiting"), {
      cases: 100,
      seed: 9,
      child: BROKEN,
      stop: stopping.signal,
      onProgress: () => stopping.abort(),
    });
    await assert.rejects(run, (error) => isRollupError(error, "STOPPED"));
  });
});
