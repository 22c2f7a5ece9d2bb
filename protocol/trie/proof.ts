import { bytesEqual, type Hash } from "../bytes.ts";
import { keccak256 } from "../keccak.ts";
import { toNibbles } from "./nibbles.ts";
import {
  type Child,
  decodeNode,
  follow,
  HASHED_FROM,
  hashReference,
  isReference,
  type Node,
  type NodeFault,
  referencedHash,
} from "./node.ts";
import { EMPTY_TRIE_ROOT, type NodeReader, resolveChild } from "./trie.ts";

/**
 * The nodes from the root down to where the key's path ends, as eth_getProof gives them: each node that is
 * referenced by hash, in order; a node inside its parent is not repeated. Empty for an empty trie.
 * The same nodes prove a key's absence.
 * @throws RollupError TRIE_NODE_MISSING, TRIE_NODE_INVALID
 */
export function proveKey(root: Hash, read: NodeReader, key: Uint8Array): readonly Uint8Array[] {
  const proof: Uint8Array[] = [];
  if (bytesEqual(root, EMPTY_TRIE_ROOT)) return proof;
  const recording: NodeReader = (hash) => {
    const encoded = read(hash);
    if (encoded !== undefined) proof.push(encoded);
    return encoded;
  };
  const path = toNibbles(key);
  let node = resolveChild(recording, hashReference(root), undefined);
  for (let at = 0; ; ) {
    const next = follow(node, path, at);
    if (next.kind === "end") return proof;
    node = resolveChild(recording, next.child, node);
    at = next.at;
  }
}

export type ProofFault = NodeFault | "proof-truncated" | "proof-hash-mismatch" | "proof-extra-nodes";
export type ProofVerification =
  /** The key's value, or undefined: the trie has no such key. */
  | { readonly kind: "ok"; readonly value: Uint8Array | undefined }
  | { readonly kind: "invalid"; readonly reason: ProofFault };

/** An empty trie's root node, which some clients give as its proof. */
const EMPTY_NODE = Uint8Array.of(0x80);

/**
 * Checks a proof of a key's value, or of its absence, against a root. The proof holds exactly the nodes that
 * `proveKey` gives: none missing, none left over, each with the hash its parent names. Never throws.
 */
export function verifyProof(root: Hash, key: Uint8Array, proof: readonly Uint8Array[]): ProofVerification {
  if (bytesEqual(root, EMPTY_TRIE_ROOT)) {
    const isEmpty =
      proof.length === 0 || (proof.length === 1 && proof.every((node) => bytesEqual(node, EMPTY_NODE)));
    return isEmpty ? { kind: "ok", value: undefined } : invalid("proof-extra-nodes");
  }
  const path = toNibbles(key);
  const nodes = new ProofNodes(proof);
  let node = nodes.open(hashReference(root), undefined);
  for (let at = 0; ; ) {
    if (typeof node === "string") return invalid(node);
    const next = follow(node, path, at);
    if (next.kind === "end") {
      return nodes.isUsedUp ? { kind: "ok", value: next.value } : invalid("proof-extra-nodes");
    }
    node = nodes.open(next.child, node);
    at = next.at;
  }
}

function invalid(reason: ProofFault): ProofVerification {
  return { kind: "invalid", reason };
}

/** Hands out a proof's nodes in their order, each only against the reference that demands it. */
class ProofNodes {
  #used = 0;
  readonly #proof: readonly Uint8Array[];

  constructor(proof: readonly Uint8Array[]) {
    this.#proof = proof;
  }

  get isUsedUp(): boolean {
    return this.#used === this.#proof.length;
  }

  open(child: Child, parent: Node | undefined): Node | ProofFault {
    if (!isReference(child)) return child;
    const hash = referencedHash(child);
    const encoded = hash === undefined ? child : this.#proof[this.#used++];
    if (encoded === undefined) return "proof-truncated";
    if (hash !== undefined && !bytesEqual(keccak256(encoded), hash)) return "proof-hash-mismatch";
    if (hash !== undefined && parent !== undefined && encoded.length < HASHED_FROM)
      return "node-should-be-inlined";
    const node = decodeNode(encoded);
    if (typeof node !== "string" && parent?.kind === "extension" && node.kind !== "branch") {
      return "extension-child-not-a-branch";
    }
    return node;
  }
}
