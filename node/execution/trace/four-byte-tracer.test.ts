import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHex } from "@phala-l2/protocol/bytes";
import { somewhere } from "../testing/chain.ts";
import { jsonOf, push, traceCode } from "./testing/trace-code.ts";

const OTHER = somewhere(1);

test("selectors by the length of their arguments; not precompiles', not creations'", async () => {
  // Two calls of OTHER with 36 and 4 bytes of zeros, one with 3, one of the identity precompile, a creation.
  const call = (length: string, to: string) => `5f5f60${length}5f${to}612710fa50`;
  const code = `0x${call("24", push(OTHER))}${call("24", push(OTHER))}${call("04", push(OTHER))}${call("03", push(OTHER))}${call("24", "6004")}60205f5ff000`;
  const others = [[OTHER, { code: "0x00" }]] as const;
  const data = fromHex("0xa9059cbb00");
  assert.deepEqual(await jsonOf(traceCode({ code }, { kind: "4byteTracer" }, { others, data })), {
    "0x00000000-0": 1,
    "0x00000000-32": 2,
    "0xa9059cbb-1": 1,
  });
});

test("the tracer that tells nothing", async () => {
  assert.deepEqual(await jsonOf(traceCode({ code: "0xfe" }, { kind: "noopTracer" })), {});
});
