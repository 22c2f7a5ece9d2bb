import assert from "node:assert/strict";
import { test } from "node:test";
import { compareBytes, toHex } from "@phala-l2/protocol/bytes";
import fc from "fast-check";
import { EntrySorter } from "./entry-sorter.ts";

const entries = fc.array(fc.tuple(fc.uint8Array({ maxLength: 9 }), fc.uint8Array({ maxLength: 40 })), {
  maxLength: 60,
});

test("entries come in the order of their keys, all of them, from memory and from disk", () => {
  fc.assert(
    fc.property(entries, fc.constantFrom(1, 64, 300, 1_000_000), (given, runBytes) => {
      const sorter = new EntrySorter(runBytes);
      try {
        for (const [key, value] of given) sorter.add(key, value);
        const sorted = [...sorter.entries()];
        assert.equal(sorter.count, given.length);
        for (const [i, [key]] of sorted.entries()) {
          const before = sorted[i - 1];
          if (before !== undefined) assert.ok(compareBytes(before[0], key) <= 0);
        }
        const text = (all: readonly (readonly [Uint8Array, Uint8Array])[]) =>
          all.map(([key, value]) => `${toHex(key)}=${toHex(value)}`).sort();
        assert.deepEqual(text(sorted), text(given));
      } finally {
        sorter.dispose();
      }
    }),
    { numRuns: 60 },
  );
});

test("a value that is longer than a run and than the window is kept whole", () => {
  const sorter = new EntrySorter(1_000);
  const long = new Uint8Array(3_000_000).fill(7);
  sorter.add(Uint8Array.of(2), long);
  sorter.add(Uint8Array.of(1), Uint8Array.of(1));
  sorter.add(Uint8Array.of(3), Uint8Array.of(3));
  try {
    const sorted = [...sorter.entries()];
    assert.deepEqual(
      sorted.map(([key]) => key[0]),
      [1, 2, 3],
    );
    assert.deepEqual(sorted[1]?.[1], long);
  } finally {
    sorter.dispose();
  }
});
