import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encodeSingular, encodeSpan } from "@phala-l2/protocol/wire/batch";
import type { SingularBatch } from "@phala-l2/protocol/wire/singular-batch";
import { decodeSpanBatch, type RawSpanBatch, spanBatchOfSingulars } from "@phala-l2/protocol/wire/span-batch";
import { channelOf, spanPayload } from "./batcher-data.ts";
import { l2Transaction } from "./l2-transactions.ts";
import { reasonsOf, Scenario } from "./scenario.ts";

/** Two L1 blocks, eight L2 blocks over the epochs 100 and 101. */
function eightBlocks(derived = 0, options = {}) {
  const scenario = new Scenario(options);
  scenario.l1.mineEmpty(2);
  const batches = scenario.sequenceMany(8, (i) => [l2Transaction(i)]);
  if (derived > 0) {
    scenario.mineBatches(batches.slice(0, derived));
    assert.equal(scenario.derive().blocks.length, derived);
  }
  return { scenario, batches };
}

function span(scenario: Scenario, batches: readonly SingularBatch[], firstBeginsEpoch = false): Uint8Array {
  return channelOf([spanPayload(scenario.config, batches, firstBeginsEpoch)]);
}

/** A span batch with some of its columns changed. */
function spoiled(
  { config }: Scenario,
  batches: readonly SingularBatch[],
  change: (raw: RawSpanBatch) => RawSpanBatch,
): Uint8Array {
  const rules = {
    genesisTime: config.genesis.l2Time,
    blockTime: config.blockTime,
    chainId: config.l2ChainId,
  };
  return encodeSpan(change(spanBatchOfSingulars(batches, false, rules)));
}

function assertFollows(scenario: Scenario): void {
  assert.deepEqual(scenario.verifier.head.ref, scenario.sequencer.head.ref);
}

