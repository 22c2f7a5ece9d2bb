import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encodeErrorResult, pad, parseAbi, toHex } from "viem";
import { CALLED_CONTRACTS, KNOWN_ERRORS, readRefusal, WORDS } from "./known.ts";
import { FORMS, PLACEHOLDER } from "./render.ts";

/** Solidity's own, of an overflow. */
const PANIC = `0x4e487b71${"11".padStart(64, "0")}` as const;
const NOW = 1_800_000_000n;

describe("contracts' errors in words", () => {
  for (const [contract, abi] of Object.entries(CALLED_CONTRACTS)) {
    it(`are there for each error of ${contract}, or why no verb meets it`, () => {
      const names = abi.filter((item) => item.type === "error").map(({ name }) => name);
      assert.deepEqual(
        names.filter((name) => !Object.hasOwn(WORDS, name)),
        [],
        "has neither words nor a reason in bridge/refusals",
      );
    });
  }

  it("are of errors that exist", () => {
    const known = new Set(KNOWN_ERRORS.map(({ name }) => name));
    assert.deepEqual(
      Object.keys(WORDS).filter((name) => !known.has(name)),
      [],
    );
  });

  it("name inputs that the error has, in forms that fit their types", () => {
    for (const { name, inputs } of KNOWN_ERRORS) {
      const words = WORDS[name];
      if (words === undefined || "unmet" in words) continue;
      for (const [, input = "", form] of `${words.says} ${words.help}`.matchAll(PLACEHOLDER)) {
        const type = inputs.find((each) => each.name === input)?.type;
        assert.ok(type !== undefined, `${name} has no ${input}`);
        if (form !== undefined) assert.match(type, FORMS[form]?.fits ?? /^$/, `${name}: ${input} as ${form}`);
      }
    }
  });

  it("are sentences that say what is the case and what to do, and reasons that are more than a word", () => {
    for (const [name, words] of Object.entries(WORDS)) {
      if ("unmet" in words) assert.ok(words.unmet.length > 15, name);
      else {
        assert.match(words.says, /^[{A-Z0-9][^\n]+\.$/, name);
        assert.match(words.help, /^[{A-Z'0-9][^\n]+[.?]$/, name);
      }
    }
  });

  it("tell times with how far they are, and amounts in PHA", () => {
    const abi = parseAbi([
      "error SunsetClaims_Underfunded(uint256 wanted, uint256 found)",
      "error VotingPha_StillLocked(uint256 id, uint256 unlockAt)",
    ]);
    const locked = encodeErrorResult({
      abi,
      errorName: "VotingPha_StillLocked",
      args: [3n, NOW + 20n * 86_400n + 3n * 3_600n],
    });
    assert.equal(
      readRefusal(locked, NOW)?.says,
      "Request 3 can be claimed from 2027-02-04 11:00:00 UTC, in 20 d 3 h.",
    );
    const underfunded = encodeErrorResult({
      abi,
      errorName: "SunsetClaims_Underfunded",
      args: [15n * 10n ** 17n, 0n],
    });
    assert.match(readRefusal(underfunded, NOW)?.says ?? "", /holds 0 PHA, and this claim takes 1\.5\./);
  });

  it("tell the state that a proposal is in, and those that it takes", () => {
    const abi = parseAbi([
      "error GovernorUnexpectedProposalState(uint256 proposalId, uint8 current, bytes32 expectedStates)",
    ]);
    const refusalIn = (current: number, states: bigint) =>
      readRefusal(
        encodeErrorResult({
          abi,
          errorName: "GovernorUnexpectedProposalState",
          args: [7n, current, pad(toHex(states))],
        }),
        NOW,
      )?.says;
    assert.equal(refusalIn(0, 0b10n), "Proposal 7 is pending, and must be active for this.");
    assert.equal(refusalIn(1, 0b110000n), "Proposal 7 is active, and must be succeeded or queued for this.");
    assert.equal(refusalIn(3, 0n), "Proposal 7 is defeated, and must be new for this.");
  });

  it("are not made up for data that are no known error", () => {
    for (const data of ["0x", "0x12345678", "0x1234", toHex("garbage"), PANIC] as const) {
      assert.equal(readRefusal(data, NOW), undefined, data);
    }
  });
});
