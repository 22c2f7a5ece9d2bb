import { type Address, asHash, concatBytes, type Hash } from "@phala-l2/protocol/bytes";

/** What modules' accounts begin with, and the name that a module of this kind would have. */
const PREFIX = new TextEncoder().encode("modlpha/swap");

/**
 * The account on the parachain that deposits go to: "modlpha/swap" (12 bytes), then the address of the contract that pays
 * (20). Nobody has its key: an sr25519 or ed25519 key with these 32 bytes would have to be found by trying, 2^256 of them;
 * accounts of ecdsa keys, multisigs and derived ones are hashes, whose preimage would have to be found; and no module
 * has a name of 28 bytes. The contract's address in it keeps the deposits of two swaps apart: none is owed by both.
 */
export function swapAccount(contract: Address): Hash {
  return asHash(concatBytes(PREFIX, contract));
}
