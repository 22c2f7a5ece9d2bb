import assert from "node:assert/strict";
import { test } from "node:test";
import { bigintToBytes } from "./bytes.ts";
import { keccak256 } from "./keccak.ts";
import { addressOfKey, contractSignature, contractSigner, SECP256K1_ORDER, signDigest } from "./secp256k1.ts";

const KEY = new Uint8Array(32).fill(0x46);
const digest = keccak256(Uint8Array.of(1));
const good = contractSignature(signDigest(digest, KEY));

test("a signature that contracts recover is its key's, over its digest alone", () => {
  for (let i = 0; i < 8; i++) {
    const each = keccak256(Uint8Array.of(i));
    const signature = contractSignature(signDigest(each, KEY));
    assert.equal(signature.length, 65);
    assert.deepEqual(contractSigner(each, signature), addressOfKey(KEY));
    assert.notDeepEqual(contractSigner(keccak256(each), signature), addressOfKey(KEY));
  }
});

const s = BigInt(`0x${Buffer.from(good.subarray(32, 64)).toString("hex")}`);
const refused: readonly (readonly [name: string, bytes: Uint8Array])[] = [
  ["no bytes", new Uint8Array(0)],
  ["64 bytes", good.subarray(0, 64)],
  ["66 bytes", Uint8Array.of(...good, 0)],
  ...[0, 1, 26, 29, 255].map((v) => [`v ${v}`, good.with(64, v)] as const),
  [
    "high s",
    Uint8Array.of(...good.subarray(0, 32), ...bigintToBytes(SECP256K1_ORDER - s, 32), good[64] ?? 0),
  ],
  ["r of zero", Uint8Array.of(...new Uint8Array(32), ...good.subarray(32))],
  ["s of zero", Uint8Array.of(...good.subarray(0, 32), ...new Uint8Array(32), good[64] ?? 0)],
  ["r beyond the order", Uint8Array.of(...bigintToBytes(SECP256K1_ORDER, 32), ...good.subarray(32))],
];
for (const [name, bytes] of refused) {
  test(`a signature with ${name} is nobody's`, () => assert.equal(contractSigner(digest, bytes), undefined));
}
