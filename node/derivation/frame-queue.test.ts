import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { processorTime } from "@phala-l2/protocol/testing/processor-time";
import { encodeFrames, type Frame } from "@phala-l2/protocol/wire/frame";
import { FrameQueue, orderedFrames } from "./frame-queue.ts";

/** `a0 a1. b0` : channel a's frames 0 and 1, the second being the last, and channel b's frame 0. */
function frames(text: string): Frame[] {
  return text
    .split(" ")
    .filter((word) => word !== "")
    .map((word) => ({
      channelId: new Uint8Array(16).fill(word.charCodeAt(0)),
      number: Number.parseInt(word.slice(1), 10),
      data: new Uint8Array(3),
      isLast: word.endsWith("."),
    }));
}

function text(list: readonly Frame[]): string {
  return list
    .map(
      ({ channelId, number, isLast }) =>
        `${String.fromCharCode(channelId[0] ?? 0)}${number}${isLast ? "." : ""}`,
    )
    .join(" ");
}

describe("holocene/derivation.md, Frame Queue", () => {
  const cases: readonly (readonly [rule: string, given: string, kept: string])[] = [
    ["one channel in order", "a0 a1 a2.", "a0 a1 a2."],
    ["two channels one after another", "a0 a1. b0 b1.", "a0 a1. b0 b1."],
    [
      "the first frame of the queue may continue a channel of an earlier transaction",
      "a2 a3. b0",
      "a2 a3. b0",
    ],
    ["a gap drops the frame after it and what follows it", "a0 a2 a3.", "a0"],
    ["a frame that comes again is dropped", "a0 a1 a1 a2.", "a0 a1 a2."],
    ["a frame that goes back is dropped", "a0 a1 a0 a2.", "a0 a1 a2."],
    ["a frame after the last one of its channel is dropped", "a0 a1. a2", "a0 a1."],
    ["a second last frame is dropped", "a0 a1. a2.", "a0 a1."],
    ["a closed channel cannot begin again at once", "a0 a1. a0", "a0 a1."],
    ["a non-first frame of another channel is dropped", "a0 b1 a1.", "a0 a1."],
    ["a first frame drops all of an unclosed channel", "a0 a1 a2 b0 b1.", "b0 b1."],
    ["a first frame drops unclosed frames back to a closed channel", "a0. b0 b1 c0.", "a0. c0."],
    ["a first frame drops the frames that continue an earlier transaction's channel", "a4 a5 b0.", "b0."],
    ["interleaved channels leave the later one", "a0 b0 a1. b1.", "b0 b1."],
    ["a channel that comes again after another was discarded", "a0. b0 a0 a1.", "a0."],
    ["no frames", "", ""],
  ];
  for (const [rule, given, kept] of cases) {
    it(rule, () => assert.equal(text(orderedFrames(frames(given))), kept));
  }

  it("takes time in proportion to the frames, whatever their order", () => {
    const many = frames(Array.from({ length: 100_000 }, (_, i) => (i % 2 === 0 ? "a0" : "b0")).join(" "));
    const before = processorTime();
    assert.equal(orderedFrames(many).length, 1);
    assert.ok(processorTime(before) < 2_000);
  });
});

describe("FrameQueue", () => {
  it("hands out the frames of one data in order and counts those it left out", () => {
    const queue = new FrameQueue();
    assert.deepEqual(queue.load(encodeFrames(frames("a0 a2 a1."))), { invalid: undefined, outOfOrder: 1 });
    assert.equal(queue.next()?.number, 0);
    assert.equal(queue.next()?.number, 1);
    assert.equal(queue.next(), undefined);
  });

  it("rejects all frames of a data with one bad frame", () => {
    const queue = new FrameQueue();
    const data = encodeFrames(frames("a0 a1."));
    assert.deepEqual(queue.load(data.subarray(0, -1)), { invalid: "frame-truncated", outOfOrder: 0 });
    assert.equal(queue.next(), undefined);
  });
});
