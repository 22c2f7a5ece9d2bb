import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { asHash, concatBytes, fromHex, hashFromHex, toHex, ZERO_HASH } from "../bytes.ts";
import { isRollupError } from "../errors.ts";
import { decodeBlock, encodeBlock, isExtrinsic } from "./block.ts";
import { blake2b128, blake2b256, blake2b512, twox64, twox128, twox256 } from "./hash.ts";
import { decodeHeader, encodeHeader, headerHash, isDigestItem, type SubstrateHeader } from "./header.ts";
import { encodeByteString, encodeCompact, encodeUnsigned, ScaleReader } from "./scale.ts";
import { decodeSs58, encodeSs58 } from "./ss58.ts";
import { hashedKey, mapKey, readHashedKey, storagePrefix } from "./storage-key.ts";

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const ALICE = hashFromHex("0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d");

test("hashes are Substrate's", () => {
  assert.equal(toHex(twox128(ascii("System"))), "0x26aa394eea5630e07c48ae0c9558cef7");
  assert.equal(toHex(twox128(ascii("Account"))), "0xb99d880ec681799c0cf30e8886371da9");
  assert.equal(toHex(twox64(ascii("abc"))), "0x990977adf52cbc44");
  assert.deepEqual(twox256(ascii("abc")).subarray(0, 16), twox128(ascii("abc")));
  assert.equal(
    toHex(blake2b256(ascii("abc"))),
    "0xbddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319",
  );
  assert.equal(toHex(blake2b512(ascii("abc"))).slice(0, 34), "0xba80a53f981c4d0d6a2797b69f12f6e9");
  assert.notDeepEqual(blake2b128(ascii("abc")), blake2b256(ascii("abc")).subarray(0, 16));
});

test("a compact integer has one form, and reads back", () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 2n ** 536n - 1n), fc.integer({ min: 0, max: 535 }), (wide, shift) => {
      const value = wide >> BigInt(shift);
      const reader = new ScaleReader(encodeCompact(value));
      assert.equal(reader.compact(), value);
      assert.equal(reader.finish(undefined).kind, "ok");
    }),
  );
  const overlong = ["0x0100", "0x02000000", "0x0300000000", "0x0bffffffffff00", "0x0700000000"];
  for (const form of overlong) {
    const reader = new ScaleReader(fromHex(form));
    reader.compact();
    assert.equal(reader.fault, form === "0x0700000000" ? "scale-truncated" : reader.fault);
    assert.notEqual(reader.fault, undefined, form);
  }
  assert.throws(
    () => encodeCompact(-1),
    (error) => isRollupError(error, "INTEGER_RANGE"),
  );
  assert.throws(
    () => encodeCompact(2n ** 536n),
    (error) => isRollupError(error, "INTEGER_RANGE"),
  );
});

test("a truncated or overlong structure is a fault, whatever is read of it", () => {
  const reader = new ScaleReader(Uint8Array.of(1, 2));
  assert.equal(reader.u32(), 0);
  assert.equal(reader.u8(), 0);
  assert.deepEqual(reader.finish(0), { kind: "invalid", reason: "scale-truncated" });
  const left = new ScaleReader(Uint8Array.of(1, 2));
  left.u8();
  assert.deepEqual(left.finish(0), { kind: "invalid", reason: "scale-trailing-bytes" });
  const hostile = new ScaleReader(encodeCompact(2n ** 40n));
  assert.deepEqual(
    hostile.sequence(() => hostile.u8()),
    [],
  );
  assert.equal(hostile.fault, "scale-truncated");
  assert.equal(new ScaleReader(Uint8Array.of(2)).boolean(), false);
  const option = new ScaleReader(Uint8Array.of(2, 0));
  assert.equal(
    option.option(() => option.u8()),
    undefined,
  );
  assert.equal(option.fault, "scale-option-invalid");
});

test("fixed integers are little-endian of any length", () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 2n ** 128n - 1n), (value) => {
      assert.equal(new ScaleReader(encodeUnsigned(value, 16)).u128(), value);
      assert.equal(new ScaleReader(encodeUnsigned(value % 2n ** 24n, 3)).unsigned(3), value % 2n ** 24n);
    }),
  );
});

test("SS58 reads any chain's prefix, and refuses what is none", () => {
  assert.equal(encodeSs58(ALICE, 42), "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY");
  assert.equal(encodeSs58(ALICE, 0), "15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5");
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.nat(16_383), (bytes, prefix) => {
      fc.pre(prefix !== 46 && prefix !== 47);
      const account = asHash(bytes);
      assert.deepEqual(decodeSs58(encodeSs58(account, prefix)), { kind: "ok", account, prefix });
    }),
  );
  const refused: readonly (readonly [string, string])[] = [
    ["5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQZ", "ss58-checksum"],
    ["6GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY", "ss58-checksum"],
    ["5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQ0", "ss58-character"],
    ["5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQ", "ss58-length"],
    ["", "ss58-length"],
    ["1".repeat(60), "ss58-length"],
    [encodeSs58(ALICE, 46), "ss58-prefix"],
  ];
  for (const [text, reason] of refused) assert.deepEqual(decodeSs58(text), { kind: "invalid", reason }, text);
  assert.throws(
    () => encodeSs58(ALICE, 16_384),
    (error) => isRollupError(error, "INTEGER_RANGE"),
  );
});

