/** A rate limit: so many a second, and so many at once. Time is milliseconds of any clock. */
export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #at: number;

  constructor(perSecond: number, burst: number, now: number) {
    this.#perMs = perSecond / 1_000;
    this.#burst = burst;
    this.#tokens = burst;
    this.#at = now;
  }

  /**
   * Takes tokens and tells the milliseconds until they are there; nothing is taken, and undefined told, where that
   * is more than `patience`.
   */
  reserve(now: number, patience: number, count = 1): number | undefined {
    const elapsed = Math.max(0, now - this.#at);
    this.#tokens = Math.min(this.#burst, this.#tokens + elapsed * this.#perMs);
    this.#at = now;
    const wait = Math.max(0, (count - this.#tokens) / this.#perMs);
    if (wait > patience) return undefined;
    this.#tokens -= count;
    return wait;
  }
}
