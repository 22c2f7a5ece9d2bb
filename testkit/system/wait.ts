import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

export type Patience = {
  /** What is waited for, as the error names it. */
  readonly what: string;
  readonly timeoutMs?: number;
};

/** Longer than anything takes on a machine that is busy with other things, but not for ever. */
const TIMEOUT_MS = 30_000;
const LOOK_INTERVAL_MS = 50;

/** Looks until the answer is neither undefined nor false, and returns it. @throws AssertionError when it takes too long */
export async function until<Answer>(
  look: () => Answer | undefined | false | Promise<Answer | undefined | false>,
  { what, timeoutMs = TIMEOUT_MS }: Patience,
): Promise<Answer> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const answer = await look();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > deadline) assert.fail(`after ${timeoutMs} ms still not: ${what}`);
    await sleep(LOOK_INTERVAL_MS);
  }
}
