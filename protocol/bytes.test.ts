import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  addressFromHex,
  asAddress,
  asHash,
  bigintFromBytes,
  bigintToBytes,
  bytesEqual,
  concatBytes,
  fromHex,
  hashFromHex,
  quantityToBytes,
  toHex,
} from "./bytes.ts";

const bytes = fc.uint8Array({ maxLength: 200 });

describe("hex", () => {
  test("is what Buffer writes, and reads back in either case, with or without 0x", () => {
    fc.assert(
      fc.property(bytes, (each) => {
        const digits = Buffer.from(each).toString("hex");
        assert.equal(toHex(each), `0x${digits}`);
        for (const text of [digits, `0x${digits}`, `0x${digits.toUpperCase()}`])
          assert.deepEqual(fromHex(text), each);
      }),
    );
  });
  for (const wrong of [
    "0",
    "0x0",
    "0xg0",
    "0x0g",
    "x0",
    "0X00",
    "0x 0",
    "0x0:",
    "0x@0",
    "0x`0",
    "0x0é",
    "0x00\n",
    "0x-1",
    "0x0x",
  ]) {
    test(`${JSON.stringify(wrong)} is refused`, () =>
      assert.throws(() => fromHex(wrong), { code: "HEX_INVALID" }));
  }
  test("of a hash or an address has its length", () => {
    assert.throws(() => hashFromHex(`0x${"00".repeat(31)}`), { code: "BYTES_LENGTH" });
    assert.throws(() => addressFromHex(`0x${"00".repeat(32)}`), { code: "BYTES_LENGTH" });
    assert.throws(() => asHash(new Uint8Array(20)), { code: "BYTES_LENGTH" });
    assert.throws(() => asAddress(new Uint8Array(0)), { code: "BYTES_LENGTH" });
  });
});

describe("integers", () => {
  test("survive the round trip at their width", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: (1n << 256n) - 1n }), (value) => {
        assert.equal(bigintFromBytes(bigintToBytes(value, 32)), value);
        const quantity = quantityToBytes(value);
        assert.equal(bigintFromBytes(quantity), value);
        assert.notEqual(quantity[0], 0);
      }),
    );
    assert.deepEqual(quantityToBytes(0n), new Uint8Array(0));
    assert.equal(bigintFromBytes(new Uint8Array(0)), 0n);
  });
  test("that are negative or too large have no bytes", () => {
    assert.throws(() => bigintToBytes(-1n, 8), { code: "INTEGER_RANGE" });
    assert.throws(() => bigintToBytes(1n << 64n, 8), { code: "INTEGER_RANGE" });
    assert.deepEqual(bigintToBytes((1n << 64n) - 1n, 8), new Uint8Array(8).fill(255));
    assert.throws(() => quantityToBytes(-1n), { code: "INTEGER_RANGE" });
  });
  test("that are no bigints have no bytes either: what equals none must not be hashed as one", () => {
    for (const value of [Object(0n), Object(7n), 7, "7", true, null, [7n]]) {
      assert.throws(() => bigintToBytes(value, 8), { code: "INTEGER_RANGE" });
      assert.throws(() => quantityToBytes(value), { code: "INTEGER_RANGE" });
    }
  });
});

test("concatenation and equality", () => {
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      const both = concatBytes(a, b);
      assert.ok(bytesEqual(both.subarray(0, a.length), a) && bytesEqual(both.subarray(a.length), b));
      assert.ok(!bytesEqual(both, concatBytes(both, Uint8Array.of(0))));
      if (a.length > 0) assert.ok(!bytesEqual(a, a.with(0, (a[0] ?? 0) ^ 1)));
    }),
  );
});
