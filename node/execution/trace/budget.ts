import { RollupError } from "@phala-l2/protocol/errors";

/**
 * Characters of JSON that one request may still make. A trace costs many times the memory that its gas does:
 * without a bound one transaction fills gigabytes.
 */
export class TraceBudget {
  #left: number;

  constructor(characters: number) {
    this.#left = characters;
  }

  /** Takes from it. @throws RollupError TRACE_TOO_LARGE, which ends the run */
  spend(characters: number): void {
    this.check(characters);
    this.#left -= characters;
  }

  /** Whether there is as much, before the text is made. @throws RollupError TRACE_TOO_LARGE */
  check(characters: number): void {
    if (this.#left < characters)
      throw new RollupError("TRACE_TOO_LARGE", "a trace is longer than an answer may be");
  }
}
