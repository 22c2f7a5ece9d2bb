import { compareBytes, HASH_LENGTH, type Hash, toHex } from "../../bytes.ts";
import { blake2b256 } from "../hash.ts";
import {
  CHILDREN,
  encodeBranch,
  encodeLeaf,
  HASHED_VALUE_FROM,
  type NodeValue,
  nibbleAt,
  type TrieLayout,
} from "../trie/node.ts";
import { nodeValue } from "../trie/root.ts";

export type StateEntry = readonly [key: Uint8Array, value: Uint8Array];

/** A state with its root, of which it proves keys as a node's `state_getReadProof` does. */
export type SealedState = {
  readonly root: Hash;
  readonly prove: (keys: readonly Uint8Array[]) => readonly Uint8Array[];
};

type Build = {
  readonly layout: TrieLayout;
  readonly wanted: ReadonlySet<string>;
  readonly nodes: Uint8Array[];
};

function commonNibbles(a: Uint8Array, b: Uint8Array): number {
  let at = 0;
  while (at < 2 * a.length && at < 2 * b.length && nibbleAt(a, at) === nibbleAt(b, at)) at += 1;
  return at;
}

function keptValue(entry: StateEntry | undefined, build: Build): NodeValue {
  if (entry === undefined) return { kind: "none" };
  const [key, value] = entry;
  const isHashed = build.layout === 1 && value.length >= HASHED_VALUE_FROM;
  if (isHashed && build.wanted.has(toHex(key))) build.nodes.push(value);
  return nodeValue(value, build.layout);
}

/** The node over entries in order that have `depth` nibbles in common; keeps those on the way to a wanted key. */
function buildNode(entries: readonly StateEntry[], depth: number, build: Build): Uint8Array {
  const [first, ...others] = entries;
  if (first === undefined) throw new RangeError("a node is over one entry at least");
  const node = others.length === 0 ? encodeLeaf(first[0], depth, keptValue(first, build)) : branch();
  // A short node stands in its parent, whole.
  const hasPlace = depth === 0 || node.length >= HASH_LENGTH;
  if (hasPlace && entries.some(([key]) => build.wanted.has(toHex(key)))) build.nodes.push(node);
  return node;

  function branch(): Uint8Array {
    const [start] = first ?? [new Uint8Array(0)];
    const last = entries.at(-1)?.[0] ?? start;
    const common = commonNibbles(start, last);
    const own = 2 * start.length === common ? first : undefined;
    const children = Array.from({ length: CHILDREN }, (_, nibble) => {
      const below = entries.filter((entry) => entry !== own && nibbleAt(entry[0], common) === nibble);
      if (below.length === 0) return undefined;
      const child = buildNode(below, common + 1, build);
      return child.length < HASH_LENGTH ? child : blake2b256(child);
    });
    return encodeBranch(start, depth, common, keptValue(own, build), children);
  }
}

/** Puts entries, in any order and at least one, into a trie. */
export function sealState(given: Iterable<StateEntry>, layout: TrieLayout): SealedState {
  const entries = [...given].sort(([a], [b]) => compareBytes(a, b));
  const nodesFor = (keys: readonly Uint8Array[]) => {
    const build: Build = { layout, wanted: new Set(keys.map(toHex)), nodes: [] };
    return { root: blake2b256(buildNode(entries, 0, build)), nodes: build.nodes };
  };
  return { root: nodesFor([]).root, prove: (keys) => nodesFor(keys).nodes };
}
