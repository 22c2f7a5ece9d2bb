import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encodeSingular } from "@phala-l2/protocol/wire/batch";
import type { SingularBatch } from "@phala-l2/protocol/wire/singular-batch";
import { encodeTransaction, signTransaction } from "@phala-l2/protocol/wire/transaction";
import { channelOf, singularChannel, spanPayload } from "./batcher-data.ts";
import { L2_USER } from "./keys.ts";
import { l2Transaction } from "./l2-transactions.ts";
import { reasonsOf, Scenario } from "./scenario.ts";

/** Two L1 blocks and four L2 blocks, the first two of which are derived. */
function halfDerived(options = {}) {
  const scenario = new Scenario(options);
  scenario.l1.mineEmpty(2);
  const [b1, b2, b3, b4] = scenario.sequenceMany(4, (i) => [l2Transaction(i)]);
  assert.ok(b1 !== undefined && b2 !== undefined && b3 !== undefined && b4 !== undefined);
  scenario.mineBatches([b1, b2]);
  assert.equal(scenario.derive().blocks.length, 2);
  return { scenario, b1, b2, b3, b4 };
}

/** Derives one block of that many seconds after the genesis, all empty, the last of which is returned. */
function derivedUntil(scenario: Scenario, seconds: bigint, epoch: bigint): void {
  const end = scenario.config.genesis.l2Time + seconds;
  const batches: SingularBatch[] = [];
  while (scenario.sequencer.head.ref.timestamp < end) batches.push(scenario.sequence([], epoch));
  scenario.mineBatches(batches);
  assert.equal(scenario.derive().blocks.length, batches.length);
}

