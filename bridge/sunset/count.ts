import type { Hex } from "@phala-l2/protocol/bytes";
import {
  type ExclusionKind,
  exclusionOf,
  POOL_PALLET_ACCOUNT,
  SUBSIDY_ACCOUNT,
  WRAPPING_ACCOUNT,
} from "./accounts.ts";
import type { StateFacts } from "./facts.ts";
import { assign, HOLDING_SOURCES, type Holding, type HoldingSource, holdingOf, netOf } from "./holdings.ts";
import { divide, nftKey, type Pool, type Shareholder, type StakePool, type Vault } from "./pools.ts";

/** What is nobody's claim: an account, why, and how much of the issuance. */
export type Exclusion = { readonly account: Hex; readonly kind: ExclusionKind; readonly planck: bigint };
/** What an account can claim, and where it was found. */
export type Owned = { readonly account: Hex; readonly planck: bigint; readonly holding: Readonly<Holding> };

export type Count = {
  readonly issuance: bigint;
  readonly claimable: bigint;
  readonly excluded: bigint;
  /** What is left of share values after rounding each part down. */
  readonly rounding: bigint;
  readonly owners: readonly Owned[];
  readonly exclusions: readonly Exclusion[];
  /** Of what is claimable, by where it was found. */
  readonly bySource: Readonly<Record<HoldingSource, bigint>>;
};

export type CountFault =
  | { readonly code: "no-issuance" }
  | { readonly code: "shares-malformed"; readonly collection: number }
  /** The state's balances are not its issuance, or somebody owes more than he has; planck. */
  | {
      readonly code: "not-conserved";
      readonly issuance: bigint;
      readonly counted: bigint;
      readonly difference: bigint;
      readonly account?: Hex;
    };
export type Counting =
  | { readonly kind: "ok"; readonly count: Count }
  | { readonly kind: "refused"; readonly reason: CountFault };

/** The count in progress: the facts, and pools' own accounts. */
type Work = { readonly facts: StateFacts; readonly poolAccounts: ReadonlySet<Hex>; rounding: bigint };

/**
 * Counts what everybody owns in a state, each planck once:
 * 1. balances as they are: free (locks and vesting are in it) and reserved;
 * 2. wrapped PHA, which the wrapping account holds for its owners;
 * 3. a stake pool's value to its shareholders, its reward account to its owner;
 * 4. a vault's value, shares of stake pools among it, to its shareholders;
 * 5. rewards that the subsidy pool owes.
 * Nothing is made on the way: each step assigns what one account holds to another. What is left with an account
 * that a rule excludes, or with a pool, is listed. Changes the facts' ledger.
 */
export function countState(facts: StateFacts): Counting {
  const { issuance, ledger } = facts;
  if (issuance === undefined) return { kind: "refused", reason: { code: "no-issuance" } };
  let balances = 0n;
  for (const { free, reserved } of ledger.values()) balances += free + reserved;
  if (balances !== issuance) return notConserved(issuance, balances);
  const unreadable = facts.pools.find(({ collection }) => facts.malformedShares.has(collection));
  if (unreadable !== undefined) {
    return { kind: "refused", reason: { code: "shares-malformed", collection: unreadable.collection } };
  }
  const poolAccounts = new Set(
    facts.pools.flatMap((pool) =>
      pool.kind === "vault" ? [pool.account] : [pool.account, pool.lockAccount, pool.rewardAccount],
    ),
  );
  const work: Work = { facts, poolAccounts, rounding: 0n };
  countWrapped(facts);
  const isStakePool = (pool: Pool): pool is StakePool => pool.kind === "stake-pool";
  for (const pool of facts.pools.filter(isStakePool)) countStakePool(work, pool);
  // Vaults hold stake pools' shares, never the other way round: so their value is known by now.
  for (const pool of facts.pools) if (pool.kind === "vault") countVault(work, pool);
  countOwedRewards(work);
  return sumUp(work, issuance);
}

function notConserved(issuance: bigint, counted: bigint, account?: Hex): Counting {
  const difference = issuance - counted;
  const where = account === undefined ? {} : { account };
  return { kind: "refused", reason: { code: "not-conserved", issuance, counted, difference, ...where } };
}

/** On a chain that does not wrap PHA, the asset of that number is somebody else's. */
function countWrapped({ hasWrapping, ledger, wrapped }: StateFacts): void {
  if (!hasWrapping && !ledger.has(WRAPPING_ACCOUNT)) return;
  const wrapping = holdingOf(ledger, WRAPPING_ACCOUNT);
  for (const [account, amount] of wrapped) assign(wrapping, holdingOf(ledger, account), "wrapped", amount);
}

