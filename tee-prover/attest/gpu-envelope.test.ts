import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { concatBytes, fromHex } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import { sealGpuReport } from "./gpu-envelope.ts";
import { sealReport } from "./report-envelope.ts";

describe("a GPU's report, its certificate and golden measurements in one sequence of bytes", () => {
  const parts = { report: fromHex("0x0102"), certificate: fromHex("0x3003"), oddFirst: true };

  it("is length, golden measurements, the envelope of the report", () => {
    const golden = new Uint8Array(259).fill(7);
    const wanted = concatBytes(fromHex("0x000103"), golden, sealReport(parts));
    assert.deepEqual(sealGpuReport({ golden, ...parts }), wanted);
  });

  it("has no room for more", () => {
    const golden = new Uint8Array(0x100_0000);
    assert.throws(() => sealGpuReport({ golden, ...parts }), isRollupError);
  });
});
