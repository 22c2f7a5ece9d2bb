import { type Hex, toHex } from "@phala-l2/protocol/bytes";
import { type ScaleDecoding, ScaleReader } from "@phala-l2/protocol/substrate/scale";

/** A request to withdraw: the shares are in an NFT of the pallet's. Source: base_pool.rs, `WithdrawInfo`. */
export type WithdrawRequest = { readonly user: Hex; readonly nftId: number };

/** Pools that NFTs are shares of. Source: base_pool.rs `BasePool`, pool_proxy.rs `StakePool`, `Vault`. */
type PoolBase = {
  readonly pid: bigint;
  readonly owner: Hex;
  readonly totalShares: bigint;
  /** What the pallet takes the pool to be worth, planck. */
  readonly totalValue: bigint;
  readonly queue: readonly WithdrawRequest[];
  readonly collection: number;
  readonly account: Hex;
};
export type StakePool = PoolBase & {
  readonly kind: "stake-pool";
  /** Has the wrapped PHA that works. */
  readonly lockAccount: Hex;
  readonly rewardAccount: Hex;
};
export type Vault = PoolBase & {
  readonly kind: "vault";
  /** The owner's commission, in shares without an NFT yet. */
  readonly ownerShares: bigint;
};
export type Pool = StakePool | Vault;

const STAKE_POOL = 0;
const VAULT = 1;

function readAccount(reader: ScaleReader): Hex {
  return toHex(reader.take(32));
}

function readBase(reader: ScaleReader): PoolBase {
  const pid = reader.u64();
  const owner = readAccount(reader);
  const totalShares = reader.u128();
  const totalValue = reader.u128();
  const queue = reader.sequence(() => {
    const user = readAccount(reader);
    reader.u64(); // when it was made
    return { user, nftId: reader.u32() };
  });
  reader.sequence(() => reader.u64()); // vaults that follow its value
  return {
    pid,
    owner,
    totalShares,
    totalValue,
    queue,
    collection: reader.u32(),
    account: readAccount(reader),
  };
}

function readStakePool(reader: ScaleReader): StakePool {
  const base = readBase(reader);
  reader.option(() => reader.u32()); // commission
  reader.option(() => reader.u128()); // cap
  for (const _workers of ["working", "cooling down"]) reader.sequence(() => reader.take(32));
  const lockAccount = readAccount(reader);
  return { kind: "stake-pool", ...base, lockAccount, rewardAccount: readAccount(reader) };
}

function readVault(reader: ScaleReader): Vault {
  const base = readBase(reader);
  reader.u128(); // share price when commission was taken last
  reader.option(() => reader.u32()); // commission
  const ownerShares = reader.u128();
  reader.sequence(() => reader.u64()); // pools it has a stake in
  return { kind: "vault", ...base, ownerShares };
}

/** A value of `PhalaBasePool.Pools`. Never throws. */
export function decodePool(value: Uint8Array): ScaleDecoding<Pool> {
  const reader = new ScaleReader(value);
  const variant = reader.u8();
  if (variant !== STAKE_POOL && variant !== VAULT) reader.fail("scale-variant-unknown");
  const pool = variant === STAKE_POOL ? readStakePool(reader) : readVault(reader);
  return reader.finish(pool);
}

/** Somebody's part of a pool. */
export type Shareholder = {
  /** Undefined for shares that nobody owns. */
  readonly account: Hex | undefined;
  readonly shares: bigint;
  readonly source: "shares" | "withdrawing" | "rewards";
};

export type Division = {
  readonly parts: readonly { readonly holder: Shareholder; readonly amount: bigint }[];
  /** What the shares together are worth beyond all parts: less than a planck for each. */
  readonly rounding: bigint;
};

/**
 * Divides a value among shares, each part rounded down. The price is the value by the pool's own number of shares,
 * or by those found where they are more: so the parts never exceed the value. What shares that are not found would
 * get stays where it is.
 */
export function divide(value: bigint, totalShares: bigint, holders: readonly Shareholder[]): Division {
  let found = 0n;
  for (const { shares } of holders) found += shares;
  const all = totalShares > found ? totalShares : found;
  if (all === 0n) return { parts: [], rounding: 0n };
  const parts = holders.map((holder) => ({ holder, amount: (holder.shares * value) / all }));
  let rounding = (found * value) / all;
  for (const { amount } of parts) rounding -= amount;
  return { parts, rounding };
}

/** For maps of a collection's NFTs. */
export function nftKey(collection: number, nftId: number): number {
  // Two 32-bit numbers would not fit exactly; collections of pools are numbered on from 10,000, far below 2^21.
  return collection * 2 ** 32 + nftId;
}

/** The greatest collection that a key can tell from others. */
export const MAX_COLLECTION = 2 ** 21 - 1;
