import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { asHash } from "@phala-l2/protocol/bytes";
import type { BlockRef } from "@phala-l2/protocol/config/rollup";
import { isRollupError, RollupError } from "@phala-l2/protocol/errors";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { type Log, silentLog } from "@phala-l2/protocol/log";
import type { L1Label, L1Source } from "./l1-source.ts";
import { type L1WatchEvent, startL1Watch } from "./watch.ts";

const hashOf = (number: number, branch = 0) => asHash(keccak256(Uint8Array.of(number, branch)));

/** Block `number` of a branch, whose parent is of branch `parent`. */
function ref(number: number, branch = 0, parent = branch): BlockRef {
  return {
    number: BigInt(number),
    hash: hashOf(number, branch),
    parentHash: hashOf(number - 1, parent),
    timestamp: BigInt(12 * number),
  };
}

async function setUp(first: Partial<Record<L1Label, BlockRef | RollupError>>) {
  const heads: Partial<Record<L1Label, BlockRef | RollupError>> = first;
  const source: L1Source = {
    head: async (label) => {
      const head = heads[label] ?? new RollupError("L1_BLOCK_NOT_FOUND", "none yet");
      if (head instanceof RollupError) throw head;
      return head;
    },
    blockRef: async (number) => (typeof number === "bigint" ? ref(Number(number)) : undefined),
    block: async () => Promise.reject(new Error("not asked for")),
    header: async () => Promise.reject(new Error("not asked for")),
    blobs: async () => new Map(),
  };
  const controller = new AbortController();
  const ticks: (() => void)[] = [];
  const warnings: object[] = [];
  const log: Log = { ...silentLog, warn: (facts) => warnings.push(facts) };
  const clock = { now: () => 0, sleep: () => new Promise<void>((resolve) => ticks.push(resolve)) };
  const { signal } = controller;
  const watch = await startL1Watch({ pollIntervalMs: 1000 }, { source, clock, log, signal });
  const events: L1WatchEvent[] = [];
  watch.subscribe((event) => events.push(event));
  const tick = async () => {
    ticks.shift()?.();
    for (let turn = 0; turn < 5; turn++) await nextTurn();
  };
  const stop = () => {
    controller.abort();
    ticks.shift()?.();
  };
  return { watch, heads, events, tick, stop, warnings };
}

describe("watching L1's heads", () => {
  it("takes genesis for safe and finalized on a young chain", async () => {
    const { watch, stop } = await setUp({ latest: ref(3) });
    assert.equal(watch.heads().latest.number, 3n);
    assert.equal(watch.heads().safe.number, 0n);
    assert.equal(watch.heads().finalized.number, 0n);
    stop();
  });
  it("tells of each change, and of nothing when nothing changed", async () => {
    const { heads, events, tick, stop } = await setUp({ latest: ref(3) });
    await tick();
    assert.equal(events.length, 0);
    heads.latest = ref(4);
    await tick();
    heads.finalized = ref(1);
    await tick();
    assert.deepEqual(
      events.map(({ mayBeReorg }) => mayBeReorg),
      [false, false],
    );
    stop();
  });
  it("notices a reorg by the parent's hash, at the same height and when L1 gets shorter", async () => {
    const { heads, events, tick, stop } = await setUp({ latest: ref(5) });
    for (const head of [ref(6, 1), ref(6, 2), ref(5, 2), ref(9, 2)]) {
      heads.latest = head;
      await tick();
    }
    assert.deepEqual(
      events.map(({ mayBeReorg }) => mayBeReorg),
      [true, true, true, false],
    );
    stop();
  });
  it("never goes back behind a final block", async () => {
    const { watch, heads, tick, stop } = await setUp({ latest: ref(9), finalized: ref(5) });
    heads.finalized = ref(4);
    await tick();
    assert.equal(watch.heads().finalized.number, 5n);
    heads.finalized = new RollupError("L1_BLOCK_NOT_FOUND", "forgot it");
    await tick();
    assert.equal(watch.heads().finalized.number, 5n);
    stop();
  });
  it("goes on after L1 failed, and says so", async () => {
    const { watch, heads, tick, stop, warnings } = await setUp({ latest: ref(3) });
    heads.latest = new RollupError("L1_UNREACHABLE", "down");
    await tick();
    assert.equal(watch.heads().latest.number, 3n);
    assert.equal(warnings.length, 1);
    heads.latest = ref(4);
    await tick();
    assert.equal(watch.heads().latest.number, 4n);
    stop();
  });
  it("fails when the first look does", async () => {
    await assert.rejects(setUp({ latest: new RollupError("L1_UNREACHABLE", "down") }), (error) =>
      isRollupError(error, "L1_UNREACHABLE"),
    );
  });
});
