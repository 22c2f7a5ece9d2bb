import { createBLAKE2b, createXXHash64 } from "hash-wasm";
import { asHash, concatBytes, type Hash } from "../bytes.ts";

// WebAssembly hashers, made once and reused, as `keccak.ts` does: after these lines they are synchronous.
const blake256 = await createBLAKE2b(256);
const blake128 = await createBLAKE2b(128);
const blake512 = await createBLAKE2b(512);
/** Substrate's `twox` of 64 n bits is n times xxHash64, with the seeds 0 … n - 1. */
const seeded = await Promise.all([0, 1, 2, 3].map((seed) => createXXHash64(seed)));

/** BLAKE2b with 32 bytes: Substrate's hash of blocks, tries and extrinsics (`blake2_256`). */
export function blake2b256(bytes: Uint8Array): Hash {
  return asHash(blake256.init().update(bytes).digest("binary"));
}

/** BLAKE2b with 16 bytes (`blake2_128`), which is not the beginning of the longer ones. */
export function blake2b128(bytes: Uint8Array): Uint8Array {
  return blake128.init().update(bytes).digest("binary");
}

/** BLAKE2b with 64 bytes, of which SS58 takes its checksum. */
export function blake2b512(bytes: Uint8Array): Uint8Array {
  return blake512.init().update(bytes).digest("binary");
}

function twox(bytes: Uint8Array, words: number): Uint8Array {
  // xxHash's canonical form is big-endian; Substrate writes each word little-endian.
  return concatBytes(
    ...seeded.slice(0, words).map((hasher) => hasher.init().update(bytes).digest("binary").reverse()),
  );
}

/** xxHash64 with seed 0, 8 bytes: no cryptographic hash (`twox_64`). */
export function twox64(bytes: Uint8Array): Uint8Array {
  return twox(bytes, 1);
}

/** 16 bytes of xxHash64 (`twox_128`), the hash of names of pallets and of their storage. */
export function twox128(bytes: Uint8Array): Uint8Array {
  return twox(bytes, 2);
}

/** 32 bytes of xxHash64 (`twox_256`). */
export function twox256(bytes: Uint8Array): Uint8Array {
  return twox(bytes, 4);
}
