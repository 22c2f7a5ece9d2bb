import { type Address, bigintToBytes, concatBytes, type Hash } from "./bytes.ts";
import { keccak256 } from "./keccak.ts";

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
const DOMAIN_TYPE = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";

const WORD = 32;
/** EIP-191, version 0x01: structured data. */
const EIP712_PREFIX = Uint8Array.of(0x19, 0x01);

function hashOfText(text: string): Hash {
  return keccak256(new TextEncoder().encode(text));
}

const DOMAIN_TYPE_HASH = hashOfText(DOMAIN_TYPE);
const NAME_HASH = hashOfText(CLAIM_DOMAIN_NAME);
const VERSION_HASH = hashOfText(CLAIM_DOMAIN_VERSION);
/** keccak256 of the claim's EIP-712 type. */
export const CLAIM_TYPE_HASH: Hash = hashOfText(CLAIM_TYPE);

/** EIP-712 `domainSeparator`. @throws RollupError INTEGER_RANGE when the chain id is no u256 */
export function claimDomainSeparator({ chainId, verifyingContract }: ClaimDomain): Hash {
  const contract = concatBytes(new Uint8Array(WORD - verifyingContract.length), verifyingContract);
  return keccak256(
    concatBytes(DOMAIN_TYPE_HASH, NAME_HASH, VERSION_HASH, bigintToBytes(chainId, WORD), contract),
  );
}

/** EIP-712 `hashStruct` of a claim. @throws RollupError INTEGER_RANGE when the block number is no u64 */
export function claimStructHash(claim: Claim): Hash {
  const { rollupConfigHash, l1Head, previousOutputRoot, outputRoot, l2BlockNumber } = claim;
  const number = concatBytes(new Uint8Array(WORD - 8), bigintToBytes(l2BlockNumber, 8));
  return keccak256(
    concatBytes(CLAIM_TYPE_HASH, rollupConfigHash, l1Head, previousOutputRoot, outputRoot, number),
  );
}

/**
 * The 32 bytes that a prover signs with secp256k1.
 * @throws RollupError INTEGER_RANGE when the chain id is no u256 or the block number no u64
 */
export function claimDigest(domain: ClaimDomain, claim: Claim): Hash {
  return keccak256(concatBytes(EIP712_PREFIX, claimDomainSeparator(domain), claimStructHash(claim)));
}
