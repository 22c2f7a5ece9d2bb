import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encodeFrames, framesOfChannel } from "@phala-l2/protocol/wire/frame";
import {
  choosePlace,
  MAX_BLOB_FRAME_SIZE,
  MAX_BLOBS_PER_TRANSACTION,
  MAX_CALLDATA_FRAME_SIZE,
  payloadsOfChannel,
  postingCost,
} from "./data-availability.ts";
import { framesOf } from "./testing/posted-data.ts";

const id = new Uint8Array(16).fill(5);
const GWEI = 10n ** 9n;
const channelOf = (size: number) => new Uint8Array(size).map((_, i) => i % 251);

describe("a channel's payloads", () => {
  for (const [size, kind, count] of [
    [1, "blobs", 1],
    [MAX_BLOB_FRAME_SIZE * MAX_BLOBS_PER_TRANSACTION, "blobs", 2],
    [(MAX_BLOB_FRAME_SIZE - 23) * MAX_BLOBS_PER_TRANSACTION, "blobs", 1],
    [1, "calldata", 1],
    [MAX_CALLDATA_FRAME_SIZE, "calldata", 2],
    [500_000, "calldata", 5],
  ] as const) {
    it(`are ${count} of ${kind} for ${size} bytes, and hold all of it in order`, () => {
      const channel = channelOf(size);
      const payloads = payloadsOfChannel(id, channel, kind);
      assert.equal(payloads.length, count);
      const frames = payloads.flatMap(framesOf);
      assert.deepEqual(Buffer.concat(frames.map(({ data }) => data)), Buffer.from(channel));
      assert.deepEqual(
        frames.map(({ number }) => number),
        frames.map((_, i) => i),
      );
      assert.equal(frames.filter(({ isLast }) => isLast).length, 1);
    });
  }

  it("of calldata stay below what L1's pools take", () => {
    for (const frame of framesOfChannel(id, channelOf(500_000), MAX_CALLDATA_FRAME_SIZE)) {
      assert.ok(encodeFrames([frame]).length < 128 * 1024 - 300);
    }
  });
});

describe("the cheaper way", () => {
  it("is blobs while blob gas is cheap, and calldata when it is dear", () => {
    const bytes = 100_000;
    assert.equal(choosePlace("auto", bytes, { gasPrice: 10n * GWEI, blobBaseFee: 1n }), "blobs");
    assert.equal(choosePlace("auto", bytes, { gasPrice: GWEI, blobBaseFee: 100n * GWEI }), "calldata");
  });

  it("is calldata for a few bytes at equal prices, and blobs for many", () => {
    const prices = { gasPrice: GWEI, blobBaseFee: GWEI };
    assert.equal(choosePlace("auto", 100, prices), "calldata");
    assert.equal(choosePlace("auto", 120_000, prices), "blobs");
  });

  it("counts every blob and every transaction", () => {
    const prices = { gasPrice: 1n, blobBaseFee: 1n };
    assert.deepEqual(postingCost(0, prices), { blobs: 131_072n + 21_000n, calldata: 21_000n });
    const bytes = MAX_BLOB_FRAME_SIZE * 7;
    const { blobs, calldata } = postingCost(bytes, prices);
    assert.equal(blobs, 7n * 131_072n + 2n * 21_000n);
    assert.equal(calldata, 40n * BigInt(bytes) + 8n * 21_000n);
  });

  it("is not looked for when the operator has chosen", () => {
    const prices = { gasPrice: 1n, blobBaseFee: 10n ** 18n };
    assert.equal(choosePlace("blobs", 1, prices), "blobs");
    assert.equal(choosePlace("calldata", 10 ** 6, { gasPrice: 10n ** 18n, blobBaseFee: 1n }), "calldata");
  });
});
