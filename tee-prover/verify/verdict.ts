import type { JsonValue } from "@phala-l2/protocol/config/json-reader";
import { type Refusal, refusalText } from "./refusal.ts";

/** Facts of the evidence by name, as JSON; bytes are hex without 0x. */
export type EvidenceFields = { readonly [name: string]: JsonValue };

/** What `verify-evidence` prints, the same for every kind of evidence. */
export type Verdict = {
  /** Every signature, chain and revocation check holds. */
  readonly genuine: boolean;
  /** Genuine, and accepted by the policy. */
  readonly ok: boolean;
  /** The vendor's word for the TCB; null when it was not reached or has no name. */
  readonly status: string | null;
  /** The first check that failed; null when none did. */
  readonly code: string | null;
  readonly message: string;
  /** Empty unless genuine: what nobody signed is not repeated. */
  readonly fields: EvidenceFields;
  /** The failed check in parts; null when none failed. */
  readonly refusal: Omit<Refusal, "kind" | "message"> | null;
};

function parts({ code, step, field, wanted, found, remedy }: Refusal): Verdict["refusal"] {
  return { code, step, field, wanted, found, remedy };
}

/** Evidence that is not genuine. */
export function forged(refusal: Refusal): Verdict {
  const message = refusalText(refusal);
  return {
    genuine: false,
    ok: false,
    status: null,
    code: refusal.code,
    message,
    fields: {},
    refusal: parts(refusal),
  };
}

/** Genuine evidence, with what the policy said of it. */
export function judged(
  status: string | undefined,
  fields: EvidenceFields,
  refusal: Refusal | undefined,
): Verdict {
  return {
    genuine: true,
    ok: refusal === undefined,
    status: status ?? null,
    code: refusal?.code ?? null,
    message: refusal === undefined ? "genuine, and accepted by the policy" : refusalText(refusal),
    fields,
    refusal: refusal === undefined ? null : parts(refusal),
  };
}