describe("delta/span-batches.md and holocene/derivation.md, Span Batches", () => {
  it("derives the blocks of a span over two epochs", () => {
    const { scenario, batches } = eightBlocks();
    scenario.mineChannel(span(scenario, batches));
    const { derived } = scenario.derive();
    assert.equal(derived.length, 8);
    assert.ok(derived.every(({ isLastInSpan }) => isLastInSpan));
    assertFollows(scenario);
  });

  it("derives a span that begins an epoch", () => {
    const { scenario, batches } = eightBlocks(5);
    scenario.mineChannel(span(scenario, batches.slice(5), true));
    assert.equal(scenario.derive().blocks.length, 3);
    assertFollows(scenario);
  });

  it("derives several spans and singular batches of one channel", () => {
    const { scenario, batches } = eightBlocks();
    const [, , , fourth] = batches;
    assert.ok(fourth);
    const payloads = [
      spanPayload(scenario.config, batches.slice(0, 3), false),
      encodeSingular(fourth),
      spanPayload(scenario.config, batches.slice(4), false),
    ];
    scenario.mineChannel(channelOf(payloads));
    assert.equal(scenario.derive().blocks.length, 8);
    assertFollows(scenario);
  });

  it("allows an overlap with equal blocks and derives the rest", () => {
    for (let overlap = 1; overlap <= 4; overlap++) {
      const { scenario, batches } = eightBlocks(4);
      scenario.mineChannel(span(scenario, batches.slice(4 - overlap)));
      assert.equal(scenario.derive().blocks.length, 4);
      assertFollows(scenario);
    }
  });

  it("passes over a span that ends at the safe head, and reads on in the channel", () => {
    const { scenario, batches } = eightBlocks(4);
    const payloads = [
      spanPayload(scenario.config, batches.slice(1, 4), false),
      spanPayload(scenario.config, batches.slice(4), false),
    ];
    scenario.mineChannel(channelOf(payloads));
    const result = scenario.derive();
    assert.deepEqual(reasonsOf(result), ["batch-past"]);
    assert.equal(result.blocks.length, 4);
  });

  const overlaps: readonly (readonly [rule: string, change: (batch: SingularBatch) => SingularBatch])[] = [
    ["another transaction", (b) => ({ ...b, transactions: [l2Transaction(99)] })],
    ["one transaction more", (b) => ({ ...b, transactions: [...b.transactions, l2Transaction(99)] })],
    ["one transaction less", (b) => ({ ...b, transactions: [] })],
  ];
  for (const [rule, change] of overlaps) {
    it(`drops an overlap with ${rule}, and the channel`, () => {
      const { scenario, batches } = eightBlocks(4);
      const [third, fourth, ...rest] = batches.slice(2);
      assert.ok(third !== undefined && fourth !== undefined);
      const payloads = [
        spanPayload(scenario.config, [third, change(fourth), ...rest], false),
        ...rest.map(encodeSingular),
      ];
      scenario.mineChannel(channelOf(payloads));
      const result = scenario.derive();
      assert.deepEqual(reasonsOf(result), ["overlap-mismatch"]);
      assert.equal(result.blocks.length, 0);
    });
  }

  it("drops an overlap with another epoch", () => {
    const { scenario, batches } = eightBlocks(6);
    // The span says that epoch 101 began a block later than it did.
    const [fifth, sixth, ...rest] = batches.slice(4);
    assert.ok(fifth !== undefined && sixth !== undefined);
    const later = { ...sixth, epochNumber: fifth.epochNumber, epochHash: fifth.epochHash };
    scenario.mineChannel(span(scenario, [fifth, later, ...rest]));
    assert.deepEqual(reasonsOf(scenario.derive()), ["overlap-mismatch"]);
  });

  const spoilers: readonly (readonly [
    rule: string,
    derived: number,
    from: number,
    change: (raw: RawSpanBatch) => RawSpanBatch,
    reason: string,
  ])[] = [
    ["a wrong parent check", 0, 0, (raw) => ({ ...raw, parentCheck: raw.l1OriginCheck }), "parent-mismatch"],
    [
      "a wrong parent check of an overlap",
      4,
      2,
      (raw) => ({ ...raw, parentCheck: raw.l1OriginCheck }),
      "parent-mismatch",
    ],
    [
      "a wrong L1 origin check",
      0,
      0,
      (raw) => ({ ...raw, l1OriginCheck: raw.parentCheck }),
      "epoch-hash-mismatch",
    ],
    [
      "a start after the next block",
      0,
      0,
      (raw) => ({ ...raw, relTimestamp: raw.relTimestamp + 2n }),
      "batch-future",
    ],
    ["the largest start", 0, 0, (raw) => ({ ...raw, relTimestamp: 2n ** 63n }), "batch-future"],
    [
      "a start between two safe blocks",
      4,
      2,
      (raw) => ({ ...raw, relTimestamp: raw.relTimestamp + 1n }),
      "timestamp-misaligned",
    ],
    [
      "a start between the safe head and the next block",
      4,
      4,
      (raw) => ({ ...raw, relTimestamp: raw.relTimestamp - 1n }),
      "timestamp-misaligned",
    ],
    [
      "a start epoch beyond the parent's next",
      0,
      0,
      (raw) => ({ ...raw, l1OriginNumber: raw.l1OriginNumber + 2n }),
      "epoch-too-new",
    ],
    [
      "a start epoch before the parent's",
      6,
      6,
      (raw) => ({ ...raw, originBits: { length: 2, bytes: Uint8Array.of(0b10) } }),
      "epoch-too-old",
    ],
    [
      "a start epoch out of the window",
      0,
      0,
      (raw) => ({ ...raw, l1OriginNumber: 50n }),
      "sequencing-window-expired",
    ],
  ];
  for (const [rule, derived, from, change, reason] of spoilers) {
    it(`drops a span with ${rule}, and the channel`, () => {
      const { scenario, batches } = eightBlocks(derived);
      const rest = batches.slice(from);
      scenario.mineChannel(
        channelOf([spoiled(scenario, rest, change), ...batches.slice(derived).map(encodeSingular)]),
      );
      const result = scenario.derive();
      assert.deepEqual(reasonsOf(result), [reason]);
      assert.equal(result.blocks.length, 0);
      scenario.mineChannel(span(scenario, batches.slice(derived), derived === 5));
      assert.equal(scenario.derive().blocks.length, 8 - derived);
    });
  }

  it("leaves a span undecided whose last epoch L1 has not reached, and reads on in the channel", () => {
    const { scenario, batches } = eightBlocks();
    const ahead = spoiled(scenario, batches, (raw) => ({
      ...raw,
      l1OriginNumber: 106n,
      originBits: { length: 8, bytes: Uint8Array.of(0b1111_1110) },
    }));
    scenario.mineChannel(channelOf([ahead, ...batches.map(encodeSingular)]));
    const result = scenario.derive();
    assert.deepEqual(reasonsOf(result), ["epoch-unknown"]);
    assert.equal(result.blocks.length, 8);
  });

  it("leaves a span undecided that would replace the genesis, and reads on in the channel", () => {
    const { scenario, batches } = eightBlocks(1);
    const early = spoiled(scenario, batches, (raw) => ({ ...raw, relTimestamp: 0n }));
    scenario.mineChannel(channelOf([early, ...batches.map(encodeSingular)]));
    const result = scenario.derive();
    assert.deepEqual(reasonsOf(result), ["overlap-before-genesis", "batch-past"]);
    assert.equal(result.blocks.length, 7);
  });

  it("keeps the blocks before an invalid one of the span, and drops what comes after it", () => {
    const { scenario, batches } = eightBlocks();
    // Epoch 101 from the third block on, which is older than L1 block 101.
    const early = spoiled(scenario, batches, (raw) => ({
      ...raw,
      originBits: { length: 8, bytes: Uint8Array.of(0b0000_0100) },
    }));
    scenario.mineChannel(channelOf([early, ...batches.map(encodeSingular)]));
    const result = scenario.derive();
    assert.deepEqual(reasonsOf(result), ["timestamp-before-epoch"]);
    assert.equal(result.blocks.length, 2);
    scenario.mineChannel(span(scenario, batches.slice(2)));
    assert.equal(scenario.derive().blocks.length, 6);
  });

  it("drops a span with a malformed transaction, and the channel", () => {
    const { scenario, batches } = eightBlocks();
    const good = spanPayload(scenario.config, batches, false);
    scenario.mineChannel(channelOf([good.subarray(0, -5), ...batches.map(encodeSingular)]));
    const result = scenario.derive();
    assert.equal(result.blocks.length, 0);
    assert.deepEqual(
      result.dropped.map(({ stage }) => stage),
      ["channel-reader"],
    );
  });

  it("takes the sequencing window by the span's first epoch", () => {
    const { scenario, batches } = eightBlocks(0, { seqWindowSize: 10n });
    scenario.l1.mineEmpty(7);
    assert.equal(scenario.mineChannel(span(scenario, batches)).header.number, 110n);
    assert.equal(scenario.derive().blocks.length, 8);
    const late = eightBlocks(0, { seqWindowSize: 10n });
    late.scenario.l1.mineEmpty(8);
    late.scenario.mineChannel(span(late.scenario, late.batches));
    const result = late.scenario.derive();
    // By then the window has given blocks 1 to 5 without transactions, so the overlap differs as well.
    assert.deepEqual(reasonsOf(result), ["sequencing-window-expired"]);
  });

  it("needs the safe blocks that a span overlaps: without them nobody may guess", () => {
    const { scenario, batches } = eightBlocks(4);
    scenario.mineChannel(span(scenario, batches.slice(2)));
    const { verifier } = scenario;
    const blocks = verifier.blocks.splice(0, verifier.blocks.length);
    assert.throws(
      () => {
        const head = blocks.at(-1);
        assert.ok(head);
        for (;;) {
          const step = scenario.pipeline.step(head.ref);
          if (step.kind !== "need-l1-block") continue;
          const block = scenario.l1.at(step.number);
          assert.ok(block);
          scenario.pipeline.provideL1Block(block);
        }
      },
      { code: "L2_BLOCK_MISSING" },
    );
  });
});

