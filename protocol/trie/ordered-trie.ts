import { type Hash, type Hex, toHex } from "../bytes.ts";
import { RollupError } from "../errors.ts";
import { decodeRlp, encodeRlp, readQuantity } from "../wire/rlp.ts";
import { trieEntries } from "./entries.ts";
import { toNibbles } from "./nibbles.ts";
import type { Node, NodeSink } from "./node.ts";
import { commitRoot, type NodeReader, resolveChild, type TrieCommit } from "./trie.ts";
import { insert } from "./update.ts";

/** Bytes of the largest index: more entries than 2^32 fit into no block. */
const INDEX_BYTES = 4;

/**
 * The trie that maps rlp(index) to each value: a block's transactions or receipts. No value may be empty
 * (an empty value is no entry).
 */
export function orderedTrie(values: readonly Uint8Array[]): TrieCommit {
  const nodes = new Map<Hex, Uint8Array>();
  return { root: commitOrdered(values, (hash, encoded) => nodes.set(toHex(hash), encoded)), nodes };
}

/** The root of that trie alone. */
export function orderedRoot(values: readonly Uint8Array[]): Hash {
  return commitOrdered(values, () => {});
}

function commitOrdered(values: readonly Uint8Array[], sink: NodeSink): Hash {
  let root: Node | undefined;
  for (const [index, value] of values.entries()) {
    if (value.length === 0)
      throw new RollupError("TRIE_VALUE_EMPTY", `an ordered trie's value ${index} is empty`);
    root = insert(root, undefined, toNibbles(encodeRlp(BigInt(index))), 0, value, resolveInMemory);
  }
  return commitRoot(root, sink);
}

/** A trie built here has all its nodes in memory. */
function resolveInMemory(child: Parameters<typeof resolveChild>[1], parent: Node | undefined): Node {
  return resolveChild(() => undefined, child, parent);
}

/**
 * All values of such a trie in their order. Keys other than rlp(0) … rlp(n - 1) make it invalid.
 * @throws RollupError TRIE_NODE_MISSING, TRIE_NODE_INVALID, TRIE_NOT_ORDERED
 */
export function readOrderedTrie(root: Hash, read: NodeReader): readonly Uint8Array[] {
  const byIndex = new Map<number, Uint8Array>();
  for (const [key, value] of trieEntries(root, read)) {
    const rlp = decodeRlp(key);
    const index = rlp.kind === "ok" ? readQuantity(rlp.item, INDEX_BYTES) : undefined;
    if (index === undefined) throw notOrdered(root, toHex(key));
    byIndex.set(Number(index), value);
  }
  return Array.from({ length: byIndex.size }, (_, index) => {
    const value = byIndex.get(index);
    if (value === undefined) throw notOrdered(root, `no entry ${index} of ${byIndex.size}`);
    return value;
  });
}

function notOrdered(root: Hash, key: string): RollupError {
  return new RollupError("TRIE_NOT_ORDERED", `the trie ${toHex(root)} is no list: ${key}`, {
    data: { root: toHex(root), key },
  });
}