/** Who has a collection's NFTs; a queued request's shares are the user's whom the queue names. */
function holdersOf({ facts }: Work, pool: Pool): readonly Shareholder[] {
  const queued = new Map(pool.queue.map(({ nftId, user }) => [nftKey(pool.collection, nftId), user]));
  const first = nftKey(pool.collection, 0);
  const end = nftKey(pool.collection + 1, 0);
  const holders: Shareholder[] = [];
  for (const [nft, shares] of sharesBetween(facts, first, end)) {
    const owner = facts.nftOwners.get(nft);
    const isQueued = owner === POOL_PALLET_ACCOUNT;
    const account = isQueued ? queued.get(nft) : owner;
    holders.push({ account, shares, source: isQueued ? "withdrawing" : "shares" });
  }
  return holders;
}

/** NFTs' shares in the order of their keys, sorted once. */
const sorted = new WeakMap<StateFacts, readonly (readonly [nft: number, shares: bigint])[]>();

function sharesBetween(facts: StateFacts, first: number, end: number) {
  let all = sorted.get(facts);
  if (all === undefined) {
    all = [...facts.nftShares].sort(([a], [b]) => a - b);
    sorted.set(facts, all);
  }
  let low = 0;
  for (let high = all.length; low < high; ) {
    const middle = (low + high) >> 1;
    if ((all[middle]?.[0] ?? end) < first) low = middle + 1;
    else high = middle;
  }
  const found: (readonly [nft: number, shares: bigint])[] = [];
  for (let at = low; at < all.length; at++) {
    const entry = all[at];
    if (entry === undefined || entry[0] >= end) break;
    found.push(entry);
  }
  return found;
}

/** Assigns a value that `from` holds to those who share it. */
function share(
  work: Work,
  from: Holding,
  value: bigint,
  total: bigint,
  holders: readonly Shareholder[],
): void {
  const { parts, rounding } = divide(value, total, holders);
  for (const { holder, amount } of parts) {
    if (holder.account === undefined) continue;
    assign(from, holdingOf(work.facts.ledger, holder.account), holder.source, amount);
  }
  from.backs += rounding;
  work.rounding += rounding;
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

/** Worth what the pallet says, as far as the pool has it: wrapped PHA that is free, and that works. */
function countStakePool(work: Work, pool: StakePool): void {
  const { ledger } = work.facts;
  const own = holdingOf(ledger, pool.account);
  const working = holdingOf(ledger, pool.lockAccount);
  assign(working, own, "wrapped", working.wrapped);
  const rewards = holdingOf(ledger, pool.rewardAccount);
  assign(rewards, holdingOf(ledger, pool.owner), "rewards", rewards.wrapped);
  share(work, own, min(pool.totalValue, own.wrapped), pool.totalShares, holdersOf(work, pool));
}

/**
 * Worth what it holds, now that stake pools are divided: the pallet's own figure follows them late. Its owner's
 * commission is shares without an NFT.
 */
function countVault(work: Work, pool: Vault): void {
  const own = holdingOf(work.facts.ledger, pool.account);
  const commission: Shareholder = { account: pool.owner, shares: pool.ownerShares, source: "rewards" };
  const value = own.wrapped + own.shares + own.withdrawing;
  share(work, own, value, pool.totalShares, [...holdersOf(work, pool), commission]);
}

function countOwedRewards(work: Work): void {
  const { ledger, owedRewards } = work.facts;
  if (owedRewards.length === 0) return;
  const subsidy = holdingOf(ledger, SUBSIDY_ACCOUNT);
  let owed = 0n;
  for (const { amount } of owedRewards) owed += amount;
  const holders = owedRewards.map(
    ({ account, amount }): Shareholder => ({
      account,
      shares: amount,
      source: "rewards",
    }),
  );
  share(work, subsidy, min(owed, netOf(subsidy)), owed, holders);
}

function sumUp({ facts, poolAccounts, rounding }: Work, issuance: bigint): Counting {
  const owners: Owned[] = [];
  const exclusions: Exclusion[] = [];
  const bySource = { free: 0n, reserved: 0n, wrapped: 0n, shares: 0n, withdrawing: 0n, rewards: 0n };
  let claimable = 0n;
  let excluded = 0n;
  for (const [account, holding] of facts.ledger) {
    const planck = netOf(holding);
    if (planck < 0n) return notConserved(issuance, issuance - planck, account);
    if (planck === 0n) continue;
    const kind = poolAccounts.has(account) ? "pool" : exclusionOf(account);
    if (kind !== undefined) {
      exclusions.push({ account, kind, planck });
      excluded += planck;
      continue;
    }
    owners.push({ account, planck, holding });
    claimable += planck;
    for (const source of HOLDING_SOURCES) bySource[source] += holding[source];
  }
  const counted = claimable + excluded + rounding;
  if (counted !== issuance) return notConserved(issuance, counted);
  return { kind: "ok", count: { issuance, claimable, excluded, rounding, owners, exclusions, bySource } };
}
