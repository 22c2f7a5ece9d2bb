import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRollupError } from "@phala-l2/protocol/errors";
import { encodeFrames } from "@phala-l2/protocol/wire/frame";
import {
  blobOfFrames,
  calldataFrames,
  channelId,
  framesIn,
  inboxTransaction,
  singularChannel,
  wholeFrame,
} from "./batcher-data.ts";
import { STRANGER } from "./keys.ts";
import { l1AttributesOf } from "./l2-chain.ts";
import { l2Transaction } from "./l2-transactions.ts";
import { type Derivation, reasonsOf, Scenario } from "./scenario.ts";

/** The derived chain is the sequencer's. */
function assertFollows(scenario: Scenario): void {
  assert.deepEqual(scenario.verifier.head.ref, scenario.sequencer.head.ref);
}

/** An L1 with two blocks after the genesis, and four L2 blocks over them. */
function withFourBlocks(scenario = new Scenario()) {
  scenario.l1.mineEmpty(2);
  const batches = scenario.sequenceMany(4, (i) => [l2Transaction(i), l2Transaction(10 + i)]);
  return { scenario, batches };
}

function assertNothing(scenario: Scenario, result: Derivation, ...reasons: string[]): void {
  assert.equal(result.blocks.length, 0);
  assert.deepEqual(reasonsOf(result), reasons);
  assert.equal(scenario.verifier.head.ref.number, 0n);
}

describe("derivation.md, L1 Retrieval: calldata", () => {
  for (const compression of ["zlib", "brotli"] as const) {
    it(`derives the blocks of a channel compressed with ${compression}`, () => {
      const { scenario, batches } = withFourBlocks();
      scenario.mineChannel(singularChannel(batches, compression));
      const result = scenario.derive();
      assert.equal(result.blocks.length, 4);
      assert.deepEqual(reasonsOf(result), []);
      assertFollows(scenario);
      assert.deepEqual(
        result.derived.map(({ derivedFrom }) => derivedFrom.number),
        [103n, 103n, 103n, 103n],
      );
    });
  }

  for (const type of [0, 1, 2] as const) {
    it(`reads a transaction of type ${type}`, () => {
      const { scenario, batches } = withFourBlocks();
      const data = encodeFrames([wholeFrame(channelId(1), singularChannel(batches))]);
      scenario.l1.mine({ transactions: [inboxTransaction(scenario.config, scenario.l1, { data, type })] });
      assert.equal(scenario.derive().blocks.length, 4);
    });
  }

  it("does not read a transaction of type 4", () => {
    const { scenario, batches } = withFourBlocks();
    const data = encodeFrames([wholeFrame(channelId(1), singularChannel(batches))]);
    scenario.l1.mine({ transactions: [inboxTransaction(scenario.config, scenario.l1, { data, type: 4 })] });
    assertNothing(scenario, scenario.derive());
  });

  it("does not read what a stranger sends", () => {
    const { scenario, batches } = withFourBlocks();
    const data = encodeFrames([wholeFrame(channelId(1), singularChannel(batches))]);
    const transaction = inboxTransaction(scenario.config, scenario.l1, { data, from: STRANGER });
    scenario.l1.mine({ transactions: [transaction] });
    assertNothing(scenario, scenario.derive(), "sender-not-batcher");
  });

  it("does not read what the batcher sends elsewhere", () => {
    const { scenario, batches } = withFourBlocks();
    const data = encodeFrames([wholeFrame(channelId(1), singularChannel(batches))]);
    const transaction = inboxTransaction(scenario.config, scenario.l1, { data, to: STRANGER.address });
    scenario.l1.mine({ transactions: [transaction] });
    assertNothing(scenario, scenario.derive());
  });

  it("does not read what was signed for another chain", () => {
    const { scenario, batches } = withFourBlocks();
    const data = encodeFrames([wholeFrame(channelId(1), singularChannel(batches))]);
    const transaction = inboxTransaction(scenario.config, scenario.l1, { data, chainId: 5n });
    scenario.l1.mine({ transactions: [transaction] });
    assertNothing(scenario, scenario.derive(), "foreign-chain-id");
  });

  it("reads on after transactions that do not decode", () => {
    const { scenario, batches } = withFourBlocks();
    const good = calldataFrames(scenario.config, scenario.l1, [
      wholeFrame(channelId(1), singularChannel(batches)),
    ]);
    const bad = [
      new Uint8Array(0),
      Uint8Array.of(2),
      Uint8Array.of(0xc0),
      good.subarray(0, 40),
      Uint8Array.of(0x7f),
    ];
    scenario.l1.mine({ transactions: [...bad, good] });
    assert.equal(scenario.derive().blocks.length, 4);
  });
});

