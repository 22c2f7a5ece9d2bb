import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { durationText, phaText, timeText, votesText, weiText, whenText } from "./wording.ts";

describe("numbers as people read them", () => {
  it("are amounts with all decimals that are not zero, and the exact number beside", () => {
    for (const [wei, text] of [
      [0n, "0"],
      [1n, "0.000000000000000001"],
      [10n ** 18n, "1"],
      [1_234_567n * 10n ** 18n + 5n * 10n ** 17n, "1,234,567.5"],
      [999n * 10n ** 18n, "999"],
    ] as const) {
      assert.equal(weiText(wei), text);
    }
    assert.equal(phaText(15n * 10n ** 17n), "1.5 PHA (1500000000000000000 wei)");
  });

  it("are votes to six decimals, and say so where that is not all", () => {
    assert.equal(votesText(10n ** 27n), "1,000");
    assert.equal(votesText(10n ** 27n + 1n), "about 1,000");
    assert.equal(votesText(10n ** 27n + 5n * 10n ** 18n), "1,000.000005");
  });

  it("are durations in two parts at most", () => {
    for (const [seconds, text] of [
      [0n, "0 s"],
      [59n, "59 s"],
      [60n, "1 min"],
      [3_599n, "59 min 59 s"],
      [86_400n, "1 d"],
      [20n * 86_400n + 3n * 3_600n + 59n, "20 d 3 h"],
      [86_400n + 59n, "1 d"],
    ] as const) {
      assert.equal(durationText(seconds), text);
    }
  });

  it("are times with how far they are away, and those beyond all dates as they are", () => {
    assert.equal(timeText(1_797_091_112n), "2026-12-12 15:58:32 UTC");
    assert.equal(timeText(0n), "1970-01-01 00:00:00 UTC");
    assert.equal(timeText(2n ** 64n), `Unix second ${2n ** 64n}`);
    assert.equal(whenText(1_797_091_112n, 1_797_091_100n), "2026-12-12 15:58:32 UTC, in 12 s");
    assert.equal(whenText(1_797_091_112n, 1_797_091_172n), "2026-12-12 15:58:32 UTC, 1 min ago");
    assert.equal(whenText(5n, 5n), "1970-01-01 00:00:05 UTC, now");
  });
});
