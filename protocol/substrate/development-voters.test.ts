import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { fromHex } from "../bytes.ts";
import {
  hasDevelopmentVoter,
  SIMULATED_RELAY_CHAIN,
  simulatedVoterName,
  substrateDevelopmentVoters,
} from "./development-voters.ts";
import type { AuthoritySet } from "./grandpa.ts";
import { namedVoter, voter } from "./testing/grandpa-votes.ts";

/** Public keys of `subkey inspect --scheme ed25519 //Name`, as every development chain's specification has them. */
const KNOWN = {
  Alice: "0x88dc3417d5058ec4b4503e0c12ea1a0a89be200fe98922423d4334014fa6b0ee",
  Bob: "0xd17c2d7823ebf260fd138f2d7e27d114c0145d968b5ff5006125f2414fadae69",
  Charlie: "0x439660b36c6c03afafca027b910b4fecf99801834c62a5e6006f27d978de234f",
} as const;

const setOf = (keys: readonly Uint8Array[], id = 0n): AuthoritySet => ({
  id,
  authorities: keys.map((key) => ({ key, weight: 1n })),
});
const strangers = Array.from({ length: 3 }, () => voter().key);

describe("voters whose keys everybody can derive", () => {
  it("are Substrate's named ones, by the keys that its tools show", () => {
    const voters = substrateDevelopmentVoters();
    for (const [name, key] of Object.entries(KNOWN)) assert.deepEqual(voters.get(`//${name}`), fromHex(key));
  });

  for (const [name, key] of Object.entries(KNOWN)) {
    it(`are found as one among others: //${name}`, () => {
      assert.equal(hasDevelopmentVoter(setOf([...strangers, fromHex(key)], 7n)), true);
    });
  }

  it("are those of the simulated relay chain, in each set and place", () => {
    for (const [id, place] of [
      [0n, 0],
      [0n, 3],
      [1n, 0],
      [812n, 2],
    ] as const) {
      const { key } = namedVoter(simulatedVoterName(SIMULATED_RELAY_CHAIN, id, place));
      assert.equal(hasDevelopmentVoter(setOf([...strangers, key], id)), true, `${id} ${place}`);
    }
    // The genesis set's, whatever number the set is given.
    const { key } = namedVoter(simulatedVoterName(SIMULATED_RELAY_CHAIN, 0n, 1));
    assert.equal(hasDevelopmentVoter(setOf([key], 5n)), true);
  });

  it("are nobody else", () => {
    assert.equal(hasDevelopmentVoter(setOf(strangers)), false);
    assert.equal(hasDevelopmentVoter(setOf([])), false);
    const hashed = createHash("sha256").update("relay chain").digest();
    assert.equal(hasDevelopmentVoter(setOf([hashed])), false);
  });
});
