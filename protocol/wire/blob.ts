import { sha256 } from "@noble/hashes/sha2.js";
import { asHash, type Hash } from "../bytes.ts";
import { RollupError } from "../errors.ts";

/**
 * Data in EIP-4844 blobs. Source: specs/protocol/ecotone/derivation.md "Blob Encoding".
 *
 * A blob is 1024 rounds of 4 field elements of 32 bytes. A round carries 127 bytes: 31 in the low bytes of
 * each element, and 3 more split into four pieces of 6 bits in the elements' first bytes, whose upper two bits
 * are 0 so that each element stays below the field's modulus:
 *
 *   element 0: x[5..0]        | 31 bytes | x
 *   element 1: x[7..6] y[3..0] | 31 bytes | y
 *   element 2: z[5..0]        | 31 bytes | z
 *   element 3: z[7..6] y[7..4] | 31 bytes |
 *
 * The first four of the 130,048 bytes are version 0 and the length as a u24; after the data come zeros.
 */
export type BlobDecoding =
  | { readonly kind: "ok"; readonly data: Uint8Array }
  | { readonly kind: "invalid"; readonly reason: BlobFault };
export type BlobFault =
  | "blob-size"
  | "unknown-version"
  | "length-too-large"
  | "high-bits-set"
  | "padding-not-zero";

export const BLOB_SIZE = 131_072;
/** Most data bytes that one blob holds. */
export const MAX_BLOB_DATA = 130_044;
/** EIP-4844 VERSIONED_HASH_VERSION_KZG. */
export const VERSIONED_HASH_VERSION_KZG = 1;

const ENCODING_VERSION = 0;
const ELEMENT = 32;
const ROUND_SIZE = 4 * ELEMENT;
const ROUND_DATA = 127;
const ROUNDS = 1024;
/** Version and length. */
const HEADER = 4;

/** The blob that carries this data. @throws RollupError BLOB_DATA_TOO_LARGE */
export function encodeBlob(data: Uint8Array): Uint8Array {
  if (data.length > MAX_BLOB_DATA) {
    throw new RollupError("BLOB_DATA_TOO_LARGE", `a blob holds ${MAX_BLOB_DATA} bytes, not ${data.length}`);
  }
  const content = new Uint8Array(ROUNDS * ROUND_DATA);
  content[0] = ENCODING_VERSION;
  new DataView(content.buffer).setUint32(0, data.length);
  content.set(data, HEADER);
  const blob = new Uint8Array(BLOB_SIZE);
  const rounds = data.length === 0 ? 0 : Math.ceil((HEADER + data.length) / ROUND_DATA);
  for (let round = 0; round < rounds; round++) {
    encodeRound(content.subarray(round * ROUND_DATA), blob.subarray(round * ROUND_SIZE));
  }
  return blob;
}

function encodeRound(data: Uint8Array, elements: Uint8Array): void {
  const [x, y, z] = [data[31] ?? 0, data[63] ?? 0, data[95] ?? 0];
  const firstBytes = [x & 0x3f, ((x & 0xc0) >> 2) | (y & 0x0f), z & 0x3f, ((z & 0xc0) >> 2) | (y >> 4)];
  firstBytes.forEach((first, i) => {
    elements[i * ELEMENT] = first;
    elements.set(data.subarray(i * ELEMENT, i * ELEMENT + 31), i * ELEMENT + 1);
  });
}

/**
 * The data of a blob. Every element but the first has its upper two bits 0, and everything after the data is 0.
 * Never throws.
 * Source: ecotone/derivation.md "Blob Encoding"; a blob that does not decode is ignored. The text wants the bits
 * 0 in the very first element too. op-node and kona do not look there, so on every chain that exists such a blob
 * counts, and a node that ignores it would leave that chain: theirs is the rule here.
 */
export function decodeBlob(blob: Uint8Array): BlobDecoding {
  if (blob.length !== BLOB_SIZE) return { kind: "invalid", reason: "blob-size" };
  if (blob[1] !== ENCODING_VERSION) return { kind: "invalid", reason: "unknown-version" };
  const length = ((blob[2] ?? 0) << 16) | ((blob[3] ?? 0) << 8) | (blob[4] ?? 0);
  if (length > MAX_BLOB_DATA) return { kind: "invalid", reason: "length-too-large" };
  const rounds = Math.max(1, Math.ceil((HEADER + length) / ROUND_DATA));
  const content = new Uint8Array(rounds * ROUND_DATA);
  for (let round = 0; round < rounds; round++) {
    const elements = blob.subarray(round * ROUND_SIZE, (round + 1) * ROUND_SIZE);
    if (hasHighBits(elements, round === 0 ? 1 : 0)) return { kind: "invalid", reason: "high-bits-set" };
    decodeRound(elements, content.subarray(round * ROUND_DATA));
  }
  const end = HEADER + length;
  if (!isZero(content, end) || !isZero(blob, rounds * ROUND_SIZE)) {
    return { kind: "invalid", reason: "padding-not-zero" };
  }
  return { kind: "ok", data: content.subarray(HEADER, end) };
}

function hasHighBits(elements: Uint8Array, from: number): boolean {
  for (let i = from; i < 4; i++) {
    if (((elements[i * ELEMENT] ?? 0) & 0xc0) !== 0) return true;
  }
  return false;
}

function decodeRound(elements: Uint8Array, data: Uint8Array): void {
  for (let i = 0; i < 4; i++) data.set(elements.subarray(i * ELEMENT + 1, (i + 1) * ELEMENT), i * ELEMENT);
  const [a, b, c, d] = [elements[0] ?? 0, elements[32] ?? 0, elements[64] ?? 0, elements[96] ?? 0];
  data[31] = (a & 0x3f) | ((b & 0x30) << 2);
  data[63] = (b & 0x0f) | ((d & 0x0f) << 4);
  data[95] = (c & 0x3f) | ((d & 0x30) << 2);
}

function isZero(bytes: Uint8Array, from: number): boolean {
  for (let i = from; i < bytes.length; i++) if (bytes[i] !== 0) return false;
  return true;
}

/** The hash by which a transaction names a blob. @param commitment 48 bytes. Source: EIP-4844. */
export function versionedHash(commitment: Uint8Array): Hash {
  const hash = sha256(commitment);
  hash[0] = VERSIONED_HASH_VERSION_KZG;
  return asHash(hash);
}
