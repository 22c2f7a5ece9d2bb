import { effectiveTip } from "@phala-l2/protocol/wire/transaction";
import type { MempoolLimits } from "./limits.ts";
import type { PoolTransaction } from "./pool-transaction.ts";
import type { SenderQueue } from "./sender-queue.ts";

/** When the pool is full this share of it (one part in …) is freed at once, so that a flood sorts it rarely. */
const ROOM_SHARE = 100;

/** The room that a newcomer needs, and what it pays. */
export type Wanted = {
  readonly count: number;
  readonly bytes: number;
  /** Wei per gas. */
  readonly tip: bigint;
  readonly baseFee: bigint;
};

type Candidate = { readonly entry: PoolTransaction; readonly isQueued: boolean; readonly tip: bigint };

/** What waits for a nonce goes first, because it may never pay; then the lowest tip. */
function byWorth(a: Candidate, b: Candidate): number {
  if (a.isQueued !== b.isQueued) return a.isQueued ? -1 : 1;
  return a.tip < b.tip ? -1 : a.tip > b.tip ? 1 : 0;
}

/**
 * Transactions that make room for a better payer: of each sender the one with the highest nonce at most.
 * Undefined when they would not be enough; then nobody has to leave.
 */
export function victims(
  queues: readonly SenderQueue[],
  { count, bytes, tip, baseFee }: Wanted,
  limits: Pick<MempoolLimits, "transactions">,
): readonly PoolTransaction[] | undefined {
  const candidates = queues
    .flatMap((queue): Candidate[] => {
      const entry = queue.highest();
      if (entry === undefined) return [];
      const isQueued = !queue.isExecutable(entry);
      return [{ entry, isQueued, tip: effectiveTip(entry.transaction, baseFee) }];
    })
    .filter((candidate) => candidate.isQueued || candidate.tip < tip)
    .sort(byWorth);
  const share = Math.ceil(limits.transactions / ROOM_SHARE);
  const leaving: PoolTransaction[] = [];
  let freed = 0;
  for (const { entry } of candidates) {
    if (leaving.length >= Math.max(count, share) && freed >= bytes) break;
    leaving.push(entry);
    freed += entry.raw.length;
  }
  return leaving.length >= count && freed >= bytes ? leaving : undefined;
}
