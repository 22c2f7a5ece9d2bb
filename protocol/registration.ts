import type { Address, Hash } from "./bytes.ts";
import { type ClaimDomain, claimDomainSeparator } from "./claim.ts";
import { addressWord, hashOfText, integerWord, structHash, typedDataDigest } from "./eip712.ts";

/**
 * What a prover's key signs of its own registration: whoever copies evidence out of the mempool can put nobody else's
 * beneficiary under the key, and the key is there that the evidence names. EIP-712 in the domain of claims; the type's
 * name keeps it apart from them.
 */
export type RegistrationTerms = {
  /** Earns what the key proves, and may retire it. */
  readonly beneficiary: Address;
  /** u64, as in the evidence. */
  readonly policyVersion: bigint;
  /** Hash of the L1 block that the evidence commits to. */
  readonly l1Block: Hash;
};

export const REGISTRATION_TYPE = "Registration(address beneficiary,uint64 policyVersion,bytes32 l1BlockHash)";

const TYPE_HASH = hashOfText(REGISTRATION_TYPE);

/**
 * The 32 bytes that the key signs with secp256k1.
 * @throws RollupError INTEGER_RANGE when the chain id is no u256 or the version no u64
 */
export function registrationDigest(
  domain: ClaimDomain,
  { beneficiary, policyVersion, l1Block }: RegistrationTerms,
): Hash {
  const terms = structHash(TYPE_HASH, addressWord(beneficiary), integerWord(policyVersion, 8), l1Block);
  return typedDataDigest(claimDomainSeparator(domain), terms);
}
