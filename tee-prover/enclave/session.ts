import type { Address } from "@phala-l2/protocol/bytes";
import { type Claim, type ClaimDomain, claimDigest } from "@phala-l2/protocol/claim";
import { bornKey, type Random } from "./key.ts";
import { type BlobCommitment, preimagesOfWitness } from "./preimages.ts";
import { type ProofInput, type ProofOptions, prove } from "./prove.ts";
import { decodeWitness, MAX_WITNESS_BYTES, witnessInvalid } from "./witness.ts";

export type EnclaveOptions = {
  readonly random: Random;
  readonly kzg: BlobCommitment;
  /** The L1 chain and contract that the claims are for; fixed for the key's life. */
  readonly domain: ClaimDomain;
};

export type SignedClaim = {
  readonly claim: Claim;
  /** r 32 | s 32 | v 1. */
  readonly signature: Uint8Array;
};

/** What the host can ask of the inside. There is no way to have anything signed but a fresh proof. */
export interface Enclave {
  /** The signing key's address, to be registered. */
  readonly address: Address;
  /**
   * Proves, and signs the claim that was proven.
   * @throws RollupError WITNESS_INVALID, and what `prove` throws; nothing is signed then
   */
  proveAndSign(input: ProofInput, witness: Uint8Array, options?: ProofOptions): Promise<SignedClaim>;
}

/**
 * Starts a session: a new key is born. What the host hands in is copied before it is looked at, because the host's
 * memory is the host's: what changes there while a proof runs must not come between the proof and its claim.
 * @throws RollupError KEY_RANDOMNESS_BROKEN
 */
export function createEnclave({ random, kzg, domain: given }: EnclaveOptions): Enclave {
  const key = bornKey(random);
  const domain = structuredClone(given);
  return {
    address: key.address,
    async proveAndSign(input, witness, options) {
      const request = structuredClone(input);
      // Too large a witness is not worth its copy.
      const own = witness.length > MAX_WITNESS_BYTES ? witness : Uint8Array.from(witness);
      const decoded = decodeWitness(own);
      if (decoded.kind === "invalid") throw witnessInvalid(decoded.reason);
      const { claim } = await prove(request, preimagesOfWitness(decoded.witness, kzg), options);
      return { claim, signature: key.sign(claimDigest(domain, claim)) };
    },
  };
}