describe("derivation.md, Batch Queue: singular batches in Holocene's order", () => {
  const cases: readonly (readonly [
    rule: string,
    spoil: (good: SingularBatch, scenario: Scenario) => SingularBatch,
    reason: string,
  ])[] = [
    ["a timestamp after the next is dropped", (b) => ({ ...b, timestamp: b.timestamp + 2n }), "batch-future"],
    [
      "a timestamp between two blocks is dropped",
      (b) => ({ ...b, timestamp: b.timestamp + 1n }),
      "batch-future",
    ],
    ["the largest timestamp is dropped", (b) => ({ ...b, timestamp: 2n ** 64n - 1n }), "batch-future"],
    ["another parent is dropped", (b) => ({ ...b, parentHash: b.epochHash }), "parent-mismatch"],
    [
      "an epoch before the safe head's is dropped",
      (b) => ({ ...b, epochNumber: b.epochNumber - 1n }),
      "epoch-too-old",
    ],
    ["epoch 0 is dropped", (b) => ({ ...b, epochNumber: 0n }), "sequencing-window-expired"],
    ["an epoch two ahead is dropped", (b) => ({ ...b, epochNumber: b.epochNumber + 2n }), "epoch-too-new"],
    ["an epoch that L1 has not is dropped", (b) => ({ ...b, epochNumber: 2n ** 64n - 1n }), "epoch-too-new"],
    [
      "another hash of the epoch is dropped",
      (b) => ({ ...b, epochHash: b.parentHash }),
      "epoch-hash-mismatch",
    ],
    [
      "an epoch newer than the block is dropped",
      (b, { l1 }) => ({ ...b, epochNumber: 101n, epochHash: l1.at(101n)?.hash ?? b.epochHash }),
      "timestamp-before-epoch",
    ],
    [
      "an empty transaction is dropped",
      (b) => ({ ...b, transactions: [new Uint8Array(0)] }),
      "transaction-empty",
    ],
    [
      "a deposit is dropped",
      (b) => ({ ...b, transactions: [Uint8Array.of(0x7e, 1)] }),
      "transaction-is-deposit",
    ],
    [
      "a deposit behind a good transaction is dropped",
      (b) => ({ ...b, transactions: [l2Transaction(1), Uint8Array.of(0x7e)] }),
      "transaction-is-deposit",
    ],
  ];
  for (const [rule, spoil, reason] of cases) {
    it(`${rule}, and the channel with it`, () => {
      const { scenario, b3, b4 } = halfDerived();
      const bad = spoil(b3, scenario);
      scenario.mineBatches([bad, b3, b4]);
      const result = scenario.derive();
      assert.deepEqual(reasonsOf(result), [reason]);
      assert.equal(result.blocks.length, 0);
      scenario.mineBatches([b3, b4]);
      assert.equal(scenario.derive().blocks.length, 2);
    });
  }

  it("a past batch goes in silence, and the channel goes on", () => {
    const { scenario, b1, b2, b3, b4 } = halfDerived();
    scenario.mineBatches([b1, b2, { ...b2, parentHash: b1.parentHash, timestamp: 0n }, b3, b2, b4]);
    const result = scenario.derive();
    assert.equal(result.blocks.length, 2);
    assert.deepEqual(reasonsOf(result), Array(4).fill("batch-past"));
  });

  it("a gap drops the channel and not the batches before it", () => {
    const scenario = new Scenario();
    scenario.l1.mineEmpty(1);
    const [b1, b2, b3, b4] = scenario.sequenceMany(4);
    assert.ok(b1 && b2 && b3 && b4);
    scenario.mineBatches([b1, b3, b2, b4]);
    const result = scenario.derive();
    assert.equal(result.blocks.length, 1);
    assert.deepEqual(reasonsOf(result), ["batch-future"]);
  });

  it("what L1 holds up to the safe head's own origin is read past after a restart", () => {
    const scenario = new Scenario();
    const [ahead] = [scenario.sequence()].map((batch) => ({ ...batch, timestamp: batch.timestamp + 20n }));
    assert.ok(ahead);
    scenario.sequencer.rewind(0n);
    scenario.mineBatches([ahead, ahead]);
    assert.deepEqual(reasonsOf(scenario.derive()), ["batch-future"]);
    scenario.mineBatches(scenario.sequenceMany(8));
    assert.equal(scenario.derive().blocks.at(-1)?.ref.l1Origin.number, 101n);
    scenario.restart();
    const drained = Array(2).fill("batch-before-safe-head-origin");
    assert.deepEqual(reasonsOf(scenario.derive()), [...drained, ...Array(8).fill("batch-past")]);
    scenario.mineBatches([scenario.sequence()]);
    assert.equal(scenario.derive().blocks.length, 1);
  });

  it("transactions that do not decode are for execution to judge", () => {
    const { scenario, b3 } = halfDerived();
    scenario.mineBatches([{ ...b3, transactions: [Uint8Array.of(0x01), Uint8Array.of(0xff, 0xff)] }]);
    assert.equal(scenario.derive().blocks.length, 1);
  });

  it("isthmus/derivation.md: transactions of type 4 are allowed", () => {
    const { scenario } = halfDerived();
    const authorization = {
      chainId: 901n,
      address: L2_USER.address,
      nonce: 0n,
      yParity: 0,
      r: 1n,
      s: 1n,
    } as const;
    const unsigned = {
      type: 4,
      chainId: 901n,
      accessList: [],
      nonce: 0n,
      gasLimit: 100_000n,
      to: L2_USER.address,
      value: 0n,
      data: new Uint8Array(0),
      maxPriorityFeePerGas: 1n,
      maxFeePerGas: 2n,
      authorizationList: [authorization],
    } as const;
    const setCode = encodeTransaction(signTransaction(unsigned, L2_USER.privateKey));
    scenario.sequencer.rewind(2n);
    const singular = scenario.sequence([setCode]);
    const spanned = scenario.sequence([setCode, l2Transaction(5)]);
    scenario.mineChannel(
      channelOf([encodeSingular(singular), spanPayload(scenario.config, [spanned], false)]),
    );
    const { derived } = scenario.derive();
    assert.deepEqual(
      derived.map(({ attributes }) => attributes.transactions.slice(1)),
      [[setCode], [setCode, l2Transaction(5)]],
    );
  });
});

