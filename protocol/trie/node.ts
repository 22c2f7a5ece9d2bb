import { asHash, type Hash } from "../bytes.ts";
import { keccak256 } from "../keccak.ts";
import { rlpSpanAt, writePrefix } from "../wire/rlp.ts";
import { commonLength, hexPrefixLength, type Nibbles, readHexPrefix, writeHexPrefix } from "./nibbles.ts";

/**
 * How a node stands in its parent: as RLP, either a 32-byte hash (33 bytes, the first 0xa0) or, when the node
 * takes less than 32 bytes, the node itself. Source: Yellow Paper, appendix D.
 */
export type Reference = Uint8Array;
/** A child that was not read yet, or a node in memory. */
export type Child = Node | Reference;

/**
 * A node in memory. `reference` is known as long as nothing below the node changed; a node without one is new
 * or changed, and so are all its ancestors.
 */
export type Node = Leaf | Extension | Branch;
export type Leaf = {
  readonly kind: "leaf";
  readonly path: Nibbles;
  value: Uint8Array;
  reference: Reference | undefined;
};
export type Extension = {
  readonly kind: "extension";
  readonly path: Nibbles;
  child: Child;
  reference: Reference | undefined;
};
export type Branch = {
  readonly kind: "branch";
  /** Sixteen places. */
  readonly children: (Child | undefined)[];
  value: Uint8Array | undefined;
  reference: Reference | undefined;
};

export type NodeFault =
  | "node-not-rlp"
  | "node-not-a-list"
  | "node-item-count"
  | "path-malformed"
  | "extension-path-empty"
  | "leaf-value-malformed"
  | "branch-value-malformed"
  | "branch-too-few-entries"
  | "reference-malformed"
  | "node-should-be-inlined"
  | "extension-child-not-a-branch";

export const BRANCH_WIDTH = 16;
/** A node of fewer bytes stands in its parent itself; from here on by its hash. */
export const HASHED_FROM = 32;
const HASH_PREFIX = 0xa0;
const EMPTY_STRING = 0x80;
const STRING = 0x80;
const LIST = 0xc0;

export function newLeaf(path: Nibbles, value: Uint8Array): Leaf {
  return { kind: "leaf", path, value, reference: undefined };
}

export function newExtension(path: Nibbles, child: Child): Extension {
  return { kind: "extension", path, child, reference: undefined };
}

export function newBranch(): Branch {
  return {
    kind: "branch",
    children: new Array<undefined>(BRANCH_WIDTH).fill(undefined),
    value: undefined,
    reference: undefined,
  };
}

export function isReference(child: Child): child is Reference {
  return child instanceof Uint8Array;
}

/** The hash in a reference, or undefined when the reference holds the node itself. */
export function referencedHash(reference: Reference): Hash | undefined {
  return reference[0] === HASH_PREFIX ? asHash(reference.subarray(1)) : undefined;
}

export function hashReference(hash: Uint8Array): Reference {
  const reference = new Uint8Array(1 + hash.length);
  reference[0] = HASH_PREFIX;
  reference.set(hash, 1);
  return reference;
}

/**
 * Decodes one node, its children left as references. Everything that no honest trie contains is a fault: a
 * second encoding of anything, an extension without a path, a branch that should have collapsed, an empty
 * value. Parts of the node are views of `encoded`.
 */
export function decodeNode(encoded: Uint8Array): Node | NodeFault {
  const list = rlpSpanAt(encoded, 0, encoded.length);
  if (list.fault !== undefined || list.end !== encoded.length) return "node-not-rlp";
  if (!list.isList) return "node-not-a-list";
  const items: Item[] = [];
  for (let at = list.start; at < list.end; ) {
    const { isList, start, end, fault } = rlpSpanAt(encoded, at, list.end);
    if (fault !== undefined) return "node-not-rlp";
    if (items.length === BRANCH_WIDTH + 1) return "node-item-count";
    items.push({ isList, at, start, end });
    at = end;
  }
  if (items.length === BRANCH_WIDTH + 1) return decodeBranch(encoded, items);
  const [path, content] = items;
  if (items.length !== 2 || path === undefined || content === undefined) return "node-item-count";
  return decodeShort(encoded, path, content);
}

/** One item of a node: `at` is its prefix's place, `start` its content's. */
type Item = { readonly isList: boolean; readonly at: number; readonly start: number; readonly end: number };

function decodeShort(encoded: Uint8Array, path: Item, content: Item): Node | NodeFault {
  const prefix = path.isList ? undefined : readHexPrefix(encoded.subarray(path.start, path.end));
  if (prefix === undefined) return "path-malformed";
  if (prefix.isLeaf) {
    if (content.isList || content.start === content.end) return "leaf-value-malformed";
    return newLeaf(prefix.nibbles, encoded.subarray(content.start, content.end));
  }
  if (prefix.nibbles.length === 0) return "extension-path-empty";
  const child = referenceOf(encoded, content);
  return child === undefined ? "reference-malformed" : newExtension(prefix.nibbles, child);
}

