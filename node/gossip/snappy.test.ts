import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { compressSnappy, decompressSnappy } from "./snappy.ts";

const LIMIT = 10 * 1024 * 1024;

describe("snappy's block format", () => {
  test("what was compressed comes back", () => {
    const repetitive = fc.tuple(fc.uint8Array({ maxLength: 40 }), fc.nat(200)).map(([part, times]) => {
      return Uint8Array.from(Array.from({ length: times }, () => [...part]).flat());
    });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 2_000 }), repetitive), (bytes) => {
        const decoded = decompressSnappy(compressSnappy(new Uint8Array(bytes)), LIMIT);
        assert.deepEqual(decoded, { kind: "ok", bytes: new Uint8Array(bytes) });
      }),
      { numRuns: 300 },
    );
  });

  test("no bytes at all make it throw", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        decompressSnappy(bytes, 10_000);
      }),
      { numRuns: 2_000 },
    );
  });

  test("a cut or lengthened stream is corrupt, not shorter or longer", () => {
    const whole = compressSnappy(new Uint8Array(500).map((_, i) => i % 7));
    for (let cut = 2; cut < whole.length; cut++) {
      assert.equal(decompressSnappy(whole.subarray(0, cut), LIMIT).kind, "invalid");
    }
    assert.deepEqual(decompressSnappy(Uint8Array.of(...whole, 0, 65), LIMIT), {
      kind: "invalid",
      reason: "snappy-corrupt",
    });
  });

  const rows: readonly (readonly [name: string, bytes: readonly number[], reason: string])[] = [
    ["nothing", [], "snappy-length-malformed"],
    ["a length without an end", [0x80, 0x80, 0x80, 0x80, 0x80], "snappy-length-malformed"],
    ["a length of 33 bits", [0xff, 0xff, 0xff, 0xff, 0x1f], "snappy-length-malformed"],
    ["4 GiB", [0xff, 0xff, 0xff, 0xff, 0x0f], "snappy-too-large"],
    ["10 MiB from nine bytes", [0x80, 0x80, 0x80, 0x05, 0, 0, 0, 0, 0], "snappy-bomb"],
    ["more than it declares", [0x01, 0x04, 65, 66], "snappy-corrupt"],
    ["less than it declares", [0x03, 0x04, 65, 66], "snappy-corrupt"],
    ["a copy from before the start", [0x05, 0x00, 65, 0x01, 0x02], "snappy-corrupt"],
    ["a copy from nowhere", [0x05, 0x00, 65, 0x01, 0x00], "snappy-corrupt"],
    ["a literal beyond the end", [0x0a, 0x24, 65], "snappy-corrupt"],
    ["a literal of 4 GiB", [0x0a, 0xfc, 0xff, 0xff, 0xff, 0xff, 65], "snappy-corrupt"],
    ["half a copy", [0x05, 0x00, 65, 0x02], "snappy-corrupt"],
  ];
  for (const [name, bytes, reason] of rows) {
    test(`${name}: ${reason}`, () => {
      assert.deepEqual(decompressSnappy(Uint8Array.from(bytes), LIMIT), { kind: "invalid", reason });
    });
  }
});
