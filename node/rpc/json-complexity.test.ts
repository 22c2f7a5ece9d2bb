import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { processorTime } from "@phala-l2/protocol/testing/processor-time";
import { isTooComplex } from "./json-complexity.ts";
import { DEFAULT_RPC_LIMITS } from "./limits.ts";

const NO_LIMIT = Number.POSITIVE_INFINITY;

describe("what a JSON text may be", () => {
  const rows: readonly (readonly [text: string, depth: number, values: number])[] = [
    ["", 0, 1],
    ["1", 0, 1],
    ["[]", 1, 2],
    ["[1,2]", 1, 3],
    ['{"a":[1,{"b":[]}]}', 4, 6],
    ['"[[[[,,"', 0, 1],
    ['"\\"[[["', 0, 1],
    ['["\\\\",[1]]', 2, 4],
    ["]]]][", 0, 2],
    ["[[[[[[[[[[[[[", 13, 14],
  ];
  for (const [text, depth, values] of rows) {
    test(`${text} is ${depth} deep and has ${values} values`, () => {
      assert.equal(isTooComplex(text, { jsonDepth: depth, jsonValues: values }), false);
      if (values > 1) assert.equal(isTooComplex(text, { jsonDepth: NO_LIMIT, jsonValues: values - 1 }), true);
      if (depth > 0) assert.equal(isTooComplex(text, { jsonDepth: depth - 1, jsonValues: NO_LIMIT }), true);
    });
  }

  test("escapes without an end cost no more than other text", () => {
    const hostile = `"${'\\"'.repeat(2_000_000)}`;
    const start = processorTime();
    assert.equal(isTooComplex(hostile, DEFAULT_RPC_LIMITS), false);
    assert.ok(processorTime(start) < 1_000);
  });
});
