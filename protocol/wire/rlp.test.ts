import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { RLP } from "@ethereumjs/rlp";
import fc from "fast-check";
import { fromHex, toHex } from "../bytes.ts";
import {
  decodeRlp,
  encodeRlp,
  encodeRlpListOf,
  firstRlpItem,
  MAX_RLP_DEPTH,
  RlpFields,
  type RlpItem,
  readQuantity,
} from "./rlp.ts";

const { tree: anyItem } = fc.letrec<{ tree: RlpItem }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.uint8Array({ maxLength: 70 }),
    fc.array(tie("tree"), { maxLength: 6 }),
  ),
}));

function mutable(item: RlpItem): Parameters<typeof RLP.encode>[0] {
  return item instanceof Uint8Array ? item : item.map(mutable);
}

describe("RLP (Yellow Paper, appendix B)", () => {
  test("encodes as another implementation does, and decodes back", () => {
    fc.assert(
      fc.property(anyItem, (item) => {
        const encoded = encodeRlp(item);
        assert.deepEqual(encoded, RLP.encode(mutable(item)));
        assert.deepEqual(decodeRlp(encoded), { kind: "ok", item });
      }),
    );
  });
  test("what decodes is the one encoding of its item", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const decoded = decodeRlp(bytes);
        if (decoded.kind === "ok") assert.deepEqual(encodeRlp(decoded.item), bytes);
      }),
      { numRuns: 2000 },
    );
  });
  test("any change of one byte of a long list is refused or gives another item", () => {
    const encoded = encodeRlp([new Uint8Array(60).fill(1), [new Uint8Array(300).fill(2)], 5n]);
    for (let at = 0; at < encoded.length; at++) {
      const changed = encoded.slice();
      changed[at] = (changed[at] ?? 0) ^ 0x81;
      const decoded = decodeRlp(changed);
      if (decoded.kind === "ok") assert.deepEqual(encodeRlp(decoded.item), changed);
    }
  });
  test("lengths around each change of the prefix", () => {
    for (const length of [0, 1, 55, 56, 255, 256, 65_535, 65_536, 16_777_216]) {
      const bytes = new Uint8Array(length).fill(0xee);
      assert.deepEqual(decodeRlp(encodeRlp(bytes)), { kind: "ok", item: bytes });
      assert.deepEqual(encodeRlpListOf([encodeRlp(bytes)]), encodeRlp([bytes]));
    }
  });
  test("quantities have no leading zeros", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: (1n << 256n) - 1n }), (value) => {
        const encoded = encodeRlp(value);
        assert.deepEqual(encoded, RLP.encode(value));
        const decoded = decodeRlp(encoded);
        assert.ok(decoded.kind === "ok");
        assert.equal(readQuantity(decoded.item, 32), value);
      }),
    );
    assert.throws(() => encodeRlp(-1n), { code: "INTEGER_RANGE" });
  });
});

describe("RLP that is refused", () => {
  const cases: readonly (readonly [hex: string, reason: string])[] = [
    ["", "rlp-truncated"],
    ["81", "rlp-truncated"],
    ["83646f", "rlp-truncated"],
    ["b8", "rlp-truncated"],
    [`b838${"00".repeat(55)}`, "rlp-truncated"],
    ["c1", "rlp-truncated"],
    ["c483646f67ff", "rlp-trailing-bytes"],
    ["c28364", "rlp-truncated"],
    ["bfffffffffffffffff00", "rlp-truncated"],
    ["ffffffffffffffffff00", "rlp-truncated"],
    ["8100", "rlp-byte-not-canonical"],
    ["817f", "rlp-byte-not-canonical"],
    ["c28105", "rlp-byte-not-canonical"],
    [`b837${"00".repeat(55)}`, "rlp-length-not-canonical"],
    [`b90038${"00".repeat(56)}`, "rlp-length-not-canonical"],
    ["f800", "rlp-length-not-canonical"],
    ["b800", "rlp-length-not-canonical"],
    ["8080", "rlp-trailing-bytes"],
    ["c000", "rlp-trailing-bytes"],
  ];
  for (const [hex, reason] of cases) {
    test(`${hex.slice(0, 20) || "no bytes"}: ${reason}`, () => {
      assert.deepEqual(decodeRlp(fromHex(hex)), { kind: "invalid", reason });
    });
  }
  test("lists nested deeper than the bound, without overflowing the stack", () => {
    let nested: Uint8Array = new Uint8Array(0);
    for (let depth = 0; depth < MAX_RLP_DEPTH; depth++) nested = encodeRlpListOf([nested]);
    assert.equal(decodeRlp(nested).kind, "ok");
    for (let depth = 0; depth < 20_000; depth++) nested = encodeRlpListOf([nested]);
    assert.deepEqual(decodeRlp(nested), { kind: "invalid", reason: "rlp-too-deep" });
  });
  test("quantities with a leading zero, of too many bytes, or as a list", () => {
    assert.equal(readQuantity(fromHex("00"), 8), undefined);
    assert.equal(readQuantity(fromHex("0001"), 8), undefined);
    assert.equal(readQuantity(new Uint8Array(9).fill(1), 8), undefined);
    assert.equal(readQuantity([], 8), undefined);
    assert.equal(readQuantity(undefined, 8), undefined);
    assert.equal(readQuantity(new Uint8Array(8).fill(0xff), 8), (1n << 64n) - 1n);
  });
});

describe("the first string of a stream", () => {
  test("is split off, the rest left", () => {
    const stream = fromHex("83646f6782cafe");
    const first = firstRlpItem(stream);
    assert.ok(first.kind === "item");
    assert.equal(toHex(first.payload), "0x646f67");
    assert.equal(toHex(first.rest), "0x82cafe");
  });
  test("is incomplete when the stream ends before it, at every cut", () => {
    const stream = encodeRlp(new Uint8Array(300).fill(1));
    for (let end = 0; end < stream.length; end++) {
      assert.deepEqual(firstRlpItem(stream.subarray(0, end)), { kind: "incomplete" });
    }
  });
  test("is invalid when it is a list, whole or cut, or not canonical", () => {
    for (const hex of ["c0", "c3", "f9ffff"]) {
      assert.deepEqual(firstRlpItem(fromHex(hex)), { kind: "invalid", reason: "rlp-string-expected" });
    }
    assert.deepEqual(firstRlpItem(fromHex("8100")), { kind: "invalid", reason: "rlp-byte-not-canonical" });
  });
});

describe("fields of a list", () => {
  test("the first wrong one is remembered", () => {
    const fields = new RlpFields([fromHex("00"), new Uint8Array(3)]);
    assert.equal(fields.quantity("amount", 8), 0n);
    assert.equal(fields.address("to").length, 20);
    assert.equal(fields.fault, "amount-malformed");
  });
  test("too few and too many are faults", () => {
    const few = new RlpFields([]);
    few.bytes("data");
    assert.equal(few.fault, "data-malformed");
    const many = new RlpFields([new Uint8Array(0), new Uint8Array(0)]);
    many.bytes("data");
    assert.equal(many.fault, "fields-too-many");
  });
});
