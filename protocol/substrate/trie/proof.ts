import { bytesEqual, HASH_LENGTH, type Hash, toHex } from "../../bytes.ts";
import { type Nibbles, toNibbles } from "../../trie/nibbles.ts";
import { blake2b256 } from "../hash.ts";
import {
  type ChildReference,
  decodeTrieNode,
  type NodeValue,
  type TrieNode,
  type TrieNodeFault,
} from "./node.ts";
import { EMPTY_SUBSTRATE_ROOT } from "./root.ts";

export type StorageProofFault = TrieNodeFault | "proof-node-missing";
export type StorageProofReading =
  /** The key's value, or undefined: the state has no such key. */
  | { readonly kind: "ok"; readonly value: Uint8Array | undefined }
  | { readonly kind: "invalid"; readonly reason: StorageProofFault };

/** Nodes of a proof, and values that are kept by hash, by their hash. */
export type ProofNodes = ReadonlyMap<string, Uint8Array>;

/** Indexes a proof's nodes (`state_getReadProof`) once, for any number of reads. */
export function indexProof(nodes: Iterable<Uint8Array>): ProofNodes {
  const index = new Map<string, Uint8Array>();
  for (const node of nodes) index.set(toHex(blake2b256(node)), node);
  return index;
}

/**
 * Reads a key's value from a proof against a state's root. Only what hashes to what the root leads to is
 * believed; nodes of a proof that lead nowhere do no harm. Both layouts are read, as each node says. Never throws.
 */
export function readProof(root: Hash, nodes: ProofNodes, key: Uint8Array): StorageProofReading {
  if (bytesEqual(root, EMPTY_SUBSTRATE_ROOT)) return { kind: "ok", value: undefined };
  const path = toNibbles(key);
  let reference: ChildReference = root;
  for (let at = 0; ; ) {
    const encoded: Uint8Array | undefined =
      reference.length === HASH_LENGTH ? nodes.get(toHex(reference)) : reference;
    if (encoded === undefined) return { kind: "invalid", reason: "proof-node-missing" };
    const decoding = decodeTrieNode(encoded);
    if (decoding.kind === "invalid") return decoding;
    const step = follow(decoding.node, path, at);
    if (step.kind === "absent") return { kind: "ok", value: undefined };
    if (step.kind === "value") return readValue(step.value, nodes);
    reference = step.child;
    at = step.at;
  }
}

type Step =
  | { readonly kind: "absent" }
  | { readonly kind: "value"; readonly value: NodeValue }
  | { readonly kind: "child"; readonly child: ChildReference; readonly at: number };

const ABSENT: Step = { kind: "absent" };

function isAt(partial: Nibbles, path: Nibbles, at: number): boolean {
  if (at + partial.length > path.length) return false;
  return partial.every((nibble, i) => nibble === path[at + i]);
}

function follow(node: TrieNode, path: Nibbles, at: number): Step {
  if (node.kind === "empty" || !isAt(node.partial, path, at)) return ABSENT;
  const end = at + node.partial.length;
  if (end === path.length) return { kind: "value", value: node.value };
  if (node.kind === "leaf") return ABSENT;
  const child = node.children[path[end] ?? 0];
  return child === undefined ? ABSENT : { kind: "child", child, at: end + 1 };
}

function readValue(value: NodeValue, nodes: ProofNodes): StorageProofReading {
  if (value.kind === "none") return { kind: "ok", value: undefined };
  if (value.kind === "inline") return { kind: "ok", value: value.bytes };
  const found = nodes.get(toHex(value.hash));
  return found === undefined
    ? { kind: "invalid", reason: "proof-node-missing" }
    : { kind: "ok", value: found };
}
