import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { systemConfigAbi } from "@phala-l2/contracts/abi/system-config";
import { encodeFunctionData, zeroHash } from "viem";
import { type Call, callForL1 } from "./batch.ts";
import { callLines, statusLines } from "./in-words.ts";
import type { ProposalStatus } from "./status.ts";

const GOVERNANCE = {
  governor: "0x00000000000000000000000000000000000000a1",
  l1Executor: "0x00000000000000000000000000000000000000a2",
} as const;
const NOW = 1_800_000_000n;
const TARGET = "0x0000000000000000000000000000000000000033";

const setGasLimit: Call = {
  target: TARGET,
  value: 0n,
  data: encodeFunctionData({ abi: systemConfigAbi, functionName: "setGasLimit", args: [80_000_000n] }),
};
const unknown: Call = { target: TARGET, value: 5n, data: "0xdeadbeef" };

describe("what a proposal does, in words", () => {
  it("is each call with its layer, what the message to L1 carries among them", () => {
    const batch = { calls: [setGasLimit], predecessor: zeroHash, salt: zeroHash, validUntil: NOW };
    assert.deepEqual(callLines(GOVERNANCE, [unknown, callForL1(GOVERNANCE.l1Executor, batch)]), [
      `On L2: unknown call 0xdeadbeef at ${TARGET}, paying 5 wei of ether`,
      `On L1: setGasLimit(uint64) with ["80000000"] at ${TARGET}`,
    ]);
  });
});

const status: ProposalStatus = {
  proposalId: 7n,
  state: "pending",
  voteStart: NOW + 59n,
  voteEnd: NOW + 3_600n,
  votes: { for: 2n * 10n ** 24n, against: 0n, abstain: 0n, quorum: undefined },
  guardianMayCancelUntil: NOW + 7_200n,
  eta: 0n,
  remaining: 0n,
  calls: [],
  onL1: [],
};

describe("where a proposal stands, in words", () => {
  const first = (changes: Partial<ProposalStatus>) =>
    statusLines({ ...status, ...changes }, GOVERNANCE, NOW)[0] ?? "";

  it("is what comes next, and when", () => {
    assert.equal(
      first({}),
      "Pending: votes can be cast from 2027-01-15 08:01:00 UTC, in 1 min; what is staked by then counts.",
    );
    assert.match(first({ state: "active" }), /^Active: .* until 2027-01-15 09:00:00 UTC, in 1 h\.$/);
    assert.match(first({ state: "succeeded" }), /'l2 governance queue'/);
    assert.match(first({ state: "queued", eta: NOW + 86_400n }), /from 2027-01-16 08:00:00 UTC, in 1 d\.$/);
    assert.match(first({ state: "queued", eta: NOW }), /ready: 'l2 governance execute'/);
    for (const state of ["canceled", "defeated", "expired"] as const) {
      assert.match(first({ state }), new RegExp(`^It is ${state}: nothing more comes of it\\.$`));
    }
  });

  it("names votes and quorum, and the guardian only while he may cancel", () => {
    const lines = statusLines({ ...status, votes: { ...status.votes, quorum: 10n ** 24n } }, GOVERNANCE, NOW);
    assert.equal(lines[1], "Votes: 2 for, 0 against, 0 abstain; for and abstain must reach 1.");
    assert.equal(lines[2], "The guardian may cancel it for 2 h more.");
    for (const [state, now] of [
      ["active", NOW + 7_200n],
      ["executed", NOW],
      ["defeated", NOW],
    ] as const) {
      const told = statusLines({ ...status, state }, GOVERNANCE, now).join("\n");
      assert.doesNotMatch(told, /guardian/, state);
    }
  });

  it("tells of L1 once L2 has executed", () => {
    const batch = { id: zeroHash, remaining: 0n, validUntil: NOW + 86_400n, vetoableUntil: 0n, calls: [] };
    const on = (state: "not-scheduled" | "waiting" | "ready" | "executed", of: "queued" | "executed") =>
      statusLines(
        { ...status, state: of, onL1: [{ ...batch, state, readyAt: NOW + 40n }] },
        GOVERNANCE,
        NOW,
      ).at(-1);
    assert.match(on("waiting", "executed") ?? "", /from 2027-01-15 08:00:40 UTC, in 40 s\.$/);
    assert.match(on("ready", "executed") ?? "", /'l2 governance execute-on-l1'/);
    assert.match(on("not-scheduled", "executed") ?? "", /must arrive until 2027-01-16/);
    assert.doesNotMatch(on("waiting", "queued") ?? "", /L1/);
  });
});
