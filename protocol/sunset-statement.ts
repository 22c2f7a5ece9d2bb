import { type Address, concatBytes, type Hash } from "./bytes.ts";
import { domainSeparator, hashOfText, integerWord, structHash, typedDataDigest } from "./eip712.ts";
import { keccak256 } from "./keccak.ts";

/**
 * What provers assert of a parachain that has ended, and the digest that they sign and `SunsetRegistry` checks: the block
 * `blockHash` at `height` is final and has the state `stateRoot`, and the claims counted from that whole state are the
 * leaves under `claimsRoot`.
 *
 * EIP-712 with domain { name, version, chainId, verifyingContract, salt }. The salt is the hash of what the statement was
 * judged by: whoever has an enclave judge otherwise gets a signature that no contract takes.
 * protocol/vectors/sunset-statement.json pins the digest for TypeScript and Solidity alike.
 */
export type SunsetStatement = {
  /** The parachain. */
  readonly genesisHash: Hash;
  /** u64. */
  readonly height: bigint;
  readonly blockHash: Hash;
  readonly stateRoot: Hash;
  readonly claimsRoot: Hash;
  /** Planck, as those below; issuance = claimable + excluded + rounding. */
  readonly issuance: bigint;
  readonly claimable: bigint;
  readonly excluded: bigint;
  readonly rounding: bigint;
};

/** Where a sunset is decided. */
export type SunsetDomain = {
  /** The L1. */
  readonly chainId: bigint;
  /** `SunsetRegistry`. */
  readonly contract: Address;
};

/** What a statement is judged by. */
export type SunsetSettings = {
  /** What the proof of the block's finality starts from; zero where it is taken from the prover's own parachain node. */
  readonly finalityAnchor: Hash;
  /** u32: version of the rules by which claims are counted. */
  readonly rules: number;
  /**
   * u64: height of the first block whose remarks register receivers, up to the frozen one; zero where no remark does. Of the settings,
   * so that no prover can be had to leave an account its older receiver by a shorter window.
   */
  readonly registrationsFrom: bigint;
};

/**
 * Version of the rules by which claims are counted from a state. It stands in the settings' hash of what provers sign, so that
 * a contract takes counts by the rules it was deployed for, and no others: who changes what any state counts to, changes this.
 */
export const SNAPSHOT_RULES = 2;

export const SUNSET_DOMAIN_NAME = "Phala L2 sunset";
export const SUNSET_DOMAIN_VERSION = "1";
export const SUNSET_TYPE =
  "Sunset(bytes32 genesisHash,uint64 height,bytes32 blockHash,bytes32 stateRoot,bytes32 claimsRoot,uint256 issuance,uint256 claimable,uint256 excluded,uint256 rounding)";

const SUNSET_TYPE_HASH = hashOfText(SUNSET_TYPE);
/** In front of the settings, so that their hash is that of nothing else. */
const SETTINGS_TAG = hashOfText("phala-l2 sunset settings, version 2");

/**
 * keccak256 of tag 32 | finalityAnchor 32 | rules, u32 | registrationsFrom, u64: a word each, integers right-aligned.
 * @throws RollupError INTEGER_RANGE
 */
export function sunsetSettingsHash({ finalityAnchor, rules, registrationsFrom }: SunsetSettings): Hash {
  const words = [finalityAnchor, integerWord(BigInt(rules), 4), integerWord(registrationsFrom, 8)];
  return keccak256(concatBytes(SETTINGS_TAG, ...words));
}

/** EIP-712 `domainSeparator`. @throws RollupError INTEGER_RANGE when the chain id is no u256 */
export function sunsetDomainSeparator({ chainId, contract }: SunsetDomain, settingsHash: Hash): Hash {
  const [name, version] = [SUNSET_DOMAIN_NAME, SUNSET_DOMAIN_VERSION];
  return domainSeparator({ name, version, chainId, contract, salt: settingsHash });
}

/** EIP-712 `hashStruct`. @throws RollupError INTEGER_RANGE when a number does not fit its type */
export function sunsetStructHash(sunset: SunsetStatement): Hash {
  return structHash(
    SUNSET_TYPE_HASH,
    sunset.genesisHash,
    integerWord(sunset.height, 8),
    sunset.blockHash,
    sunset.stateRoot,
    sunset.claimsRoot,
    integerWord(sunset.issuance),
    integerWord(sunset.claimable),
    integerWord(sunset.excluded),
    integerWord(sunset.rounding),
  );
}

/** The 32 bytes that a prover signs with secp256k1. @throws RollupError INTEGER_RANGE */
export function sunsetDigest(domain: SunsetDomain, settingsHash: Hash, sunset: SunsetStatement): Hash {
  return typedDataDigest(sunsetDomainSeparator(domain, settingsHash), sunsetStructHash(sunset));
}