describe("ecotone/derivation.md, L1 Retrieval: blobs", () => {
  it("derives the blocks of a channel in one blob", () => {
    const { scenario, batches } = withFourBlocks();
    const blob = blobOfFrames([wholeFrame(channelId(1), singularChannel(batches))]);
    scenario.l1.mine({ transactions: [inboxTransaction(scenario.config, scenario.l1, { blobs: [blob] })] });
    assert.equal(scenario.derive().blocks.length, 4);
    assertFollows(scenario);
  });

  it("takes blobs and calldata in the order of the transactions and of their blobs", () => {
    const { scenario, batches } = withFourBlocks();
    const { config, l1 } = scenario;
    const frames = framesIn(4, channelId(1), singularChannel(batches));
    const [first, second, third, ...rest] = frames.map((frame) => [frame]);
    assert.ok(first !== undefined && second !== undefined && third !== undefined);
    const transactions = [
      calldataFrames(config, l1, first),
      inboxTransaction(config, l1, { blobs: [blobOfFrames(second), blobOfFrames(third)] }),
      ...rest.map((frame) => calldataFrames(config, l1, frame)),
    ];
    l1.mine({ transactions });
    assert.equal(scenario.derive().blocks.length, 4);
  });

  it("ignores the calldata of a blob transaction", () => {
    const { scenario, batches } = withFourBlocks();
    const data = encodeFrames([wholeFrame(channelId(1), singularChannel(batches))]);
    const empty = blobOfFrames([wholeFrame(channelId(2), singularChannel([]))]);
    scenario.l1.mine({
      transactions: [inboxTransaction(scenario.config, scenario.l1, { data, blobs: [empty] })],
    });
    const result = scenario.derive();
    assert.equal(result.blocks.length, 0);
    assert.equal(reasonsOf(result)[0], "blob-transaction-calldata-ignored");
  });

  it("ignores a blob that does not decode and reads the one after it", () => {
    const { scenario, batches } = withFourBlocks();
    const broken = new Uint8Array(131_072).fill(0xff);
    const blob = blobOfFrames([wholeFrame(channelId(1), singularChannel(batches))]);
    const transaction = inboxTransaction(scenario.config, scenario.l1, { blobs: [broken, blob] });
    scenario.l1.mine({ transactions: [transaction] });
    const result = scenario.derive();
    assert.equal(result.blocks.length, 4);
    assert.deepEqual(reasonsOf(result), ["blob-undecodable"]);
  });

  it("asks for each blob once, and refuses an answer that lacks one", () => {
    const { scenario, batches } = withFourBlocks();
    const blob = blobOfFrames([wholeFrame(channelId(1), singularChannel(batches))]);
    const other = blobOfFrames([wholeFrame(channelId(2), singularChannel([]))]);
    const transaction = inboxTransaction(scenario.config, scenario.l1, { blobs: [blob, other, blob] });
    scenario.l1.mine({ transactions: [transaction] });
    let step = scenario.pipeline.step(scenario.verifier.head.ref);
    while (step.kind !== "need-blobs") {
      if (step.kind === "need-l1-block") {
        const block = scenario.l1.at(step.number);
        assert.ok(block);
        scenario.pipeline.provideL1Block(block);
      }
      step = scenario.pipeline.step(scenario.verifier.head.ref);
    }
    assert.equal(step.hashes.length, 2);
    assert.throws(
      () => scenario.pipeline.provideBlobs(new Map()),
      (error) => isRollupError(error, "DERIVATION_BLOB_MISSING"),
    );
    assert.equal(scenario.derive().blocks.length, 4);
  });
});

