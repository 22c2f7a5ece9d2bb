import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { difference } from "./compare.ts";

const answer = (result: unknown) => ({ jsonrpc: "2.0", id: 1, result });
const failure = (code: number, message = "", data?: string) => ({ error: { code, message, data } });

describe("by value", () => {
  const compare = (expected: unknown, found: unknown) => difference(expected, found, { isSpecOnly: false });

  test("equal answers have no difference", () => {
    const result = { number: "0x1", logs: [{ data: "0x" }, null], empty: [] };
    assert.equal(compare(answer(result), answer(structuredClone(result))), undefined);
  });

  for (const [name, expected, found, where] of [
    ["another value", { a: { b: ["0x1"] } }, { a: { b: ["0x2"] } }, "result.a.b[0]"],
    ["a field that is missing", { a: "0x1", b: null }, { a: "0x1" }, "result.b"],
    ["a field too many", { a: "0x1" }, { a: "0x1", b: "0x2" }, "result.b"],
    ["a list that is shorter", ["0x1", "0x2"], ["0x1"], "result.length"],
    ["a list that is longer", [], ["0x1"], "result.length"],
    ["nothing for something", { a: 1 }, null, "result"],
    ["a list for an object", {}, [], "result"],
    ["a number for its text", "1", 1, "result"],
  ] as const) {
    test(`${name} is one, by its path`, () => {
      assert.ok(compare(answer(expected), answer(found))?.startsWith(`${where}: `));
    });
  }

  test("an error is its code: words are the client's own", () => {
    assert.equal(compare(failure(-32000, "one"), failure(-32000, "another")), undefined);
    assert.match(compare(failure(3), failure(-32000)) ?? "", /^error\.code:/);
  });

  test("an error is no result, and a result no error", () => {
    assert.match(compare(failure(3), answer("0x")) ?? "", /^error:/);
    assert.match(compare(answer("0x"), failure(3)) ?? "", /^error:/);
    assert.match(compare(answer("0x"), "0x") ?? "", /^answer:/);
  });
});

describe("by shape", () => {
  const compare = (expected: unknown, found: unknown) =>
    difference(answer(expected), answer(found), { isSpecOnly: true });

  test("values are the client's own, fields may be more", () => {
    assert.equal(compare({ a: "0x1", list: ["0x1"] }, { a: "0x2", b: 1, list: ["0x3", "0x4"] }), undefined);
  });

  test("a field that is missing, or of another type, is a difference", () => {
    assert.match(compare({ a: "0x1" }, {}) ?? "", /^result\.a:/);
    assert.match(compare({ a: "0x1" }, { a: 1 }) ?? "", /^result\.a:/);
    assert.match(compare([{ a: "0x1" }], [{ a: "0x1" }, {}]) ?? "", /^result\[1\]\.a:/);
  });
});
