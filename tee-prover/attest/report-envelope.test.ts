import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { concatBytes, fromHex } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import fc from "fast-check";
import { sealReport } from "./report-envelope.ts";

describe("a report and its certificate in one sequence of bytes", () => {
  it("is hint, length, report, certificate", () => {
    const parts = { report: fromHex("0x0102"), certificate: fromHex("0x3003"), oddFirst: true };
    assert.deepEqual(sealReport(parts), fromHex("0x0100000201023003"));
    assert.deepEqual(sealReport({ ...parts, oddFirst: false }), fromHex("0x0000000201023003"));
  });

  it("tells the report's length in 24 bits, the highest first", () => {
    const bytes = fc.uint8Array({ maxLength: 70_000, size: "max" });
    fc.assert(
      fc.property(bytes, fc.uint8Array(), fc.boolean(), (report, certificate, oddFirst) => {
        const sealed = sealReport({ report, certificate, oddFirst });
        const [hint = -1, high = 0, middle = 0, low = 0] = sealed;
        assert.equal(hint, oddFirst ? 1 : 0);
        assert.equal(high * 65_536 + middle * 256 + low, report.length);
        assert.deepEqual(sealed.subarray(4), concatBytes(report, certificate));
      }),
      { numRuns: 30 },
    );
  });

  it("has no room for more", () => {
    const certificate = new Uint8Array(0);
    const seal = (length: number) =>
      sealReport({ report: new Uint8Array(length), certificate, oddFirst: false });
    assert.equal(seal(0xff_ffff).length, 0x100_0003);
    assert.throws(() => seal(0x100_0000), isRollupError);
  });
});
