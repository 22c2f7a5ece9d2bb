import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { concatBytes, fromHex, toHex } from "../bytes.ts";
import { isRollupError } from "../errors.ts";
import {
  decodeFrames,
  encodeFrame,
  encodeFrames,
  FRAME_OVERHEAD,
  type Frame,
  framesOfChannel,
  MAX_FRAME_LENGTH,
} from "./frame.ts";

const ID = fromHex("0x000102030405060708090a0b0c0d0e0f");
const frames: fc.Arbitrary<Frame> = fc
  .tuple(
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
    fc.nat(0xffff),
    fc.uint8Array({ maxLength: 300 }),
    fc.boolean(),
  )
  .map(([channelId, number, data, isLast]) => ({ channelId, number, data, isLast }));
const frame: Frame = { channelId: ID, number: 0x0102, data: fromHex("0xaabbcc"), isLast: true };

function reason(data: Uint8Array): string {
  const decoded = decodeFrames(data);
  return decoded.kind === "invalid" ? decoded.reason : decoded.kind;
}

describe("frame", () => {
  it("has the layout of the specification", () => {
    assert.equal(toHex(encodeFrame(frame)), "0x000102030405060708090a0b0c0d0e0f010200000003aabbcc01");
    assert.equal(encodeFrame(frame).length, FRAME_OVERHEAD + 3);
  });

  it("round-trips, several in one transaction", () => {
    fc.assert(
      fc.property(fc.array(frames, { minLength: 1, maxLength: 5 }), (list) => {
        assert.deepEqual(decodeFrames(encodeFrames(list)), { kind: "ok", frames: list });
      }),
    );
  });

  it("may have 1,000,000 bytes of data and no more", () => {
    const largest = { ...frame, data: new Uint8Array(MAX_FRAME_LENGTH) };
    assert.equal(reason(encodeFrames([largest])), "ok");
    const tooLong = concatBytes(Uint8Array.of(0), ID, fromHex("0x0000000f4241"), new Uint8Array(1_000_002));
    assert.equal(reason(tooLong), "frame-too-long");
    const hugeLength = concatBytes(Uint8Array.of(0), ID, fromHex("0x0000ffffffff"), new Uint8Array(9));
    assert.equal(reason(hugeLength), "frame-too-long");
  });

  it("is not read from empty data, an unknown version, or a version alone", () => {
    assert.equal(reason(new Uint8Array(0)), "empty-data");
    assert.equal(reason(fromHex("0x00")), "no-frames");
    const good = encodeFrames([frame]);
    for (const version of [1, 2, 0x78, 0xff]) {
      good[0] = version;
      assert.equal(reason(good), "unknown-version");
    }
  });

  it("has an is_last of 0 or 1", () => {
    for (let value = 2; value < 256; value++) {
      const data = encodeFrames([frame]);
      data[data.length - 1] = value;
      assert.equal(reason(data), "is-last-not-boolean");
    }
  });

  it("rejects the whole transaction when any frame is bad or anything is left over", () => {
    const good = encodeFrames([frame, frame]);
    const alone = encodeFrames([frame]).length;
    for (let end = 2; end < good.length; end++) {
      if (end !== alone) assert.equal(reason(good.subarray(0, end)), "frame-truncated", `${end} bytes`);
    }
    assert.equal(reason(concatBytes(good, fromHex("0x00"))), "frame-truncated");
  });

  it("cannot be encoded out of its bounds", () => {
    const range = (error: unknown) => isRollupError(error, "FRAME_RANGE");
    assert.throws(() => encodeFrame({ ...frame, channelId: ID.subarray(1) }), range);
    for (const number of [-1, 0x10000, 0.5, Number.NaN]) {
      assert.throws(() => encodeFrame({ ...frame, number }), range);
    }
    assert.throws(() => encodeFrame({ ...frame, data: new Uint8Array(MAX_FRAME_LENGTH + 1) }), range);
    assert.throws(() => encodeFrames([]), range);
  });

  it("is decoded without throwing: 10,000 random and mutated inputs", () => {
    const mutated = fc
      .tuple(fc.array(frames, { minLength: 1, maxLength: 3 }), fc.nat(), fc.nat(255))
      .map(([list, at, value]) => {
        const data = encodeFrames(list);
        data[at % data.length] = value;
        return data;
      });
    const random = fc.uint8Array({ maxLength: 80 }).map((bytes) => concatBytes(Uint8Array.of(0), bytes));
    fc.assert(
      fc.property(fc.oneof(mutated, random), (data) => {
        const decoded = decodeFrames(data);
        if (decoded.kind === "ok") assert.deepEqual(encodeFrames(decoded.frames), data);
      }),
      { numRuns: 10_000 },
    );
  });
});

describe("frames of a channel", () => {
  it("carry the channel in order, each at most of the size, only the last one closing", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), fc.integer({ min: 24, max: 200 }), (channel, size) => {
        const list = framesOfChannel(ID, channel, size);
        assert.deepEqual(concatBytes(...list.map(({ data }) => data)), channel);
        list.forEach((each, i) => {
          assert.equal(each.number, i);
          assert.equal(each.isLast, i === list.length - 1);
          assert(encodeFrame(each).length <= size);
        });
      }),
    );
  });

  it("are one empty frame for an empty channel", () => {
    assert.deepEqual(framesOfChannel(ID, new Uint8Array(0), 100), [
      { channelId: ID, number: 0, data: new Uint8Array(0), isLast: true },
    ]);
  });

  it("cannot be of a size without room, or more than 65,536", () => {
    const range = (error: unknown) => isRollupError(error, "FRAME_RANGE");
    assert.throws(() => framesOfChannel(ID, new Uint8Array(1), FRAME_OVERHEAD), range);
    assert.throws(() => framesOfChannel(ID, new Uint8Array(65_537), FRAME_OVERHEAD + 1), range);
    assert.equal(framesOfChannel(ID, new Uint8Array(65_536), FRAME_OVERHEAD + 1).length, 65_536);
  });
});
