import { toHex } from "@phala-l2/protocol/bytes";
import type { FuzzFailure, FuzzReport, FuzzTarget } from "./report.ts";

/** Failures that a report keeps: one defect fails thousands of cases. */
const MOST_FAILURES = 20;
/** Bytes of an input that a failure shows. */
const MOST_INPUT = 4_096;
const KIB_A_MIB = 1024;

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What a run has seen so far. */
export class Tally {
  readonly #seed: number;
  readonly #started = performance.now();
  readonly #outcomes: Record<string, number> = {};
  readonly #failures: FuzzFailure[] = [];
  cases = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  count(outcome: string, times = 1): void {
    this.#outcomes[outcome] = (this.#outcomes[outcome] ?? 0) + times;
  }

  fail(index: number, kind: string, what: string, input: Uint8Array): void {
    this.count("failed");
    if (this.#failures.length >= MOST_FAILURES) return;
    const bytes = toHex(input.subarray(0, MOST_INPUT));
    this.#failures.push({ seed: this.#seed, case: index, kind, what, bytes });
  }

  reportOf({ name, boundMiB }: Pick<FuzzTarget, "name" | "boundMiB">): FuzzReport {
    const seconds = (performance.now() - this.#started) / 1000;
    return {
      target: name,
      cases: this.cases,
      seed: this.#seed,
      seconds: Math.round(seconds * 100) / 100,
      casesPerSecond: seconds > 0 ? Math.round(this.cases / seconds) : 0,
      peakRssMiB: Math.ceil(process.resourceUsage().maxRSS / KIB_A_MIB),
      boundMiB,
      outcomes: Object.fromEntries(Object.entries(this.#outcomes).toSorted(([a], [b]) => (a < b ? -1 : 1))),
      failures: this.#failures,
    };
  }
}