describe("fjord/derivation.md: the sequencer drift of 1800 seconds", () => {
  /** The derived chain stands at the drift's last second, with L1 far ahead. */
  function atTheDrift() {
    const scenario = new Scenario({ seqWindowSize: 3600n });
    scenario.l1.mine();
    derivedUntil(scenario, 1798n, 100n);
    return scenario;
  }

  it("allows transactions at exactly the drift", () => {
    const scenario = atTheDrift();
    scenario.mineBatches([scenario.sequence([l2Transaction(1)], 100n)]);
    assert.equal(scenario.derive().blocks.length, 1);
  });

  it("drops transactions after it", () => {
    const scenario = atTheDrift();
    const last = scenario.sequence([], 100n);
    const late = scenario.sequence([l2Transaction(1)], 100n);
    scenario.mineBatches([last, late]);
    const result = scenario.derive();
    assert.equal(result.blocks.length, 1);
    assert.deepEqual(reasonsOf(result), ["sequencer-drift-exceeded"]);
  });

  it("drops even an empty batch that could have adopted the next epoch", () => {
    const scenario = atTheDrift();
    const last = scenario.sequence([], 100n);
    const late = scenario.sequence([], 100n);
    scenario.mineBatches([last, late]);
    const result = scenario.derive();
    assert.equal(result.blocks.length, 1);
    assert.deepEqual(reasonsOf(result), ["next-epoch-not-adopted"]);
  });

  it("allows transactions with the next epoch", () => {
    const scenario = atTheDrift();
    scenario.mineBatches([scenario.sequence([], 100n), scenario.sequence([l2Transaction(1)], 101n)]);
    assert.equal(scenario.derive().blocks.length, 2);
  });

  it("allows empty batches as long as the next L1 block is newer, and none with transactions", () => {
    const scenario = new Scenario({ seqWindowSize: 3600n });
    // L1 stood still for an hour.
    scenario.l1.mine({ timestamp: scenario.config.genesis.l2Time + 3600n });
    derivedUntil(scenario, 2000n, 100n);
    const empty = scenario.sequence([], 100n);
    const full = scenario.sequence([l2Transaction(1)], 100n);
    scenario.mineBatches([empty, full]);
    const result = scenario.derive();
    assert.equal(result.blocks.length, 1);
    assert.deepEqual(reasonsOf(result), ["sequencer-drift-exceeded"]);
  });
});

describe("derivation.md, Batch Queue: the sequencing window", () => {
  const WINDOW = 10n;

  it("gives empty blocks with the right epochs once it is over", () => {
    const scenario = new Scenario({ seqWindowSize: WINDOW });
    scenario.l1.mineEmpty(9);
    assert.equal(scenario.derive().blocks.length, 0);
    scenario.l1.mine();
    // Epoch 100's window is over at L1 block 110: its blocks go up to block 101's time, 12 s, without it.
    const first = scenario.derive();
    assert.deepEqual(
      first.blocks.map(({ ref }) => [ref.l1Origin.number, ref.sequenceNumber]),
      [1n, 2n, 3n, 4n, 5n].map((place) => [100n, place]),
    );
    scenario.l1.mine();
    const second = scenario.derive();
    assert.deepEqual(
      second.blocks.map(({ ref }) => [ref.l1Origin.number, ref.sequenceNumber]),
      [0n, 1n, 2n, 3n, 4n, 5n].map((place) => [101n, place]),
    );
    for (const { transactions } of second.blocks) assert.equal(transactions.length, 1);
    assert.deepEqual(
      second.derived.map(({ derivedFrom }) => derivedFrom.number),
      Array(6).fill(111n),
    );
  });

  it("gives each epoch at least one block, even when the L2 is ahead", () => {
    const scenario = new Scenario({ seqWindowSize: WINDOW });
    // 20 L2 blocks, 40 s, all in epoch 100, whose successors are 12, 24 and 36 s newer.
    scenario.l1.mineEmpty(1);
    const batches = Array.from({ length: 20 }, () => scenario.sequence([], 100n));
    scenario.mineBatches(batches);
    scenario.l1.mineEmpty(12);
    const result = scenario.derive();
    const epochs = result.blocks.slice(20).map(({ ref }) => ref.l1Origin.number);
    assert.deepEqual(epochs.slice(0, 5), [101n, 102n, 103n, 104n, 104n]);
    for (const { ref } of result.blocks) {
      const origin = scenario.l1.at(ref.l1Origin.number);
      assert.ok(origin !== undefined && ref.timestamp >= origin.header.timestamp);
    }
  });

  it("accepts a batch in the last block of the window", () => {
    const scenario = new Scenario({ seqWindowSize: WINDOW });
    scenario.l1.mineEmpty(9);
    const batch = scenario.sequence([l2Transaction(1)], 100n);
    assert.equal(scenario.mineBatches([batch]).header.number, 110n);
    const { derived } = scenario.derive();
    assert.deepEqual(derived[0]?.attributes.transactions.slice(1), [l2Transaction(1)]);
    assert.equal(derived.length, 5);
  });

  it("comes too late one block later", () => {
    const scenario = new Scenario({ seqWindowSize: WINDOW });
    scenario.l1.mineEmpty(10);
    const batch = scenario.sequence([l2Transaction(1)], 100n);
    scenario.mineBatches([batch]);
    const { derived, dropped } = scenario.derive();
    assert.ok(derived.length > 0);
    for (const { attributes } of derived) assert.equal(attributes.transactions.length, 1);
    assert.deepEqual(reasonsOf({ dropped }), ["batch-past"]);
  });

  it("takes up the sequencer's blocks again after empty ones", () => {
    const scenario = new Scenario({ seqWindowSize: WINDOW });
    scenario.l1.mineEmpty(11);
    const { derived } = scenario.derive();
    for (const { attributes } of derived) scenario.sequencer.append(attributes);
    scenario.mineBatches(scenario.sequenceMany(10, (i) => [l2Transaction(i)]));
    assert.equal(scenario.derive().blocks.length, 10);
    assert.deepEqual(scenario.verifier.head.ref, scenario.sequencer.head.ref);
  });

  it("a batch that skips an epoch after empty blocks is dropped", () => {
    const scenario = new Scenario({ seqWindowSize: WINDOW });
    // The L2 is 60 s ahead of its epoch, so that the times of the next epochs do not stand in the way.
    scenario.l1.mineEmpty(1);
    scenario.mineBatches(Array.from({ length: 30 }, () => scenario.sequence([], 100n)));
    scenario.l1.mineEmpty(8);
    assert.equal(scenario.derive().blocks.length, 30);
    const { ref } = scenario.verifier.head;
    const skipped = scenario.l1.at(102n);
    assert.ok(skipped);
    const timestamp = ref.timestamp + 2n;
    const skipping = {
      parentHash: ref.hash,
      epochNumber: 102n,
      epochHash: skipped.hash,
      timestamp,
      transactions: [],
    };
    scenario.mineBatches([skipping]);
    const result = scenario.derive();
    assert.deepEqual(reasonsOf(result), ["epoch-too-new"]);
    assert.deepEqual(
      result.blocks.map(({ ref: block }) => block.l1Origin.number),
      [101n],
    );
  });
});

