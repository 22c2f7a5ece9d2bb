import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { addressFromHex, bigintToBytes, concatBytes, ZERO_ADDRESS } from "@phala-l2/protocol/bytes";
import { encodeFrames } from "@phala-l2/protocol/wire/frame";
import type { Log } from "@phala-l2/protocol/wire/receipt";
import { decodeTransaction } from "@phala-l2/protocol/wire/transaction";
import { channelId, inboxTransaction, singularChannel, wholeFrame } from "./batcher-data.ts";
import { BATCHER, L2_USER, SECOND_BATCHER, STRANGER, type TestAccount } from "./keys.ts";
import { receiptWith } from "./l1-chain.ts";
import { configUpdate, transactionDeposited, UPDATE_TYPE, word } from "./l1-events.ts";
import { l1AttributesOf } from "./l2-chain.ts";
import { l2Transaction } from "./l2-transactions.ts";
import { reasonsOf, Scenario } from "./scenario.ts";

/** L1 block 101 holds these logs; the L2 blocks 1 to 5 are of epoch 100 and 6 to 8 of epoch 101. */
function withLogs(logs: (scenario: Scenario) => readonly Log[], options = {}) {
  const scenario = new Scenario(options);
  scenario.l1.mine({ logs: [logs(scenario)] });
  scenario.mineBatches(scenario.sequenceMany(8));
  const result = scenario.derive();
  assert.equal(result.blocks.length, 8);
  return { scenario, ...result };
}

describe("system-config.md: ConfigUpdate", () => {
  const update = (type: number, content: Uint8Array) => (scenario: Scenario) => [
    configUpdate(scenario.config, type, content),
  ];

  it("a gas limit holds from the first block of the epoch on", () => {
    const { derived } = withLogs(update(UPDATE_TYPE.gasLimit, word(42_000_000n)));
    const limits = derived.map(({ attributes }) => attributes.gasLimit);
    assert.deepEqual(limits, [...Array(5).fill(60_000_000n), ...Array(3).fill(42_000_000n)]);
  });

  it("EIP-1559 parameters hold from the first block of the epoch on", () => {
    const params = concatBytes(bigintToBytes(100n, 4), bigintToBytes(3n, 4));
    const { derived } = withLogs(update(UPDATE_TYPE.eip1559Params, concatBytes(new Uint8Array(24), params)));
    const before = concatBytes(bigintToBytes(250n, 4), bigintToBytes(6n, 4));
    assert.deepEqual(derived[4]?.attributes.eip1559Params, before);
    assert.deepEqual(derived[5]?.attributes.eip1559Params, params);
  });

  it("a lowest base fee holds from the first block of the epoch on", () => {
    const { derived } = withLogs(update(UPDATE_TYPE.minBaseFee, word(1_000_000n)));
    assert.deepEqual(
      [4, 5].map((i) => derived[i]?.attributes.minBaseFee),
      [0n, 1_000_000n],
    );
  });

  it("operator fee, footprint and fee scalars stand in the L1 attributes of the epoch", () => {
    const operator = concatBytes(new Uint8Array(20), bigintToBytes(77n, 4), bigintToBytes(88n, 8));
    const scalar = concatBytes(
      Uint8Array.of(1),
      new Uint8Array(23),
      bigintToBytes(11n, 4),
      bigintToBytes(22n, 4),
    );
    const { derived } = withLogs(({ config }) => [
      configUpdate(config, UPDATE_TYPE.operatorFee, operator),
      configUpdate(config, UPDATE_TYPE.daFootprintGasScalar, word(500n)),
      configUpdate(config, UPDATE_TYPE.feeScalars, concatBytes(word(0n), scalar)),
    ]);
    const values = derived.map(({ attributes }) => l1AttributesOf(attributes.transactions));
    assert.deepEqual(
      [4, 5].map((i) => values[i]?.operatorFeeScalar),
      [0n, 77n],
    );
    assert.deepEqual(
      [4, 5].map((i) => values[i]?.operatorFeeConstant),
      [0n, 88n],
    );
    assert.deepEqual(
      [4, 5].map((i) => values[i]?.daFootprintGasScalar),
      [400n, 500n],
    );
    assert.deepEqual(
      [4, 5].map((i) => values[i]?.blobBaseFeeScalar),
      [0x0c5fc5n, 11n],
    );
    assert.deepEqual(
      [4, 5].map((i) => values[i]?.baseFeeScalar),
      [0x558n, 22n],
    );
  });

  it("a footprint of zero stands for 400", () => {
    const { derived } = withLogs(update(UPDATE_TYPE.daFootprintGasScalar, word(0n)));
    const last = derived.at(-1);
    assert.ok(last);
    assert.equal(l1AttributesOf(last.attributes.transactions).daFootprintGasScalar, 400n);
  });

  it("what does not parse changes nothing", () => {
    const { derived, dropped } = withLogs(({ config }) => [
      configUpdate(config, 8, word(1n)),
      configUpdate(config, UPDATE_TYPE.gasLimit, word(2n ** 64n)),
      configUpdate(config, UPDATE_TYPE.gasLimit, new Uint8Array(0)),
      configUpdate(config, UPDATE_TYPE.batcher, word(2n ** 160n)),
      { ...configUpdate(config, UPDATE_TYPE.gasLimit, word(1n)), data: new Uint8Array(5) },
      { ...configUpdate(config, UPDATE_TYPE.gasLimit, word(1n)), topics: [] },
    ]);
    assert.ok(derived.every(({ attributes }) => attributes.gasLimit === 60_000_000n));
    assert.equal(reasonsOf({ dropped }).length, 5);
    assert.ok(dropped.every(({ stage }) => stage === "l1-traversal"));
  });

  it("another contract's event changes nothing", () => {
    const { derived } = withLogs(({ config }) => [
      { ...configUpdate(config, UPDATE_TYPE.gasLimit, word(1n)), address: STRANGER.address },
    ]);
    assert.equal(derived.at(-1)?.attributes.gasLimit, 60_000_000n);
  });

  it("a failed transaction's event changes nothing", () => {
    const scenario = new Scenario();
    const log = configUpdate(scenario.config, UPDATE_TYPE.gasLimit, word(1n));
    scenario.l1.mine({ receipts: [receiptWith([log], 0)] });
    scenario.mineBatches(scenario.sequenceMany(8));
    assert.equal(scenario.derive().derived.at(-1)?.attributes.gasLimit, 60_000_000n);
  });

  it("the unsafe block signer is not derivation's matter", () => {
    const { dropped } = withLogs(update(UPDATE_TYPE.unsafeBlockSigner, word(5n)));
    assert.equal(dropped.length, 0);
  });

  it("updates survive a restart", () => {
    const { scenario } = withLogs(update(UPDATE_TYPE.gasLimit, word(42_000_000n)));
    scenario.restart();
    scenario.mineBatches([scenario.sequence()]);
    const { derived } = scenario.derive();
    assert.equal(derived[0]?.attributes.gasLimit, 42_000_000n);
    assert.deepEqual(scenario.verifier.head.ref, scenario.sequencer.head.ref);
  });

  it("receipts may be left out only where the bloom rules relevant logs out", () => {
    const scenario = new Scenario();
    scenario.derive();
    const log = configUpdate(scenario.config, UPDATE_TYPE.gasLimit, word(1n));
    const block = scenario.l1.mine({ logs: [[log]] });
    assert.throws(() => scenario.pipeline.provideL1Block({ ...block, receipts: undefined }), {
      code: "L1_RECEIPTS_MISSING",
    });
    assert.equal(scenario.pipeline.provideL1Block({ ...block }).kind, "accepted");
    const plain = scenario.l1.mine();
    scenario.pipeline.step(scenario.verifier.head.ref);
    assert.equal(scenario.pipeline.provideL1Block({ ...plain, receipts: undefined }).kind, "accepted");
  });
});

