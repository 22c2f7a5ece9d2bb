/** What a code means, and what mends it; one entry a code, so that no rejection is opaque. */
export type Explanation = { readonly message: string; readonly remedy: string };

/** The occurrence: which field was looked at, what would have passed, what was there. */
export type Finding = { readonly field: string; readonly wanted: string; readonly found: string };

/**
 * Evidence that failed a check, as a value: hostile input is never an exception. `step` is the stage of the
 * verification, `code` the check within it.
 */
export type Refusal<Code extends string = string, Step extends string = string> = Finding & {
  readonly kind: "refused";
  readonly code: Code;
  readonly step: Step;
  readonly message: string;
  readonly remedy: string;
};

/** Makes refusals of one catalogue, whose keys are the closed union of its codes. */
export function refusalsOf<Code extends string>(catalogue: Readonly<Record<Code, Explanation>>) {
  return <Step extends string>(code: Code, step: Step, finding: Finding): Refusal<Code, Step> => ({
    kind: "refused",
    code,
    step,
    ...catalogue[code],
    ...finding,
  });
}

/** One line for people: the check, the field, what was wanted and found, and the remedy. */
export function refusalText({ step, message, field, wanted, found, remedy }: Refusal): string {
  return `${step}: ${message}: ${field}: wanted ${wanted}, found ${found}; ${remedy}`;
}
