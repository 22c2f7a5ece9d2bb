import type { BlockRef } from "@phala-l2/protocol/config/rollup";
import type { Log } from "@phala-l2/protocol/log";
import type { Clock } from "../clock.ts";

/** Where derivation stands at one moment. */
export type ProgressSample = {
  /** Milliseconds on a clock of any beginning. */
  readonly at: number;
  /** The safe head's number. */
  readonly safe: bigint;
  /** The L1 block that has been read, and L1's head. */
  readonly l1: bigint;
  readonly l1Head: bigint;
};

export type Estimate = {
  /** L1 blocks that are still to be read. */
  readonly l1Behind: number;
  /** Share of the rollup's L1 blocks that has been read, from 0 to 100, rounded down to a tenth: 100 is all of it. */
  readonly percentage: number;
  /** L2 blocks that become safe in a second. */
  readonly blocksPerSecond: number;
  /** Seconds until L1's head is reached; undefined when that grows at least as fast as it is read. */
  readonly etaSeconds: number | undefined;
};

/** L1 blocks within which a node is at L1's head: what a slow poll or a busy minute may hold. */
export const AT_HEAD_L1_BLOCKS = 8n;

const INTERVAL_MS = 10_000;
/** Speeds are those of the last minute: one moment's says nothing, as batches come in bursts. */
const WINDOW = 6;
const MILLISECONDS = 1000;

/**
 * How far a node is and how long it will take, from two looks at it. L1's head moves on meanwhile, at the speed that was
 * seen, so that a node which reads no faster than L1 grows never arrives.
 * @param l1Genesis the L1 block at which the rollup began
 */
export function estimate(before: ProgressSample, now: ProgressSample, l1Genesis: bigint): Estimate {
  const seconds = (now.at - before.at) / MILLISECONDS;
  const perSecond = (count: bigint) => (seconds > 0 ? Number(count) / seconds : 0);
  const l1Behind = now.l1Head > now.l1 ? Number(now.l1Head - now.l1) : 0;
  const closing = perSecond(now.l1 - before.l1) - perSecond(now.l1Head - before.l1Head);
  return {
    l1Behind,
    percentage: percentageOf(now, l1Genesis),
    blocksPerSecond: Math.max(0, Math.round(perSecond(now.safe - before.safe) * 10) / 10),
    etaSeconds: l1Behind === 0 ? 0 : closing > 0 ? Math.ceil(l1Behind / closing) : undefined,
  };
}

function percentageOf({ l1, l1Head }: ProgressSample, l1Genesis: bigint): number {
  const all = l1Head - l1Genesis;
  if (l1 >= l1Head || all <= 0n) return 100;
  return l1 <= l1Genesis ? 0 : Number(((l1 - l1Genesis) * 1000n) / all) / 10;
}

/** 93784 -> `1d 2h`: the two largest units, as people plan by them. */
export function durationText(seconds: number): string {
  const parts = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [Math.floor(seconds) % 60, "s"],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  if (first < 0) return "0s";
  const shown = parts.slice(first, first + 2).filter(([count]) => count > 0);
  return shown.map(([count, unit]) => `${count}${unit}`).join(" ");
}

/** Tells the log, at most every ten seconds, how far a node that is behind is, and once that it has arrived. */
export interface Progress {
  note(facts: Omit<ProgressSample, "at">): void;
}

export type ProgressDependencies = {
  readonly clock: Clock;
  readonly log: Log;
  readonly l1Genesis: BlockRef["number"];
  /** L1 blocks that the node stays behind L1's head by its own wish. */
  readonly l1Confirmations: bigint;
};

export function createProgress(dependencies: ProgressDependencies): Progress {
  const { clock, log, l1Genesis, l1Confirmations } = dependencies;
  let samples: ProgressSample[] = [];
  let isBehind = false;
  return {
    note({ safe, l1, l1Head }) {
      const now = { at: clock.now(), safe, l1, l1Head: l1Head - l1Confirmations };
      if (now.l1Head - now.l1 <= AT_HEAD_L1_BLOCKS) {
        if (isBehind) log.info({ safe, l1Block: l1 }, "caught up with L1");
        isBehind = false;
        samples = [];
        return;
      }
      // After a reset L1 is read again from further below: another race begins.
      if (samples.some((sample) => sample.l1 > l1)) samples = [];
      const [oldest] = samples;
      const last = samples.at(-1);
      if (oldest !== undefined && last !== undefined) {
        if (now.at - last.at < INTERVAL_MS) return;
        isBehind = true;
        tell(log, now, estimate(oldest, now, l1Genesis));
      }
      samples = [...samples, now].slice(-WINDOW);
    },
  };
}

function tell(log: Log, { safe, l1 }: ProgressSample, found: Estimate): void {
  const { percentage, blocksPerSecond, etaSeconds } = found;
  const eta = etaSeconds === undefined ? "L1 grows as fast" : `${durationText(etaSeconds)} to go`;
  log.info(
    { safe, l1Block: l1, ...found },
    `deriving from L1: ${percentage.toFixed(1)}%, ${blocksPerSecond} blocks/s, ${eta}`,
  );
}
