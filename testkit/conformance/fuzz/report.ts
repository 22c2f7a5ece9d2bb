/** What one run of a fuzz target takes: the same seed and number of cases give the same run on every machine. */
export type FuzzOptions = {
  /** How many hostile inputs the target gets in all. */
  readonly cases: number;
  /** Start of the pseudo-random sequence, a 32-bit integer. */
  readonly seed: number;
};

/** An input for which the target did not do what it must: the words are for people, the bytes for a new vector. */
export type FuzzFailure = {
  /** Number of the case, from 0: together with the seed it names the input. */
  readonly index: number;
  /** Which kind of input it was: `frame`, `channel`, `batch` … */
  readonly kind: string;
  /** What was wrong: a throw, a stall, two answers to one input. */
  readonly message: string;
  /** The input itself as hex, cut off after some kilobytes. */
  readonly input: string;
};

export type FuzzReport = {
  readonly target: string;
  readonly cases: number;
  readonly seed: number;
  /** How often each answer was given, by its stable code: shows that a run does not reject all for one reason. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Empty when everything holds; at most a few, the first ones. */
  readonly failures: readonly FuzzFailure[];
  readonly seconds: number;
  /** Largest resident set of the process during the run, and the bound that it must stay below; bytes. */
  readonly peakMemory: number;
  readonly memoryBound: number;
};

/** A fuzz target: a module of this folder for each surface that takes hostile input. */
export type FuzzTarget = (options: FuzzOptions) => Promise<FuzzReport>;

/** Whether everything that the run checked holds, its memory bound included. */
export function holds({ failures, peakMemory, memoryBound }: FuzzReport): boolean {
  return failures.length === 0 && peakMemory <= memoryBound;
}
