import { REPLACEMENT_BUMP_PERCENT } from "./limits.ts";
import { feeCap, type PoolTransaction, type SignedTransaction, tipCap } from "./pool-transaction.ts";

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
export function last(queue: SenderQueue): PoolTransaction | undefined {
  let found: PoolTransaction | undefined;
  for (const entry of queue.values()) {
    if (found === undefined || entry.transaction.nonce > found.transaction.nonce) found = entry;
  }
  return found;
}

function bumped(before: bigint): bigint {
  return (before * (100n + REPLACEMENT_BUMP_PERCENT)) / 100n;
}

/** Whether `after` pays enough more than `before` to take its nonce. */
export function replaces(after: SignedTransaction, before: SignedTransaction): boolean {
  const feeRises = feeCap(after) > feeCap(before) && tipCap(after) > tipCap(before);
  return feeRises && feeCap(after) >= bumped(feeCap(before)) && tipCap(after) >= bumped(tipCap(before));
}
