import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bytesEqual } from "@phala-l2/protocol/bytes";
import { encodeSingular } from "@phala-l2/protocol/wire/batch";
import { channelOf, spanPayload } from "./batcher-data.ts";
import { l2Transaction } from "./l2-transactions.ts";
import { type Execution, reasonsOf, Scenario } from "./scenario.ts";

/** Stands for a transaction that execution finds invalid; derivation cannot know. */
const INVALID = l2Transaction(666);
const rejectsInvalid: Execution = ({ attributes }) =>
  !attributes.transactions.some((raw) => bytesEqual(raw, INVALID));

/**
 * One channel whose first batch has a payload that execution rejects, and whose second is a valid batch on the
 * block of deposits that replaces it: what only a batcher writes who knows that replacement in advance.
 */
function maliciousChannel() {
  const scenario = new Scenario();
  scenario.l1.mine();
  const replacement = scenario.sequence();
  const next = scenario.sequence([l2Transaction(1)]);
  const invalid = { ...replacement, transactions: [INVALID] };
  return { scenario, invalid, next };
}

describe("holocene/derivation.md, Engine Queue: what follows an invalid payload depends on the start (ADR 0011)", () => {
  it("a run that saw the invalid payload flushes the rest of its channel", () => {
    const { scenario, invalid, next } = maliciousChannel();
    scenario.mineChannel(channelOf([invalid, next].map(encodeSingular)));
    const { blocks, derived } = scenario.derive(rejectsInvalid);
    assert.equal(blocks.length, 1);
    assert.equal(derived.length, 2, "the invalid payload, then its deposits");
    assert.equal(scenario.verifier.head.ref.number, 1n);
  });

  it("a run that starts at the replacement takes the first batch for past, and accepts the second", () => {
    const { scenario, invalid, next } = maliciousChannel();
    scenario.mineChannel(channelOf([invalid, next].map(encodeSingular)));
    scenario.derive(rejectsInvalid);
    scenario.restart();
    const { blocks, dropped } = scenario.derive(rejectsInvalid);
    assert.deepEqual(reasonsOf({ dropped }), ["batch-past"]);
    assert.equal(blocks.length, 1);
    assert.deepEqual(scenario.verifier.head.ref, scenario.sequencer.head.ref);
  });

  it("runs of one start agree, whether L1 grows under them or lies there already", () => {
    const { scenario, invalid, next } = maliciousChannel();
    scenario.derive(rejectsInvalid);
    scenario.mineChannel(channelOf([invalid, next].map(encodeSingular)));
    scenario.derive(rejectsInvalid);
    scenario.l1.mine();
    scenario.derive(rejectsInvalid);
    const grown = scenario.verifier.head.ref;
    scenario.verifier.rewind(0n);
    scenario.restart();
    scenario.derive(rejectsInvalid);
    assert.deepEqual(scenario.verifier.head.ref, grown);
    assert.equal(grown.number, 1n);
  });

  it("a span batch does not: from the replacement on, its overlap is not the safe chain's", () => {
    const { scenario, invalid, next } = maliciousChannel();
    scenario.mineChannel(channelOf([spanPayload(scenario.config, [invalid, next], false)]));
    assert.equal(scenario.derive(rejectsInvalid).blocks.length, 1);
    scenario.restart();
    const { blocks, dropped } = scenario.derive(rejectsInvalid);
    assert.deepEqual([blocks.length, reasonsOf({ dropped })], [0, ["overlap-mismatch"]]);
  });

  it("an honest batcher's channel does not: its second batch builds on the first as it was posted", () => {
    const scenario = new Scenario();
    scenario.l1.mine();
    const batches = [scenario.sequence([INVALID]), scenario.sequence()];
    scenario.mineBatches(batches);
    assert.equal(scenario.derive(rejectsInvalid).blocks.length, 1);
    scenario.restart();
    const { blocks, dropped } = scenario.derive(rejectsInvalid);
    assert.deepEqual([blocks.length, reasonsOf({ dropped })], [0, ["batch-past", "parent-mismatch"]]);
  });
});
