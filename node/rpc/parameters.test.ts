import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { bigintToBytes, toHex } from "@phala-l2/protocol/bytes";
import fc from "fast-check";
import { quantityHex } from "./format/hex.ts";
import {
  address,
  block,
  blockNumber,
  data,
  hash,
  hexOrDecimal,
  type Parse,
  quantity,
  uint64,
} from "./parameters.ts";

function words(parse: Parse<unknown>, value: unknown): string {
  const read = parse(value);
  return read.kind === "ok" ? "ok" : read.words;
}

describe("hexutil's numbers", () => {
  test("every u64 and u256 is read as it is written", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (n) => {
        assert.deepEqual(uint64(quantityHex(n)), { kind: "ok", value: n });
      }),
    );
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }), (n) => {
        assert.deepEqual(quantity(quantityHex(n)), { kind: "ok", value: n });
      }),
    );
  });

  const rows: readonly (readonly [value: unknown, fault: string])[] = [
    ["", "empty hex string"],
    ["0x", 'hex string "0x"'],
    ["12", "hex string without 0x prefix"],
    ["0x00", "hex number with leading zero digits"],
    ["0xg", "invalid hex string"],
    [`0x${"f".repeat(17)}`, "hex number > 64 bits"],
    ["0x1 ", "invalid hex string"],
    ["-0x1", "hex string without 0x prefix"],
  ];
  for (const [value, fault] of rows) {
    test(`${JSON.stringify(value)} is none`, () => {
      assert.equal(
        words(uint64, value),
        `json: cannot unmarshal ${fault} into Go value of type hexutil.Uint64`,
      );
    });
  }
  for (const value of [1, true, {}, [], undefined, null]) {
    test(`${JSON.stringify(value)} is none`, () => {
      assert.equal(
        words(quantity, value),
        "json: cannot unmarshal non-string into Go value of type *hexutil.Big",
      );
    });
  }
});

describe("bytes", () => {
  test("every byte string is read as it is written, in either case", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        assert.deepEqual(data(toHex(bytes)), { kind: "ok", value: new Uint8Array(bytes) });
        assert.deepEqual(data(toHex(bytes).toUpperCase().replace("0X", "0x")), {
          kind: "ok",
          value: new Uint8Array(bytes),
        });
      }),
    );
  });
  for (const [value, fault] of [
    ["0x1", "hex string of odd length"],
    ["1234", "hex string without 0x prefix"],
    ["0xzz", "invalid hex string"],
    ["", "empty hex string"],
  ] as const) {
    test(`${JSON.stringify(value)} is none`, () => {
      assert.equal(words(data, value), `json: cannot unmarshal ${fault} into Go value of type hexutil.Bytes`);
    });
  }
  for (const length of [0, 19, 21, 31, 33]) {
    test(`${length} bytes are neither an address nor a hash`, () => {
      assert.match(words(address, `0x${"11".repeat(length)}`), /want 40 for common.Address/);
      assert.match(words(hash, `0x${"11".repeat(length)}`), /want 64 for common.Hash/);
    });
  }
});

describe("which block is meant", () => {
  const HASH = toHex(bigintToBytes(7n, 32));
  test("tags, numbers, hashes and EIP-1898's objects", () => {
    assert.deepEqual(block("latest"), { kind: "ok", value: { kind: "tag", tag: "latest" } });
    assert.deepEqual(block("0x10"), { kind: "ok", value: { kind: "number", number: 16n } });
    assert.deepEqual(block({ blockNumber: "0x10" }), { kind: "ok", value: { kind: "number", number: 16n } });
    assert.deepEqual(block({ blockNumber: "safe" }), { kind: "ok", value: { kind: "tag", tag: "safe" } });
    const byHash = { kind: "hash", hash: bigintToBytes(7n, 32), requireCanonical: false };
    assert.deepEqual(block(HASH), { kind: "ok", value: byHash });
    assert.deepEqual(block({ blockHash: HASH, requireCanonical: true }), {
      kind: "ok",
      value: { ...byHash, requireCanonical: true },
    });
  });
  for (const value of [
    "Latest",
    "newest",
    "0x",
    "1",
    1,
    true,
    [],
    {},
    { blockHash: "0x1" },
    { number: "0x1" },
    "0x0001",
    `${HASH}0`,
  ]) {
    test(`${JSON.stringify(value)} means none`, () => assert.equal(block(value).kind, "invalid"));
  }
  test("where only a number is taken, a hash is none", () => assert.equal(blockNumber(HASH).kind, "invalid"));
});

describe("feeHistory's count", () => {
  for (const value of ["0x5", 5, "5"]) {
    test(`${JSON.stringify(value)} is five`, () =>
      assert.deepEqual(hexOrDecimal(value), { kind: "ok", value: 5n }));
  }
  for (const value of [-1, 1.5, "five", "", null, "0x", 2 ** 60, "99999999999999999999"]) {
    test(`${JSON.stringify(value)} is none`, () => assert.equal(hexOrDecimal(value).kind, "invalid"));
  }
});
