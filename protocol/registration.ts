import { type Address, bigintToBytes, concatBytes, type Hash } from "./bytes.ts";
import { type ClaimDomain, claimDomainSeparator } from "./claim.ts";
import { keccak256 } from "./keccak.ts";

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

const WORD = 32;
/** EIP-191, version 0x01: structured data. */
const EIP712_PREFIX = Uint8Array.of(0x19, 0x01);
const TYPE_HASH = keccak256(new TextEncoder().encode(REGISTRATION_TYPE));

/**
 * The 32 bytes that the key signs with secp256k1.
 * @throws RollupError INTEGER_RANGE when the chain id is no u256 or the version no u64
 */
export function registrationDigest(
  domain: ClaimDomain,
  { beneficiary, policyVersion, l1Block }: RegistrationTerms,
): Hash {
  const account = concatBytes(new Uint8Array(WORD - beneficiary.length), beneficiary);
  const version = concatBytes(new Uint8Array(WORD - 8), bigintToBytes(policyVersion, 8));
  const structHash = keccak256(concatBytes(TYPE_HASH, account, version, l1Block));
  return keccak256(concatBytes(EIP712_PREFIX, claimDomainSeparator(domain), structHash));
}
