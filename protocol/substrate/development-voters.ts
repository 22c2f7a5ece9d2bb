import { ed25519 } from "@noble/curves/ed25519.js";
import { concatBytes, fromHex, toHex } from "../bytes.ts";
import { sha256 } from "../sha256.ts";
import type { AuthoritySet } from "./grandpa.ts";
import { blake2b256 } from "./hash.ts";
import { encodeByteString } from "./scale.ts";

/** What names the keys of this project's simulated relay chain. */
export const SIMULATED_RELAY_CHAIN = "relay chain";

/** As large a set as simulations have, and more. */
const SIMULATED_VOTERS = 16;

/** The mini secret of Substrate's development phrase ("bottom drive obey lake …"), which everybody knows. */
const DEVELOPMENT_SEED = fromHex("0xfac7959dbfe72f052e5a0c3c8d6530f202b02fd8f9f5ca3580ec8deb7797479e");

/** The names that development chains' specifications take (sp_keyring). */
const NAMES = ["Alice", "Bob", "Charlie", "Dave", "Eve", "Ferdie", "One", "Two"] as const;

const DERIVATION_TAG = encodeByteString(new TextEncoder().encode("Ed25519HDKD"));
const CHAIN_CODE_LENGTH = 32;

/** What names a voter of a simulated relay chain; SHA-256 of it is the key's ed25519 seed. */
export function simulatedVoterName(chain: string, setId: bigint, place: number): string {
  return `${chain} set ${setId} voter ${place}`;
}

/** Hard derivation of ed25519 seeds by a name (sp_core::ed25519 `derive`): BLAKE2b-256 of tag, seed and chain code. */
function derived(seed: Uint8Array, name: string): Uint8Array {
  const code = new Uint8Array(CHAIN_CODE_LENGTH);
  code.set(encodeByteString(new TextEncoder().encode(name)));
  return blake2b256(concatBytes(DERIVATION_TAG, seed, code));
}

/** Public ed25519 keys by the paths that derive them from the development phrase. */
export function substrateDevelopmentVoters(): ReadonlyMap<string, Uint8Array> {
  const voters = new Map([["", ed25519.getPublicKey(DEVELOPMENT_SEED)]]);
  for (const name of NAMES) {
    const seed = derived(DEVELOPMENT_SEED, name);
    voters.set(`//${name}`, ed25519.getPublicKey(seed));
    voters.set(`//${name}//stash`, ed25519.getPublicKey(derived(seed, "stash")));
  }
  return voters;
}

function simulatedVoters(setId: bigint): readonly Uint8Array[] {
  const names = Array.from({ length: SIMULATED_VOTERS }, (_, i) =>
    simulatedVoterName(SIMULATED_RELAY_CHAIN, setId, i),
  );
  return names.map((name) => ed25519.getPublicKey(sha256(new TextEncoder().encode(name))));
}

/**
 * Whether anybody can vote in that set: one of its keys comes from a seed that everybody knows. Such are Substrate's development
 * accounts, and what the simulated relay chain has in its first set and in the set of this number.
 */
export function hasDevelopmentVoter({ id, authorities }: AuthoritySet): boolean {
  const known = new Set(
    [...substrateDevelopmentVoters().values(), ...simulatedVoters(0n), ...simulatedVoters(id)].map(toHex),
  );
  return authorities.some(({ key }) => known.has(toHex(key)));
}
