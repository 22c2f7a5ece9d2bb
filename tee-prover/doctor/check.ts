import { withoutUrlSecrets } from "@phala-l2/protocol/endpoint";
import { isRollupError } from "@phala-l2/protocol/errors";

/** One check and what it found; `remedy` is null where it holds. */
export type DoctorCheck = {
  readonly check: string;
  readonly ok: boolean;
  readonly field: string;
  readonly wanted: string;
  readonly found: string;
  readonly remedy: string | null;
  /** Whole days until it expires, below zero after it; null for what does not. */
  readonly days: number | null;
};

/** A check that holds by what was found. */
export function held(check: string, field: string, found: string): DoctorCheck {
  return { check, ok: true, field, wanted: found, found, remedy: null, days: null };
}

/** A check that threw: what it says, and where the remedy stands. */
export function failed(check: string, field: string, wanted: string, error: unknown): DoctorCheck {
  const message = error instanceof Error ? withoutUrlSecrets(error.message) : String(error);
  const remedy = isRollupError(error) ? `see ${error.docs}` : "see that the service answers";
  const found = isRollupError(error) ? `${error.code}: ${message}` : (message.split("\n")[0] ?? "");
  return { check, ok: false, field, wanted, found, remedy, days: null };
}

/** Holds where both are equal. */
export function compared(
  check: string,
  field: string,
  wanted: string,
  found: string,
  remedy: string,
): DoctorCheck {
  const ok = wanted === found;
  return { check, ok, field, wanted, found, remedy: ok ? null : remedy, days: null };
}
