import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import fc from "fast-check";
import { encodeAbiParameters, hashTypedData, keccak256, parseAbiParameters, stringToBytes } from "viem";
import { type Address, addressFromHex, asAddress, asHash, type Hash, hashFromHex, toHex } from "./bytes.ts";
import { isRollupError } from "./errors.ts";
import {
  type SunsetStatement,
  sunsetDigest,
  sunsetDomainSeparator,
  sunsetSettingsHash,
  sunsetStructHash,
} from "./sunset-statement.ts";

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const hashes: fc.Arbitrary<Hash> = bytes(32).map(asHash);
const addresses: fc.Arbitrary<Address> = bytes(20).map(asAddress);
const amounts = fc.bigInt({ min: 0n, max: 2n ** 128n - 1n });

const statements: fc.Arbitrary<SunsetStatement> = fc.record({
  genesisHash: hashes,
  height: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  blockHash: hashes,
  stateRoot: hashes,
  claimsRoot: hashes,
  issuance: amounts,
  claimable: amounts,
  excluded: amounts,
  rounding: amounts,
});

const types = {
  Sunset: [
    { name: "genesisHash", type: "bytes32" },
    { name: "height", type: "uint64" },
    { name: "blockHash", type: "bytes32" },
    { name: "stateRoot", type: "bytes32" },
    { name: "claimsRoot", type: "bytes32" },
    { name: "issuance", type: "uint256" },
    { name: "claimable", type: "uint256" },
    { name: "excluded", type: "uint256" },
    { name: "rounding", type: "uint256" },
  ],
} as const;

function viemDigest(chainId: bigint, contract: Address, salt: Hash, sunset: SunsetStatement): string {
  return hashTypedData({
    domain: {
      name: "Phala L2 sunset",
      version: "1",
      chainId,
      verifyingContract: toHex(contract),
      salt: toHex(salt),
    },
    types,
    primaryType: "Sunset",
    message: {
      ...sunset,
      genesisHash: toHex(sunset.genesisHash),
      blockHash: toHex(sunset.blockHash),
      stateRoot: toHex(sunset.stateRoot),
      claimsRoot: toHex(sunset.claimsRoot),
    },
  });
}

type Vector = Readonly<Record<keyof SunsetStatement | VectorField, string>> & {
  readonly rules: number;
};
type VectorField =
  | "chainId"
  | "contract"
  | "finalityAnchor"
  | "registrationsFrom"
  | "settingsHash"
  | "domainSeparator"
  | "structHash"
  | "digest";

const FILE: { vectors: readonly Vector[] } = JSON.parse(
  readFileSync(new URL("./vectors/sunset-statement.json", import.meta.url), "utf8"),
);

function statementOf(vector: Vector): SunsetStatement {
  return {
    genesisHash: hashFromHex(vector.genesisHash),
    height: BigInt(vector.height),
    blockHash: hashFromHex(vector.blockHash),
    stateRoot: hashFromHex(vector.stateRoot),
    claimsRoot: hashFromHex(vector.claimsRoot),
    issuance: BigInt(vector.issuance),
    claimable: BigInt(vector.claimable),
    excluded: BigInt(vector.excluded),
    rounding: BigInt(vector.rounding),
  };
}

