import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { asHash, bytesEqual, ZERO_HASH } from "../bytes.ts";
import {
  type AuthoritySet,
  MAX_JUSTIFICATION_BYTES,
  nextSet,
  precommitPayload,
  thresholdOf,
  verifyJustification,
} from "./grandpa.ts";
import { headerHash, type SubstrateHeader } from "./header.ts";
import {
  announcement,
  type Cast,
  child,
  compact,
  justification,
  ROUND,
  SET_ID,
  u32,
  u64,
  type Vote,
  type Voter,
  voter,
} from "./testing/grandpa-votes.ts";

const VOTERS = Array.from({ length: 7 }, voter);
const SET: AuthoritySet = { id: SET_ID, authorities: VOTERS.map(({ key }) => ({ key, weight: 1n })) };

const HEAD = child(ZERO_HASH, 100n);
const TARGET: Vote = { hash: headerHash(HEAD), number: 100 };
const ABOVE = child(headerHash(HEAD), 101n);
const TOP = child(headerHash(ABOVE), 102n);
const byAll = (count: number, vote: Vote = TARGET) => VOTERS.slice(0, count).map((by) => ({ ...vote, by }));
const voteFor = (header: SubstrateHeader): Vote => ({
  hash: headerHash(header),
  number: Number(header.number),
});

function reasonOf(bytes: Uint8Array, set: AuthoritySet = SET): string {
  const verdict = verifyJustification(bytes, set);
  return verdict.kind === "refused" ? verdict.reason : "final";
}

describe("a justification", () => {
  it("makes its target final when more than two thirds signed", () => {
    const verdict = verifyJustification(justification({ target: TARGET, votes: byAll(5) }), SET);
    assert.deepEqual(verdict, {
      kind: "final",
      block: { hash: asHash(TARGET.hash), number: 100n, round: ROUND },
    });
  });

  it("counts votes for descendants, by the headers between", () => {
    const votes = [...byAll(3), ...VOTERS.slice(3, 5).map((by) => ({ ...voteFor(TOP), by }))];
    assert.equal(reasonOf(justification({ target: TARGET, votes, headers: [TOP, ABOVE] })), "final");
    assert.equal(reasonOf(justification({ target: TARGET, votes, headers: [TOP] })), "precommit-unrelated");
    const stranger = child(ZERO_HASH, 101n);
    assert.equal(
      reasonOf(justification({ target: TARGET, votes, headers: [TOP, ABOVE, stranger] })),
      "ancestry-unused",
    );
  });

  it("weighs as the set does, to the very threshold", () => {
    // The finality-grandpa library's own table of thresholds.
    for (const [total, least] of [
      [3n, 3n],
      [4n, 3n],
      [5n, 4n],
      [7n, 5n],
      [100n, 67n],
      [103n, 69n],
    ] as const) {
      assert.equal(thresholdOf(total), least);
    }
    assert.equal(reasonOf(justification({ target: TARGET, votes: byAll(4) })), "weight-insufficient");
    const heavy = SET.authorities.map((each, i) => ({ ...each, weight: i === 0 ? 20n : 1n }));
    const set = { ...SET, authorities: heavy };
    assert.equal(reasonOf(justification({ target: TARGET, votes: byAll(1) }), set), "final");
    const others = VOTERS.slice(1).map((by) => ({ ...TARGET, by }));
    assert.equal(reasonOf(justification({ target: TARGET, votes: others }), set), "weight-insufficient");
  });

  it("is worth nothing with votes of another set, round, chain of blocks or kind", () => {
    const cases: readonly (readonly [readonly Cast[], string])[] = [
      [byAll(5).map((each) => ({ ...each, setId: 11n })), "signature-invalid"],
      [byAll(5).map((each) => ({ ...each, round: 4n })), "signature-invalid"],
      [byAll(5, { hash: ZERO_HASH, number: 100 }), "precommit-unrelated"],
      [byAll(5, { hash: TARGET.hash, number: 99 }), "precommit-below-target"],
      [byAll(5, { hash: TARGET.hash, number: 101 }), "precommit-unrelated"],
      [byAll(5, { hash: TARGET.hash, number: 4_000_000_000 }), "precommit-unrelated"],
      [[], "weight-insufficient"],
    ];
    for (const [votes, reason] of cases) {
      assert.equal(reasonOf(justification({ target: TARGET, votes })), reason);
    }
  });

  it("counts nobody twice, and strangers not at all", () => {
    const twice = [...byAll(4), ...byAll(4)];
    assert.equal(reasonOf(justification({ target: TARGET, votes: twice })), "weight-insufficient");
    const strangers = Array.from({ length: 3 }, voter).map((by) => ({ ...TARGET, by }));
    const votes = [...byAll(4), ...strangers];
    assert.equal(reasonOf(justification({ target: TARGET, votes })), "weight-insufficient");
    assert.equal(
      reasonOf(justification({ target: TARGET, votes: [...twice, ...twice] })),
      "too-many-precommits",
    );
  });

  it("counts the first vote of each member, and nothing once they decide", () => {
    const bad = (by: Voter): Cast => ({ ...TARGET, by, round: ROUND + 1n });
    const [first, ...others] = VOTERS;
    assert.ok(first);
    const cases: readonly (readonly [readonly Cast[], string])[] = [
      // Five of seven decide: what a sixth is said to have signed is not looked at.
      [[...byAll(5), ...VOTERS.slice(5).map(bad)], "final"],
      [[...byAll(4), ...VOTERS.slice(4).map(bad)], "signature-invalid"],
      [[bad(first), ...others.map((by) => ({ ...TARGET, by }))], "signature-invalid"],
      // Who stands twice counts by the first of the two alone, whatever the other is.
      [[...byAll(1), bad(first), ...byAll(5).slice(1)], "final"],
      [[bad(first), ...byAll(5)], "signature-invalid"],
      // Too few are too few before any signature is looked at.
      [VOTERS.slice(0, 4).map(bad), "weight-insufficient"],
      [[...byAll(4), ...VOTERS.slice(0, 4).map(bad)], "weight-insufficient"],
    ];
    for (const [i, [votes, reason]] of cases.entries()) {
      assert.equal(reasonOf(justification({ target: TARGET, votes })), reason, `case ${i}`);
    }
    const stray = [...byAll(5), { ...bad(first), hash: ZERO_HASH }];
    assert.equal(reasonOf(justification({ target: TARGET, votes: stray })), "precommit-unrelated");
  });

  it("is refused when any byte of it is another", () => {
    const good = justification({ target: TARGET, votes: byAll(5) });
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const bad = Uint8Array.from(good);
        bad[at] = (bad[at] ?? 0) ^ flip;
        const verdict = verifyJustification(bad, SET);
        assert.equal(verdict.kind, "refused", `byte ${at}`);
      }),
      { numRuns: 60 },
    );
    for (const length of [0, 8, 44, good.length - 1]) {
      assert.equal(reasonOf(good.subarray(0, length)), "scale-truncated");
    }
    assert.equal(reasonOf(Buffer.concat([good, Buffer.of(0)])), "scale-trailing-bytes");
    assert.equal(reasonOf(new Uint8Array(MAX_JUSTIFICATION_BYTES + 1)), "justification-too-large");
  });

  it("asks a set that can be one", () => {
    const good = justification({ target: TARGET, votes: byAll(5) });
    const [first] = SET.authorities;
    assert.ok(first);
    for (const authorities of [
      [],
      [...SET.authorities, first],
      [{ key: new Uint8Array(31), weight: 1n }],
      SET.authorities.map((each) => ({ ...each, weight: 0n })),
    ]) {
      assert.equal(reasonOf(good, { ...SET, authorities }), "authorities-malformed");
    }
    const noPoint = { key: new Uint8Array(32).fill(2), weight: 100n };
    const forged = justification({
      target: TARGET,
      votes: [{ ...TARGET, by: { key: noPoint.key, secret: voter().secret } }],
    });
    assert.equal(reasonOf(forged, { id: 12n, authorities: [noPoint] }), "signature-invalid");
  });

  it("signs what the payload says", () => {
    const wanted = Buffer.concat([Buffer.of(1), TARGET.hash, u32(100), u64(ROUND), u64(SET.id)]);
    const payload = precommitPayload(asHash(TARGET.hash), 100, { round: ROUND, setId: SET.id });
    assert.ok(bytesEqual(payload, wanted));
  });
});

