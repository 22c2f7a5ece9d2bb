import { bytesEqual } from "@phala-l2/protocol/bytes";
import type { BlockRef } from "@phala-l2/protocol/config/rollup";
import { isRollupError } from "@phala-l2/protocol/errors";
import type { Log } from "@phala-l2/protocol/log";
import type { Clock } from "../clock.ts";
import type { L1Label, L1Source } from "./l1-source.ts";

export type L1Heads = {
  readonly latest: BlockRef;
  readonly safe: BlockRef;
  readonly finalized: BlockRef;
};

export type L1WatchEvent = {
  readonly heads: L1Heads;
  /** The new head does not descend from the one before by parent hash, as far as the two headers tell. */
  readonly mayBeReorg: boolean;
};

export interface L1Watch {
  heads(): L1Heads;
  /** Looks now instead of at the next tick, and waits for it. */
  poll(): Promise<void>;
  /** Calls back after each look that found something new; the returned function ends it. */
  subscribe(listener: (event: L1WatchEvent) => void): () => void;
}

export type L1WatchOptions = { readonly pollIntervalMs: number };
export type L1WatchDependencies = {
  readonly source: L1Source;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
};

/**
 * Follows L1's three heads by polling until the signal aborts. The first look has been made when the promise
 * resolves. A later look that fails is told to the log and made again: heads only get older meanwhile.
 * @throws RollupError of the source when the first look fails
 */
export async function startL1Watch(
  options: L1WatchOptions,
  dependencies: L1WatchDependencies,
): Promise<L1Watch> {
  const { source, clock, log, signal } = dependencies;
  const listeners = new Set<(event: L1WatchEvent) => void>();
  let heads = await lookFirst(source);

  async function poll(): Promise<void> {
    const before = heads;
    const latest = await source.head("latest");
    const [safe, finalized] = await Promise.all([
      labelled(source, "safe", before.safe),
      labelled(source, "finalized", before.finalized),
    ]);
    // A server behind the others may name an older final block; what is final stays so.
    heads = {
      latest,
      safe,
      finalized: finalized.number >= before.finalized.number ? finalized : before.finalized,
    };
    if (sameHeads(before, heads)) return;
    const mayBeReorg = !bytesEqual(before.latest.hash, latest.hash) && !follows(before.latest, latest);
    for (const listener of listeners) listener({ heads, mayBeReorg });
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      await clock.sleep(options.pollIntervalMs, signal);
      if (signal.aborted) return;
      try {
        await poll();
      } catch (error) {
        if (!isRollupError(error)) throw error;
        if (!signal.aborted) log.warn({ code: error.code, reason: error.message }, "L1's head is not known");
      }
    }
  }

  void run();
  return {
    heads: () => heads,
    poll,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

async function lookFirst(source: L1Source): Promise<L1Heads> {
  const latest = await source.head("latest");
  const genesis = latest.number === 0n ? latest : ((await source.blockRef(0n)) ?? latest);
  const [safe, finalized] = await Promise.all([
    labelled(source, "safe", genesis),
    labelled(source, "finalized", genesis),
  ]);
  return { latest, safe, finalized };
}

/** A young chain has no safe or finalized block yet, which clients say as null or as an error. */
async function labelled(source: L1Source, label: L1Label, otherwise: BlockRef): Promise<BlockRef> {
  try {
    return await source.head(label);
  } catch (error) {
    if (isRollupError(error, "L1_BLOCK_NOT_FOUND") || isRollupError(error, "L1_CALL_REFUSED"))
      return otherwise;
    throw error;
  }
}

function sameHeads(a: L1Heads, b: L1Heads): boolean {
  return (
    bytesEqual(a.latest.hash, b.latest.hash) &&
    bytesEqual(a.safe.hash, b.safe.hash) &&
    bytesEqual(a.finalized.hash, b.finalized.hash)
  );
}

/** Whether `next` can be a descendant; certain only for the very next block. */
function follows(head: BlockRef, next: BlockRef): boolean {
  if (next.number <= head.number) return false;
  return next.number > head.number + 1n || bytesEqual(next.parentHash, head.hash);
}
