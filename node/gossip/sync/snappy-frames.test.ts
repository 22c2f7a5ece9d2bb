import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { crc32c } from "./crc32c.ts";
import { decodeSnappyFrames, encodeSnappyFrames } from "./snappy-frames.ts";

const LIMIT = 1 << 20;
const IDENTIFIER = [0xff, 6, 0, 0, 0x73, 0x4e, 0x61, 0x50, 0x70, 0x59];
/** "abcd", as golang/snappy's tests have it. */
const ABCD = [0x01, 8, 0, 0, 0x68, 0x10, 0xe6, 0xb6, 0x61, 0x62, 0x63, 0x64];

describe("snappy's framing format", () => {
  test("the checksum is CRC-32C (RFC 3720, B.4)", () => {
    assert.equal(crc32c(new TextEncoder().encode("123456789")), 0xe3069283);
    assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
    assert.equal(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
  });
  test("a stream of another implementation is read", () => {
    const padding = [0xfe, 3, 0, 0, 1, 2, 3];
    const skippable = [0x80, 1, 0, 0, 9];
    const stream = Uint8Array.from([
      ...IDENTIFIER,
      ...ABCD,
      ...padding,
      ...IDENTIFIER,
      ...skippable,
      ...ABCD,
    ]);
    const bytes = new TextEncoder().encode("abcdabcd");
    assert.deepEqual(decodeSnappyFrames(stream, LIMIT), { kind: "ok", bytes });
  });
  test("what was compressed comes back, beyond a chunk's 65,536 bytes too", () => {
    const sizes = [0, 1, 65_535, 65_536, 65_537, 200_000];
    for (const size of sizes) {
      for (const bytes of [
        new Uint8Array(size),
        Uint8Array.from({ length: size }, (_, i) => (i * i * 31) >> 3),
      ]) {
        assert.deepEqual(decodeSnappyFrames(encodeSnappyFrames(bytes), LIMIT), { kind: "ok", bytes });
      }
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
        const plain = new Uint8Array(bytes);
        assert.deepEqual(decodeSnappyFrames(encodeSnappyFrames(plain), LIMIT), { kind: "ok", bytes: plain });
      }),
    );
  });
  test("no bytes at all make it throw", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (tail) => {
        decodeSnappyFrames(Uint8Array.from([...IDENTIFIER, ...tail]), 1_000);
        decodeSnappyFrames(tail, 1_000);
      }),
      { numRuns: 1_000 },
    );
  });
  const big = encodeSnappyFrames(new Uint8Array(100_000));
  const rows: readonly (readonly [name: string, stream: readonly number[], reason: string])[] = [
    ["no identifier", ABCD, "frames-no-identifier"],
    ["another identifier", [0xff, 6, 0, 0, 0x73, 0x4e, 0x61, 0x50, 0x70, 0x58], "frames-no-identifier"],
    ["a longer identifier", [0xff, 7, 0, 0, 0x73, 0x4e, 0x61, 0x50, 0x70, 0x59, 0], "frames-no-identifier"],
    ["half an identifier", IDENTIFIER.slice(0, 8), "frames-truncated"],
    ["half a chunk", [...IDENTIFIER, ...ABCD.slice(0, 10)], "frames-truncated"],
    ["half a header", [...IDENTIFIER, 1, 8], "frames-truncated"],
    ["a chunk without a checksum", [...IDENTIFIER, 1, 3, 0, 0, 1, 2, 3], "frames-truncated"],
    ["a chunk that may not be skipped", [...IDENTIFIER, 2, 0, 0, 0], "frames-chunk-unknown"],
    ["the last such kind", [...IDENTIFIER, 0x7f, 0, 0, 0], "frames-chunk-unknown"],
    ["a wrong checksum", [...IDENTIFIER, ...ABCD.with(4, 0x69)], "frames-checksum"],
    ["another content", [...IDENTIFIER, ...ABCD.with(8, 0x62)], "frames-checksum"],
    ["a compressed chunk that is none", [...IDENTIFIER, ...ABCD.with(0, 0)], "frames-chunk-corrupt"],
    [
      "a chunk that inflates beyond 65,536",
      [...IDENTIFIER, 0, 9, 0, 0, 0, 0, 0, 0, 0x81, 0x80, 4, 0, 0],
      "frames-chunk-corrupt",
    ],
    [
      "more than the limit",
      [...big, ...big, ...big, ...big, ...big, ...big, ...big, ...big, ...big, ...big, ...big],
      "frames-too-large",
    ],
  ];
  for (const [name, stream, reason] of rows) {
    test(`${name}: ${reason}`, () => {
      assert.deepEqual(decodeSnappyFrames(Uint8Array.from(stream), LIMIT), { kind: "invalid", reason });
    });
  }
  test("an uncompressed chunk of more than 65,536 bytes is too large", () => {
    const stream = new Uint8Array(10 + 4 + 4 + 65_537);
    stream.set([...IDENTIFIER, 1, 5, 0, 1]);
    assert.deepEqual(decodeSnappyFrames(stream, LIMIT), {
      kind: "invalid",
      reason: "frames-chunk-too-large",
    });
  });
});
