import type { CaseName } from "./run-file.ts";
import skipped from "./skipped.json" with { type: "json" };

/** A case that is known not to hold, and why. Every field that is given must fit. */
export type KnownSkip = {
  /** Part of the file's path. */
  readonly file: string;
  /** The test's name in the file; all of them where absent. */
  readonly test?: string;
  readonly fork?: string;
  readonly reason: string;
};

const SKIPPED: readonly KnownSkip[] = skipped;

/** Why a case is not run; undefined where it is. */
export function skipReason({ file, test, fork }: CaseName): string | undefined {
  return SKIPPED.find(
    (known) =>
      file.includes(known.file) &&
      (known.test === undefined || known.test === test) &&
      (known.fork === undefined || known.fork === fork),
  )?.reason;
}
