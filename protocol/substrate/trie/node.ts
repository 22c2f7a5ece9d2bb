import { asHash, concatBytes, EMPTY_BYTES, HASH_LENGTH, type Hash } from "../../bytes.ts";
import { type Nibbles, toNibbles } from "../../trie/nibbles.ts";
import { encodeByteString, encodeCompact, type ScaleFault, ScaleReader } from "../scale.ts";

/**
 * Nodes of Substrate's state trie: a base-16 Patricia trie without extension nodes, whose nodes are SCALE with a
 * header of their own. Layout 0 keeps values in their nodes; layout 1 keeps those of 33 bytes and more by hash.
 * Sources: Polkadot Protocol Specification, "State storage and the storage trie"; sp_trie::node_codec, RFC-0005.
 */
export type TrieLayout = 0 | 1;

/** Layout 1 keeps a value of at least so many bytes by its hash (sp_core: TRIE_VALUE_NODE_THRESHOLD). */
export const HASHED_VALUE_FROM = 33;
/** Longest partial key that is written: a header counts at most so many nibbles. */
export const MAX_PARTIAL_NIBBLES = 65_535;
export const CHILDREN = 16;

/** The first byte's highest bits, and the greatest count of nibbles that the rest of it holds. */
const LEAF = { bits: 0x40, most: 63 };
const BRANCH = { bits: 0x80, most: 63 };
const BRANCH_WITH_VALUE = { bits: 0xc0, most: 63 };
const HASHED_LEAF = { bits: 0x20, most: 31 };
const HASHED_BRANCH = { bits: 0x10, most: 15 };
type Variant = typeof LEAF;

/** The one node of an empty trie. */
export const EMPTY_NODE = Uint8Array.of(0);

export type NodeValue =
  | { readonly kind: "none" }
  | { readonly kind: "inline"; readonly bytes: Uint8Array }
  | { readonly kind: "hashed"; readonly hash: Hash };

/** What a branch says of a child: its hash, or, shorter than that, the child itself. */
export type ChildReference = Uint8Array;

export type TrieNode =
  | { readonly kind: "empty" }
  | { readonly kind: "leaf"; readonly partial: Nibbles; readonly value: NodeValue }
  | {
      readonly kind: "branch";
      readonly partial: Nibbles;
      readonly value: NodeValue;
      readonly children: readonly (ChildReference | undefined)[];
    };

export type TrieNodeFault = ScaleFault | "node-header-unknown" | "node-padding" | "node-partial-too-long";
export type TrieNodeDecoding =
  | { readonly kind: "ok"; readonly node: TrieNode }
  | { readonly kind: "invalid"; readonly reason: TrieNodeFault };

function variantOf(isBranch: boolean, value: NodeValue): Variant {
  if (value.kind === "hashed") return isBranch ? HASHED_BRANCH : HASHED_LEAF;
  if (!isBranch) return LEAF;
  return value.kind === "inline" ? BRANCH_WITH_VALUE : BRANCH;
}

/** The header: kind and count of nibbles. A count that fills the first byte goes on in further ones. */
function encodeNodeHeader({ bits, most }: Variant, nibbles: number): Uint8Array {
  if (nibbles < most) return Uint8Array.of(bits | nibbles);
  const further: number[] = [bits | most];
  let left = nibbles - most;
  for (; left >= 255; left -= 255) further.push(255);
  further.push(left);
  return Uint8Array.from(further);
}

/** Nibbles from `from` to `to` of a key, two a byte; of an odd number the first stands alone in its byte. */
export function packNibbles(key: Uint8Array, from: number, to: number): Uint8Array {
  const packed = new Uint8Array((to - from + 1) >> 1);
  for (let i = packed.length - 1, at = to; i >= 0; i--, at -= 2) {
    const low = nibbleAt(key, at - 1);
    const high = at - 2 >= from ? nibbleAt(key, at - 2) : 0;
    packed[i] = (high << 4) | low;
  }
  return packed;
}

/** A nibble of a key's bytes, the high half first. */
export function nibbleAt(key: Uint8Array, at: number): number {
  const byte = key[at >> 1] ?? 0;
  return at & 1 ? byte & 15 : byte >> 4;
}

