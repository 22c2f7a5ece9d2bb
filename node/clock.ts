import { setTimeout as wait } from "node:timers/promises";

/** Time as a dependency, so that tests decide when it passes. */
export type Clock = {
  /** Unix time in milliseconds. */
  readonly now: () => number;
  /** Resolves after that many milliseconds, or at once when the signal aborts; it never rejects. */
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
};

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: async (milliseconds, signal) => {
    try {
      await wait(milliseconds, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      if (signal?.aborted !== true) throw error;
    }
  },
};
