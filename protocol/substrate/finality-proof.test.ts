import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { bytesEqual, concatBytes, ZERO_HASH } from "../bytes.ts";
import { decodeFinalityProof } from "./finality-proof.ts";
import { announcedSet, decodeAuthorities } from "./grandpa.ts";
import { encodeHeader, headerHash } from "./header.ts";
import { announcement, child, compact, u64, voter } from "./testing/grandpa-votes.ts";

const HEADERS = [child(ZERO_HASH, 8n), child(ZERO_HASH, 9n)];
const BLOCK = headerHash(child(ZERO_HASH, 9n));
const VOTES = new Uint8Array(70).fill(3);
const PROOF = concatBytes(BLOCK, compact(VOTES.length), VOTES, compact(2), ...HEADERS.map(encodeHeader));

describe("what a node answers to grandpa_proveFinality", () => {
  it("is a block, its justification, and the headers up to it", () => {
    const decoded = decodeFinalityProof(PROOF);
    assert.ok(decoded.kind === "ok");
    const { block, justification, headers } = decoded.value;
    assert.ok(bytesEqual(block, BLOCK) && bytesEqual(justification, VOTES));
    assert.deepEqual(headers.map(headerHash), HEADERS.map(headerHash));
  });

  it("is a value, however it is cut or padded", () => {
    for (const length of [0, 31, 32, 40, PROOF.length - 1]) {
      assert.deepEqual(decodeFinalityProof(PROOF.subarray(0, length)), {
        kind: "invalid",
        reason: "scale-truncated",
      });
    }
    assert.deepEqual(decodeFinalityProof(concatBytes(PROOF, Uint8Array.of(0))), {
      kind: "invalid",
      reason: "scale-trailing-bytes",
    });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        assert.ok(["ok", "invalid"].includes(decodeFinalityProof(bytes).kind));
        assert.ok(["ok", "invalid"].includes(decodeAuthorities(bytes).kind));
      }),
      { numRuns: 300 },
    );
  });
});

describe("an authority set, as a runtime or a header names it", () => {
  const voters = Array.from({ length: 3 }, voter);

  it("is its members with their weights", () => {
    const list = concatBytes(compact(3), ...voters.map(({ key }) => concatBytes(key, u64(1n))));
    const wanted = voters.map(({ key }) => ({ key, weight: 1n }));
    assert.deepEqual(decodeAuthorities(list), { kind: "ok", value: wanted });
    assert.equal(decodeAuthorities(concatBytes(list, Uint8Array.of(0))).kind, "invalid");
    const announced = announcedSet(child(ZERO_HASH, 5n, [announcement(1, voters)]), 13n);
    assert.deepEqual(announced, { kind: "set", set: { id: 13n, authorities: wanted } });
  });

  it("is none that is forced, delayed or not announced", () => {
    for (const [digest, reason] of [
      [[], "hand-over-absent"],
      [[announcement(2, voters)], "hand-over-forced"],
      [[announcement(1, voters, 1)], "hand-over-delayed"],
    ] as const) {
      assert.deepEqual(announcedSet(child(ZERO_HASH, 5n, digest), 13n), { kind: "refused", reason });
    }
  });
});
