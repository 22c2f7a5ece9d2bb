import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { concatBytes, fromHex } from "./bytes.ts";
import { isP384PointOdd } from "./p384.ts";

type Vector = {
  readonly name: string;
  readonly key: string;
  readonly digest: string;
  readonly signature: string;
  readonly oddFirst: boolean;
  readonly valid: boolean;
};

/** The questions that the contract is tested with; their hints come of another implementation. */
const { p384: vectors }: { readonly p384: readonly Vector[] } = JSON.parse(
  readFileSync(new URL("./vectors/attestation-crypto.json", import.meta.url), "utf8"),
);

function ask({ key, digest, signature }: Vector): boolean | undefined {
  return isP384PointOdd(fromHex(key), fromHex(signature), fromHex(digest));
}

describe("the parity of a P-384 signature's point", () => {
  it("is the vectors' for what is valid, and none for what is not", () => {
    assert.ok(vectors.length > 20);
    for (const vector of vectors) {
      assert.equal(ask(vector), vector.valid ? vector.oddFirst : undefined, vector.name);
    }
  });

  it("exists for OpenSSL's signatures, and for none of their changed forms", () => {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-384" });
    const { x = "", y = "" } = publicKey.export({ format: "jwk" });
    const key = concatBytes(Buffer.from(x, "base64url"), Buffer.from(y, "base64url"));
    const parities = new Set<boolean | undefined>();
    for (let i = 0; i < 16; i++) {
      const message = Uint8Array.of(i);
      const digest = createHash("sha384").update(message).digest();
      const signature = sign("sha384", message, { key: privateKey, dsaEncoding: "ieee-p1363" });
      parities.add(isP384PointOdd(key, signature, digest));
      const changed = Uint8Array.from(signature);
      changed[i] = (changed[i] ?? 0) ^ 1;
      assert.equal(isP384PointOdd(key, changed, digest), undefined);
      assert.equal(isP384PointOdd(key, signature, Uint8Array.from(digest).reverse()), undefined);
    }
    // All sixteen alike has a chance of 2^-15; what must not be among them is "none".
    assert.ok(!parities.has(undefined));
  });

  it("does not exist for what is no key, signature or digest", () => {
    const [vector] = vectors;
    assert.ok(vector !== undefined);
    const [key, signature, digest] = [vector.key, vector.signature, vector.digest].map(fromHex);
    assert.ok(key !== undefined && signature !== undefined && digest !== undefined);
    assert.equal(isP384PointOdd(key.subarray(1), signature, digest), undefined);
    assert.equal(isP384PointOdd(new Uint8Array(96).fill(1), signature, digest), undefined);
    assert.equal(isP384PointOdd(key, signature.subarray(1), digest), undefined);
    assert.equal(isP384PointOdd(key, new Uint8Array(96), digest), undefined);
    assert.equal(isP384PointOdd(key, new Uint8Array(96).fill(255), digest), undefined);
    assert.equal(isP384PointOdd(key, signature, digest.subarray(0, 32)), undefined);
  });
});