function decodeBranch(encoded: Uint8Array, items: readonly Item[]): Branch | NodeFault {
  const branch = newBranch();
  let entries = 0;
  for (const [index, item] of items.entries()) {
    if (!item.isList && item.start === item.end) continue;
    entries++;
    if (index === BRANCH_WIDTH) {
      if (item.isList) return "branch-value-malformed";
      branch.value = encoded.subarray(item.start, item.end);
      continue;
    }
    const child = referenceOf(encoded, item);
    if (child === undefined) return "reference-malformed";
    branch.children[index] = child;
  }
  return entries < 2 ? "branch-too-few-entries" : branch;
}

function referenceOf(encoded: Uint8Array, { isList, at, start, end }: Item): Reference | undefined {
  const fits = isList ? end - at < HASHED_FROM : end - start === 32;
  return fits ? encoded.subarray(at, end) : undefined;
}

/** Where a path leads from a node: to a child, or to the end (a value, or the proof that there is none). */
export type Following =
  | { readonly kind: "child"; readonly child: Child; readonly at: number }
  | { readonly kind: "end"; readonly value: Uint8Array | undefined };

const NOTHING: Following = { kind: "end", value: undefined };

/** One step of a lookup: follows `path` from its place `at` through this node. */
export function follow(node: Node, path: Nibbles, at: number): Following {
  if (node.kind === "branch") {
    const index = path[at];
    if (index === undefined) return { kind: "end", value: node.value };
    const child = node.children[index];
    return child === undefined ? NOTHING : { kind: "child", child, at: at + 1 };
  }
  const end = at + node.path.length;
  if (commonLength(node.path, path, at) !== node.path.length) return NOTHING;
  if (node.kind === "extension") return { kind: "child", child: node.child, at: end };
  return end === path.length ? { kind: "end", value: node.value } : NOTHING;
}

/** Receives each new node that is referenced by hash. */
export type NodeSink = (hash: Hash, encoded: Uint8Array) => void;

/** The reference of a child; encodes and hashes what changed, the deepest first, each node once. */
export function referenceTo(child: Child, sink: NodeSink): Reference {
  if (isReference(child)) return child;
  if (child.reference !== undefined) return child.reference;
  const encoded = encodeNode(child, sink);
  if (encoded.length < HASHED_FROM) {
    child.reference = encoded;
  } else {
    const hash = keccak256(encoded);
    sink(hash, encoded);
    child.reference = hashReference(hash);
  }
  return child.reference;
}

/** A node's RLP; its children are brought up to date first. */
export function encodeNode(node: Node, sink: NodeSink): Uint8Array {
  if (node.kind === "branch") return encodeBranch(node, sink);
  const path = hexPrefixLength(node.path);
  const pathSize = path === 1 ? 1 : stringSize(path);
  const isLeaf = node.kind === "leaf";
  const content = isLeaf ? node.value : referenceTo(node.child, sink);
  const contentSize = isLeaf ? valueSize(content) : content.length;
  const { out, start } = newList(pathSize + contentSize);
  // A single hex-prefix byte is below 0x80 and is its own RLP.
  const pathStart = path === 1 ? start : writePrefix(out, start, STRING, path);
  writeHexPrefix(out, pathStart, node.path, isLeaf);
  if (isLeaf) writeValue(out, start + pathSize, content);
  else out.set(content, start + pathSize);
  return out;
}

function encodeBranch(branch: Branch, sink: NodeSink): Uint8Array {
  const references: (Reference | undefined)[] = [];
  let size = branch.value === undefined ? 1 : valueSize(branch.value);
  for (const child of branch.children) {
    const reference = child === undefined ? undefined : referenceTo(child, sink);
    size += reference === undefined ? 1 : reference.length;
    references.push(reference);
  }
  const { out, start } = newList(size);
  let at = start;
  for (const reference of references) {
    if (reference === undefined) {
      out[at++] = EMPTY_STRING;
    } else {
      out.set(reference, at);
      at += reference.length;
    }
  }
  if (branch.value === undefined) out[at] = EMPTY_STRING;
  else writeValue(out, at, branch.value);
  return out;
}

function newList(contentSize: number): { out: Uint8Array; start: number } {
  const out = new Uint8Array(stringSize(contentSize));
  return { out, start: writePrefix(out, 0, LIST, contentSize) };
}

/** Size of a string or list with this content length, prefix included. */
function stringSize(length: number): number {
  return length < 56
    ? 1 + length
    : length < 0x100
      ? 2 + length
      : length < 0x10000
        ? 3 + length
        : length < 0x1000000
          ? 4 + length
          : 5 + length;
}

function valueSize(value: Uint8Array): number {
  return value.length === 1 && (value[0] ?? 0) < STRING ? 1 : stringSize(value.length);
}

function writeValue(out: Uint8Array, at: number, value: Uint8Array): void {
  const isOwnRlp = value.length === 1 && (value[0] ?? 0) < STRING;
  out.set(value, isOwnRlp ? at : writePrefix(out, at, STRING, value.length));
}
