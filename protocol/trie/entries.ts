import { bytesEqual, concatBytes, type Hash } from "../bytes.ts";
import { fromNibbles, type Nibbles } from "./nibbles.ts";
import { type Child, hashReference, isReference, type Node } from "./node.ts";
import { EMPTY_TRIE_ROOT, type NodeReader, nodeInvalid, resolveChild } from "./trie.ts";

export type TrieEntry = readonly [key: Uint8Array, value: Uint8Array];

/**
 * Longest key that is walked, in nibbles. Ethereum's tries have keys of at most 32 bytes; the bound ends the
 * walk through nodes that a lying reader makes refer to each other.
 */
export const MAX_PATH_NIBBLES = 512;

/**
 * All entries in the order of their keys. Nodes are read one after another as the caller goes on.
 * @throws RollupError TRIE_NODE_MISSING, TRIE_NODE_INVALID (also for a path of half bytes)
 */
export function* trieEntries(root: Hash, read: NodeReader): Generator<TrieEntry, void> {
  if (!bytesEqual(root, EMPTY_TRIE_ROOT))
    yield* entriesBelow(hashReference(root), undefined, new Uint8Array(0), read);
}

function* entriesBelow(
  child: Child,
  parent: Node | undefined,
  path: Nibbles,
  read: NodeReader,
): Generator<TrieEntry, void> {
  const node = resolveChild(read, child, parent);
  const reference = isReference(child) ? child : new Uint8Array(0);
  if (path.length > MAX_PATH_NIBBLES) throw nodeInvalid(reference, "path-too-long");
  if (node.kind === "extension") {
    return yield* entriesBelow(node.child, node, concatBytes(path, node.path), read);
  }
  if (node.value !== undefined) {
    const key = fromNibbles(node.kind === "leaf" ? concatBytes(path, node.path) : path);
    if (key === undefined) throw nodeInvalid(reference, "path-of-half-bytes");
    yield [key, node.value];
  }
  if (node.kind === "leaf") return;
  for (const [index, below] of node.children.entries()) {
    if (below !== undefined) yield* entriesBelow(below, node, concatBytes(path, Uint8Array.of(index)), read);
  }
}
