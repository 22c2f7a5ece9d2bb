import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Hex, keccak256, pad, zeroAddress, zeroHash } from "viem";
import { ADDRESS_NAMES, type AddressBook, formatAddressBook, parseAddressBook } from "./address-book.ts";
import { type SourceAddresses, withSource } from "./source.ts";

const GENESIS = keccak256("0x0a");
const OTHER = keccak256("0x0b");
const at = (number: number): Hex => pad(`0x${number.toString(16)}`, { size: 20 });
const sunsetAt = (number: number) => ({
  SubstrateSignatures: at(number),
  SunsetRegistry: at(number + 1),
  SunsetClaims: at(number + 2),
  SunsetStaker: at(number + 3),
});

const L2_NAMES = [
  "Pha",
  "VotingPha",
  "RewardDistributor",
  "ProviderPledges",
  "PhaGovernor",
  "GovernanceTimelock",
];
const everyAt = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, zeroAddress]));
const empty: AddressBook = parseAddressBook({
  l1ChainId: "1",
  l2ChainId: "2",
  startBlock: { number: "1", hash: zeroHash, timestamp: "1" },
  genesisOutputRoot: zeroHash,
  rollupConfigHash: zeroHash,
  addresses: everyAt([...ADDRESS_NAMES, "MultiProofGameImpl"]),
  l2: everyAt(L2_NAMES),
  sources: [],
});
const bookOf = (...sources: readonly SourceAddresses[]) => sources.reduce(withSource, empty);

const swap: SourceAddresses = { genesisHash: GENESIS, sunset: undefined, ParachainSwap: at(1) };
const sunset: SourceAddresses = { genesisHash: GENESIS, sunset: sunsetAt(16), ParachainSwap: undefined };
const both: SourceAddresses = { genesisHash: GENESIS, sunset: sunsetAt(16), ParachainSwap: at(1) };

describe("a book that a parachain's contracts are written into", () => {
  it("keeps the swap when the sunset comes, and the sunset when the swap does", () => {
    for (const book of [
      bookOf(swap, sunset),
      bookOf(sunset, swap),
      bookOf(both, swap),
      bookOf(both, sunset),
    ]) {
      assert.deepEqual(book.sources, [both]);
      assert.deepEqual(parseAddressBook(JSON.parse(formatAddressBook(book))).sources, [both]);
    }
  });

  it("has each parachain once, however its hash is written", () => {
    const shouted: Hex = `0x${GENESIS.slice(2).toUpperCase()}`;
    assert.deepEqual(bookOf(swap, { ...sunset, genesisHash: shouted }).sources, [
      { ...both, genesisHash: shouted },
    ]);
  });

  it("names of two contracts of a kind the newer one", () => {
    const newer = { ...swap, ParachainSwap: at(2) };
    assert.deepEqual(bookOf(both, newer).sources, [{ ...both, ParachainSwap: at(2) }]);
    const anew = { ...sunset, sunset: sunsetAt(32) };
    assert.deepEqual(bookOf(both, anew).sources, [{ ...both, sunset: sunsetAt(32) }]);
  });

  it("takes nothing of another parachain's", () => {
    const other = { ...swap, genesisHash: OTHER, ParachainSwap: at(3) };
    assert.deepEqual(bookOf(other, sunset).sources, [other, sunset]);
    assert.deepEqual(bookOf(swap, other, sunset).sources, [other, both]);
  });
});
