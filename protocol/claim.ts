import type { Address, Hash } from "./bytes.ts";
import { domainSeparator, hashOfText, integerWord, structHash, typedDataDigest } from "./eip712.ts";

/**
 * What a prover asserts, and the one digest that it signs and the contracts check: under this rollup
 * configuration, and with L1 up to `l1Head` as the only input, the chain whose output root was
 * `previousOutputRoot` has `outputRoot` at block `l2BlockNumber`; a zero `outputRoot`: it has no such block.
 *
 * EIP-712 with domain { name, version, chainId, verifyingContract }: a signature is of no use on another chain
 * or for another contract. protocol/vectors/claim.json pins the digest for TypeScript and Solidity alike.
 */
export type Claim = {
  readonly rollupConfigHash: Hash;
  readonly l1Head: Hash;
  readonly previousOutputRoot: Hash;
  readonly outputRoot: Hash;
  /** u64. */
  readonly l2BlockNumber: bigint;
};

export type ClaimDomain = {
  /** Chain where the verifying contract lives: the L1. */
  readonly chainId: bigint;
  readonly verifyingContract: Address;
};

export const CLAIM_DOMAIN_NAME = "phala-l2 multi-proof";
export const CLAIM_DOMAIN_VERSION = "1";
export const CLAIM_TYPE =
  "Claim(bytes32 rollupConfigHash,bytes32 l1Head,bytes32 previousOutputRoot,bytes32 outputRoot,uint64 l2BlockNumber)";

/** keccak256 of the claim's EIP-712 type. */
export const CLAIM_TYPE_HASH: Hash = hashOfText(CLAIM_TYPE);

/** EIP-712 `domainSeparator`. @throws RollupError INTEGER_RANGE when the chain id is no u256 */
export function claimDomainSeparator({ chainId, verifyingContract: contract }: ClaimDomain): Hash {
  return domainSeparator({ name: CLAIM_DOMAIN_NAME, version: CLAIM_DOMAIN_VERSION, chainId, contract });
}

/** EIP-712 `hashStruct` of a claim. @throws RollupError INTEGER_RANGE when the block number is no u64 */
export function claimStructHash(claim: Claim): Hash {
  const { rollupConfigHash, l1Head, previousOutputRoot, outputRoot, l2BlockNumber } = claim;
  const number = integerWord(l2BlockNumber, 8);
  return structHash(CLAIM_TYPE_HASH, rollupConfigHash, l1Head, previousOutputRoot, outputRoot, number);
}

/**
 * The 32 bytes that a prover signs with secp256k1.
 * @throws RollupError INTEGER_RANGE when the chain id is no u256 or the block number no u64
 */
export function claimDigest(domain: ClaimDomain, claim: Claim): Hash {
  return typedDataDigest(claimDomainSeparator(domain), claimStructHash(claim));
}
