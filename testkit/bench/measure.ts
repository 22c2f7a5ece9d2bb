/** One measurement beside its peer's in the same run. */
export type BenchLine = {
  readonly name: string;
  /** Medians. */
  readonly ours: number;
  readonly peer: number;
  /** How many times the peer's: the median of the pairs' ratios, above 1 where this project is faster. */
  readonly ratio: number;
  readonly unit: string;
  /** Pairs. */
  readonly n: number;
  /** Who the peer is. */
  readonly against: string;
};

/** One side of a pair: does the work once, and tells how long that took, in milliseconds. */
export type Side = () => Promise<number>;

/** Runs before the first pair: what is compiled and cached on the way is not measured. */
const WARM_UP_RUNS = 2;

/**
 * Times both sides in turn, and swaps who goes first in each pair: what slows the machine down for a while slows both.
 * @param work what one run does, in the unit's numerator; the result is work a second
 */
export async function measurePairs(
  { ours, peer }: { readonly ours: Side; readonly peer: Side },
  { pairs, work }: { readonly pairs: number; readonly work: number },
): Promise<Pick<BenchLine, "ours" | "peer" | "ratio" | "n">> {
  for (let i = 0; i < WARM_UP_RUNS; i++) {
    await ours();
    await peer();
  }
  const times: { readonly ours: number; readonly peer: number }[] = [];
  for (let i = 0; i < pairs; i++) {
    const first = i % 2 === 0 ? await ours() : await peer();
    const second = i % 2 === 0 ? await peer() : await ours();
    times.push(i % 2 === 0 ? { ours: first, peer: second } : { ours: second, peer: first });
  }
  const perSecond = (ms: number): number => rounded((work * 1_000) / ms);
  return {
    ours: perSecond(median(times.map((pair) => pair.ours))),
    peer: perSecond(median(times.map((pair) => pair.peer))),
    ratio: rounded(median(times.map((pair) => pair.peer / pair.ours))),
    n: pairs,
  };
}

/** Milliseconds of this process's processor time that an action takes: other programs do not count. */
export async function processorTimed(action: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await action();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

/** Milliseconds by the clock, for work that another program does. */
export async function timed(action: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await action();
  return performance.now() - started;
}

/** Of an even number of values the mean of the two in the middle; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2;
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
