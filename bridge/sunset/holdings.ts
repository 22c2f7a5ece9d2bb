import type { Hex } from "@phala-l2/protocol/bytes";

/** What an account has, by where it is kept; planck. */
export type Holding = {
  free: bigint;
  reserved: bigint;
  /** Wrapped PHA in its wallet, whatever part of it is locked for votes. */
  wrapped: bigint;
  /** Value of pool shares, by NFTs. */
  shares: bigint;
  /** Value of pool shares that wait in a withdraw queue. */
  withdrawing: bigint;
  /** A pool owner's, and what the subsidy pool owes. */
  rewards: bigint;
  /** Of all this, what belongs to others, to whom it is counted: a pool's to its shareholders. */
  backs: bigint;
};

/** Where something is counted. */
export type HoldingSource = Exclude<keyof Holding, "backs">;

export const HOLDING_SOURCES: readonly HoldingSource[] = [
  "free",
  "reserved",
  "wrapped",
  "shares",
  "withdrawing",
  "rewards",
];

/** All accounts' holdings, by account. Each planck is in one of them, whoever counts how often. */
export type Ledger = Map<Hex, Holding>;

/** An account's holding, which begins with nothing. */
export function holdingOf(ledger: Ledger, account: Hex): Holding {
  const known = ledger.get(account);
  if (known !== undefined) return known;
  const holding = {
    free: 0n,
    reserved: 0n,
    wrapped: 0n,
    shares: 0n,
    withdrawing: 0n,
    rewards: 0n,
    backs: 0n,
  };
  ledger.set(account, holding);
  return holding;
}

/** What is an account's own, all sources together. Below zero when it owes more than it has. */
export function netOf(holding: Holding): bigint {
  const { free, reserved, wrapped, shares, withdrawing, rewards, backs } = holding;
  return free + reserved + wrapped + shares + withdrawing + rewards - backs;
}

/** Counts part of what `from` holds as another's. */
export function assign(from: Holding, to: Holding, source: HoldingSource, amount: bigint): void {
  from.backs += amount;
  to[source] += amount;
}
