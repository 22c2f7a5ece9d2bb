import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ETHER_OR_TOKEN, PHA, PHA_OF_PARACHAIN, readAmount } from "./amount.ts";

describe("an amount on the command line", () => {
  it("is whole units by their name, and least units else", () => {
    for (const [text, value] of [
      ["500PHA", 500n * 10n ** 18n],
      ["0.5 pha", 5n * 10n ** 17n],
      ["1.000000000000000001PHA", 10n ** 18n + 1n],
      ["500000000000000000000", 500n * 10n ** 18n],
      ["7wei", 7n],
      ["0", 0n],
      ["0PHA", 0n],
    ] as const) {
      assert.equal(readAmount(text, PHA), value, text);
    }
    assert.equal(readAmount("1.5PHA", PHA_OF_PARACHAIN), 1_500_000_000_000n);
    assert.equal(readAmount("1500000000000", PHA_OF_PARACHAIN), 1_500_000_000_000n);
    assert.equal(readAmount("5 planck", PHA_OF_PARACHAIN), 5n);
    assert.equal(readAmount("0.25ETH", ETHER_OR_TOKEN), 25n * 10n ** 16n);
    assert.equal(readAmount("5000000", ETHER_OR_TOKEN), 5_000_000n);
  });

  it("is refused where it can be misread, with what to write", () => {
    for (const [text, says] of [
      ["500", /500 alone is 500 wei.*write 500PHA, or 500wei/],
      ["999999999999", /next to nothing/],
      ["1.5", /1\.5 of what\? .*1\.5PHA, or a whole number of wei/],
      ["1.5wei", /of what/],
      ["1.0000000000000000001PHA", /18 decimals at most/],
      ["5ETH", /not '5ETH'/],
      ["-5PHA", /not '-5PHA'/],
      ["1e18", /not '1e18'/],
      ["1,000PHA", /not '1,000PHA'/],
      [".5PHA", /not/],
      ["0x10", /not/],
      ["", /not ''/],
      ["PHA", /not/],
    ] as const) {
      assert.throws(() => readAmount(text, PHA), { code: "SETTING_INVALID", message: says }, text);
    }
    assert.throws(() => readAmount("0.0000000000001PHA", PHA_OF_PARACHAIN), /12 decimals at most/);
  });
});
