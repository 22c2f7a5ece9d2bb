import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RollupError } from "@phala-l2/protocol/errors";
import { faultFacts } from "./fault-facts.ts";

describe("what is logged of a fault", () => {
  it("is code, data, page and the causes' first lines, a few and short", () => {
    const server = { code: -32000, message: "insufficient funds" };
    const long = new Error(`${"x".repeat(500)}\nRequest body: …`, { cause: server });
    const error = new RollupError("STOPPED", "said", {
      data: { at: 1 },
      cause: new Error("outer", { cause: long }),
    });
    assert.deepEqual(faultFacts(error, false), {
      facts: {
        code: "STOPPED",
        data: { at: 1 },
        docs: "docs/operate/errors.md#stopped",
        causes: ["outer", "x".repeat(200), "insufficient funds"],
      },
      message: "said",
    });
  });

  it("is all of the causes where all is wanted", () => {
    const cause = new Error("inner\nRequest body: whole");
    assert.match(
      JSON.stringify(faultFacts(new RollupError("STOPPED", "said", { cause }), true)),
      /Request body: whole/,
    );
  });

  it("is the place of a fault of the program, whose message may be long", () => {
    const { facts, message } = faultFacts(new TypeError("wrong\nand more of it"), false);
    assert.equal(message, "wrong");
    const stack: unknown = Object(facts).stack;
    assert.ok(Array.isArray(stack) && stack.length > 0 && stack.every((line) => /^\s+at /.test(line)));
  });

  it("ends with causes that go round in circles, and bears what is no error", () => {
    const error = new Error("round");
    error.cause = error;
    assert.deepEqual(Object(faultFacts(error, false).facts).causes, ["round"]);
    assert.deepEqual(faultFacts("thrown", false), { facts: {}, message: "thrown" });
    assert.deepEqual(Object(faultFacts(new Error("a", { cause: {} }), false).facts).causes, undefined);
  });
});
