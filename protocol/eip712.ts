import { type Address, bigintToBytes, concatBytes, type Hash } from "./bytes.ts";
import { keccak256 } from "./keccak.ts";

/** Who reads a signature, by EIP-712: it is of no use on another chain, or for another contract. */
export type SigningDomain = {
  readonly name: string;
  readonly version: string;
  /** u256: the chain where the contract lives. */
  readonly chainId: bigint;
  readonly contract: Address;
  /** What else a signature is good for alone; most domains have none. */
  readonly salt?: Hash;
};

const WORD = 32;
/** EIP-191, version 0x01: structured data. */
const PREFIX = Uint8Array.of(0x19, 0x01);
const FIELDS = "string name,string version,uint256 chainId,address verifyingContract";
const DOMAIN_TYPE_HASH = hashOfText(`EIP712Domain(${FIELDS})`);
const SALTED_DOMAIN_TYPE_HASH = hashOfText(`EIP712Domain(${FIELDS},bytes32 salt)`);

/** keccak256 of a text's bytes: how EIP-712 writes strings, and names types. */
export function hashOfText(text: string): Hash {
  return keccak256(new TextEncoder().encode(text));
}

/** An unsigned integer of at most `bytes` bytes as a word. @throws RollupError INTEGER_RANGE */
export function integerWord(value: bigint, bytes = WORD): Uint8Array {
  return concatBytes(new Uint8Array(WORD - bytes), bigintToBytes(value, bytes));
}

/** An address as a word. */
export function addressWord(address: Address): Uint8Array {
  return concatBytes(new Uint8Array(WORD - address.length), address);
}

/** EIP-712 `domainSeparator`. @throws RollupError INTEGER_RANGE when the chain id is no u256 */
export function domainSeparator({ name, version, chainId, contract, salt }: SigningDomain): Hash {
  return keccak256(
    concatBytes(
      salt === undefined ? DOMAIN_TYPE_HASH : SALTED_DOMAIN_TYPE_HASH,
      hashOfText(name),
      hashOfText(version),
      integerWord(chainId),
      addressWord(contract),
      ...(salt === undefined ? [] : [salt]),
    ),
  );
}

/** EIP-712 `hashStruct`: the hash of a type and of its fields, a word each. */
export function structHash(typeHash: Hash, ...fields: readonly Uint8Array[]): Hash {
  return keccak256(concatBytes(typeHash, ...fields));
}

/** The 32 bytes that are signed. */
export function typedDataDigest(domain: Hash, struct: Hash): Hash {
  return keccak256(concatBytes(PREFIX, domain, struct));
}
