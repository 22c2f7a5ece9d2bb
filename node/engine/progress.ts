import type { L2BlockRef } from "@phala-l2/protocol/config/rollup";
import type { Log } from "@phala-l2/protocol/log";
import type { Clock } from "../clock.ts";

export type ProgressFacts = {
  readonly safe: L2BlockRef;
  /** The L1 block being read, and L1's head. */
  readonly l1: bigint;
  readonly l1Head: bigint;
};

/** Tells the log, at most every ten seconds, how far the node is behind and how long that will take. */
export interface Progress {
  note(facts: ProgressFacts): void;
}

const INTERVAL_MS = 10_000;
const MILLISECONDS = 1000;

export function createProgress({ clock, log }: { readonly clock: Clock; readonly log: Log }): Progress {
  let last: { readonly at: number; readonly facts: ProgressFacts } | undefined;
  return {
    note(facts) {
      const at = clock.now();
      last ??= { at, facts };
      const elapsed = at - last.at;
      if (elapsed < INTERVAL_MS) return;
      const l1PerSecond = perSecond(facts.l1 - last.facts.l1, elapsed);
      const l1Behind = Number(facts.l1Head - facts.l1);
      log.info(
        {
          safe: facts.safe.number,
          l1Block: facts.l1,
          l1Behind,
          blocksPerSecond: round(perSecond(facts.safe.number - last.facts.safe.number, elapsed)),
          etaSeconds: l1PerSecond > 0 ? Math.ceil(l1Behind / l1PerSecond) : undefined,
        },
        "deriving from L1",
      );
      last = { at, facts };
    },
  };
}

function perSecond(count: bigint, elapsedMs: number): number {
  return (Number(count) * MILLISECONDS) / elapsedMs;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
