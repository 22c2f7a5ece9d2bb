import { sunsetClaimsAbi } from "@phala-l2/contracts/abi/sunset-claims";
import { sunsetRegistryAbi } from "@phala-l2/contracts/abi/sunset-registry";
import type { ClaimForm } from "@phala-l2/sunset/message";
import type { Address, Hex } from "viem";

/** Where a sunset is claimed on L1. */
export type SunsetPlaces = {
  /** `SunsetClaims`. */
  readonly claims: Address;
};

/** What an account is owed: its BALANCE leaf, with the proof as `l2 claims prove` prints it. */
export type Entitlement = {
  readonly account: Hex;
  readonly planck: bigint;
  readonly proof: readonly Hex[];
};

/** What its owner signs. */
export type SignedOrder = {
  readonly receiver: Address;
  readonly form: ClaimForm;
  /** Unix seconds. */
  readonly deadline: bigint;
};

/** One key's signature as the contract takes it. */
export type KeySignature = {
  readonly kind: number;
  readonly wrapped: boolean;
  readonly publicKey: Hex;
  readonly signature: Hex;
};

/** Signatories ascending. */
export type Multisig = { readonly signatories: readonly Hex[]; readonly threshold: number };

/** Evidence of an account's consent, bottom-up; see `Owners` of ISunsetClaims.sol. */
export type Owners = {
  readonly keys: readonly KeySignature[];
  /** Accounts whose signature over the same message is on record. */
  readonly earlier: readonly Hex[];
  readonly multisigs: readonly Multisig[];
};

/** A PROXY leaf of the account, with its proof. */
export type ProxyLink = {
  readonly delegate: Hex;
  /** Blocks of the parachain. */
  readonly delay: number;
  readonly proof: readonly Hex[];
};

export function claimsContract({ claims }: SunsetPlaces) {
  return { address: claims, abi: sunsetClaimsAbi } as const;
}

export function registryContract(registry: Address) {
  return { address: registry, abi: sunsetRegistryAbi } as const;
}