describe("the next set of authorities", () => {
  const NEXT = Array.from({ length: 4 }, voter);
  const handOver = (digest: readonly Uint8Array[], votes = 5) => {
    const header = child(ZERO_HASH, 200n, digest);
    const target = voteFor(header);
    return { header, justification: justification({ target, votes: byAll(votes, target) }) };
  };

  it("is whom a final block announces", () => {
    const other = Buffer.concat([Buffer.of(4), Buffer.from("BABE"), compact(1), Buffer.of(1)]);
    const verdict = nextSet(SET, handOver([other, announcement(1, NEXT)]));
    assert.ok(verdict.kind === "set");
    assert.equal(verdict.set.id, 13n);
    assert.deepEqual(
      verdict.set.authorities.map(({ key }) => key),
      NEXT.map(({ key }) => key),
    );
    const target: Vote = { hash: ZERO_HASH, number: 201 };
    const votes = NEXT.map((by) => ({ ...target, by, setId: 13n }));
    assert.equal(reasonOf(justification({ target, votes }), verdict.set), "final");
    assert.equal(reasonOf(justification({ target, votes })), "weight-insufficient");
  });

  it("is nobody without announcement, finality, or the very header", () => {
    const announced = [announcement(1, NEXT)];
    const good = handOver(announced);
    const cases = [
      [handOver([]), "hand-over-absent"],
      [handOver(announced, 4), "weight-insufficient"],
      [handOver([announcement(1, NEXT, 1)]), "hand-over-delayed"],
      [handOver([announcement(2, NEXT)]), "hand-over-forced"],
      [handOver([announcement(1, [])]), "authorities-malformed"],
      [handOver([announcement(1, NEXT, 0, 1)]), "scale-truncated"],
      [{ ...good, header: child(ZERO_HASH, 201n, announced) }, "header-not-justified"],
    ] as const;
    for (const [given, reason] of cases) {
      assert.deepEqual(nextSet(SET, given), { kind: "refused", reason });
    }
  });
});
