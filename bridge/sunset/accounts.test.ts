import assert from "node:assert/strict";
import { test } from "node:test";
import { concatBytes, fromHex, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { blake2b256 } from "@phala-l2/protocol/substrate/hash";
import { exclusionOf } from "./accounts.ts";
import { named, person } from "./testing/state.ts";

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const hashed = (...parts: readonly (Uint8Array | Hex)[]): Hex =>
  toHex(blake2b256(concatBytes(...parts.map((part) => (typeof part === "string" ? fromHex(part) : part)))));

/** A parachain's number at the end of an account that is named by it. */
const numbered = (text: string, number: number): Hex => {
  const account = fromHex(named(text));
  new DataView(account.buffer).setUint32(4, number, true);
  return toHex(account);
};

/** The same but for its last byte. */
const ending = (account: Hex): Hex => toHex(fromHex(account).with(31, 1));

test("accounts that nobody has a key of are told by how runtimes make them", () => {
  const kinds: Readonly<Record<string, readonly Hex[]>> = {
    pallet: [named("modlpy/trsry"), named("modlphala/bg")],
    sovereign: [numbered("sibl", 2004), numbered("para", 2035), named("Parent")],
    place: [
      // Phala's own: what waits for another bridge, and chainbridge's chains, in both versions of locations.
      hashed("0x0001063c", ascii("bridge_transfer")),
      hashed("0x0001060f", ascii("bridge_transfer"), new Uint8Array(17)),
      hashed("0x00020608636205", "0x00"),
      hashed("0x00020608636205", "0x0c"),
      hashed("0x000206026362", new Uint8Array(30), "0x05", "0xfd03"),
      // The relay chain, and a sibling: 2004 is compact 0x511f.
      hashed("0x0100"),
      hashed("0x010100511f"),
      hashed("0x206d756c74696c6f63", "0x0100"),
      hashed("0x206d756c74696c6f63", "0x010100511f"),
      hashed(ascii("ParentChain"), "0x00"),
      hashed(ascii("SiblingChain"), "0x511f", "0x00"),
    ],
    keyless: [`0x${"00".repeat(32)}`],
  };
  for (const [kind, accounts] of Object.entries(kinds)) {
    for (const account of accounts) assert.equal(exclusionOf(account), kind, account);
  }
});

test("no other account is excluded for looking like one", () => {
  const others: readonly Hex[] = [
    person(1),
    named("mod/trsry"),
    named("parent"),
    ending(named("Parent")),
    ending(numbered("sibl", 2004)),
    `0x${"00".repeat(31)}01`,
    // A person on another chain: the place's hash could be anybody's key.
    hashed(ascii("SiblingChain"), "0x511f", "0x80", ascii("AccountId32")),
    hashed("0x0102000511f0"),
    hashed("0x0000"),
  ];
  for (const account of others) assert.equal(exclusionOf(account), undefined, account);
});
