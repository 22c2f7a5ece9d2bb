import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { concatBytes } from "@phala-l2/protocol/bytes";
import { encodeSingular } from "@phala-l2/protocol/wire/batch";
import { channelItem } from "@phala-l2/protocol/wire/channel";
import { compressZlib } from "@phala-l2/protocol/wire/compression";
import { encodeFrames, type Frame } from "@phala-l2/protocol/wire/frame";
import {
  channelId,
  channelOf,
  framesIn,
  inboxTransaction,
  singularChannel,
  wholeFrame,
} from "./batcher-data.ts";
import { l2Transaction } from "./l2-transactions.ts";
import { reasonsOf, Scenario } from "./scenario.ts";

/** Two L1 blocks, four L2 blocks, their channel in three frames. */
function threeFrames() {
  const scenario = new Scenario({ seqWindowSize: 3600n });
  scenario.l1.mineEmpty(2);
  const batches = scenario.sequenceMany(4, (i) => [l2Transaction(i)]);
  const channel = singularChannel(batches);
  const [a, b, c] = framesIn(3, channelId(1), channel);
  assert.ok(a !== undefined && b !== undefined && c?.isLast === true);
  return { scenario, batches, channel, a, b, c };
}

/** Mines one L1 block for each list of frames and derives. */
function derivedFrom(scenario: Scenario, ...transactions: readonly (readonly Frame[])[]) {
  for (const frames of transactions) scenario.mineFrames(frames);
  return scenario.derive();
}

describe("holocene/derivation.md: frames over transactions and blocks", () => {
  it("puts a channel together over several L1 blocks", () => {
    const { scenario, a, b, c } = threeFrames();
    assert.equal(derivedFrom(scenario, [a], [b], [c]).blocks.length, 4);
  });

  it("does not wait for a frame that comes too late", () => {
    const { scenario, a, b, c } = threeFrames();
    const result = derivedFrom(scenario, [a], [c], [b]);
    assert.equal(result.blocks.length, 0);
    assert.deepEqual(reasonsOf(result), ["frame-out-of-order"]);
  });

  it("goes on when the missing frames come in order after all", () => {
    const { scenario, a, b, c } = threeFrames();
    assert.equal(derivedFrom(scenario, [a], [c], [b], [c]).blocks.length, 4);
  });

  it("ignores frames that come twice", () => {
    const { scenario, a, b, c } = threeFrames();
    const result = derivedFrom(scenario, [a], [b], [b], [b, c], [c]);
    assert.equal(result.blocks.length, 4);
    assert.deepEqual(reasonsOf(result), [
      "frame-out-of-order",
      "frame-out-of-order",
      "frame-without-channel",
    ]);
  });

  it("starts over when the first frame comes again", () => {
    const { scenario, a, b, c } = threeFrames();
    const result = derivedFrom(scenario, [a], [b], [a], [b], [c]);
    assert.equal(result.blocks.length, 4);
    assert.deepEqual(reasonsOf(result), ["channel-replaced"]);
  });

  it("drops the older of two interleaved channels", () => {
    const { scenario, batches, a, b, c } = threeFrames();
    const [x, y] = framesIn(2, channelId(2), singularChannel(batches.slice(0, 2)));
    assert.ok(x !== undefined && y !== undefined);
    const result = derivedFrom(scenario, [a], [x], [b], [y], [c]);
    assert.equal(result.blocks.length, 2);
    assert.deepEqual(reasonsOf(result), [
      "channel-replaced",
      "frame-of-other-channel",
      "frame-without-channel",
    ]);
  });

  it("ignores a channel without its first frame", () => {
    const { scenario, b, c } = threeFrames();
    assert.deepEqual(reasonsOf(derivedFrom(scenario, [b, c])), [
      "frame-without-channel",
      "frame-without-channel",
    ]);
  });

  it("ignores a transaction with one bad frame as a whole, and the channel waits", () => {
    const { scenario, a, b, c } = threeFrames();
    const data = concatBytes(encodeFrames([a, b, c]), Uint8Array.of(1));
    scenario.l1.mine({ transactions: [inboxTransaction(scenario.config, scenario.l1, { data })] });
    const result = scenario.derive();
    assert.equal(result.blocks.length, 0);
    assert.deepEqual(reasonsOf(result), ["frame-truncated"]);
    assert.equal(derivedFrom(scenario, [a, b, c]).blocks.length, 4);
  });

  it("closes a channel in the block at exactly the timeout", () => {
    const { scenario, a, b, c } = threeFrames();
    const opened = scenario.mineFrames([a, b]).header.number;
    scenario.l1.mineEmpty(49);
    assert.equal(scenario.mineFrames([c]).header.number, opened + 50n);
    assert.equal(scenario.derive().blocks.length, 4);
  });

  it("drops it one block later", () => {
    const { scenario, a, b, c } = threeFrames();
    scenario.mineFrames([a, b]);
    scenario.l1.mineEmpty(50);
    scenario.mineFrames([c]);
    const result = scenario.derive();
    assert.equal(result.blocks.length, 0);
    assert.deepEqual(reasonsOf(result), ["channel-timed-out", "frame-without-channel"]);
  });

  it("reads two channels of one transaction, the second going on in the next", () => {
    const { scenario, batches } = threeFrames();
    const first = wholeFrame(channelId(7), singularChannel(batches.slice(0, 2)));
    const [x, y] = framesIn(2, channelId(8), singularChannel(batches.slice(2)));
    assert.ok(x !== undefined && y !== undefined);
    const result = derivedFrom(scenario, [first, x], [y]);
    assert.deepEqual(
      result.derived.map(({ derivedFrom: { number } }) => number),
      [103n, 103n, 104n, 104n],
    );
  });
});

