/** What the pool takes and holds; a flood must cost its sender more than it costs the node. */
export type MempoolLimits = {
  /** Transactions held in all. */
  readonly transactions: number;
  /** Bytes of raw transactions held in all. */
  readonly bytes: number;
  /** Transactions held of one sender. */
  readonly perSender: number;
  /** Lowest tip in wei that is taken. */
  readonly minTip: bigint;
};

/**
 * 20,000 transactions of a few hundred bytes are about ten full blocks; 64 MiB keeps the largest ones from
 * filling the memory; 64 of one sender is geth's account queue, enough for a script that sends in a row.
 */
export const DEFAULT_LIMITS: MempoolLimits = {
  transactions: 20_000,
  bytes: 64 * 1024 * 1024,
  perSender: 64,
  minTip: 0n,
};

/** A transaction's largest size in bytes: geth's pool takes four slots of 32 KiB. */
export const MAX_TRANSACTION_BYTES = 128 * 1024;

/** A replacement pays at least this much more, in percent, of both fee and tip: geth's price bump. */
export const REPLACEMENT_BUMP_PERCENT = 10n;
