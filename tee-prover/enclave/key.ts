import { type Address, bigintFromBytes, type Hash } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { addressOfKey, contractSignature, SECP256K1_ORDER, signDigest } from "@phala-l2/protocol/secp256k1";

/** Fills a new array with that many bytes nobody can foresee; inside a TEE, the processor's. */
export type Random = (length: number) => Uint8Array;

/** A key that can be used and cannot be read. */
export type SigningKey = {
  readonly address: Address;
  /** r 32 | s 32 | v 1 (27 or 28), low s: the form that the contracts recover. */
  sign(digest: Hash): Uint8Array;
};

const KEY_LENGTH = 32;
/** One attempt fails with a chance of 2^-128: several failures mean that the randomness is none. */
const MAX_ATTEMPTS = 4;

/**
 * Makes a key that lives in this closure alone: it has no way out, and the next start has another.
 * @throws RollupError KEY_RANDOMNESS_BROKEN
 */
export function bornKey(random: Random): SigningKey {
  const secret = drawScalar(random);
  return {
    address: addressOfKey(secret),
    sign: (digest) => contractSignature(signDigest(digest, secret)),
  };
}

function drawScalar(random: Random): Uint8Array {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const bytes = random(KEY_LENGTH);
    // A copy: the caller's array is not ours to rely on.
    const secret = Uint8Array.from(bytes);
    const scalar = bigintFromBytes(secret);
    if (secret.length === KEY_LENGTH && scalar > 0n && scalar < SECP256K1_ORDER) return secret;
  }
  throw new RollupError("KEY_RANDOMNESS_BROKEN", "the source of randomness gives no 32 random bytes");
}
