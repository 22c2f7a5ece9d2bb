import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ZERO_HASH } from "@phala-l2/protocol/bytes";
import type { BlockRef } from "@phala-l2/protocol/config/rollup";
import { testRollup } from "@phala-l2/protocol/config/testing/rollup";
import { type Frame, MAX_FRAME_LENGTH } from "@phala-l2/protocol/wire/frame";
import { ChannelAssembler } from "./channel-assembler.ts";

const CONFIG = testRollup({ forks: { fjord: 0n, granite: 0n, holocene: 0n } });

function block(number: bigint): BlockRef {
  return { number, hash: ZERO_HASH, parentHash: ZERO_HASH, timestamp: number * 12n };
}

function frame(channel: string, number: number, isLast = false, data = Uint8Array.of(number)): Frame {
  return { channelId: new Uint8Array(16).fill(channel.charCodeAt(0)), number, data, isLast };
}

function assemblerAt(number: bigint): ChannelAssembler {
  const assembler = new ChannelAssembler(CONFIG);
  assembler.advance(block(number));
  return assembler;
}

describe("holocene/derivation.md, Channel Bank", () => {
  it("puts the frames of a channel together", () => {
    const assembler = assemblerAt(1n);
    assert.equal(assembler.add(frame("a", 0)).kind, "staged");
    assert.equal(assembler.add(frame("a", 1)).kind, "staged");
    const channel = Uint8Array.of(0, 1, 2);
    assert.deepEqual(assembler.add(frame("a", 2, true)), { kind: "complete", replaced: false, channel });
  });

  it("drops a frame that has no channel, and every frame after a channel's end", () => {
    const assembler = assemblerAt(1n);
    const orphan = { kind: "dropped", reason: "frame-without-channel" };
    assert.deepEqual(assembler.add(frame("a", 1)), orphan);
    assert.equal(assembler.add(frame("a", 0, true)).kind, "complete");
    assert.deepEqual(assembler.add(frame("a", 1, true)), orphan);
  });

  it("drops frames of another channel and keeps its own", () => {
    const assembler = assemblerAt(1n);
    assembler.add(frame("a", 0));
    assert.deepEqual(assembler.add(frame("b", 1)), { kind: "dropped", reason: "frame-of-other-channel" });
    assert.equal(assembler.add(frame("a", 1, true)).kind, "complete");
  });

  it("drops frames out of order across transactions", () => {
    const assembler = assemblerAt(1n);
    assembler.add(frame("a", 0));
    assert.deepEqual(assembler.add(frame("a", 2)), { kind: "dropped", reason: "frame-out-of-order" });
    assembler.add(frame("a", 1));
    assert.deepEqual(assembler.add(frame("a", 1)), { kind: "dropped", reason: "frame-out-of-order" });
  });

  it("lets a first frame replace an open channel, be it the same one", () => {
    const assembler = assemblerAt(1n);
    assembler.add(frame("a", 0, false, Uint8Array.of(9)));
    assert.deepEqual(assembler.add(frame("b", 0)), { kind: "staged", replaced: true });
    const channel = Uint8Array.of(7);
    const again = assembler.add(frame("b", 0, true, channel));
    assert.deepEqual(again, { kind: "complete", replaced: true, channel });
  });

  it("accepts the last frame in the block at exactly the timeout", () => {
    const assembler = assemblerAt(100n);
    assembler.add(frame("a", 0));
    assert.equal(assembler.advance(block(150n)), undefined);
    assert.equal(assembler.add(frame("a", 1, true)).kind, "complete");
  });

  it("drops the channel one block after the timeout, and the frames that still come", () => {
    const assembler = assemblerAt(100n);
    assembler.add(frame("a", 0));
    assert.equal(assembler.advance(block(151n)), "channel-timed-out");
    assert.deepEqual(assembler.add(frame("a", 1, true)), {
      kind: "dropped",
      reason: "frame-without-channel",
    });
  });

  it("counts the timeout from the frame that began the channel again", () => {
    const assembler = assemblerAt(100n);
    assembler.add(frame("a", 0));
    assembler.advance(block(140n));
    assembler.add(frame("a", 0));
    assert.equal(assembler.advance(block(190n)), undefined);
    assert.equal(assembler.advance(block(191n)), "channel-timed-out");
  });

  it("takes Granite's constant and not the configured timeout", () => {
    const older = new ChannelAssembler({ ...CONFIG, forks: { fjord: 0n } });
    older.advance(block(100n));
    older.add(frame("a", 0));
    assert.equal(older.advance(block(151n)), undefined);
    assert.equal(older.advance(block(401n)), "channel-timed-out");
  });

  it("drops a channel whose frames, with 200 bytes for each, exceed 100,000,000 bytes", () => {
    const data = new Uint8Array(MAX_FRAME_LENGTH);
    const fits = Math.floor(100_000_000 / (MAX_FRAME_LENGTH + 200));
    const assembler = assemblerAt(1n);
    for (let number = 0; number < fits; number++) {
      assert.equal(assembler.add(frame("a", number, false, data)).kind, "staged");
    }
    const room = 100_000_000 - fits * (MAX_FRAME_LENGTH + 200) - 200;
    const over = frame("a", fits, true, new Uint8Array(room + 1));
    assert.deepEqual(assembler.add(over), { kind: "dropped", reason: "channel-oversize" });
    assert.deepEqual(assembler.add(frame("a", fits, true)), {
      kind: "dropped",
      reason: "frame-without-channel",
    });
  });

  it("accepts a channel of exactly 100,000,000 bytes", () => {
    const data = new Uint8Array(MAX_FRAME_LENGTH);
    const fits = Math.floor(100_000_000 / (MAX_FRAME_LENGTH + 200));
    const assembler = assemblerAt(1n);
    for (let number = 0; number < fits; number++) assembler.add(frame("a", number, false, data));
    const room = 100_000_000 - fits * (MAX_FRAME_LENGTH + 200) - 200;
    assert.equal(assembler.add(frame("a", fits, true, new Uint8Array(room))).kind, "complete");
  });
});
