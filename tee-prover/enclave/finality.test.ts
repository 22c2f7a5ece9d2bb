import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ZERO_HASH } from "@phala-l2/protocol/bytes";
import { encodeFinalityWitness, encodeHandOver, finalityAnchor } from "@phala-l2/protocol/substrate/finality";
import { verifyJustification } from "@phala-l2/protocol/substrate/grandpa";
import { encodeHeader, headerHash, type SubstrateHeader } from "@phala-l2/protocol/substrate/header";
import { announcement, child, SET_ID, voter } from "@phala-l2/protocol/substrate/testing/grandpa-votes";
import { SNAPSHOT_RULES, sunsetSettingsHash } from "@phala-l2/protocol/sunset-statement";
import { FinalityBook, MAX_PAST_SETS, MAX_VERIFIED } from "./finality.ts";
import { piecesOf } from "./state-pieces.ts";
import { bornEnclave, HEADER, outcomeOf, requestOf, STATE } from "./testing/frozen-state.ts";
import { justified, SOURCE, shown, VOTERS } from "./testing/voters.ts";

describe("finality, where settings name an anchor", () => {
  const anchor = finalityAnchor(SOURCE);
  const request = { ...requestOf(HEADER), finalityAnchor: anchor };

  it("has to be shown from that anchor on, before anything is read", async () => {
    const enclave = bornEnclave();
    const finality = shown(HEADER);
    assert.equal(await outcomeOf({ ...request, finality }, piecesOf(STATE), enclave), "anchor-unknown");
    assert.equal(enclave.pinFinality(SOURCE).kind, "following");
    assert.equal(await outcomeOf(request, piecesOf(STATE), enclave), "finality-not-shown");
    const foreign = shown(child(ZERO_HASH, 4_321n));
    const cases: readonly (readonly [Uint8Array, string])[] = [
      [foreign, "block-not-final"],
      [finality.subarray(1), "scale-truncated"],
      [shown(HEADER, VOTERS.slice(1, 3)), "weight-insufficient"],
    ];
    for (const [witness, reason] of cases) {
      const outcome = await outcomeOf({ ...request, finality: witness }, piecesOf(STATE), enclave);
      assert.ok(outcome === reason || outcome.startsWith("scale-"), `${outcome}, not ${reason}`);
    }
    const signed = await enclave.signSunset({ ...request, finality }, { state: piecesOf(STATE) });
    assert.ok(signed.kind === "signed");
    assert.deepEqual(
      signed.settingsHash,
      sunsetSettingsHash({ finalityAnchor: anchor, rules: SNAPSHOT_RULES, registrationsFrom: 0n }),
    );
  });

  it("goes on to the sets that follow, and to no others", async () => {
    const enclave = bornEnclave();
    enclave.pinFinality(SOURCE);
    const next = Array.from({ length: 4 }, voter);
    const change = child(ZERO_HASH, 4_000n, [announcement(1, next)]);
    const forged = encodeHandOver({ header: encodeHeader(change), justification: justified(change, next) });
    assert.equal(enclave.followFinality(anchor, forged).kind, "refused");
    const handOver = encodeHandOver({ header: encodeHeader(change), justification: justified(change) });
    assert.deepEqual(enclave.followFinality(ZERO_HASH, handOver), {
      kind: "refused",
      reason: "anchor-unknown",
    });
    const followed = enclave.followFinality(anchor, handOver);
    assert.ok(followed.kind === "following");
    assert.equal(followed.setId, SET_ID + 1n);
    assert.deepEqual(enclave.pinFinality(SOURCE), followed, "it does not fall back");
    const byNext = shown(HEADER, next, SET_ID + 1n);
    assert.equal(await outcomeOf({ ...request, finality: byNext }, piecesOf(STATE), enclave), "signed");
    const beforeIt = await outcomeOf({ ...request, finality: shown(HEADER) }, piecesOf(STATE), enclave);
    assert.equal(beforeIt, "signed", "who shows a block may not know yet of the hand-over");
  });

  it("forgets sets that handed over long ago", async () => {
    const enclave = bornEnclave();
    enclave.pinFinality(SOURCE);
    const outcomes: string[] = [];
    for (let step = 0; step <= MAX_PAST_SETS; step++) {
      const change = child(ZERO_HASH, 4_000n + BigInt(step), [announcement(1, VOTERS)]);
      const by = justified(change, VOTERS, SET_ID + BigInt(step));
      const handOver = encodeHandOver({ header: encodeHeader(change), justification: by });
      assert.equal(enclave.followFinality(anchor, handOver).kind, "following");
      if (step < MAX_PAST_SETS - 1) continue;
      outcomes.push(await outcomeOf({ ...request, finality: shown(HEADER) }, piecesOf([]), enclave));
    }
    // What is not final is refused before anything else is looked at.
    assert.ok(!outcomes.slice(0, -1).includes("signature-invalid"), outcomes.join());
    assert.equal(outcomes.at(-1), "signature-invalid");
  });

  it("is followed for few chains only", () => {
    const enclave = bornEnclave();
    const kinds = Array.from({ length: 9 }, (_, paraId) => enclave.pinFinality({ ...SOURCE, paraId }).kind);
    assert.deepEqual(kinds, [...Array.from({ length: 8 }, () => "following"), "refused"]);
    assert.equal(bornEnclave().pinFinality({ set: { id: 0n, authorities: [] }, paraId: 0 }).kind, "refused");
  });
});

