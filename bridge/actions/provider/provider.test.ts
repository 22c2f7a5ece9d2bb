import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { concat, type Hex, padHex, stringToHex } from "viem";
import { className, classWord } from "./contract.ts";
import { type PledgeFacts, pledgeState } from "./status.ts";

describe("a class's name", () => {
  it("is the text of its word, left-aligned", () => {
    assert.equal(classWord("H100"), stringToHex("H100", { size: 32 }));
    fc.assert(
      fc.property(fc.stringMatching(/^[!-~]{1,32}$/), (name) => {
        const word = classWord(name);
        assert.equal(word && className(word), name);
      }),
    );
  });

  it("is none where a person could not read it", () => {
    for (const name of ["", " ", "H 100", "H100\0", "Ä", "x".repeat(33)])
      assert.equal(classWord(name), undefined);
    const words: readonly Hex[] = [
      padHex("0x0", { size: 32 }),
      padHex("0x1", { size: 32 }),
      concat([padHex("0x48", { size: 31, dir: "right" }), "0x48"]),
    ];
    for (const word of words) assert.equal(className(word), word);
  });
});

describe("a pledge's state", () => {
  const facts: PledgeFacts = { shares: 1n, weight: 0n, device: undefined, releasableAt: undefined };
  const cases: readonly (readonly [string, Partial<PledgeFacts>])[] = [
    ["awaiting-admission", {}],
    ["short", { device: "0x01" }],
    ["earning", { device: "0x01", weight: 1n }],
    ["unbonding", { releasableAt: 11n }],
    ["releasable", { releasableAt: 10n }],
    ["ended", { releasableAt: 11n, shares: 0n }],
    ["ended", { releasableAt: 9n, shares: 0n }],
    ["short", { shares: 0n }],
  ];
  for (const [state, part] of cases) {
    it(`is ${state}`, () => assert.equal(pledgeState({ ...facts, ...part }, 10n), state));
  }
});
