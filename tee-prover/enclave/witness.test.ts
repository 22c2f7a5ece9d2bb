import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { concatBytes } from "@phala-l2/protocol/bytes";
import { BLOB_SIZE } from "@phala-l2/protocol/wire/blob";
import fc from "fast-check";
import { decodeWitness, encodeWitness, MAX_PREIMAGE_BYTES } from "./witness.ts";

const invalid = (reason: string) => ({ kind: "invalid", reason });
const preimage = fc.uint8Array({ minLength: 1, maxLength: 64 });
const EMPTY = encodeWitness({ preimages: [], blobs: [] });

describe("a witness's encoding", () => {
  it("gives back its items", () => {
    fc.assert(
      fc.property(
        fc.array(preimage, { maxLength: 20 }),
        fc.integer({ min: 0, max: 2 }),
        (preimages, count) => {
          const blobs = Array.from({ length: count }, (_, i) => new Uint8Array(BLOB_SIZE).fill(i + 1));
          const decoded = decodeWitness(encodeWitness({ preimages, blobs }));
          assert.ok(decoded.kind === "ok");
          const distinct = new Set(preimages.map((each) => each.toString()));
          assert.deepEqual(new Set(decoded.witness.preimages.map((each) => each.toString())), distinct);
          assert.equal(decoded.witness.preimages.length, distinct.size);
          assert.deepEqual(decoded.witness.blobs, blobs);
        },
      ),
      { numRuns: 50 },
    );
  });

  it("is one for one set, whatever the order and however often an item is given", () => {
    fc.assert(
      fc.property(fc.array(preimage, { maxLength: 12 }), (preimages) => {
        const encoded = encodeWitness({ preimages, blobs: [] });
        const other = encodeWitness({ preimages: [...preimages.toReversed(), ...preimages], blobs: [] });
        assert.deepEqual(other, encoded);
      }),
    );
  });

  it("refuses to encode what could not be decoded", () => {
    const cases = [
      [{ preimages: [new Uint8Array(0)], blobs: [] }, "preimage-empty"],
      [{ preimages: [new Uint8Array(MAX_PREIMAGE_BYTES + 1)], blobs: [] }, "preimage-too-large"],
      [{ preimages: [], blobs: [new Uint8Array(BLOB_SIZE - 1)] }, "witness-truncated"],
    ] as const;
    for (const [witness, reason] of cases) {
      assert.throws(() => encodeWitness(witness), { code: "WITNESS_INVALID", data: { reason } });
    }
  });
});

describe("decoding bytes of any origin", () => {
  it("never throws, and accepts only what it wholly understands", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, versioned) => {
        const decoded = decodeWitness(versioned ? concatBytes(Uint8Array.of(1), bytes) : bytes);
        if (decoded.kind === "invalid") assert.match(decoded.reason, /^[a-z-]+$/);
      }),
      { numRuns: 2000 },
    );
  });

  it("names what is wrong", () => {
    const u32 = (value: number) => {
      const bytes = new Uint8Array(4);
      new DataView(bytes.buffer).setUint32(0, value);
      return bytes;
    };
    const version = Uint8Array.of(1);
    const cases: readonly (readonly [Uint8Array, string])[] = [
      [new Uint8Array(0), "witness-version-unknown"],
      [EMPTY.with(0, 0), "witness-version-unknown"],
      [EMPTY.with(0, 2), "witness-version-unknown"],
      [version, "witness-truncated"],
      [concatBytes(EMPTY, version), "witness-trailing-bytes"],
      [concatBytes(version, u32(1), u32(0), u32(0)), "preimage-empty"],
      [concatBytes(version, u32(1), u32(MAX_PREIMAGE_BYTES + 1), u32(0)), "preimage-too-large"],
      [concatBytes(version, u32(1), u32(5), u32(0)), "witness-truncated"],
      [concatBytes(version, u32(0xffff_ffff), u32(1), version, u32(1)), "witness-truncated"],
      [concatBytes(version, u32(0), u32(1), new Uint8Array(BLOB_SIZE - 1)), "witness-truncated"],
      [concatBytes(version, u32(0), u32(0xffff_ffff)), "witness-truncated"],
    ];
    for (const [bytes, reason] of cases) assert.deepEqual(decodeWitness(bytes), invalid(reason));
  });

  it("is not misled when any part is cut off or any length changed", () => {
    const encoded = encodeWitness({ preimages: [Uint8Array.of(1, 2, 3), Uint8Array.of(9)], blobs: [] });
    for (let length = 0; length < encoded.length; length++) {
      assert.equal(decodeWitness(encoded.subarray(0, length)).kind, "invalid");
    }
    for (const at of [4, 8, 12, encoded.length - 1]) {
      assert.equal(decodeWitness(encoded.with(at, (encoded[at] ?? 0) + 1)).kind, "invalid");
    }
  });

  it("works on a view into a larger buffer", () => {
    const encoded = encodeWitness({ preimages: [Uint8Array.of(1, 2, 3)], blobs: [] });
    const larger = concatBytes(new Uint8Array(7).fill(255), encoded, new Uint8Array(5));
    const decoded = decodeWitness(larger.subarray(7, 7 + encoded.length));
    assert.deepEqual(decoded, { kind: "ok", witness: { preimages: [Uint8Array.of(1, 2, 3)], blobs: [] } });
  });
});