describe("derivation.md, L1 Retrieval: a change of the batcher", () => {
  /** A whole channel of these blocks, sent by that account. */
  function from(scenario: Scenario, sender: TestAccount, blocks: number): Uint8Array {
    const frames = [wholeFrame(channelId(blocks), singularChannel(scenario.sequenceMany(blocks)))];
    return inboxTransaction(scenario.config, scenario.l1, { data: encodeFrames(frames), from: sender });
  }

  function change(scenario: Scenario): Log {
    const address = concatBytes(new Uint8Array(12), SECOND_BATCHER.address);
    return configUpdate(scenario.config, UPDATE_TYPE.batcher, address);
  }

  it("holds for the transactions of the very L1 block, wherever they stand in it", () => {
    const scenario = new Scenario();
    scenario.l1.mine({ transactions: [from(scenario, BATCHER, 2)] });
    scenario.l1.mine({ transactions: [from(scenario, SECOND_BATCHER, 2)], logs: [[change(scenario)]] });
    assert.equal(scenario.derive().blocks.length, 4);
  });

  it("shuts the former batcher out at once", () => {
    const scenario = new Scenario();
    scenario.l1.mine({ transactions: [from(scenario, BATCHER, 2)], logs: [[change(scenario)]] });
    const result = scenario.derive();
    assert.equal(result.blocks.length, 0);
    assert.deepEqual(reasonsOf(result), ["sender-not-batcher"]);
  });

  it("does not let the next batcher begin early", () => {
    const scenario = new Scenario();
    scenario.l1.mine({ transactions: [from(scenario, SECOND_BATCHER, 2)] });
    scenario.l1.mine({ logs: [[change(scenario)]] });
    assert.equal(scenario.derive().blocks.length, 0);
  });
});

