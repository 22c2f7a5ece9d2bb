import { sha256 as digest } from "@noble/hashes/sha2.js";
import { asHash, type Hash } from "./bytes.ts";

/** SHA-256: what the consensus layer hashes with. */
export function sha256(bytes: Uint8Array): Hash {
  return asHash(digest(bytes));
}
