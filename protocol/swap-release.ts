import { type Address, concatBytes, type Hash } from "./bytes.ts";
import {
  addressWord,
  domainSeparator,
  hashOfText,
  integerWord,
  structHash,
  typedDataDigest,
} from "./eip712.ts";
import { keccak256 } from "./keccak.ts";

/**
 * The live swap's statements: what a prover asserts of one deposit on the parachain, the digest that it signs and
 * `ParachainSwap` checks, and the settings by which it judges what a deposit is.
 *
 * EIP-712 with domain { name, version, chainId, verifyingContract, salt }. The salt is the settings' hash: whoever has an
 * enclave judge by settings that the contract does not accept gets a signature that is worth nothing.
 * protocol/vectors/swap-release.json pins the digest for TypeScript and Solidity alike.
 */
export type Release = {
  /** The parachain. */
  readonly genesisHash: Hash;
  /** u64. */
  readonly height: bigint;
  readonly blockHash: Hash;
  /** u32: the extrinsic in its block, and the event in the block's list of events. */
  readonly extrinsicIndex: number;
  readonly eventIndex: number;
  /** AccountId. */
  readonly sender: Hash;
  readonly receiver: Address;
  /** u128; one planck is 10^6 wei. */
  readonly planck: bigint;
};

/** Where a swap pays. */
export type SwapDomain = {
  /** The L1. */
  readonly chainId: bigint;
  /** `ParachainSwap`. */
  readonly contract: Address;
};

/** A runtime whose events can be read: how, its metadata tells. */
export type KnownRuntime = {
  /** u32. */
  readonly specVersion: number;
  /** BLAKE2b-256 of the metadata's bytes, as `state_getMetadata` gives them. */
  readonly metadataHash: Hash;
};

/** What a swap holds to for ever. */
export type SwapRules = {
  readonly genesisHash: Hash;
  /** u64: blocks whose deposits are released, the last one included. */
  readonly firstHeight: bigint;
  readonly lastHeight: bigint;
  /** Planck, u128: less is not released by itself. */
  readonly minimum: bigint;
  /** PHA on L1, which can be nobody's receiver. */
  readonly token: Address;
  /** What the proof of a block's finality starts from; zero where it is taken from the prover's own parachain node. */
  readonly finalityAnchor: Hash;
};

/** What a deposit is, but for where the swap pays. Governance names further lists of runtimes; each makes settings of its own. */
export type SwapSettings = SwapRules & {
  /** By ascending version. */
  readonly runtimes: readonly KnownRuntime[];
};

export const SWAP_DOMAIN_NAME = "Phala L2 swap";
export const SWAP_DOMAIN_VERSION = "1";
export const RELEASE_TYPE =
  "Release(bytes32 genesisHash,uint64 height,bytes32 blockHash,uint32 extrinsicIndex,uint32 eventIndex,bytes32 sender,address receiver,uint256 planck)";
/** PHA has 12 decimals on the parachain and 18 on L1. */
export const WEI_PER_PLANCK = 1_000_000n;

const RELEASE_TYPE_HASH = hashOfText(RELEASE_TYPE);
/** In front of rules and of settings, so that their hashes are those of nothing else. */
const RULES_TAG = hashOfText("phala-l2 swap rules, version 1");
const SETTINGS_TAG = hashOfText("phala-l2 swap settings, version 2");

/**
 * What the contract computes of its own terms, and never changes: keccak256 of tag | genesisHash | firstHeight | lastHeight |
 * minimum | token | finalityAnchor; a word each.
 * @throws RollupError INTEGER_RANGE
 */
export function swapRulesHash(rules: SwapRules): Hash {
  const { genesisHash, firstHeight, lastHeight, minimum, token, finalityAnchor } = rules;
  return keccak256(
    concatBytes(
      RULES_TAG,
      genesisHash,
      integerWord(firstHeight, 8),
      integerWord(lastHeight, 8),
      integerWord(minimum, 16),
      addressWord(token),
      finalityAnchor,
    ),
  );
}

/**
 * What a signature is judged by: keccak256 of tag | hash of the rules | keccak256 of (specVersion | metadataHash) for each
 * runtime; a word each. The contract accepts it where governance has named these runtimes.
 * @throws RollupError INTEGER_RANGE
 */
export function swapSettingsHash(settings: SwapSettings): Hash {
  const known = settings.runtimes.flatMap(({ specVersion, metadataHash }) => [
    integerWord(BigInt(specVersion), 4),
    metadataHash,
  ]);
  return keccak256(concatBytes(SETTINGS_TAG, swapRulesHash(settings), keccak256(concatBytes(...known))));
}

/** Whether there is one way to read each runtime: at least one, each version once, in their order. The contract asks it too. */
export function areRuntimesSound(runtimes: readonly KnownRuntime[]): boolean {
  return (
    runtimes.length > 0 &&
    runtimes.every(({ specVersion }, i) => specVersion > (runtimes[i - 1]?.specVersion ?? -1))
  );
}

/** EIP-712 `domainSeparator`. @throws RollupError INTEGER_RANGE when the chain id is no u256 */
export function swapDomainSeparator({ chainId, contract }: SwapDomain, settingsHash: Hash): Hash {
  const [name, version] = [SWAP_DOMAIN_NAME, SWAP_DOMAIN_VERSION];
  return domainSeparator({ name, version, chainId, contract, salt: settingsHash });
}

/** EIP-712 `hashStruct`. @throws RollupError INTEGER_RANGE when a number does not fit its type */
export function releaseStructHash(release: Release): Hash {
  return structHash(
    RELEASE_TYPE_HASH,
    release.genesisHash,
    integerWord(release.height, 8),
    release.blockHash,
    integerWord(BigInt(release.extrinsicIndex), 4),
    integerWord(BigInt(release.eventIndex), 4),
    release.sender,
    addressWord(release.receiver),
    integerWord(release.planck),
  );
}

/** The 32 bytes that a prover signs with secp256k1. @throws RollupError INTEGER_RANGE */
export function releaseDigest(domain: SwapDomain, settingsHash: Hash, release: Release): Hash {
  return typedDataDigest(swapDomainSeparator(domain, settingsHash), releaseStructHash(release));
}

/** What a deposit is released once by, whatever else is said of it. @throws RollupError INTEGER_RANGE */
export function depositId({
  genesisHash,
  height,
  eventIndex,
}: Pick<Release, "genesisHash" | "height" | "eventIndex">): Hash {
  return keccak256(concatBytes(genesisHash, integerWord(height, 8), integerWord(BigInt(eventIndex), 4)));
}
