import type { Clock } from "@phala-l2/node/clock";

const MINUTE_MS = 60_000;

/**
 * So much in each minute, which begins with what is asked for after the last one. A class because it remembers what was
 * spent.
 */
export class MinuteBudget {
  readonly #most: number;
  readonly #clock: Clock;
  #since: number | undefined;
  #spent = 0;

  constructor(most: number, clock: Clock) {
    this.#most = most;
    this.#clock = clock;
  }

  get isSpent(): boolean {
    this.#turn();
    return this.#spent >= this.#most;
  }

  /** @param amount What was used; a clock that was set back makes it nothing, not less. */
  spend(amount: number): void {
    this.#spent += Math.max(0, amount);
  }

  #turn(): void {
    const now = this.#clock.now();
    // A clock that was set back would have the minute last as long as it was set back by.
    const isOver = this.#since === undefined || now - this.#since >= MINUTE_MS || now < this.#since;
    if (!isOver) return;
    this.#since = now;
    this.#spent = 0;
  }
}
