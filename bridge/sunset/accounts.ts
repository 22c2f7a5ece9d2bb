import { asHash, type Hash, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { placeAccounts } from "./places.ts";

/** Accounts that nobody has a key of, told by how runtimes make them. */
const ACCOUNT_LENGTH = 32;

function asciiAccount(text: string): Hash {
  const account = new Uint8Array(ACCOUNT_LENGTH);
  account.set(new TextEncoder().encode(text));
  return asHash(account);
}

/**
 * Holds the PHA that stands behind wrapped PHA. Source: constant `WrappedBalancesAccountId` of
 * PhalaWrappedBalances, 43KPr1BjWx1D8RWKAcWU6U4Ye6H6ip7Up1PM4prCWseC425G.
 */
export const WRAPPING_ACCOUNT: Hex = toHex(asciiAccount("wpha/"));
/** Owns the share NFTs of requests in withdraw queues. Source: base_pool.rs, `pallet_id`. */
export const POOL_PALLET_ACCOUNT: Hex = toHex(asciiAccount("basepool"));
/** Pays rewards: the subsidy pool. Source: computation.rs, `COMPUTING_PALLETID`. */
export const SUBSIDY_ACCOUNT: Hex = toHex(asciiAccount("modlphala/pp"));
/** The asset id of wrapped PHA in pallet Assets. Source: constant `WPhaAssetId` of PhalaWrappedBalances. */
export const WRAPPED_ASSET_ID = 10_000;

/** Why an account is nobody's claim. */
export type ExclusionKind =
  /** `modl` and a pallet's id: treasury, pots, bridges, the swap's account. */
  | "pallet"
  /** `para` or `sibl` and a parachain's number, or `Parent`: what other chains hold here. */
  | "sovereign"
  /** The hash of a chain's or a bridge's location. */
  | "place"
  /** Zeros: the keys of that text sign for nobody, and older runtimes took it for the relay chain. */
  | "keyless"
  /** The accounts named above. */
  | "wrapping"
  | "pool-pallet"
  /** A pool's own account: what no share stands for. */
  | "pool";

const PALLET_PREFIX = toHex(new TextEncoder().encode("modl"));
const SOVEREIGN_PREFIXES: readonly Hex[] = ["para", "sibl"].map((text) =>
  toHex(new TextEncoder().encode(text)),
);
/** Four letters and a number of four bytes; the rest is zero. Source: polkadot_parachain_primitives `TypeId`s. */
const SOVEREIGN_DIGITS = 2 + 2 * 8;
const ZEROS = /^0*$/;
/** The relay chain. Source: xcm-builder's `ParentIsPreset`. */
const PARENT_ACCOUNT: Hex = toHex(asciiAccount("Parent"));
/** Source: xcm-builder's `ParentIsDefault`. */
const ZERO_ACCOUNT: Hex = toHex(asciiAccount(""));

/** Whether a rule excludes an account, and which; pools' accounts are known by their pools only. */
export function exclusionOf(account: Hex): ExclusionKind | undefined {
  if (account.startsWith(PALLET_PREFIX)) return "pallet";
  if (account === WRAPPING_ACCOUNT) return "wrapping";
  if (account === POOL_PALLET_ACCOUNT) return "pool-pallet";
  if (account === PARENT_ACCOUNT) return "sovereign";
  if (account === ZERO_ACCOUNT) return "keyless";
  const isSovereign =
    SOVEREIGN_PREFIXES.some((prefix) => account.startsWith(prefix)) &&
    ZEROS.test(account.slice(SOVEREIGN_DIGITS));
  if (isSovereign) return "sovereign";
  return placeAccounts().has(account) ? "place" : undefined;
}