describe("votes that were counted", () => {
  const anchor = finalityAnchor(SOURCE);

  /** A book that follows the voters' chain, and how often it counted. */
  function countingBook() {
    let counted = 0;
    const book = new FinalityBook((bytes, set) => {
      counted += 1;
      return verifyJustification(bytes, set);
    });
    assert.equal(book.pin(SOURCE).kind, "following");
    const ask = (header: SubstrateHeader, witness = shown(header), by = anchor) => {
      const before = counted;
      return { fault: book.faultOf(by, [headerHash(header)], [witness]), counted: () => counted - before };
    };
    const outcome = (...given: Parameters<typeof ask>) => {
      const { fault, counted: count } = ask(...given);
      return [fault, count()];
    };
    return { book, outcome };
  }

  /** The voters' own hand-over to themselves. */
  const change = (height: bigint, setId = SET_ID) => {
    const header = child(ZERO_HASH, height, [announcement(1, VOTERS)]);
    const justification = justified(header, VOTERS, setId);
    return encodeHandOver({ header: encodeHeader(header), justification });
  };

  it("are not counted again for another block below the one that they made final", () => {
    const { outcome } = countingBook();
    const top = child(headerHash(HEADER), HEADER.number + 1n);
    const [justification, final] = [justified(top), encodeHeader(top)];
    const witness = (descent: readonly Uint8Array[]) =>
      encodeFinalityWitness({ justification, justified: final, nodes: [], descent });
    assert.deepEqual(outcome(top, witness([])), [undefined, 1]);
    assert.deepEqual(outcome(top, witness([])), [undefined, 0]);
    assert.deepEqual(outcome(HEADER, witness([encodeHeader(HEADER)])), [undefined, 0]);
    assert.deepEqual(outcome(HEADER, witness([])), ["block-not-final", 0]);
    assert.deepEqual(outcome(HEADER), [undefined, 1], "other votes are others");
  });

  it("are not counted at all where they would prove nothing", () => {
    const { outcome } = countingBook();
    assert.deepEqual(outcome(HEADER, shown(child(ZERO_HASH, 4_321n))), ["block-not-final", 0]);
    assert.deepEqual(outcome(HEADER, shown(HEADER).subarray(1)).at(1), 0);
  });

  it("are counted again when they were refused, and refused again", () => {
    const { book, outcome } = countingBook();
    const early = shown(HEADER, VOTERS, SET_ID + 1n);
    assert.deepEqual(outcome(HEADER, early), ["signature-invalid", 1]);
    assert.deepEqual(outcome(HEADER, early), ["signature-invalid", 1]);
    assert.equal(book.follow(anchor, change(4_000n)).kind, "following");
    assert.deepEqual(outcome(HEADER, early), [undefined, 1], "a hand-over makes them good");
    assert.deepEqual(outcome(HEADER, early), [undefined, 0]);
  });

  it("are good for their own anchor only", () => {
    const { book, outcome } = countingBook();
    assert.deepEqual(outcome(HEADER), [undefined, 1]);
    const others = Array.from({ length: 4 }, voter);
    const other = {
      ...SOURCE,
      set: { id: SET_ID, authorities: others.map(({ key }) => ({ key, weight: 1n })) },
    };
    assert.equal(book.pin(other).kind, "following");
    assert.deepEqual(outcome(HEADER, shown(HEADER), finalityAnchor(other)), ["weight-insufficient", 1]);
  });

  it("end with the set that cast them", () => {
    const { book, outcome } = countingBook();
    const witness = shown(HEADER);
    assert.deepEqual(outcome(HEADER, witness), [undefined, 1]);
    for (let step = 0n; step <= BigInt(MAX_PAST_SETS); step++) {
      assert.deepEqual(outcome(HEADER, witness), [undefined, 0]);
      assert.equal(book.follow(anchor, change(4_000n + step, SET_ID + step)).kind, "following");
    }
    assert.deepEqual(outcome(HEADER, witness), ["signature-invalid", 1 + MAX_PAST_SETS]);
  });

  it("are forgotten for newer ones, those first that nobody asked for", () => {
    // What is remembered is under test here, not what is counted.
    let counted = 0;
    const book = new FinalityBook(() => {
      counted += 1;
      return { kind: "final", block: { hash: ZERO_HASH, number: 0n, round: 0n } };
    });
    book.pin(SOURCE);
    const headers = Array.from({ length: MAX_VERIFIED + 1 }, (_, i) => child(ZERO_HASH, BigInt(i)));
    const ask = (header: SubstrateHeader | undefined) => {
      assert.ok(header);
      const before = counted;
      assert.equal(book.faultOf(anchor, [headerHash(header)], [shown(header, [])]), undefined);
      return counted - before;
    };
    const [first, second, ...rest] = headers;
    for (const header of [first, second, ...rest.slice(0, -1)]) assert.equal(ask(header), 1);
    assert.equal(ask(first), 0);
    assert.equal(ask(rest.at(-1)), 1, "the one too many");
    assert.equal(ask(first), 0);
    assert.equal(ask(second), 1);
  });
});
