import {
  asHash,
  bytesEqual,
  compareBytes,
  fromHex,
  HASH_LENGTH,
  type Hash,
  type Hex,
  toHex,
} from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { encodeUnsigned } from "@phala-l2/protocol/substrate/scale";

/**
 * The claims tree: @openzeppelin/merkle-tree's `StandardMerkleTree` of these leaves, node by node, in flat arrays:
 * the library keeps a million leaves as text, in several gigabytes.
 */
export const LEAF_ENCODING = ["uint8", "bytes32", "bytes32", "uint256"] as const;

/** What a leaf says; one kind can never be read as another. */
export const BALANCE = 0;
export const PROXY = 1;
export const RECEIVER = 2;

export type ClaimLeaf = {
  readonly kind: number;
  readonly account: Hex;
  /** BALANCE: zero. PROXY: the delegate. RECEIVER: the address, right-aligned. */
  readonly subject: Hex;
  /** BALANCE: planck. PROXY: delay in blocks. RECEIVER: form. */
  readonly value: bigint;
};

export const NO_SUBJECT: Hex = `0x${"00".repeat(HASH_LENGTH)}`;
const WORD = 32;

/** keccak(keccak(abi.encode(leaf))): hashed twice, so that no inner node can be taken for a leaf. */
export function leafHash({ kind, account, subject, value }: ClaimLeaf): Hash {
  const encoded = new Uint8Array(4 * WORD);
  encoded[WORD - 1] = kind;
  encoded.set(fromHex(account), WORD);
  encoded.set(fromHex(subject), 2 * WORD);
  encoded.set(encodeUnsigned(value, WORD).reverse(), 3 * WORD);
  return keccak256(keccak256(encoded));
}

const pair = new Uint8Array(2 * HASH_LENGTH);

/** A node is its children's hash, the lesser first: so a proof needs no sides. */
function nodeHash(a: Uint8Array, b: Uint8Array): Hash {
  const isOrdered = compareBytes(a, b) <= 0;
  pair.set(isOrdered ? a : b, 0);
  pair.set(isOrdered ? b : a, HASH_LENGTH);
  return keccak256(pair);
}

export type ClaimsTree = {
  readonly root: Hash;
  /** Nodes, 32 bytes each, the root first; the children of node i are 2 i + 1 and 2 i + 2. */
  readonly nodes: Uint8Array;
  /** Where each leaf's hash stands, in the order in which the leaves were given. */
  readonly places: Uint32Array;
};

function nodeAt(nodes: Uint8Array, at: number): Uint8Array {
  return nodes.subarray(at * HASH_LENGTH, (at + 1) * HASH_LENGTH);
}

/** Indices of hashes in ascending order. The first six bytes settle nearly all comparisons. */
function sortedOrder(hashes: Uint8Array, count: number): Uint32Array {
  const heads = new Float64Array(count);
  const view = new DataView(hashes.buffer, hashes.byteOffset, hashes.byteLength);
  for (let i = 0; i < count; i++) {
    heads[i] = view.getUint32(i * HASH_LENGTH) * 2 ** 16 + view.getUint16(i * HASH_LENGTH + 4);
  }
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  return order.sort(
    (a, b) => (heads[a] ?? 0) - (heads[b] ?? 0) || compareBytes(nodeAt(hashes, a), nodeAt(hashes, b)),
  );
}

/** Builds the tree. @throws RollupError CLAIMS_EMPTY: a tree has a leaf at least */
export function buildClaimsTree(leaves: Iterable<ClaimLeaf>, count: number): ClaimsTree {
  if (count === 0)
    throw new RollupError("CLAIMS_EMPTY", "nobody can claim anything: there is no tree of no leaves");
  const hashes = new Uint8Array(count * HASH_LENGTH);
  let given = 0;
  for (const leaf of leaves) hashes.set(leafHash(leaf), given++ * HASH_LENGTH);
  const nodes = new Uint8Array((2 * count - 1) * HASH_LENGTH);
  const places = new Uint32Array(count);
  for (const [rank, index] of sortedOrder(hashes, count).entries()) {
    // The library puts the least leaf last.
    const place = 2 * count - 2 - rank;
    nodes.set(nodeAt(hashes, index), place * HASH_LENGTH);
    places[index] = place;
  }
  for (let at = count - 2; at >= 0; at--) {
    nodes.set(nodeHash(nodeAt(nodes, 2 * at + 1), nodeAt(nodes, 2 * at + 2)), at * HASH_LENGTH);
  }
  return { root: asHash(nodes.slice(0, HASH_LENGTH)), nodes, places };
}

/** The hashes that lead from a leaf's place to the root. */
export function proofAt(nodes: Uint8Array, place: number): readonly Hex[] {
  const proof: Hex[] = [];
  for (let at = place; at > 0; at = (at - 1) >> 1) {
    proof.push(toHex(nodeAt(nodes, at % 2 === 1 ? at + 1 : at - 1)));
  }
  return proof;
}

/** Whether a proof leads from a leaf to a root, as the contract judges it. */
export function isProven(root: Hash, leaf: ClaimLeaf, proof: readonly Hex[]): boolean {
  let hash: Uint8Array = leafHash(leaf);
  for (const sibling of proof) hash = nodeHash(hash, fromHex(sibling));
  return bytesEqual(hash, root);
}

/** An L1 address as a leaf's subject. */
export function addressSubject(address: Uint8Array): Hex {
  const subject = new Uint8Array(HASH_LENGTH);
  subject.set(address, HASH_LENGTH - address.length);
  return toHex(subject);
}
