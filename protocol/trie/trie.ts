import { bytesEqual, type Hash, type Hex, toHex } from "../bytes.ts";
import { RollupError } from "../errors.ts";
import { keccak256 } from "../keccak.ts";
import { toNibbles } from "./nibbles.ts";
import {
  type Child,
  decodeNode,
  encodeNode,
  follow,
  HASHED_FROM,
  hashReference,
  isReference,
  type Node,
  type NodeSink,
  referencedHash,
} from "./node.ts";
import { insert, type Resolve, remove } from "./update.ts";

/**
 * Gives a node's RLP by its hash, or undefined. It vouches that the bytes have that hash; `readerOfNodes`
 * makes such a reader from bytes of unknown origin.
 */
export type NodeReader = (hash: Hash) => Uint8Array | undefined;

/** Root of a trie without entries: keccak256(rlp("")). */
export const EMPTY_TRIE_ROOT: Hash = keccak256(Uint8Array.of(0x80));

/** The new root and the nodes that came into being since the last commit, by hash. */
export type TrieCommit = { readonly root: Hash; readonly nodes: ReadonlyMap<Hex, Uint8Array> };

/**
 * A Merkle-Patricia trie (Yellow Paper, appendix D) over a reader of nodes. Nodes are read when a key leads
 * through them, stay in memory, and are hashed once, at the commit. Keys are used as given: a "secure" trie's
 * caller hashes them.
 *
 * Each method may throw RollupError TRIE_NODE_MISSING ({ hash }) when the reader does not have a node, or
 * TRIE_NODE_INVALID ({ hash, reason }) when its bytes are none; the trie is then as it was before the call.
 */
export interface Trie {
  get(key: Uint8Array): Uint8Array | undefined;
  /** Sets a key's value; an empty value deletes, as in every Ethereum trie. */
  put(key: Uint8Array, value: Uint8Array): void;
  /**
   * Removes a key, if it is there. A branch left with one entry collapses, for which the remaining sibling is
   * read: on a partial trie (a witness) do all puts before the deletes, so that fewer siblings are needed.
   */
  delete(key: Uint8Array): void;
  /** Hashes what changed. The trie can be used on. */
  commit(): TrieCommit;
}

/** A trie with this root. Nothing is read before the first key is asked for. */
export function openTrie(root: Hash, read: NodeReader): Trie {
  return new LazyTrie(root, read);
}

class LazyTrie implements Trie {
  #root: Child | undefined;
  /** Undefined while there are changes. */
  #rootHash: Hash | undefined;
  readonly #resolve: Resolve;

  constructor(root: Hash, read: NodeReader) {
    this.#rootHash = root;
    this.#root = bytesEqual(root, EMPTY_TRIE_ROOT) ? undefined : hashReference(root);
    this.#resolve = (child, parent) => resolveChild(read, child, parent);
  }

  get(key: Uint8Array): Uint8Array | undefined {
    if (this.#root === undefined) return undefined;
    const path = toNibbles(key);
    let node = this.#resolve(this.#root, undefined);
    this.#root = node;
    for (let at = 0; ; ) {
      const next = follow(node, path, at);
      if (next.kind === "end") return next.value;
      const child = this.#resolve(next.child, node);
      if (node.kind === "extension") node.child = child;
      else if (node.kind === "branch") node.children[path[at] ?? 0] = child;
      node = child;
      at = next.at;
    }
  }

  put(key: Uint8Array, value: Uint8Array): void {
    if (value.length === 0) this.delete(key);
    else this.#replaceRoot(insert(this.#root, undefined, toNibbles(key), 0, value, this.#resolve));
  }

  delete(key: Uint8Array): void {
    if (this.#root === undefined) return;
    this.#replaceRoot(remove(this.#root, undefined, toNibbles(key), 0, this.#resolve));
  }

  #replaceRoot(root: Node | undefined): void {
    this.#root = root;
    if (root?.reference === undefined) this.#rootHash = undefined;
  }

  commit(): TrieCommit {
    const nodes = new Map<Hex, Uint8Array>();
    this.#rootHash ??= commitRoot(this.#root, (hash, encoded) => nodes.set(toHex(hash), encoded));
    return { root: this.#rootHash, nodes };
  }
}

/** Hashes a changed trie from its root; the root node goes to the sink whatever its size. */
export function commitRoot(root: Child | undefined, sink: NodeSink): Hash {
  if (root === undefined) return EMPTY_TRIE_ROOT;
  if (isReference(root)) return referencedHash(root) ?? keccak256(root);
  const encoded = encodeNode(root, sink);
  const hash = keccak256(encoded);
  sink(hash, encoded);
  root.reference = encoded.length < HASHED_FROM ? encoded : hashReference(hash);
  return hash;
}

/** A child as a node in memory: read, decoded, and checked against the rules between parent and child. */
export function resolveChild(read: NodeReader, child: Child, parent: Node | undefined): Node {
  if (!isReference(child)) return child;
  const hash = referencedHash(child);
  const encoded = hash === undefined ? child : read(hash);
  if (encoded === undefined) {
    const missing = hash === undefined ? undefined : toHex(hash);
    throw new RollupError("TRIE_NODE_MISSING", `no trie node ${missing}`, { data: { hash: missing } });
  }
  const node = decodeNode(encoded);
  if (typeof node === "string") throw nodeInvalid(child, node);
  const isShort = encoded.length < HASHED_FROM;
  if (hash !== undefined && isShort && parent !== undefined)
    throw nodeInvalid(child, "node-should-be-inlined");
  if (parent?.kind === "extension" && node.kind !== "branch") {
    throw nodeInvalid(child, "extension-child-not-a-branch");
  }
  node.reference = isShort ? encoded : child;
  return node;
}

/** The fault of a node whose bytes no honest trie contains. */
export function nodeInvalid(reference: Uint8Array, reason: string): RollupError {
  const hash = toHex(referencedHash(reference) ?? keccak256(reference));
  return new RollupError("TRIE_NODE_INVALID", `trie node ${hash} is invalid: ${reason}`, {
    data: { hash, reason },
  });
}

/**
 * A reader over nodes of unknown origin, such as a witness: each is filed under the hash of its own bytes, so
 * that a false one is only a missing one.
 */
export function readerOfNodes(encodedNodes: Iterable<Uint8Array>): NodeReader {
  const nodes = new Map<Hex, Uint8Array>();
  for (const encoded of encodedNodes) nodes.set(toHex(keccak256(encoded)), encoded);
  return (hash) => nodes.get(toHex(hash));
}
