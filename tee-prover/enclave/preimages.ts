import { bytesEqual, type Hash, type Hex, toHex } from "@phala-l2/protocol/bytes";
import type { BlockRef } from "@phala-l2/protocol/config/rollup";
import { RollupError } from "@phala-l2/protocol/errors";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { BLOB_SIZE, versionedHash } from "@phala-l2/protocol/wire/blob";
import type { Witness } from "./witness.ts";

export type BlobMap = ReadonlyMap<Hex, Uint8Array>;

/**
 * All that a proof may look at. Every answer has been checked against the hash it was asked by, so that two
 * hashes, of an L1 block and of an output, are all that has to be believed.
 */
export interface Preimages {
  /** The bytes with this Keccak-256 hash. */
  keccak(hash: Hash): Uint8Array | undefined;
  /** Of the blobs that an L1 block carries, those that are at hand, by versioned hash. */
  blobs(block: BlockRef, hashes: readonly Hash[]): BlobMap | Promise<BlobMap>;
}

/** What of EIP-4844's commitments is needed. */
export type BlobCommitment = {
  /** 48 bytes. @throws when the blob is not 4096 canonical field elements */
  blobToKzgCommitment(blob: Uint8Array): Uint8Array;
};

/**
 * Files each item of a witness under the hash of its own bytes. Nothing that a witness says of an item is
 * believed, because it says nothing: a changed byte makes another, unwanted preimage.
 */
export function preimagesOfWitness({ preimages, blobs }: Witness, kzg: BlobCommitment): Preimages {
  const byHash = new Map<Hex, Uint8Array>();
  for (const preimage of preimages) byHash.set(toHex(keccak256(preimage)), preimage);
  const blobsByHash = new Map<Hex, Uint8Array>();
  for (const blob of blobs) {
    const hash = blobHash(blob, kzg);
    if (hash !== undefined) blobsByHash.set(toHex(hash), blob);
  }
  return {
    keccak: (hash) => byHash.get(toHex(hash)),
    blobs: () => blobsByHash,
  };
}

/** A blob's versioned hash; undefined for bytes that are no blob. */
export function blobHash(blob: Uint8Array, kzg: BlobCommitment): Hash | undefined {
  if (blob.length !== BLOB_SIZE) return undefined;
  try {
    return versionedHash(kzg.blobToKzgCommitment(blob));
  } catch {
    // The library's way to say that an element is not below the field's modulus: no commitment exists.
    return undefined;
  }
}

/** What a preimage is wanted for: the words of an error. */
export type Wanted =
  | "output root"
  | "L1 header"
  | "L1 transactions"
  | "L1 receipts"
  | "L2 header"
  | "L2 transactions"
  | "L2 state"
  | "L2 code"
  | "blob";

/** @throws RollupError PREIMAGE_MISSING { hash, wanted } */
export function requirePreimage(preimages: Preimages, hash: Hash, wanted: Wanted): Uint8Array {
  const found = preimages.keccak(hash);
  if (found === undefined) throw preimageMissing(hash, wanted);
  return found;
}

export function preimageMissing(hash: Hash, wanted: Wanted): RollupError<"PREIMAGE_MISSING"> {
  return new RollupError("PREIMAGE_MISSING", `the witness lacks the ${wanted} ${toHex(hash)}`, {
    data: { hash: toHex(hash), wanted },
  });
}

/** The preimage is there and is not what its place demands. */
export function preimageMismatch(
  hash: Hash,
  wanted: Wanted,
  reason: string,
): RollupError<"PREIMAGE_MISMATCH"> {
  return new RollupError("PREIMAGE_MISMATCH", `${toHex(hash)} is no ${wanted}: ${reason}`, {
    data: { hash: toHex(hash), wanted, reason },
  });
}

/** Throws PREIMAGE_MISMATCH unless the bytes have this hash: for sources that are not built by hashing. */
export function checkPreimage(hash: Hash, bytes: Uint8Array, wanted: Wanted): Uint8Array {
  if (bytesEqual(keccak256(bytes), hash)) return bytes;
  throw preimageMismatch(hash, wanted, "hash-differs");
}