describe("sunset statement", () => {
  it("has the digests of the vectors that the contracts read too", () => {
    assert(FILE.vectors.length >= 3);
    for (const vector of FILE.vectors) {
      const domain = { chainId: BigInt(vector.chainId), contract: addressFromHex(vector.contract) };
      const settings = sunsetSettingsHash({
        finalityAnchor: hashFromHex(vector.finalityAnchor),
        rules: vector.rules,
        registrationsFrom: BigInt(vector.registrationsFrom),
      });
      const sunset = statementOf(vector);
      assert.equal(toHex(settings), vector.settingsHash);
      assert.equal(toHex(sunsetDomainSeparator(domain, settings)), vector.domainSeparator);
      assert.equal(toHex(sunsetStructHash(sunset)), vector.structHash);
      assert.equal(toHex(sunsetDigest(domain, settings, sunset)), vector.digest);
    }
  });

  it("has viem's EIP-712 digest", () => {
    const chainIds = fc.bigInt({ min: 1n, max: 2n ** 53n - 1n });
    fc.assert(
      fc.property(chainIds, addresses, hashes, statements, (chainId, contract, salt, sunset) => {
        const found = sunsetDigest({ chainId, contract }, salt, sunset);
        assert.equal(toHex(found), viemDigest(chainId, contract, salt, sunset));
      }),
    );
  });

  it("has another digest when any field, the settings, the chain or the contract is another", () => {
    fc.assert(
      fc.property(addresses, hashes, statements, (contract, salt, sunset) => {
        const other = asHash(sunset.genesisHash.map((byte) => byte ^ 1));
        const elsewhere = asAddress(contract.map((byte) => byte ^ 1));
        const domain = { chainId: 1n, contract };
        const changed: SunsetStatement[] = [
          { ...sunset, genesisHash: other },
          { ...sunset, height: sunset.height ^ 1n },
          { ...sunset, blockHash: asHash(sunset.blockHash.map((byte) => byte ^ 1)) },
          { ...sunset, stateRoot: asHash(sunset.stateRoot.map((byte) => byte ^ 1)) },
          { ...sunset, claimsRoot: asHash(sunset.claimsRoot.map((byte) => byte ^ 1)) },
          { ...sunset, issuance: sunset.issuance ^ 1n },
          { ...sunset, claimable: sunset.claimable ^ 1n },
          { ...sunset, excluded: sunset.excluded ^ 1n },
          { ...sunset, rounding: sunset.rounding ^ 1n },
        ];
        const digests = [
          sunsetDigest(domain, salt, sunset),
          sunsetDigest({ ...domain, chainId: 2n }, salt, sunset),
          sunsetDigest({ ...domain, contract: elsewhere }, salt, sunset),
          sunsetDigest(domain, asHash(salt.map((byte) => byte ^ 1)), sunset),
          ...changed.map((each) => sunsetDigest(domain, salt, each)),
        ];
        assert.equal(new Set(digests.map(toHex)).size, digests.length);
      }),
    );
  });

  it("hashes settings as a Solidity tuple behind its tag", () => {
    const anchor = asHash(new Uint8Array(32).fill(7));
    const tag = keccak256(stringToBytes("phala-l2 sunset settings, version 2"));
    const tuple = parseAbiParameters("bytes32, bytes32, uint32, uint64");
    for (const registrationsFrom of [0n, 1n, 9_000_000n, 2n ** 64n - 1n]) {
      const words = encodeAbiParameters(tuple, [tag, toHex(anchor), 3, registrationsFrom]);
      const settings = { finalityAnchor: anchor, rules: 3, registrationsFrom };
      assert.equal(toHex(sunsetSettingsHash(settings)), keccak256(words));
    }
  });

  it("throws for numbers that do not fit their types", () => {
    const [vector] = FILE.vectors;
    assert(vector);
    const sunset = statementOf(vector);
    const domain = { chainId: 1n, contract: addressFromHex(vector.contract) };
    const salt = hashFromHex(vector.settingsHash);
    const outOfRange = (error: unknown) => isRollupError(error, "INTEGER_RANGE");
    assert.throws(() => sunsetDigest(domain, salt, { ...sunset, height: 2n ** 64n }), outOfRange);
    assert.throws(() => sunsetDigest(domain, salt, { ...sunset, rounding: -1n }), outOfRange);
    assert.throws(() => sunsetDigest({ ...domain, chainId: 2n ** 256n }, salt, sunset), outOfRange);
    const settings = { finalityAnchor: salt, rules: 1, registrationsFrom: 0n };
    assert.throws(() => sunsetSettingsHash({ ...settings, rules: 2 ** 32 }), outOfRange);
    assert.throws(() => sunsetSettingsHash({ ...settings, registrationsFrom: 2n ** 64n }), outOfRange);
    assert.throws(() => sunsetSettingsHash({ ...settings, registrationsFrom: -1n }), outOfRange);
  });
});
