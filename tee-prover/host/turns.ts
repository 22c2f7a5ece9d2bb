import type { Clock } from "@phala-l2/node/clock";

export type Turns = {
  readonly turn: () => Promise<void>;
  /** Hears of each failure, and of how many there were in a row. */
  readonly report: (error: unknown, failures: number) => void;
  /** Pause between turns, while all is well. */
  readonly pollIntervalMs: number;
  /** The longest pause after failures in a row. */
  readonly maxPauseMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
};

/** Takes turns until the signal; a failure is reported, and waited out twice as long as the one before. */
export async function takeTurns(turns: Turns): Promise<void> {
  const { turn, report, pollIntervalMs, maxPauseMs, clock, signal } = turns;
  let failures = 0;
  while (!signal.aborted) {
    try {
      await turn();
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      failures += 1;
      report(error, failures);
    }
    await clock.sleep(Math.min(pollIntervalMs * 2 ** failures, maxPauseMs), signal);
  }
}
