import type { Clock } from "@phala-l2/node/clock";
import type { Log } from "@phala-l2/protocol/log";

/** Milliseconds for which L1's answer is told again: two of its blocks change little, and requests cost L1 nothing. */
export const REMEMBERED_MS = 24_000;

export type Remembered<Value> =
  | { readonly kind: "answer"; readonly value: Value }
  /** L1 gives none. */
  | { readonly kind: "silent" }
  /** L1 was asked about as many things as it may be for now. */
  | { readonly kind: "busy" };

export type RememberedParts<Key, Value> = {
  /** Asks L1. */
  readonly read: (key: Key) => Promise<Value>;
  /** Things that L1 is asked about in `REMEMBERED_MS`, whatever strangers ask. */
  readonly most: number;
  readonly clock: Clock;
  readonly log: Log;
};

/** What L1 says, asked for once in a while whatever the number of callers. */
export function remembered<Key, Value>({ read, most, clock, log }: RememberedParts<Key, Value>) {
  const answers = new Map<Key, { readonly at: number; readonly answer: Promise<Remembered<Value>> }>();
  return async (key: Key): Promise<Remembered<Value>> => {
    const now = clock.now();
    for (const [known, { at }] of answers) if (now - at >= REMEMBERED_MS) answers.delete(known);
    const known = answers.get(key);
    if (known !== undefined) return known.answer;
    if (answers.size >= most) return { kind: "busy" };
    const answer = read(key).then(
      (value): Remembered<Value> => ({ kind: "answer", value }),
      (error: unknown): Remembered<Value> => {
        // Its message may hold the secrets of a URL.
        log.warn({ reason: error instanceof Error ? error.name : "unknown" }, "L1 gives no answer");
        return { kind: "silent" };
      },
    );
    answers.set(key, { at: now, answer });
    return answer;
  };
}
