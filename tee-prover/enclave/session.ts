import type { Address } from "@phala-l2/protocol/bytes";
import { type Claim, type ClaimDomain, claimDigest } from "@phala-l2/protocol/claim";
import { type RegistrationTerms, registrationDigest } from "@phala-l2/protocol/registration";
import { bornKey, type Random } from "./key.ts";
import { type BlobCommitment, type Preimages, preimagesOfWitness } from "./preimages.ts";
import { type Proof, type ProofInput, type ProofOptions, prove } from "./prove.ts";
import { HashTrace, type Recompute } from "./recomputation.ts";
import { createStatements, type Statements } from "./statements.ts";
import { decodeWitness, MAX_WITNESS_BYTES, witnessInvalid } from "./witness.ts";

export type EnclaveOptions = {
  readonly random: Random;
  readonly kzg: BlobCommitment;
  /** The L1 chain and contract that the claims are for; fixed for the key's life. */
  readonly domain: ClaimDomain;
  /**
   * Computes every hash of a proof a second time, on a GPU: nothing is signed unless it agrees. It is given with the
   * session and not with a request, so that nobody who asks for a proof can leave it out.
   */
  readonly recompute?: Recompute | undefined;
};

export type SignedClaim = {
  readonly claim: Claim;
  /** r 32 | s 32 | v 1. */
  readonly signature: Uint8Array;
};

/**
 * What the host can ask of the inside. There is no way to have anything signed but a fresh proof, what the enclave itself found
 * of a Substrate chain, and the terms on which the key itself is registered, which say nothing of any chain. Each kind has an
 * EIP-712 domain or type of its own: no signature serves as another.
 */
export interface Enclave extends Statements {
  /** The signing key's address, to be registered. */
  readonly address: Address;
  /** Whether it signs only those claims that `recompute` has agreed to. */
  readonly recomputes: boolean;
  /**
   * Proves, and signs the claim that was proven.
   * @throws RollupError WITNESS_INVALID, RECOMPUTATION_DISAGREES, RECOMPUTATION_UNLINKED, and what `prove` and
   * `recompute` throw; nothing is signed then
   */
  proveAndSign(input: ProofInput, witness: Uint8Array, options?: ProofOptions): Promise<SignedClaim>;
  /** Signs the terms of the key's registration: r 32 | s 32 | v 1. @throws RollupError INTEGER_RANGE */
  signRegistration(terms: RegistrationTerms): Uint8Array;
}

/**
 * Starts a session: a new key is born. What the host hands in is copied before it is looked at, because the host's
 * memory is the host's: what changes there while a proof runs must not come between the proof and its claim.
 * @throws RollupError KEY_RANDOMNESS_BROKEN
 */
export function createEnclave({ random, kzg, domain: given, recompute }: EnclaveOptions): Enclave {
  const key = bornKey(random);
  const domain = structuredClone(given);
  return {
    ...createStatements(key, domain.chainId),
    address: key.address,
    recomputes: recompute !== undefined,
    async proveAndSign(input, witness, options) {
      const request = structuredClone(input);
      // Too large a witness is not worth its copy.
      const own = witness.length > MAX_WITNESS_BYTES ? witness : Uint8Array.from(witness);
      const decoded = decodeWitness(own);
      if (decoded.kind === "invalid") throw witnessInvalid(decoded.reason);
      const preimages = preimagesOfWitness(decoded.witness, kzg);
      const told: ProofOptions = options?.onBlock === undefined ? {} : { onBlock: options.onBlock };
      const { claim } =
        recompute === undefined
          ? await prove(request, preimages, told)
          : await proveTwice(request, preimages, told, recompute);
      return { claim, signature: key.sign(claimDigest(domain, claim)) };
    },
    signRegistration: (terms) => key.sign(registrationDigest(domain, structuredClone(terms))),
  };
}

async function proveTwice(
  input: ProofInput,
  preimages: Preimages,
  options: ProofOptions,
  recompute: Recompute,
): Promise<Proof> {
  const trace = new HashTrace();
  const onSealed = trace.add.bind(trace);
  const proof = await prove(input, trace.watch(preimages), { ...options, onSealed });
  await trace.requireRecomputed(proof, recompute);
  return proof;
}
