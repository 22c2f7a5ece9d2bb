import type { Hex } from "@phala-l2/protocol/bytes";
import { effectiveTip } from "@phala-l2/protocol/wire/transaction";
import type { PoolTransaction } from "./pool-transaction.ts";
import type { SenderQueue } from "./sender-queue.ts";

/**
 * A block builder's walk over the pool: always the transaction that pays most among the senders' next ones.
 * `skip` leaves out the rest of a sender whose transaction did not fit.
 */
export type Best = { next(): PoolTransaction | undefined; skip(transaction: PoolTransaction): void };

type Candidate = {
  readonly queue: SenderQueue;
  /** Where the queue's run ended when the walk began. */
  readonly end: bigint;
  readonly transaction: PoolTransaction;
  readonly tip: bigint;
};

/** Higher tip first; of equal tips the older. */
function goesBefore(a: Candidate, b: Candidate): boolean {
  if (a.tip !== b.tip) return a.tip > b.tip;
  return a.transaction.arrival < b.transaction.arrival;
}

function siftUp(heap: Candidate[], candidate: Candidate): void {
  let at = heap.length;
  heap.push(candidate);
  while (at > 0) {
    const parentAt = (at - 1) >> 1;
    const parent = heap[parentAt];
    if (parent === undefined || !goesBefore(candidate, parent)) break;
    heap[at] = parent;
    at = parentAt;
  }
  heap[at] = candidate;
}

/** Places `candidate` at the top and lets it sink to where it belongs. */
function sinkFromTop(heap: Candidate[], candidate: Candidate): void {
  let at = 0;
  for (;;) {
    const left = heap[2 * at + 1];
    const right = heap[2 * at + 2];
    if (left === undefined) break;
    const useRight = right !== undefined && goesBefore(right, left);
    const child = useRight ? right : left;
    if (!goesBefore(child, candidate)) break;
    heap[at] = child;
    at = 2 * at + (useRight ? 2 : 1);
  }
  heap[at] = candidate;
}

function pop(heap: Candidate[]): Candidate | undefined {
  const top = heap[0];
  const bottom = heap.pop();
  if (top !== undefined && bottom !== undefined && bottom !== top) sinkFromTop(heap, bottom);
  return top;
}

/**
 * Walks over each sender's executable transactions in the order of nonces, and among senders by tip at this base
 * fee. A transaction that can't pay the base fee ends its sender's run, and so does one that left the pool
 * meanwhile; what follows the run only since the walk began is not part of it.
 */
export function bestFirst(queues: Iterable<SenderQueue>, baseFee: bigint): Best {
  const heap: Candidate[] = [];
  const skipped = new Set<Hex>();

  const offer = (queue: SenderQueue, nonce: bigint, end: bigint) => {
    const transaction = nonce < end ? queue.get(nonce) : undefined;
    if (transaction === undefined) return;
    const tip = effectiveTip(transaction.transaction, baseFee);
    if (tip >= 0n) siftUp(heap, { queue, end, transaction, tip });
  };
  for (const queue of queues) offer(queue, queue.nonce, queue.runEnd);

  let given: Candidate | undefined;
  return {
    next: () => {
      if (given !== undefined && !skipped.has(given.queue.key)) {
        offer(given.queue, given.transaction.transaction.nonce + 1n, given.end);
      }
      given = pop(heap);
      return given?.transaction;
    },
    skip: ({ senderKey }) => {
      skipped.add(senderKey);
    },
  };
}