describe("deposits.md: user deposits", () => {
  const request = { from: L2_USER.address, to: ZERO_ADDRESS, mint: 5n, value: 3n };

  it("stand after the L1 attributes in the first block of the epoch, in the logs' order", () => {
    const { derived } = withLogs(({ config }) => [
      transactionDeposited(config, request),
      configUpdate(config, UPDATE_TYPE.gasLimit, word(50_000_000n)),
      transactionDeposited(config, { ...request, mint: 6n }),
    ]);
    assert.deepEqual(
      derived.map(({ attributes }) => attributes.transactions.length),
      [1, 1, 1, 1, 1, 3, 1, 1],
    );
    const deposits = derived[5]?.attributes.transactions.slice(1).map((raw) => {
      const decoded = decodeTransaction(raw);
      assert.ok(decoded.kind === "ok" && decoded.transaction.type === 0x7e);
      return decoded.transaction;
    });
    assert.deepEqual(
      deposits?.map(({ mint }) => mint),
      [5n, 6n],
    );
    assert.notDeepEqual(deposits?.[0]?.sourceHash, deposits?.[1]?.sourceHash);
  });

  it("stand before the batch's transactions", () => {
    const scenario = new Scenario();
    scenario.l1.mine({ logs: [[transactionDeposited(scenario.config, request)]] });
    scenario.mineBatches(scenario.sequenceMany(6, (i) => [l2Transaction(i)]));
    const last = scenario.derive().derived.at(-1)?.attributes.transactions ?? [];
    assert.deepEqual(
      last.map((raw) => raw[0]),
      [0x7e, 0x7e, 2],
    );
  });

  it("come without a batcher once the sequencing window is over", () => {
    const scenario = new Scenario({ seqWindowSize: 5n });
    scenario.l1.mine({ logs: [[transactionDeposited(scenario.config, request)]] });
    scenario.l1.mineEmpty(6);
    const { derived } = scenario.derive();
    const first = derived.find(({ attributes }) => attributes.transactions.length > 1);
    assert.ok(first);
    assert.equal(l1AttributesOf(first.attributes.transactions).number, 101n);
  });

  it("survive the rejection of the block they are in", () => {
    const scenario = new Scenario();
    scenario.l1.mine({ logs: [[transactionDeposited(scenario.config, request)]] });
    scenario.mineBatches(scenario.sequenceMany(6, (i) => [l2Transaction(i)]));
    const { blocks } = scenario.derive(({ attributes }) => attributes.transactions.length < 3);
    assert.deepEqual(
      blocks.at(-1)?.transactions.map((raw) => raw[0]),
      [0x7e, 0x7e],
    );
  });

  it("of a failed transaction or another contract are none", () => {
    const scenario = new Scenario();
    const log = transactionDeposited(scenario.config, request);
    const elsewhere = { ...log, address: addressFromHex(`0x${"33".repeat(20)}`) };
    scenario.l1.mine({ receipts: [receiptWith([log], 0), receiptWith([elsewhere])] });
    scenario.mineBatches(scenario.sequenceMany(8));
    const { derived } = scenario.derive();
    assert.ok(derived.every(({ attributes }) => attributes.transactions.length === 1));
  });

  it("of an unknown version stop the derivation: money is not passed over", () => {
    const scenario = new Scenario({ seqWindowSize: 5n });
    scenario.l1.mine({ logs: [[transactionDeposited(scenario.config, request, 1n)]] });
    scenario.l1.mineEmpty(6);
    assert.throws(() => scenario.derive(), { code: "DEPOSIT_UNREADABLE" });
  });
});

describe("ecotone/l1-attributes.md: L1's blob base fee", () => {
  it("follows L1's blob schedule by the origin's time", () => {
    const start = new Scenario().config.genesis.l2Time;
    const l1BlobSchedule = [
      { since: 0n, baseFeeUpdateFraction: 3_338_477n },
      { since: start + 24n, baseFeeUpdateFraction: 5_007_716n },
    ];
    const scenario = new Scenario({ l1BlobSchedule });
    scenario.l1.mine({ excessBlobGas: 40_000_000n });
    scenario.l1.mine({ excessBlobGas: 40_000_000n });
    scenario.mineBatches(scenario.sequenceMany(13));
    const fees = scenario
      .derive()
      .derived.map(({ attributes }) => l1AttributesOf(attributes.transactions).blobBaseFee);
    const exact = (fraction: number) => BigInt(Math.floor(Math.exp(40_000_000 / fraction)));
    assert.deepEqual(
      [fees[4], fees[5], fees[10], fees[11]],
      [1n, exact(3_338_477), exact(3_338_477), exact(5_007_716)],
    );
  });
});