describe("derivation.md, Channel Format", () => {
  it("keeps the batches before the place where a channel is cut off", () => {
    const { scenario, batches, channel } = threeFrames();
    const half = channel.subarray(0, Math.floor(channel.length * 0.6));
    scenario.mineChannel(half);
    const result = scenario.derive();
    assert.ok(result.blocks.length < batches.length);
    assert.equal(scenario.verifier.head.ref.number, BigInt(result.blocks.length));
    scenario.mineBatches(batches.slice(result.blocks.length));
    assert.equal(scenario.derive().blocks.length, batches.length - result.blocks.length);
  });

  it("drops an empty channel, one of unknown compression, and one of noise", () => {
    const { scenario, batches } = threeFrames();
    scenario.mineChannel(new Uint8Array(0));
    scenario.mineChannel(Uint8Array.of(2, 3, 4));
    scenario.mineChannel(Uint8Array.of(0x78, 0xda, 0xff, 0xff));
    const result = scenario.derive();
    assert.equal(result.blocks.length, 0);
    assert.deepEqual(reasonsOf(result).slice(0, 2), ["empty-channel", "unknown-compression"]);
    scenario.mineBatches(batches);
    assert.equal(scenario.derive().blocks.length, 4);
  });

  it("drops the rest of a channel after a malformed batch, and keeps what came before", () => {
    const { scenario, batches } = threeFrames();
    const [first, second, ...rest] = batches.map(encodeSingular);
    assert.ok(first !== undefined && second !== undefined);
    for (const malformed of [
      new Uint8Array(0),
      Uint8Array.of(9),
      second.subarray(0, -1),
      Uint8Array.of(1, 2),
    ]) {
      scenario.verifier.rewind(0n);
      scenario.restart();
      scenario.mineChannel(channelOf([first, malformed, second, ...rest]));
      assert.equal(scenario.derive().blocks.length, 1);
      scenario.l1.blocks.pop();
    }
  });

  it("drops the rest of a channel at an item that is no RLP string", () => {
    const { scenario, batches } = threeFrames();
    const good = channelOf(batches.map(encodeSingular));
    assert.ok(good.length > 0);
    scenario.mineChannel(compressZlib(Uint8Array.of(0xc1, 0x80, 0x80)));
    const result = scenario.derive();
    assert.deepEqual(reasonsOf(result), ["rlp-string-expected"]);
    scenario.mineChannel(good);
    assert.equal(scenario.derive().blocks.length, 4);
  });

  for (const [over, blocks] of [
    [0, 2],
    [1, 1],
  ] as const) {
    it(`counts the first 100,000,000 bytes of a channel: the last batch ends ${over} bytes after them`, () => {
      const { scenario, batches } = threeFrames();
      const [first, second] = batches.slice(0, 2).map(encodeSingular);
      const [past] = batches;
      assert.ok(first !== undefined && second !== undefined && past !== undefined);
      // A batch of a past time does nothing but take room.
      const filler = (length: number) =>
        encodeSingular({ ...past, timestamp: 0n, transactions: [new Uint8Array(length)] });
      const size = (payload: Uint8Array) => channelItem(payload).length;
      const overhead = size(filler(99_000_000)) - 99_000_000;
      const padding = filler(100_000_000 + over - overhead - size(first) - size(second));
      assert.equal(size(first) + size(padding) + size(second), 100_000_000 + over);
      scenario.mineChannel(channelOf([first, padding, second]));
      assert.equal(scenario.derive().blocks.length, blocks);
    });
  }
});
