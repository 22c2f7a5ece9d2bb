import type { Address, Hash } from "../bytes.ts";
import { concatBytes } from "../bytes.ts";
import { keccak256 } from "../keccak.ts";
import { isLowS, recoverAddress } from "../secp256k1.ts";
import {
  encodeRlp,
  type RlpInput,
  type RlpItem,
  readHash,
  rlpFieldsOf,
  U64_BYTES,
  U256_BYTES,
} from "./rlp.ts";

/** EIP-2930: an account and the slots of it that the transaction announces. */
export type AccessTuple = { readonly address: Address; readonly storageKeys: readonly Hash[] };
export type AccessList = readonly AccessTuple[];

/** EIP-7702: a key's leave to set its account's code to a delegation to `address`. */
export type Authorization = {
  /** Zero: valid on every chain. Any 256-bit value is well-formed; a foreign one is skipped in execution. */
  readonly chainId: bigint;
  readonly address: Address;
  readonly nonce: bigint;
  /** Any byte is well-formed; only 0 and 1 can recover an authority. */
  readonly yParity: number;
  readonly r: bigint;
  readonly s: bigint;
};

/** EIP-7702 MAGIC: the first byte of an authorization's signed message. */
const AUTHORIZATION_MAGIC = Uint8Array.of(0x05);

export function readAccessTuple(item: RlpItem): AccessTuple | undefined {
  const fields = rlpFieldsOf(item);
  if (fields === undefined) return undefined;
  const address = fields.address("address");
  const storageKeys = fields.listOf("storage-keys", readHash);
  return fields.fault === undefined ? { address, storageKeys } : undefined;
}

export function accessListInput(accessList: AccessList): RlpInput {
  return accessList.map(({ address, storageKeys }) => [address, storageKeys]);
}

/** Bounds: EIP-7702, "the transaction is also considered invalid when any field … cannot fit". */
export function readAuthorization(item: RlpItem): Authorization | undefined {
  const fields = rlpFieldsOf(item);
  if (fields === undefined) return undefined;
  const authorization: Authorization = {
    chainId: fields.quantity("chain-id", U256_BYTES),
    address: fields.address("address"),
    nonce: fields.quantity("nonce", U64_BYTES),
    yParity: Number(fields.quantity("y-parity", 1)),
    r: fields.quantity("r", U256_BYTES),
    s: fields.quantity("s", U256_BYTES),
  };
  return fields.fault === undefined ? authorization : undefined;
}

export function authorizationListInput(authorizations: readonly Authorization[]): RlpInput {
  return authorizations.map((a) => [a.chainId, a.address, a.nonce, BigInt(a.yParity), a.r, a.s]);
}

/** What an authority signs: keccak(MAGIC | rlp([chain id, address, nonce])). Source: EIP-7702. */
export function authorizationDigest({
  chainId,
  address,
  nonce,
}: Pick<Authorization, "chainId" | "address" | "nonce">): Hash {
  return keccak256(concatBytes(AUTHORIZATION_MAGIC, encodeRlp([chainId, address, nonce])));
}

/**
 * The account that signed an authorization, or undefined when its signature is none (then execution skips the
 * tuple). EIP-7702: s must be low.
 */
export function recoverAuthority(authorization: Authorization): Address | undefined {
  const { yParity, r, s } = authorization;
  if ((yParity !== 0 && yParity !== 1) || !isLowS(s)) return undefined;
  return recoverAddress(authorizationDigest(authorization), { r, s, yParity });
}
