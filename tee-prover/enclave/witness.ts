import { bytesEqual, compareBytes, concatBytes } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { BLOB_SIZE } from "@phala-l2/protocol/wire/blob";

/**
 * What a host hands to the enclave: bytes without any name. The enclave hashes each to learn what it is.
 *
 *   version 1 | u32 count | count x (u32 length | bytes)      preimages of Keccak-256
 *             | u32 count | count x 131,072 bytes             EIP-4844 blobs
 *
 * All integers are big-endian. The encoder writes each item once and in ascending order, so that one set has one
 * encoding; the decoder takes any order, because neither order nor repetition can change what a hash finds.
 */
export type Witness = {
  readonly preimages: readonly Uint8Array[];
  readonly blobs: readonly Uint8Array[];
};

export type WitnessFault =
  | "witness-too-large"
  | "witness-version-unknown"
  | "witness-truncated"
  | "witness-trailing-bytes"
  | "preimage-empty"
  | "preimage-too-large";

export type WitnessDecoding =
  | { readonly kind: "ok"; readonly witness: Witness }
  | { readonly kind: "invalid"; readonly reason: WitnessFault };

/**
 * An enclave must not be filled by one request. An hour of blocks takes some tens of megabytes; a day of them on a
 * busy L1, the longest that is ever proven, takes one to two gigabytes.
 */
export const MAX_WITNESS_BYTES = 4 * 2 ** 30;
/**
 * The largest preimage is a leaf with a whole transaction. L1 blocks have at most 10 MiB (EIP-7934), L2
 * transactions come out of a channel's batch of at most that much.
 */
export const MAX_PREIMAGE_BYTES = 16 * 2 ** 20;

const VERSION = 1;
const U32 = 4;

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(U32);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

/** The items once each, in ascending order of their bytes. */
function canonical(items: readonly Uint8Array[]): readonly Uint8Array[] {
  const sorted = items.toSorted(compareBytes);
  return sorted.filter((item, index) => index === 0 || !bytesEqual(item, sorted[index - 1] ?? item));
}

/** @throws RollupError WITNESS_INVALID { reason } when an item or the whole is beyond the bounds */
export function encodeWitness(witness: Witness): Uint8Array {
  const preimages = canonical(witness.preimages);
  const blobs = canonical(witness.blobs);
  const parts = [Uint8Array.of(VERSION), u32(preimages.length)];
  for (const preimage of preimages) parts.push(u32(preimage.length), preimage);
  parts.push(u32(blobs.length), ...blobs);
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  if (size > MAX_WITNESS_BYTES) throw witnessInvalid("witness-too-large");
  if (preimages.some((preimage) => preimage.length > MAX_PREIMAGE_BYTES))
    throw witnessInvalid("preimage-too-large");
  if (preimages.some((preimage) => preimage.length === 0)) throw witnessInvalid("preimage-empty");
  if (blobs.some((blob) => blob.length !== BLOB_SIZE)) throw witnessInvalid("witness-truncated");
  return concatBytes(...parts);
}

/** A witness that cannot be used. */
export function witnessInvalid(reason: WitnessFault): RollupError<"WITNESS_INVALID"> {
  return new RollupError("WITNESS_INVALID", `this is no witness: ${reason}`, { data: { reason } });
}

/** Reads u32 and bytes one after another; undefined beyond the end. */
class Cursor {
  #at = 1;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  u32(): number | undefined {
    if (this.left < U32) return undefined;
    this.#at += U32;
    return this.#view.getUint32(this.#at - U32);
  }

  take(length: number): Uint8Array | undefined {
    if (this.left < length) return undefined;
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}

/** Decodes bytes of any origin. The items are views of `bytes`. Never throws. */
export function decodeWitness(bytes: Uint8Array): WitnessDecoding {
  if (bytes.length > MAX_WITNESS_BYTES) return invalid("witness-too-large");
  if (bytes[0] !== VERSION) return invalid("witness-version-unknown");
  const cursor = new Cursor(bytes);
  const preimages = readItems(cursor, () => {
    const length = cursor.u32();
    if (length === undefined) return "witness-truncated";
    if (length === 0) return "preimage-empty";
    if (length > MAX_PREIMAGE_BYTES) return "preimage-too-large";
    return cursor.take(length) ?? "witness-truncated";
  });
  if (typeof preimages === "string") return invalid(preimages);
  const blobs = readItems(cursor, () => cursor.take(BLOB_SIZE) ?? "witness-truncated");
  if (typeof blobs === "string") return invalid(blobs);
  if (cursor.left > 0) return invalid("witness-trailing-bytes");
  return { kind: "ok", witness: { preimages, blobs } };
}

/** Each item takes bytes of its own, so a false count ends at the end of the bytes. */
function readItems(
  cursor: Cursor,
  read: () => Uint8Array | WitnessFault,
): readonly Uint8Array[] | WitnessFault {
  const count = cursor.u32();
  if (count === undefined) return "witness-truncated";
  const items: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    const item = read();
    if (typeof item === "string") return item;
    items.push(item);
  }
  return items;
}

function invalid(reason: WitnessFault): WitnessDecoding {
  return { kind: "invalid", reason };
}
