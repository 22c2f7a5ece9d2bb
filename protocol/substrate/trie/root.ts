import { compareBytes, HASH_LENGTH, type Hash } from "../../bytes.ts";
import { RollupError } from "../../errors.ts";
import { blake2b256 } from "../hash.ts";
import { encodeCompact } from "../scale.ts";
import {
  CHILDREN,
  type ChildReference,
  EMPTY_NODE,
  encodeBranch,
  encodeLeaf,
  HASHED_VALUE_FROM,
  type NodeValue,
  nibbleAt,
  type TrieLayout,
} from "./node.ts";

/** Root of the trie without entries; the same in both layouts. */
export const EMPTY_SUBSTRATE_ROOT: Hash = blake2b256(EMPTY_NODE);

const NO_VALUE: NodeValue = { kind: "none" };

/** A branch that later keys may still add to. `depth` nibbles of its path are above its children. */
type OpenBranch = {
  readonly depth: number;
  value: NodeValue;
  readonly children: (ChildReference | undefined)[];
};

/** How a layout keeps a value in its node. */
export function nodeValue(value: Uint8Array, layout: TrieLayout): NodeValue {
  if (layout === 0 || value.length < HASHED_VALUE_FROM) return { kind: "inline", bytes: value };
  return { kind: "hashed", hash: blake2b256(value) };
}

/** Nibbles that two keys have in common at their beginnings. */
function commonNibbles(a: Uint8Array, b: Uint8Array): number {
  const most = Math.min(a.length, b.length);
  let byte = 0;
  while (byte < most && a[byte] === b[byte]) byte++;
  if (byte === most) return 2 * byte;
  return 2 * byte + ((a[byte] ?? 0) >> 4 === (b[byte] ?? 0) >> 4 ? 1 : 0);
}

/**
 * The root of a state from its entries in the order of their keys, in one pass: only the branches on the way
 * to the latest key are kept, at most two a byte of it, however many entries there are. A class because it
 * lives as long as the stream does.
 */
export class TrieRootBuilder {
  private readonly layout: TrieLayout;
  /** From the root down; each is a prefix of the latest key. */
  private readonly open: OpenBranch[] = [];
  private key: Uint8Array | undefined;
  private value: NodeValue = NO_VALUE;

  constructor(layout: TrieLayout) {
    this.layout = layout;
  }

  /**
   * Adds the next entry. The key is kept until the following call: it must not be written to.
   * @param layout the layout that this value was written under, where it is not the state's
   * @throws RollupError TRIE_NOT_ORDERED when the key is not above the one before
   */
  add(key: Uint8Array, value: Uint8Array, layout: TrieLayout = this.layout): void {
    const last = this.key;
    const next = nodeValue(value, layout);
    if (last !== undefined) {
      if (compareBytes(last, key) >= 0) {
        throw new RollupError(
          "TRIE_NOT_ORDERED",
          "a trie's entries are added in the order of their keys, once each",
        );
      }
      this.settle(last, commonNibbles(last, key));
    }
    this.key = key;
    this.value = next;
  }

  /** The root of all that was added. */
  root(): Hash {
    if (this.key === undefined) return EMPTY_SUBSTRATE_ROOT;
    return blake2b256(this.close(this.key));
  }

  /** Puts the latest entry in its place, and closes the branches that no key to come is under. */
  private settle(last: Uint8Array, common: number): void {
    if (common === 2 * last.length) {
      // The next key goes on from this one, which is a branch's value then.
      this.open.push({ depth: common, value: this.value, children: new Array(CHILDREN).fill(undefined) });
      return;
    }
    let parent = this.placeFor(common);
    this.attach(parent, last, encodeLeaf(last, parent.depth + 1, this.value));
    while (parent.depth > common) {
      const closed = this.open.pop() ?? parent;
      parent = this.placeFor(common);
      const { depth, value, children } = closed;
      this.attach(parent, last, encodeBranch(last, parent.depth + 1, depth, value, children));
    }
  }

  /** The branch that the node in hand hangs on: the innermost open one, or a new one where the keys part. */
  private placeFor(common: number): OpenBranch {
    const innermost = this.open.at(-1);
    if (innermost !== undefined && innermost.depth >= common) return innermost;
    const branch = { depth: common, value: NO_VALUE, children: new Array(CHILDREN).fill(undefined) };
    this.open.push(branch);
    return branch;
  }

  private attach(parent: OpenBranch, key: Uint8Array, node: Uint8Array): void {
    parent.children[nibbleAt(key, parent.depth)] = node.length < HASH_LENGTH ? node : blake2b256(node);
  }

  /** The root node: everything that is open closed from the innermost on. */
  private close(last: Uint8Array): Uint8Array {
    const below = (depth: number | undefined): number => (depth === undefined ? 0 : depth + 1);
    const branches = this.open.map((branch) => ({ ...branch, children: [...branch.children] }));
    let node = encodeLeaf(last, below(branches.at(-1)?.depth), this.value);
    for (let branch = branches.pop(); branch !== undefined; branch = branches.pop()) {
      const { depth, value, children } = branch;
      children[nibbleAt(last, depth)] = node.length < HASH_LENGTH ? node : blake2b256(node);
      node = encodeBranch(last, below(branches.at(-1)?.depth), depth, value, children);
    }
    return node;
  }
}

/** The root of a list: each value under its index, compact (a block's extrinsics root). */
export function orderedRoot(values: readonly Uint8Array[], layout: TrieLayout): Hash {
  const entries = values.map((value, index) => ({ key: encodeCompact(index), value }));
  entries.sort((a, b) => compareBytes(a.key, b.key));
  const builder = new TrieRootBuilder(layout);
  for (const { key, value } of entries) builder.add(key, value);
  return builder.root();
}

/** The root of entries in any order. @throws RollupError TRIE_NOT_ORDERED when a key is there twice */
export function stateRoot(
  entries: Iterable<readonly [key: Uint8Array, value: Uint8Array]>,
  layout: TrieLayout,
): Hash {
  const builder = new TrieRootBuilder(layout);
  for (const [key, value] of [...entries].sort(([a], [b]) => compareBytes(a, b))) builder.add(key, value);
  return builder.root();
}
