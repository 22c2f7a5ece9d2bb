import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock } from "@phala-l2/node/clock";

/** Time that passes only by sleeping, and then at once. */
export class TestClock implements Clock {
  #now: number;
  /** Called as time passes: the world's own doings. */
  onTick: (now: number) => void | Promise<void> = () => {};

  constructor(now = 0) {
    this.#now = now;
  }

  readonly now = () => this.#now;

  readonly sleep = async (milliseconds: number, signal?: AbortSignal) => {
    if (signal?.aborted === true) return;
    this.#now += Math.max(0, milliseconds);
    await this.onTick(this.#now);
    await nextTurn();
  };

  pass(milliseconds: number): void {
    this.#now += milliseconds;
  }
}
