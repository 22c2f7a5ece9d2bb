/** What one run of a fuzz target takes: the same options give the same inputs on every machine. */
export type FuzzOptions = {
  /** How many hostile inputs the target gets in all. */
  readonly cases: number;
  /** Start of the pseudo-random sequence, a 32-bit integer. */
  readonly seed: number;
  /** Only the case of this index, as it is in a run of any number of cases. */
  readonly only?: number | undefined;
  /** Told of each case before it runs, so that a case which never ends is known by its input. */
  readonly onCase?: (index: number, input: Uint8Array) => void;
};

/** An input for which the target did not do what it must: the words are for people, the bytes for a new vector. */
export type FuzzFailure = {
  /** Together with the index they name the input. */
  readonly seed: number;
  /** Number of the case, from 0. */
  readonly case: number;
  /** Which kind of input it was: `frame`, `channel`, `batch` … */
  readonly kind: string;
  /** What was wrong: a throw, a stall, two answers to one input. */
  readonly what: string;
  /** The input itself as hex, cut off after some kilobytes. */
  readonly bytes: string;
};

export type FuzzReport = {
  readonly target: string;
  readonly cases: number;
  readonly seed: number;
  readonly seconds: number;
  readonly casesPerSecond: number;
  /** Largest resident set of the process so far, as the kernel has it, and the bound that it must stay below. */
  readonly peakRssMiB: number;
  readonly boundMiB: number;
  /** How often each answer was given, by its stable code: shows that a run does not reject all for one reason. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Empty when everything holds; at most a few, the first ones. */
  readonly failures: readonly FuzzFailure[];
};

/** A fuzz target: a module of this folder for each surface that takes hostile input. */
export type FuzzTarget = {
  readonly name: string;
  /** MiB that a process of its own may have resident in a run of any length. */
  readonly boundMiB: number;
  /** Whether a case can run without those before it. */
  readonly hasSingleCases: boolean;
  readonly run: (options: FuzzOptions) => Promise<FuzzReport>;
};

/** Whether everything that the run checked holds, its memory bound included. */
export function holds({ failures, peakRssMiB, boundMiB }: FuzzReport): boolean {
  return failures.length === 0 && peakRssMiB <= boundMiB;
}