describe("holocene/derivation.md, Engine Queue: invalid payloads", () => {
  it("gives the same block with its deposits only, and drops the rest of span and channel", () => {
    for (const form of ["singular", "span"] as const) {
      const scenario = new Scenario();
      scenario.l1.mineEmpty(1);
      const batches = scenario.sequenceMany(4, (i) => [l2Transaction(i)]);
      const channel =
        form === "singular"
          ? singularChannel(batches)
          : channelOf([spanPayload(scenario.config, batches, false), ...batches.map(encodeSingular)]);
      scenario.mineChannel(channel);
      let calls = 0;
      const result = scenario.derive(() => ++calls !== 2);
      assert.equal(result.blocks.length, 2);
      const [, rejected, replacement] = result.derived;
      assert.ok(rejected !== undefined && replacement !== undefined);
      assert.deepEqual(replacement, {
        ...rejected,
        attributes: { ...rejected.attributes, transactions: rejected.attributes.transactions.slice(0, 1) },
      });
      // A new channel may continue at once, on the replacement.
      scenario.sequencer.rewind(1n);
      scenario.sequencer.append(replacement.attributes);
      scenario.mineBatches(scenario.sequenceMany(2, (i) => [l2Transaction(20 + i)]));
      assert.equal(scenario.derive().blocks.length, 2);
      assert.deepEqual(scenario.verifier.head.ref, scenario.sequencer.head.ref);
    }
  });

  it("does not take the rejected lineage up again from a later channel", () => {
    const scenario = new Scenario();
    scenario.l1.mineEmpty(1);
    const batches = scenario.sequenceMany(4, (i) => [l2Transaction(i)]);
    scenario.mineChannel(singularChannel(batches.slice(0, 2)));
    let calls = 0;
    scenario.derive(() => ++calls !== 2);
    scenario.mineChannel(singularChannel(batches.slice(2)));
    assert.deepEqual(reasonsOf(scenario.derive()), ["parent-mismatch"]);
    scenario.mineChannel(channelOf([spanPayload(scenario.config, batches, false)]));
    const result = scenario.derive();
    assert.deepEqual(reasonsOf(result), ["overlap-mismatch"]);
    assert.equal(result.blocks.length, 0);
  });

  it("treats a rejected block of deposits as a fault", () => {
    const scenario = new Scenario();
    scenario.l1.mineEmpty(1);
    scenario.mineBatches([scenario.sequence()]);
    assert.throws(() => scenario.derive(() => false), { code: "DERIVATION_DEPOSITS_REJECTED" });
    const idle = new Scenario();
    assert.throws(() => idle.pipeline.rejectAttributes(), { code: "DERIVATION_NOTHING_TO_REJECT" });
  });
});
