import { bytesEqual, concatBytes, EMPTY_BYTES } from "../bytes.ts";
import { blake2b128, blake2b256, twox64, twox128, twox256 } from "./hash.ts";

/**
 * Where a pallet keeps a value: `twox128(pallet) ++ twox128(item)`, and for maps each key behind its hash.
 * Hashers whose name ends in `Concat` leave the key readable behind the hash.
 * Source: frame_support `StorageHasher`, docs.polkadot.com "Storage".
 */
export type StorageHasher =
  | "Identity"
  | "Twox64Concat"
  | "Blake2_128Concat"
  | "Twox128"
  | "Twox256"
  | "Blake2_128"
  | "Blake2_256";

export const STORAGE_PREFIX_LENGTH = 32;
const encoder = new TextEncoder();

const HASHES: Readonly<Record<StorageHasher, (key: Uint8Array) => Uint8Array>> = {
  Identity: () => EMPTY_BYTES,
  Twox64Concat: twox64,
  Blake2_128Concat: blake2b128,
  Twox128: twox128,
  Twox256: twox256,
  Blake2_128: blake2b128,
  Blake2_256: blake2b256,
};
const HASH_LENGTHS: Readonly<Record<StorageHasher, number>> = {
  Identity: 0,
  Twox64Concat: 8,
  Blake2_128Concat: 16,
  Twox128: 16,
  Twox256: 32,
  Blake2_128: 16,
  Blake2_256: 32,
};
/** The key itself stands behind its hash. */
const READABLE: ReadonlySet<StorageHasher> = new Set(["Identity", "Twox64Concat", "Blake2_128Concat"]);

/** The first 32 bytes of a pallet's item. */
export function storagePrefix(pallet: string, item: string): Uint8Array {
  return concatBytes(twox128(encoder.encode(pallet)), twox128(encoder.encode(item)));
}

/** One key of a map, SCALE-encoded, as it stands in a storage key. */
export function hashedKey(hasher: StorageHasher, key: Uint8Array): Uint8Array {
  return READABLE.has(hasher) ? concatBytes(HASHES[hasher](key), key) : HASHES[hasher](key);
}

/** Where a map keeps the value of these keys. */
export function mapKey(
  pallet: string,
  item: string,
  ...keys: readonly (readonly [hasher: StorageHasher, key: Uint8Array])[]
): Uint8Array {
  return concatBytes(storagePrefix(pallet, item), ...keys.map(([hasher, key]) => hashedKey(hasher, key)));
}

/** A map's key as read from a storage key, and where the next one begins. */
export type ReadKey = { readonly key: Uint8Array; readonly next: number };

/**
 * Reads the key of `length` bytes that stands at `at` behind its hash; undefined when it is cut off, or when
 * the hash is not the key's. For `Concat` hashers and `Identity` only: the others do not tell their key.
 */
export function readHashedKey(
  storageKey: Uint8Array,
  at: number,
  hasher: StorageHasher,
  length: number,
): ReadKey | undefined {
  const start = at + HASH_LENGTHS[hasher];
  const next = start + length;
  if (!READABLE.has(hasher) || next > storageKey.length) return undefined;
  const key = storageKey.subarray(start, next);
  return bytesEqual(HASHES[hasher](key), storageKey.subarray(at, start)) ? { key, next } : undefined;
}
