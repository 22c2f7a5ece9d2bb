import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import fc from "fast-check";
import { encodeAbiParameters, hashTypedData, keccak256, parseAbiParameters } from "viem";
import { type Address, addressFromHex, asAddress, asHash, type Hash, hashFromHex, toHex } from "./bytes.ts";
import {
  areRuntimesSound,
  depositId,
  type KnownRuntime,
  type Release,
  releaseDigest,
  type SwapSettings,
  swapRulesHash,
  swapSettingsHash,
} from "./swap-release.ts";

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const hashes: fc.Arbitrary<Hash> = bytes(32).map(asHash);
const addresses: fc.Arbitrary<Address> = bytes(20).map(asAddress);
const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

const releases: fc.Arbitrary<Release> = fc.record({
  genesisHash: hashes,
  height: u64,
  blockHash: hashes,
  extrinsicIndex: u32,
  eventIndex: u32,
  sender: hashes,
  receiver: addresses,
  planck: fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }),
});

const types = {
  Release: [
    { name: "genesisHash", type: "bytes32" },
    { name: "height", type: "uint64" },
    { name: "blockHash", type: "bytes32" },
    { name: "extrinsicIndex", type: "uint32" },
    { name: "eventIndex", type: "uint32" },
    { name: "sender", type: "bytes32" },
    { name: "receiver", type: "address" },
    { name: "planck", type: "uint256" },
  ],
} as const;

function viemDigest(chainId: bigint, contract: Address, salt: Hash, release: Release): string {
  return hashTypedData({
    domain: {
      name: "Phala L2 swap",
      version: "1",
      chainId,
      verifyingContract: toHex(contract),
      salt: toHex(salt),
    },
    types,
    primaryType: "Release",
    message: {
      ...release,
      genesisHash: toHex(release.genesisHash),
      blockHash: toHex(release.blockHash),
      sender: toHex(release.sender),
      receiver: toHex(release.receiver),
    },
  });
}

const KNOWN: KnownRuntime = { specVersion: 1230, metadataHash: asHash(new Uint8Array(32).fill(2)) };

const SETTINGS: SwapSettings = {
  genesisHash: asHash(new Uint8Array(32).fill(1)),
  firstHeight: 1n,
  lastHeight: 9_064_613n,
  minimum: 10n ** 10n,
  runtimes: [KNOWN],
  token: asAddress(new Uint8Array(20).fill(3)),
  finalityAnchor: asHash(new Uint8Array(32)),
};

describe("what a prover signs of a deposit", () => {
  it("is EIP-712, as another implementation computes it", () => {
    fc.assert(
      fc.property(
        releases,
        fc.bigInt({ min: 1n, max: 2n ** 53n - 1n }),
        addresses,
        hashes,
        (release, chainId, contract, salt) => {
          assert.equal(
            toHex(releaseDigest({ chainId, contract }, salt, release)),
            viemDigest(chainId, contract, salt, release),
          );
        },
      ),
    );
  });

  it("is the vector's that the contract computes too", () => {
    const vector = JSON.parse(readFileSync(new URL("./vectors/swap-release.json", import.meta.url), "utf8"));
    const release: Release = {
      genesisHash: hashFromHex(vector.genesisHash),
      height: BigInt(vector.height),
      blockHash: hashFromHex(vector.blockHash),
      extrinsicIndex: Number(vector.extrinsicIndex),
      eventIndex: Number(vector.eventIndex),
      sender: hashFromHex(vector.sender),
      receiver: addressFromHex(vector.receiver),
      planck: BigInt(vector.planck),
    };
    const domain = { chainId: BigInt(vector.chainId), contract: addressFromHex(vector.verifyingContract) };
    assert.equal(toHex(releaseDigest(domain, hashFromHex(vector.settingsHash), release)), vector.digest);
    assert.equal(toHex(depositId(release)), vector.depositId);
  });

  it("has one deposit id an event, whatever else it says", () => {
    fc.assert(
      fc.property(releases, releases, (one, other) => {
        const { genesisHash, height, eventIndex } = one;
        assert.deepEqual(depositId({ ...other, genesisHash, height, eventIndex }), depositId(one));
        const encoded = encodeAbiParameters(parseAbiParameters("bytes32, uint64, uint32"), [
          toHex(genesisHash),
          height,
          eventIndex,
        ]);
        assert.equal(toHex(depositId(one)), keccak256(encoded));
      }),
    );
  });
});

describe("the settings' hash", () => {
  it("is the vector's that the contract computes too", () => {
    const vector = JSON.parse(readFileSync(new URL("./vectors/swap-release.json", import.meta.url), "utf8"));
    const { settings } = vector;
    const runtimes: readonly KnownRuntime[] = settings.runtimes.map(
      (known: { specVersion: number; metadataHash: string }) => ({
        specVersion: known.specVersion,
        metadataHash: hashFromHex(known.metadataHash),
      }),
    );
    const read: SwapSettings = {
      genesisHash: hashFromHex(settings.genesisHash),
      firstHeight: BigInt(settings.firstHeight),
      lastHeight: BigInt(settings.lastHeight),
      minimum: BigInt(settings.minimum),
      token: addressFromHex(settings.token),
      finalityAnchor: hashFromHex(settings.finalityAnchor),
      runtimes,
    };
    assert.equal(toHex(swapRulesHash(read)), vector.rulesHash);
    assert.equal(toHex(swapSettingsHash(read)), vector.settingsHash);
  });

  it("has the rules' hash in it, which runtimes do not change", () => {
    const further = { ...SETTINGS, runtimes: [...SETTINGS.runtimes, { ...KNOWN, specVersion: 1240 }] };
    assert.deepEqual(swapRulesHash(further), swapRulesHash(SETTINGS));
    assert.notDeepEqual(swapSettingsHash(further), swapSettingsHash(SETTINGS));
  });

  it("differs with each setting", () => {
    const others: readonly SwapSettings[] = [
      { ...SETTINGS, genesisHash: asHash(new Uint8Array(32).fill(9)) },
      { ...SETTINGS, firstHeight: 2n },
      { ...SETTINGS, lastHeight: 2n },
      { ...SETTINGS, minimum: 0n },
      { ...SETTINGS, token: asAddress(new Uint8Array(20).fill(9)) },
      { ...SETTINGS, runtimes: [] },
      { ...SETTINGS, runtimes: [...SETTINGS.runtimes, ...SETTINGS.runtimes] },
      { ...SETTINGS, finalityAnchor: asHash(new Uint8Array(32).fill(9)) },
    ];
    const all = [SETTINGS, ...others].map((settings) => toHex(swapSettingsHash(settings)));
    assert.equal(new Set(all).size, all.length);
  });

  it("refuses numbers that do not fit", () => {
    for (const wrong of [{ lastHeight: 2n ** 64n }, { minimum: 2n ** 128n }, { firstHeight: -1n }]) {
      assert.throws(() => swapSettingsHash({ ...SETTINGS, ...wrong }), { code: "INTEGER_RANGE" });
    }
  });
});

describe("runtimes", () => {
  it("are read in one way: some, each version once, in their order", () => {
    const of = (...versions: readonly number[]) =>
      areRuntimesSound(versions.map((specVersion) => ({ ...KNOWN, specVersion })));
    assert.ok(of(0));
    assert.ok(of(1230, 1231, 2 ** 32 - 1));
    assert.ok(!of());
    assert.ok(!of(1230, 1230));
    assert.ok(!of(1231, 1230));
    assert.ok(!of(1, 3, 2));
  });
});
