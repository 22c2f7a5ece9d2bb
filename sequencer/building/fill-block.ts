import { setImmediate as nextTurn } from "node:timers/promises";
import type { OpenBlock } from "@phala-l2/execution/block/open-block";
import type { TransactionRejection } from "@phala-l2/execution/transaction/rejection";
import type { Clock } from "@phala-l2/node/clock";
import type { PooledTransaction } from "@phala-l2/node/rpc/pool-view";
import { toHex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import type { Mempool } from "../mempool/mempool.ts";

/** Rejections for want of room or price, which another block may not give: the transaction stays in the pool. */
const NOT_NOW: ReadonlySet<TransactionRejection> = new Set([
  "fee-cap-below-base-fee",
  "block-gas-limit",
  "block-da-footprint-limit",
  "activation-block-deposits-only",
]);
/** Rejections that tell that the pool's idea of the sender's account is out of date. */
const ACCOUNT_CHANGED: ReadonlySet<TransactionRejection> = new Set([
  "nonce-too-high",
  "nonce-too-low",
  "insufficient-funds",
  "sender-not-eoa",
]);

/** Transactions between two turns of the event loop, so that RPC is served while a block fills. */
const TURN_SIZE = 50;
/** Milliseconds between looks for transactions that came meanwhile. */
const ARRIVAL_INTERVAL_MS = 5;
/** A transfer's gas: with less left the block is full. */
const LEAST_GAS = 21_000n;

export type FillDependencies = { readonly mempool: Mempool; readonly clock: Clock };

export type FillLimits = {
  /** Unix milliseconds until which the block waits for transactions to arrive. */
  readonly arriveUntilMs: number;
  /** Unix milliseconds at which filling ends even if the pool still has transactions that fit. */
  readonly endMs: number;
  /** Bytes of users' transactions that the block takes. */
  readonly maxBytes: number;
  /** Bytes of one transaction that the block takes; any without it. */
  readonly maxTransactionBytes?: number;
  /** Ends the filling at once: the block is wanted. */
  readonly signal?: AbortSignal;
};

/**
 * Fills a block: first the pool by what it pays, then what arrives, as it comes.
 * @throws RollupError TRANSACTION_BREAKS_EXECUTION: the block is spoilt, and the culprit has left the pool
 */
export async function fillBlock(
  open: OpenBlock,
  limits: FillLimits,
  { mempool, clock }: FillDependencies,
): Promise<void> {
  const { arriveUntilMs, endMs, maxBytes, signal } = limits;
  const { maxTransactionBytes = Number.POSITIVE_INFINITY } = limits;
  const arrived: PooledTransaction[] = [];
  const unsubscribe = mempool.subscribe((transaction) => arrived.push(transaction));
  let bytes = 0;
  let tried = 0;

  /** Whether the transaction is in the block now. */
  async function take(transaction: PooledTransaction): Promise<boolean> {
    if (++tried % TURN_SIZE === 0) await nextTurn();
    const { raw } = transaction;
    if (transaction.transaction.gasLimit > open.gasLeft || bytes + raw.length > maxBytes) return false;
    if (raw.length > maxTransactionBytes) return false;
    const isIncluded = await apply(open, transaction, mempool);
    if (isIncluded) bytes += raw.length;
    return isIncluded;
  }
  const isOver = () =>
    open.gasLeft < LEAST_GAS || bytes >= maxBytes || clock.now() >= endMs || signal?.aborted === true;

  try {
    const best = mempool.best();
    for (let next = best.next(); next !== undefined && !isOver(); next = best.next()) {
      if (!(await take(next))) best.skip(next);
    }
    for (let at = 0; !isOver() && (at < arrived.length || clock.now() < arriveUntilMs); ) {
      const transaction = arrived[at];
      if (transaction === undefined) {
        await clock.sleep(Math.min(ARRIVAL_INTERVAL_MS, arriveUntilMs - clock.now()), signal);
      } else {
        at += 1;
        await take(transaction);
      }
    }
  } finally {
    unsubscribe();
  }
}

async function apply(open: OpenBlock, transaction: PooledTransaction, mempool: Mempool): Promise<boolean> {
  const { raw, hash, sender } = transaction;
  const application = await open.apply(raw, sender).catch((cause: unknown) => {
    // Tried again it would stop the chain: better one transaction lost than all.
    mempool.drop(hash);
    const data = { hash: toHex(hash) };
    throw new RollupError("TRANSACTION_BREAKS_EXECUTION", "a transaction can't be executed", { data, cause });
  });
  if (application.kind === "included") return true;
  const { reason } = application;
  if (ACCOUNT_CHANGED.has(reason)) mempool.doubt(sender);
  else if (!NOT_NOW.has(reason)) mempool.drop(hash);
  return false;
}