describe("the pipeline's seams", () => {
  it("asks again for the L1 block that it waits for, and takes no other", () => {
    const { scenario } = withFourBlocks();
    const { needs } = scenario.derive();
    assert.equal(needs, 103n);
    assert.deepEqual(scenario.pipeline.step(scenario.verifier.head.ref), {
      kind: "need-l1-block",
      number: 103n,
    });
    assert.throws(
      () => scenario.pipeline.provideL1Block(scenario.l1.head),
      (error) => isRollupError(error, "DERIVATION_L1_BLOCK_UNASKED"),
    );
  });

  it("answers a block of another branch with `reorg` and stays usable", () => {
    const { scenario, batches } = withFourBlocks();
    scenario.derive();
    const fork = scenario.l1.forkAt(101n);
    fork.mine({ salt: Uint8Array.of(1) });
    const alien = fork.mine();
    const verdict = scenario.pipeline.provideL1Block(alien);
    assert.equal(verdict.kind, "reorg");
    scenario.mineBatches(batches);
    assert.equal(scenario.derive().blocks.length, 4);
  });

  it("answers a start block with another hash with `reorg`", () => {
    const { scenario } = withFourBlocks();
    const [genesis] = new Scenario().l1.blocks;
    assert.ok(genesis);
    scenario.pipeline.step(scenario.verifier.head.ref);
    const verdict = scenario.pipeline.provideL1Block({ ...genesis, hash: scenario.l1.head.hash });
    assert.equal(verdict.kind, "reorg");
  });

  it("gives the same attributes again until the safe head moves", () => {
    const { scenario, batches } = withFourBlocks();
    scenario.mineBatches(batches);
    let seen = 0;
    let last: unknown;
    scenario.derive((attributes) => {
      last = attributes;
      assert.deepEqual(scenario.pipeline.step(attributes.parent), attributes);
      seen += 1;
      return true;
    });
    assert.equal(seen, 4);
    assert.ok(last);
  });

  it("refuses a safe head that it did not derive", () => {
    const { scenario, batches } = withFourBlocks();
    scenario.mineBatches(batches);
    scenario.derive();
    const { ref } = scenario.verifier.head;
    for (const alien of [
      { ...ref, hash: ref.parentHash },
      { ...ref, number: ref.number + 1n, hash: scenario.l1.head.hash, parentHash: ref.hash },
    ]) {
      assert.throws(
        () => scenario.pipeline.step(alien),
        (error) => isRollupError(error, "DERIVATION_SAFE_HEAD"),
      );
    }
  });

  it("continues after a restart at any block of a channel", () => {
    for (let stop = 1; stop <= 4; stop++) {
      const { scenario, batches } = withFourBlocks();
      scenario.mineBatches(batches);
      scenario.derive();
      scenario.verifier.rewind(BigInt(stop));
      scenario.restart();
      assert.equal(scenario.derive().blocks.length, 4 - stop);
      assertFollows(scenario);
    }
  });

  it("starts a channel timeout before the safe head's origin, at the SystemConfig of that time", () => {
    const scenario = new Scenario({ seqWindowSize: 3600n });
    for (let i = 0; i < 80; i++) {
      scenario.l1.mine();
      scenario.mineBatches(scenario.sequenceMany(6));
    }
    scenario.derive();
    assertFollows(scenario);
    const safe = scenario.verifier.head.ref;
    scenario.restart();
    const first = scenario.pipeline.step(safe);
    assert.deepEqual(first, { kind: "need-l1-block", number: safe.l1Origin.number - 50n });
    scenario.mineBatches(scenario.sequenceMany(3, (i) => [l2Transaction(i)]));
    assert.equal(scenario.derive().blocks.length, 3);
    assertFollows(scenario);
  });
});

describe("derivation.md, Deriving the Transaction List", () => {
  it("puts the L1 attributes first, with the epoch's values and the place in it", () => {
    const scenario = new Scenario();
    scenario.l1.mine({ baseFee: 1234n, excessBlobGas: 10_485_760n });
    const batches = scenario.sequenceMany(8, (i) => [l2Transaction(i)]);
    scenario.mineBatches(batches);
    const { derived } = scenario.derive();
    const seen = derived.map(({ attributes }) => l1AttributesOf(attributes.transactions));
    assert.deepEqual(
      seen.map(({ number, sequenceNumber }) => [number, sequenceNumber]),
      [
        [100n, 1n],
        [100n, 2n],
        [100n, 3n],
        [100n, 4n],
        [100n, 5n],
        [101n, 0n],
        [101n, 1n],
        [101n, 2n],
      ],
    );
    const last = seen.at(-1);
    assert.equal(last?.baseFee, 1234n);
    assert.equal(last?.blobBaseFee, 23n);
    assert.equal(last?.daFootprintGasScalar, 400n);
    assert.equal(last?.baseFeeScalar, 0x558n);
    assert.equal(last?.blobBaseFeeScalar, 0x0c5fc5n);
    for (const [i, { attributes }] of derived.entries()) {
      assert.deepEqual(attributes.transactions.slice(1), [l2Transaction(i)]);
    }
  });

  it("takes prevRandao and the beacon root from the L1 origin, not from the block it was derived from", () => {
    const { scenario, batches } = withFourBlocks();
    scenario.mineBatches(batches);
    const [first] = scenario.derive().derived;
    const origin = scenario.l1.at(100n);
    assert.deepEqual(first?.attributes.prevRandao, origin?.header.prevRandao);
    assert.deepEqual(first?.attributes.parentBeaconBlockRoot, origin?.header.parentBeaconBlockRoot);
  });
});
