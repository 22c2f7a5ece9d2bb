import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { placeBlocks } from "./chain.ts";
import type { BlockCalls, BlockOverrides } from "./request.ts";

const BASE = { number: 100n, timestamp: 1_000n };

function blocks(...overrides: readonly BlockOverrides[]): readonly BlockCalls[] {
  return overrides.map((block) => ({ block, state: new Map(), calls: [] }));
}

/** Numbers and times of what is placed, or the fault. */
function placed(...overrides: readonly BlockOverrides[]): unknown {
  const placing = placeBlocks(BASE, blocks(...overrides));
  return placing.kind === "fault"
    ? placing.fault
    : placing.blocks.map(({ block }) => [block.number, block.time]);
}

describe("where simulated blocks stand", () => {
  test("one after another, twelve seconds apart", () => {
    assert.deepEqual(placed({}, {}), [
      [101n, 1_012n],
      [102n, 1_024n],
    ]);
    assert.deepEqual(placed(), []);
  });

  test("gaps between numbers are filled, each block with its own time", () => {
    assert.deepEqual(placed({ number: 103n }, {}), [
      [101n, 1_012n],
      [102n, 1_024n],
      [103n, 1_036n],
      [104n, 1_048n],
    ]);
  });

  test("a block's own time holds after a gap, and the next follow it", () => {
    assert.deepEqual(placed({ number: 102n, time: 1_013n }, {}), [
      [101n, 1_012n],
      [102n, 1_013n],
      [103n, 1_025n],
    ]);
  });

  test("what fills a gap has neither calls nor pretences", () => {
    const [only] = blocks({ number: 103n, gasLimit: 5n });
    assert.ok(only);
    const placing = placeBlocks(BASE, [{ ...only, state: new Map([["0x01", BALANCE]]) }]);
    assert.ok(placing.kind === "placed");
    assert.deepEqual(
      placing.blocks.map(({ block, state, calls }) => [block.gasLimit, state.size, calls.length]),
      [
        [undefined, 0, 0],
        [undefined, 0, 0],
        [5n, 1, 0],
      ],
    );
  });

  test("as many as allowed, those of gaps among them", () => {
    const last = placeBlocks(BASE, blocks({ number: 356n }));
    assert.ok(last.kind === "placed");
    assert.equal(last.blocks.length, 256);
  });

  const tooMany = { kind: "too-many-blocks" };
  const number = (wanted: bigint, previous: bigint) => ({
    kind: "block-numbers-out-of-order",
    number: wanted,
    previous,
  });
  const time = (wanted: bigint, previous: bigint) => ({
    kind: "timestamps-out-of-order",
    time: wanted,
    previous,
  });
  const refused: readonly (readonly [fault: object, ...overrides: BlockOverrides[]])[] = [
    [tooMany, { number: 357n }],
    [tooMany, { number: 2n ** 256n - 1n }],
    [tooMany, ...Array.from({ length: 257 }, () => ({}))],
    [tooMany, { number: 356n }, {}],
    [number(100n, 100n), { number: 100n }],
    [number(0n, 100n), { number: 0n }],
    [number(101n, 101n), {}, { number: 101n }],
    [number(104n, 105n), { number: 105n }, { number: 104n }],
    [time(1_000n, 1_000n), { time: 1_000n }],
    [time(0n, 1_000n), { time: 0n }],
    [time(1_012n, 1_012n), {}, { time: 1_012n }],
    [time(1_020n, 1_024n), { number: 103n, time: 1_020n }],
    [time(1_012n, 1_012n), { number: 102n, time: 1_012n }],
  ];
  for (const [fault, ...overrides] of refused) {
    const [first] = overrides;
    test(`refused: ${JSON.stringify(fault, (_, value) => (typeof value === "bigint" ? `${value}` : value))}, ${overrides.length}, ${first?.number}`, () => {
      assert.deepEqual(placed(...overrides), fault);
    });
  }
});

const BALANCE = { nonce: undefined, balance: 1n, code: undefined, storage: undefined };
