import { createKeccak } from "hash-wasm";
import { asHash, type Hash } from "./bytes.ts";

// One WebAssembly hasher, made once and reused: it hashes several times faster than a JavaScript one, and
// after this line synchronously.
const hasher = await createKeccak(256);

/** Keccak-256, Ethereum's hash function (not SHA3-256: another padding). */
export function keccak256(bytes: Uint8Array): Hash {
  return asHash(hasher.init().update(bytes).digest("binary"));
}

/** Keccak-256 of nothing: the code hash of an account without code. */
export const EMPTY_CODE_HASH: Hash = keccak256(new Uint8Array(0));