function encodeValue(value: NodeValue): Uint8Array {
  if (value.kind === "none") return EMPTY_BYTES;
  return value.kind === "hashed" ? value.hash : encodeByteString(value.bytes);
}

/** A leaf, whose partial key are the nibbles of `key` from `from` on. */
export function encodeLeaf(key: Uint8Array, from: number, value: NodeValue): Uint8Array {
  const to = 2 * key.length;
  return concatBytes(
    encodeNodeHeader(variantOf(false, value), to - from),
    packNibbles(key, from, to),
    encodeValue(value),
  );
}

/** A branch at nibble `to` of `key`, whose partial key are the nibbles before it from `from` on. */
export function encodeBranch(
  key: Uint8Array,
  from: number,
  to: number,
  value: NodeValue,
  children: readonly (ChildReference | undefined)[],
): Uint8Array {
  let bitmap = 0;
  const references: Uint8Array[] = [];
  for (const [index, child] of children.entries()) {
    if (child === undefined) continue;
    bitmap |= 1 << index;
    references.push(encodeCompact(child.length), child);
  }
  return concatBytes(
    encodeNodeHeader(variantOf(true, value), to - from),
    packNibbles(key, from, to),
    Uint8Array.of(bitmap & 0xff, bitmap >> 8),
    encodeValue(value),
    ...references,
  );
}

/** What each kind of header means. */
const VARIANTS = [
  { ...BRANCH_WITH_VALUE, isBranch: true, value: "inline" },
  { ...BRANCH, isBranch: true, value: "none" },
  { ...LEAF, isBranch: false, value: "inline" },
  { ...HASHED_LEAF, isBranch: false, value: "hashed" },
  { ...HASHED_BRANCH, isBranch: true, value: "hashed" },
] as const;

function readNibbleCount(reader: ScaleReader, first: number, most: number): number {
  if ((first & most) < most) return first & most;
  let count = most;
  for (;;) {
    const byte = reader.u8();
    count += byte;
    if (byte < 255 || count > MAX_PARTIAL_NIBBLES || reader.fault !== undefined) return count;
  }
}

function readValue(reader: ScaleReader, kind: NodeValue["kind"]): NodeValue {
  if (kind === "none") return { kind };
  if (kind === "inline") return { kind, bytes: reader.byteString() };
  const hash = reader.take(HASH_LENGTH);
  return hash.length === HASH_LENGTH ? { kind, hash: asHash(hash) } : { kind: "none" };
}

function readChildren(reader: ScaleReader, bitmap: number): readonly (ChildReference | undefined)[] {
  return Array.from({ length: CHILDREN }, (_, index) =>
    (bitmap >> index) & 1 ? reader.byteString() : undefined,
  );
}

/** Reads one node that fills `bytes`; values and children are views. Never throws. */
export function decodeTrieNode(bytes: Uint8Array): TrieNodeDecoding {
  const reader = new ScaleReader(bytes);
  const first = reader.u8();
  if (first === 0 && bytes.length === 1) return { kind: "ok", node: { kind: "empty" } };
  // The bits of one variant are a prefix of no other's: the one whose bits stand highest in the byte is meant.
  const variant = VARIANTS.find(({ bits, most }) => (first & ~most & 0xff) === bits);
  if (variant === undefined) return { kind: "invalid", reason: reader.fault ?? "node-header-unknown" };
  const count = readNibbleCount(reader, first, variant.most);
  if (count > MAX_PARTIAL_NIBBLES) return { kind: "invalid", reason: "node-partial-too-long" };
  const packed = toNibbles(reader.take((count + 1) >> 1));
  if (count % 2 === 1 && (packed[0] ?? 0) !== 0) return { kind: "invalid", reason: "node-padding" };
  const partial = packed.subarray(count % 2);
  const bitmap = variant.isBranch ? reader.u16() : 0;
  const value = readValue(reader, variant.value);
  const children = variant.isBranch ? readChildren(reader, bitmap) : [];
  const whole = reader.finish(undefined);
  if (whole.kind === "invalid") return whole;
  const node: TrieNode = variant.isBranch
    ? { kind: "branch", partial, value, children }
    : { kind: "leaf", partial, value };
  return { kind: "ok", node };
}
