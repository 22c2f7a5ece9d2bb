import type { Address } from "@phala-l2/protocol/bytes";
import { type Claim, type ClaimDomain, claimDigest } from "@phala-l2/protocol/claim";
import { bornKey, type Random } from "./key.ts";
import { type BlobCommitment, preimagesOfWitness } from "./preimages.ts";
import { type ProofInput, type ProofOptions, prove } from "./prove.ts";
import { decodeWitness, witnessInvalid } from "./witness.ts";

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

/** Starts a session: a new key is born. @throws RollupError KEY_RANDOMNESS_BROKEN */
export function createEnclave({ random, kzg, domain }: EnclaveOptions): Enclave {
  const key = bornKey(random);
  return {
    address: key.address,
    async proveAndSign(input, witness, options) {
      const decoded = decodeWitness(witness);
      if (decoded.kind === "invalid") throw witnessInvalid(decoded.reason);
      const { claim } = await prove(input, preimagesOfWitness(decoded.witness, kzg), options);
      return { claim, signature: key.sign(claimDigest(domain, claim)) };
    },
  };
}