test("storage keys are where Substrate keeps them", () => {
  const account =
    "0x26aa394eea5630e07c48ae0c9558cef7b99d880ec681799c0cf30e8886371da9de1e86a9a8c739864cf3cc5ec2bea59fd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d";
  const key = mapKey("System", "Account", ["Blake2_128Concat", ALICE]);
  assert.equal(toHex(key), account);
  assert.deepEqual(key.subarray(0, 32), storagePrefix("System", "Account"));
  assert.deepEqual(readHashedKey(key, 32, "Blake2_128Concat", 32)?.key, Uint8Array.from(ALICE));
  assert.equal(readHashedKey(key.subarray(0, 79), 32, "Blake2_128Concat", 32), undefined);
  const wrong = key.slice();
  wrong[79] = (wrong[79] ?? 0) ^ 1;
  assert.equal(readHashedKey(wrong, 32, "Blake2_128Concat", 32), undefined);
  assert.equal(readHashedKey(key, 32, "Blake2_256", 32), undefined, "it does not tell its key");
  assert.deepEqual(hashedKey("Identity", Uint8Array.of(7)), Uint8Array.of(7));
  assert.equal(hashedKey("Twox64Concat", ALICE).length, 40);
});

/** Polkadot's first block, whose hash everybody knows. */
const POLKADOT: SubstrateHeader = {
  parentHash: ZERO_HASH,
  number: 0n,
  stateRoot: hashFromHex("0x29d0d972cd27cbc511e9589fcb7a4506d5eb6a9e8df205f00472e5ab354a4e17"),
  extrinsicsRoot: hashFromHex("0x03170a2e7597b7b7e3d84c05391d139a62b157e78786d8c082f29dcf4c111314"),
  digest: [],
};

test("a header's hash is the block's", () => {
  assert.equal(
    toHex(headerHash(POLKADOT)),
    "0x91b171bb158e2d3848fa23a9f1c25182fb8e20313b2c1eb49219da7a70ce90c3",
  );
});

test("a header reads back, and nothing else is one", () => {
  const preRuntime = concatBytes(Uint8Array.of(6), ascii("aura"), encodeByteString(Uint8Array.of(1, 2)));
  const header = { ...POLKADOT, number: 9_064_613n, digest: [preRuntime, Uint8Array.of(8)] };
  const encoded = encodeHeader(header);
  assert.deepEqual(decodeHeader(encoded), { kind: "ok", value: header });
  for (let length = 0; length < encoded.length; length++) {
    assert.equal(decodeHeader(encoded.subarray(0, length)).kind, "invalid");
  }
  assert.equal(decodeHeader(concatBytes(encoded, Uint8Array.of(0))).kind, "invalid");
  assert.equal(isDigestItem(preRuntime), true);
  assert.equal(isDigestItem(Uint8Array.of(7)), false);
  assert.equal(isDigestItem(Uint8Array.of(8, 8)), false);
});

test("a block reads back, its extrinsics with their lengths, and nothing else is one", () => {
  const bytes = fc.uint8Array({ maxLength: 100 });
  const header = {
    parentHash: ZERO_HASH,
    number: 7n,
    stateRoot: ZERO_HASH,
    extrinsicsRoot: ZERO_HASH,
    digest: [],
  };
  fc.assert(
    fc.property(fc.array(bytes.map(encodeByteString), { maxLength: 70 }), fc.nat(), (extrinsics, at) => {
      assert.ok(extrinsics.every(isExtrinsic));
      const encoded = encodeBlock({ header, extrinsics });
      assert.deepEqual(decodeBlock(encoded), { kind: "ok", value: { header, extrinsics } });
      assert.equal(decodeBlock(encoded.subarray(0, at % encoded.length)).kind, "invalid");
      assert.equal(decodeBlock(concatBytes(encoded, Uint8Array.of(0))).kind, "invalid");
    }),
  );
  fc.assert(
    fc.property(bytes, (noise) => {
      const decoded = decodeBlock(noise);
      if (decoded.kind === "ok") assert.deepEqual(encodeBlock(decoded.value), noise);
    }),
  );
  for (const none of [[], [4], [0, 0], [1, 0], [8, 1]])
    assert.equal(isExtrinsic(Uint8Array.from(none)), false);
});
