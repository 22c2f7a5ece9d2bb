/** What the pool takes and holds; a flood must cost its sender more than it costs the node. */
export type MempoolLimits = {
  /** Transactions held in all. */
  readonly transactions: number;
  /** Bytes of raw transactions held in all. */
  readonly bytes: number;
  /** Transactions held of one sender. */
  readonly perSender: number;
  /** Of these, transactions that wait for a missing nonce: they can't be executed, so they cost nothing. */
  readonly queuedPerSender: number;
  /** Lowest tip in wei that is taken. */
  readonly minTip: bigint;
};

/**
 * 40,000 transfers are two seconds at the rate this node aims at; 64 MiB keeps the largest ones from filling
 * the memory; a tenth of the pool for one sender is enough for an exchange's payouts; 64 beyond a gap is geth's
 * account queue, enough for transactions that overtook each other on their way.
 */
export const DEFAULT_LIMITS: MempoolLimits = {
  transactions: 40_000,
  bytes: 64 * 1024 * 1024,
  perSender: 4_000,
  queuedPerSender: 64,
  minTip: 0n,
};

/** A transaction's largest size in bytes: geth's pool takes four slots of 32 KiB. */
export const MAX_TRANSACTION_BYTES = 128 * 1024;

/** A replacement pays at least this much more, in percent, of both fee and tip: geth's price bump. */
export const REPLACEMENT_BUMP_PERCENT = 10n;
