import { gasFeeCap, gasTipCap, type SignedTransaction } from "@phala-l2/protocol/wire/transaction";
import { REPLACEMENT_BUMP_PERCENT } from "./limits.ts";
import type { PoolTransaction } from "./pool-transaction.ts";

/** One sender's transactions by nonce. Those that follow the account's nonce without a gap can be executed. */
export type SenderQueue = Map<bigint, PoolTransaction>;

/** The unbroken run of transactions from this nonce on. */
export function executable(queue: SenderQueue, nonce: bigint): PoolTransaction[] {
  const run: PoolTransaction[] = [];
  for (let next = queue.get(nonce); next !== undefined; next = queue.get(next.transaction.nonce + 1n))
    run.push(next);
  return run;
}

/** The transaction with the highest nonce: the first to go when room is needed, because nothing follows it. */
export function highestNonce(queue: SenderQueue): PoolTransaction | undefined {
  let found: PoolTransaction | undefined;
  for (const entry of queue.values()) {
    if (found === undefined || entry.transaction.nonce > found.transaction.nonce) found = entry;
  }
  return found;
}

/** Wei that all of them may take together, without the one of nonce `except`, which is about to be replaced. */
export function totalCost(queue: SenderQueue, except: bigint): bigint {
  let total = 0n;
  for (const { transaction, cost } of queue.values()) if (transaction.nonce !== except) total += cost;
  return total;
}

function bumped(before: bigint): bigint {
  return (before * (100n + REPLACEMENT_BUMP_PERCENT)) / 100n;
}

/** Whether `after` pays enough more than `before` to take its nonce. */
export function replaces(after: SignedTransaction, before: SignedTransaction): boolean {
  const rises = gasFeeCap(after) > gasFeeCap(before) && gasTipCap(after) > gasTipCap(before);
  return (
    rises && gasFeeCap(after) >= bumped(gasFeeCap(before)) && gasTipCap(after) >= bumped(gasTipCap(before))
  );
}
