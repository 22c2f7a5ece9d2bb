import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { fromHex, toHex } from "../bytes.ts";
import { isRollupError } from "../errors.ts";
import { BLOB_SIZE, decodeBlob, encodeBlob, MAX_BLOB_DATA, versionedHash } from "./blob.ts";

function reason(blob: Uint8Array): string {
  const decoded = decodeBlob(blob);
  return decoded.kind === "invalid" ? decoded.reason : decoded.kind;
}

function changed(blob: Uint8Array, at: number, value: number): Uint8Array {
  const copy = Uint8Array.from(blob);
  copy[at] = value;
  return copy;
}

const TEXT = new TextEncoder().encode("a rollup's data");

describe("blob", () => {
  it("round-trips data of each length near a round's border, and the most", () => {
    for (const length of [0, 1, 27, 28, 122, 123, 124, 250, 251, 127 * 7, MAX_BLOB_DATA - 1, MAX_BLOB_DATA]) {
      const data = Uint8Array.from({ length }, (_, i) => (i * 31 + 7) & 0xff);
      const blob = encodeBlob(data);
      assert.equal(blob.length, BLOB_SIZE);
      assert.deepEqual(decodeBlob(blob), { kind: "ok", data }, `${length} bytes`);
    }
  });

  it("keeps each field element below the modulus: upper two bits 0", () => {
    const blob = encodeBlob(new Uint8Array(MAX_BLOB_DATA).fill(0xff));
    for (let at = 0; at < BLOB_SIZE; at += 32) assert.equal((blob[at] ?? 0xff) & 0xc0, 0);
  });

  it("cannot hold more than 130,044 bytes", () => {
    assert.throws(
      () => encodeBlob(new Uint8Array(MAX_BLOB_DATA + 1)),
      (error) => isRollupError(error, "BLOB_DATA_TOO_LARGE"),
    );
    const blob = changed(changed(changed(encodeBlob(TEXT), 2, 0x01), 3, 0xfb), 4, 0xfd);
    assert.equal(reason(blob), "length-too-large");
  });

  it("has one size", () => {
    assert.equal(reason(new Uint8Array(BLOB_SIZE - 1)), "blob-size");
    assert.equal(reason(new Uint8Array(BLOB_SIZE + 1)), "blob-size");
    assert.equal(reason(new Uint8Array(0)), "blob-size");
  });

  it("has version 0", () => {
    for (const version of [1, 2, 0x80, 0xff]) {
      assert.equal(reason(changed(encodeBlob(TEXT), 1, version)), "unknown-version");
    }
  });

  it("has no upper bits set in any element of its data but the first, as op-node and kona read it", () => {
    const blob = encodeBlob(new Uint8Array(500));
    for (const bit of [0x40, 0x80, 0xc0]) {
      assert.deepEqual(decodeBlob(changed(blob, 0, bit)), decodeBlob(blob));
    }
    for (const at of [32, 64, 96, 128, 480]) {
      for (const bit of [0x40, 0x80]) assert.equal(reason(changed(blob, at, bit)), "high-bits-set", `${at}`);
    }
  });

  it("has zeros after its data, in the round of its end and in all others", () => {
    const blob = encodeBlob(TEXT);
    for (const at of [0, 5 + TEXT.length, 32, 33, 64, 96, 127, 128, 129, 5_000, BLOB_SIZE - 1]) {
      assert.equal(reason(changed(blob, at, 1)), "padding-not-zero", `byte ${at}`);
    }
    assert.equal(reason(changed(new Uint8Array(BLOB_SIZE), 7, 1)), "padding-not-zero");
  });

  it("is decoded without throwing: 10,000 mutations, and what decodes encodes to the same blob", () => {
    const blob = encodeBlob(Uint8Array.from({ length: 200 }, (_, i) => i));
    fc.assert(
      fc.property(fc.nat(300), fc.nat(255), (at, value) => {
        const before = blob[at] ?? 0;
        blob[at] = value;
        const decoded = decodeBlob(blob);
        const again =
          decoded.kind === "ok" && at % 64 === 0 && (at > 0 || value < 0x40)
            ? toHex(encodeBlob(decoded.data).subarray(0, 400))
            : "";
        if (again !== "") assert.equal(again, toHex(blob.subarray(0, 400)));
        blob[at] = before;
      }),
      { numRuns: 10_000 },
    );
  });

  it("is named by the hash of its commitment with the version in front", () => {
    // The commitment to the zero polynomial: the point at infinity (EIP-4844).
    const infinity = new Uint8Array(48);
    infinity[0] = 0xc0;
    assert.equal(
      toHex(versionedHash(infinity)),
      "0x010657f37554c781402a22917dee2f75def7ab966d7b770905398eba3c444014",
    );
  });
});

const FOLDER = fileURLToPath(new URL("../../../shared/vectors/op/derivation/", import.meta.url));

function vector(name: string): Uint8Array {
  const file = `${FOLDER}${name}.txt.xz`;
  const text = execFileSync("xz", ["-dc", file], { encoding: "utf8", maxBuffer: 1 << 24 });
  return fromHex(text.trim());
}

describe("blobs of others", { skip: existsSync(FOLDER) ? false : "shared vectors are absent" }, () => {
  it("decode and encode to the same bytes (1 to 8)", () => {
    for (let i = 1; i <= 8; i++) {
      const blob = vector(`blob${i}`);
      const decoded = decodeBlob(blob);
      assert(decoded.kind === "ok", `blob${i}`);
      assert.equal(toHex(encodeBlob(decoded.data)), toHex(blob), `blob${i}`);
    }
    const first = decodeBlob(vector("blob1"));
    assert(first.kind === "ok");
    assert.equal(new TextDecoder().decode(first.data), "this is a test of blob encoding/decoding");
  });

  it("decode: a real batcher's blob (9)", () => {
    assert.deepEqual(decodeBlob(vector("blob9")), { kind: "ok", data: vector("blob9_decode") });
  });

  it("do not decode when they carry no rollup data: a blob of KZG tests", () => {
    assert.equal(reason(vector("verify_blob")), "unknown-version");
  });
});
