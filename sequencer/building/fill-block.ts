import type { OpenBlock } from "@phala-l2/execution/block/open-block";
import type { TransactionRejection } from "@phala-l2/execution/transaction/rejection";
import type { Clock } from "@phala-l2/node/clock";
import type { PooledTransaction } from "@phala-l2/node/rpc/pool-view";
import type { Mempool } from "../mempool/mempool.ts";

/** Rejections that another block may not give: the transaction stays in the pool. */
const TEMPORARY: ReadonlySet<TransactionRejection> = new Set([
  "nonce-too-high",
  "nonce-too-low",
  "fee-cap-below-base-fee",
  "insufficient-funds",
  "block-gas-limit",
  "block-da-footprint-limit",
  "activation-block-deposits-only",
]);

/** Transactions between two turns of the event loop, so that RPC is served while a block fills. */
const TURN_SIZE = 50;
/** Milliseconds between looks for transactions that came meanwhile. */
const ARRIVAL_INTERVAL_MS = 5;
/** A transfer's gas: with less left the block is full. */
const LEAST_GAS = 21_000n;

export type FillDependencies = { readonly mempool: Mempool; readonly clock: Clock };

export type FillTimes = {
  /** Unix milliseconds until which the block waits for transactions to arrive. */
  readonly arriveUntilMs: number;
  /** Unix milliseconds at which filling ends even if the pool still has transactions that fit. */
  readonly endMs: number;
};

/** Fills a block: first the pool by what it pays, then what arrives, as it comes. */
export async function fillBlock(
  open: OpenBlock,
  { arriveUntilMs, endMs }: FillTimes,
  { mempool, clock }: FillDependencies,
): Promise<void> {
  const arrived: PooledTransaction[] = [];
  const unsubscribe = mempool.subscribe((transaction) => arrived.push(transaction));
  let applied = 0;

  /** Whether the transaction is in the block now. */
  async function apply(transaction: PooledTransaction): Promise<boolean> {
    if (++applied % TURN_SIZE === 0) await clock.sleep(0);
    const application = await open.apply(transaction.raw, transaction.sender);
    if (application.kind === "included") return true;
    if (!TEMPORARY.has(application.reason)) mempool.drop(transaction.hash);
    return false;
  }
  const isOver = () => open.gasLeft < LEAST_GAS || clock.now() >= endMs;

  try {
    const best = mempool.best();
    for (let next = best.next(); next !== undefined && !isOver(); next = best.next()) {
      if (!(await apply(next))) best.skip(next);
    }
    while (!isOver() && (arrived.length > 0 || clock.now() < arriveUntilMs)) {
      const transaction = arrived.shift();
      if (transaction !== undefined) await apply(transaction);
      else await clock.sleep(Math.min(ARRIVAL_INTERVAL_MS, arriveUntilMs - clock.now()));
    }
  } finally {
    unsubscribe();
  }
}
