import assert from "node:assert/strict";
import { test } from "node:test";
import { asHash, concatBytes, type Hash } from "@phala-l2/protocol/bytes";
import { blake2b256 } from "@phala-l2/protocol/substrate/hash";
import {
  cryptoWaitReady,
  ed25519PairFromSeed,
  ed25519Sign,
  secp256k1PairFromSeed,
  secp256k1Sign,
  sr25519PairFromSeed,
  sr25519Sign,
} from "@polkadot/util-crypto";
import { judgeSignature, KEY_KINDS, type KeyKind } from "./signature.ts";

await cryptoWaitReady();

const seed = new Uint8Array(32).fill(5);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
type Key = {
  readonly account: Hash;
  readonly sign: (message: Uint8Array) => Uint8Array;
  readonly tag: number;
};

const sr = sr25519PairFromSeed(seed);
const ed = ed25519PairFromSeed(seed);
const ec = secp256k1PairFromSeed(seed);
const KEYS: Readonly<Record<KeyKind, Key>> = {
  sr25519: { account: asHash(sr.publicKey), sign: (message) => sr25519Sign(message, sr), tag: 1 },
  ed25519: { account: asHash(ed.publicKey), sign: (message) => ed25519Sign(message, ed), tag: 0 },
  ecdsa: {
    account: blake2b256(ec.publicKey),
    sign: (message) => secp256k1Sign(message, ec, "blake2"),
    tag: 2,
  },
};

const TEXT = bytes("a message of this contract\nand of no other");
const WRAPPED = bytes("<Bytes>a message of this contract\nand of no other</Bytes>");

test("every kind of key signs raw or wrapped, with the kind's byte in front or without", async () => {
  for (const kind of KEY_KINDS) {
    const { account, sign, tag } = KEYS[kind];
    const raw = sign(TEXT);
    const around = sign(WRAPPED);
    for (const message of [TEXT, WRAPPED]) {
      assert.deepEqual(await judgeSignature(message, raw, account), { valid: true, kind, wrapped: false });
      assert.deepEqual(await judgeSignature(message, around, account), { valid: true, kind, wrapped: true });
    }
    const tagged = concatBytes(Uint8Array.of(tag), raw);
    assert.equal((await judgeSignature(TEXT, tagged, account)).valid, true);
    assert.equal((await judgeSignature(TEXT, raw, account, kind)).valid, true);
  }
});

test("another message, key, kind or byte is not signed", async () => {
  for (const kind of KEY_KINDS) {
    const { account, sign, tag } = KEYS[kind];
    const signature = sign(TEXT);
    const refuse = async (message: Uint8Array, given: Uint8Array, by: Hash, only?: KeyKind) =>
      assert.equal((await judgeSignature(message, given, by, only)).valid, false, kind);
    await refuse(bytes("another message"), signature, account);
    await refuse(concatBytes(TEXT, bytes(" ")), signature, account);
    await refuse(TEXT, signature, asHash(new Uint8Array(32)));
    for (const other of KEY_KINDS.filter((each) => each !== kind)) {
      await refuse(TEXT, signature, KEYS[other].account);
      await refuse(TEXT, signature, account, other);
    }
    for (const at of [0, 31, 32, 63]) {
      const altered = signature.slice();
      altered[at] = (altered[at] ?? 0) ^ 1;
      await refuse(TEXT, altered, account);
    }
    await refuse(TEXT, signature.slice(1), account);
    await refuse(TEXT, concatBytes(Uint8Array.of(tag + 3), signature), account);
    await refuse(TEXT, new Uint8Array(0), account);
  }
});

test("Ethereum's way to sign with the same curve is not the parachain's", async () => {
  const signature = secp256k1Sign(TEXT, ec, "keccak");
  assert.equal((await judgeSignature(TEXT, signature, KEYS.ecdsa.account)).valid, false);
});
