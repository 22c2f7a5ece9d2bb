import { concatBytes, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { blake2b256 } from "@phala-l2/protocol/substrate/hash";
import { encodeByteString, encodeCompact } from "@phala-l2/protocol/substrate/scale";

/**
 * Accounts that runtimes derive from a place by hashing its text: a chain, a bridge, what waits between two. Nobody has a key of such a
 * hash. Told are places that have a name, or a number of which there are few. An account on another chain is a place too: its hash
 * cannot be told from a key, and what it holds here stays claimable by nobody.
 *
 * A location is | parents, u8 | number of junctions, u8 | junctions |. Source: xcm, `MultiLocation` of versions 2 and 3.
 */
type Location = Uint8Array;

/** Kinds of junctions. */
const PARACHAIN = 0;
const GENERAL_INDEX = 5;
const GENERAL_KEY = 6;
/** A key's bytes in version 3. */
const KEY_LENGTH = 32;
/** Relay chains number their parachains one after another, from 2,000 on; in 2025 they were at 3,500. */
const PARA_IDS = 10_000;
/** Chain ids of chainbridge are bytes. */
const BRIDGE_CHAINS = 256;

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

function location(parents: number, ...junctions: readonly Uint8Array[]): Location {
  return concatBytes(Uint8Array.of(parents, junctions.length), ...junctions);
}

const PARENT = location(1);

function parachain(id: number): Uint8Array {
  return concatBytes(Uint8Array.of(PARACHAIN), encodeCompact(id));
}

/** A general key as versions 2 and 3 write it. */
function generalKey(text: string): readonly Uint8Array[] {
  const bytes = ascii(text);
  const padded = new Uint8Array(KEY_LENGTH);
  padded.set(bytes);
  return [
    concatBytes(Uint8Array.of(GENERAL_KEY), encodeByteString(bytes)),
    concatBytes(Uint8Array.of(GENERAL_KEY, bytes.length), padded),
  ];
}

function generalIndex(index: number): Uint8Array {
  return concatBytes(Uint8Array.of(GENERAL_INDEX), encodeCompact(index));
}

/** What Phala's runtime holds assets of bridges under. Source: khala-parachain, assets-registry and subbridge: `into_account`. */
function* bridgePlaces(): Generator<Uint8Array> {
  for (const key of generalKey("bridge_transfer")) yield location(0, key);
  for (const key of generalKey("cb")) {
    for (let chain = 0; chain < BRIDGE_CHAINS; chain++) yield location(0, key, generalIndex(chain));
  }
}

/** A chain as it is hashed: alone (Phala's `into_account`), and by xcm-builder's `Account32Hash` and `HashedDescription`. */
function* chainPlaces(): Generator<Uint8Array> {
  const prefix = encodeByteString(ascii("multiloc"));
  const noSuffix = Uint8Array.of(0);
  yield PARENT;
  yield concatBytes(prefix, PARENT);
  yield concatBytes(ascii("ParentChain"), noSuffix);
  const sibling = ascii("SiblingChain");
  for (let id = 0; id < PARA_IDS; id++) {
    const place = location(1, parachain(id));
    yield place;
    yield concatBytes(prefix, place);
    yield concatBytes(sibling, encodeCompact(id), noSuffix);
  }
}

let known: ReadonlySet<Hex> | undefined;

/** All accounts of places that are known; thirty thousand hashes, made once. */
export function placeAccounts(): ReadonlySet<Hex> {
  known ??= new Set([...bridgePlaces(), ...chainPlaces()].map((place) => toHex(blake2b256(place))));
  return known;
}