describe("op-node, kona: a post-execution transaction before its fork", () => {
  const postExec = Uint8Array.of(0x7d, 0xc1, 0x01);

  it("drops the block that has it and what follows, not the blocks before it", () => {
    const scenario = new Scenario();
    scenario.l1.mine();
    const batches = scenario.sequenceMany(3, (i) => [l2Transaction(i)]);
    const payload = spanPayload(scenario.config, batches, false);
    // Put into the second block's data column by hand: a span batch's maker takes signed transactions only.
    const columns = decodeSpanBatch(payload.subarray(1));
    assert.ok(columns.kind === "ok");
    const { transactions } = columns.batch;
    const datas = transactions.datas.map((data, i) => (i === 1 ? postExec : data));
    const withIt = encodeSpan({ ...columns.batch, transactions: { ...transactions, datas } });
    scenario.mineChannel(channelOf([withIt]));
    const derivation = scenario.derive();
    assert.equal(derivation.blocks.length, 1);
    assert.deepEqual(reasonsOf(derivation), ["transaction-type-inactive"]);
  });

  it("drops a singular batch", () => {
    const scenario = new Scenario();
    scenario.l1.mine();
    scenario.mineBatches([{ ...scenario.sequence(), transactions: [postExec] }]);
    const derivation = scenario.derive();
    assert.deepEqual([derivation.blocks.length, reasonsOf(derivation)], [0, ["transaction-type-inactive"]]);
  });
});
