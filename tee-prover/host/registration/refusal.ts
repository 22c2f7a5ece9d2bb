import { RollupError } from "@phala-l2/protocol/errors";

/** Why a key cannot be registered: which check, of what, what would have passed, what was there, what mends it. */
export type Finding = {
  readonly check: string;
  readonly field: string;
  readonly wanted: string;
  readonly found: string;
  readonly remedy: string;
};

/** An error that tells a finding in one line, and carries it as data. */
export function registrationRefused(finding: Finding, cause?: unknown): RollupError<string, Finding> {
  const { check, field, wanted, found, remedy } = finding;
  const message = `${check}: ${field}: wanted ${wanted}, found ${found}; ${remedy}`;
  return new RollupError("REGISTRATION_REFUSED", message, { data: finding, cause });
}
