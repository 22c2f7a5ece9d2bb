import { setImmediate as nextTurn } from "node:timers/promises";
import { Random } from "../../derivation/random.ts";
import type { FuzzTarget } from "./report.ts";
import { messageOf, Tally } from "./tally.ts";

/** How one kind of hostile input is made and judged. */
export type Trial<Input> = {
  /** Makes the input of a case; nothing but `random` tells two cases apart. */
  readonly make: (random: Random) => Input;
  /** The input as a person can keep it. */
  readonly bytes: (input: Input) => Uint8Array;
  /** What became of it, as a stable code. What it throws is what the fuzzer looks for. */
  readonly judge: (input: Input) => string | Promise<string>;
  readonly stop?: () => Promise<void>;
};

export type CaseTarget<Input> = Pick<FuzzTarget, "name" | "boundMiB"> & {
  readonly prepare: (seed: number) => Promise<Trial<Input>>;
};

/** Cases between two turns of the event loop, in which signals and promises that nobody handles are heard of. */
const CASES_A_TURN = 64;
/** 2^32 divided by the golden ratio: neighbouring indices get seeds far apart. */
const SPREAD = 0x9e3779b1;

/** The random numbers of one case: it is the same in every run of this seed. */
export function caseRandom(seed: number, index: number): Random {
  const random = new Random((seed ^ Math.imul(index + 1, SPREAD)) | 0);
  // The seeds of neighbours differ by a constant: the first number is not used for that.
  random.next();
  return random;
}

/** A target whose cases know nothing of each other. */
export function defineCases<Input>({ name, boundMiB, prepare }: CaseTarget<Input>): FuzzTarget {
  return {
    name,
    boundMiB,
    hasSingleCases: true,
    run: async ({ cases, seed, only, onCase }) => {
      const trial = await prepare(seed);
      const tally = new Tally(seed);
      const first = only ?? 0;
      const end = only === undefined ? cases : only + 1;
      try {
        for (let index = first; index < end; index++) {
          const input = trial.make(caseRandom(seed, index));
          onCase?.(index, trial.bytes(input));
          try {
            tally.count(await trial.judge(input));
          } catch (error) {
            tally.fail(index, name, messageOf(error), trial.bytes(input));
          }
          tally.cases += 1;
          if (tally.cases % CASES_A_TURN === 0) await nextTurn();
        }
      } finally {
        await trial.stop?.();
      }
      return tally.reportOf({ name, boundMiB });
    },
  };
}

/** Judges twice: what depends on nothing but the input has one answer. */
export function judgedTwice<Input>(judge: (input: Input) => string): (input: Input) => string {
  return (input) => {
    const outcome = judge(input);
    if (judge(input) !== outcome) throw new Error("two answers to one input");
    return outcome;
  };
}

/** The same items, of which there is one at least. */
export function several<T>(items: readonly T[]): readonly [T, ...T[]] {
  const [first, ...others] = items;
  if (first === undefined) throw new Error("there are none");
  return [first, ...others];
}
