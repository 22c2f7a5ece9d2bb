import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { silentLog } from "@phala-l2/protocol/log";
import fc from "fast-check";
import { createProgress, durationText, estimate, type ProgressSample } from "./progress.ts";

const sample = (at: number, safe: bigint, l1: bigint, l1Head: bigint): ProgressSample => ({
  at,
  safe,
  l1,
  l1Head,
});

describe("the estimate of a catch-up", () => {
  it("divides what is left by the speed at which L1's head comes nearer", () => {
    // 10 L1 blocks a second are read, and one is added: 900 left, nine less each second.
    const found = estimate(sample(0, 0n, 1000n, 1990n), sample(10_000, 605n, 1100n, 2000n), 1000n);
    assert.deepEqual(found, { l1Behind: 900, percentage: 10, blocksPerSecond: 60.5, etaSeconds: 100 });
  });

  it("says of no end where L1 grows at least as fast as it is read", () => {
    for (const [l1, l1Head] of [
      [110n, 210n],
      [105n, 210n],
      [100n, 200n],
      [90n, 200n],
    ] as const) {
      const found = estimate(sample(0, 5n, 100n, 200n), sample(1000, 5n, l1, l1Head), 0n);
      assert.equal(found.etaSeconds, undefined);
    }
  });

  it("of two looks at one moment, or of time that ran back, names no speed", () => {
    for (const at of [1000, 500]) {
      const found = estimate(sample(1000, 5n, 100n, 200n), sample(at, 9n, 150n, 200n), 100n);
      assert.deepEqual(found, { l1Behind: 50, percentage: 50, blocksPerSecond: 0, etaSeconds: undefined });
    }
  });

  it("is done at L1's head, and beyond it when L1's server lags", () => {
    for (const l1 of [200n, 205n]) {
      const found = estimate(sample(0, 5n, 100n, 200n), sample(1000, 9n, l1, 200n), 100n);
      assert.deepEqual(found, { l1Behind: 0, percentage: 100, blocksPerSecond: 4, etaSeconds: 0 });
    }
  });

  it("takes back no speed after a reorg took blocks back", () => {
    const found = estimate(sample(0, 500n, 100n, 200n), sample(1000, 400n, 110n, 200n), 100n);
    assert.equal(found.blocksPerSecond, 0);
  });

  it("never says 100 % before the end, nor a share out of bounds (property)", () => {
    const number = fc.bigInt({ min: 0n, max: 30_000_000n });
    fc.assert(
      fc.property(number, number, number, number, fc.nat(), (genesis, from, l1, l1Head, at) => {
        const found = estimate(sample(0, 0n, from, l1Head), sample(at, 1n, l1, l1Head), genesis);
        assert.ok(found.percentage >= 0 && found.percentage <= 100);
        if (l1 < l1Head && l1Head > genesis) assert.ok(found.percentage < 100);
        assert.ok(found.etaSeconds === undefined || found.etaSeconds >= 0);
        assert.ok(Number.isFinite(found.blocksPerSecond) && found.blocksPerSecond >= 0);
      }),
      { seed: 11 },
    );
  });

  it("is told in the two largest units", () => {
    const cases = [
      [0, "0s"],
      [59.9, "59s"],
      [60, "1min"],
      [61, "1min 1s"],
      [3600, "1h"],
      [3601, "1h"],
      [93_784, "1d 2h"],
      [86_400 * 40 + 60, "40d"],
    ] as const;
    for (const [seconds, text] of cases) assert.equal(durationText(seconds), text);
  });
});

describe("the log of a catch-up", () => {
  function setUp(l1Confirmations = 0n) {
    const lines: { readonly facts: object; readonly message: string }[] = [];
    let now = 0;
    const log = { ...silentLog, info: (facts: object, message: string) => lines.push({ facts, message }) };
    const clock = { now: () => now, sleep: async () => {} };
    const progress = createProgress({ clock, log, l1Genesis: 0n, l1Confirmations });
    const note = (at: number, l1: bigint, l1Head = 1000n, safe = l1 * 6n) => {
      now = at;
      progress.note({ safe, l1, l1Head });
    };
    return { note, lines, messages: () => lines.map(({ message }) => message) };
  }

  it("has a line each ten seconds while the node is behind, and one when it has arrived", () => {
    const { note, messages, lines } = setUp();
    for (let second = 0; second <= 30; second++) note(second * 1000, BigInt(100 + second * 10));
    note(31_000, 995n);
    note(45_000, 1000n);
    assert.deepEqual(messages(), [
      "deriving from L1: 20.0%, 60 blocks/s, 1min 20s to go",
      "deriving from L1: 30.0%, 60 blocks/s, 1min 10s to go",
      "deriving from L1: 40.0%, 60 blocks/s, 1min to go",
      "caught up with L1",
    ]);
    assert.deepEqual(lines[0]?.facts, {
      safe: 1200n,
      l1Block: 200n,
      l1Behind: 800,
      percentage: 20,
      blocksPerSecond: 60,
      etaSeconds: 80,
    });
  });

  it("has none of a node that follows L1's head, nor of one that stays behind by its own wish", () => {
    const near = setUp();
    for (let second = 0; second < 100; second++) near.note(second * 1000, 992n + BigInt(second % 9));
    assert.deepEqual(near.messages(), []);
    const confirming = setUp(50n);
    for (let second = 0; second < 100; second++) confirming.note(second * 1000, 945n);
    assert.deepEqual(confirming.messages(), []);
  });

  it("forgets speeds of before a reset, and of more than a minute ago", () => {
    const { note, messages } = setUp();
    note(0, 500n);
    note(10_000, 600n);
    note(20_000, 100n);
    note(30_000, 110n);
    assert.deepEqual(messages().slice(1), ["deriving from L1: 11.0%, 6 blocks/s, 14min 50s to go"]);
    for (let at = 40_000; at <= 100_000; at += 10_000) note(at, 110n + BigInt(at - 30_000) / 100n / 5n);
    assert.match(messages().at(-1) ?? "", /12 blocks\/s/);
  });

  it("says so when L1 grows as fast as it is read", () => {
    const { note, messages } = setUp();
    note(0, 100n, 200n);
    note(10_000, 110n, 210n);
    assert.match(messages()[0] ?? "", /L1 grows as fast$/);
  });
});
