import { type Explanation, type Refusal, refusalsOf } from "../refusal.ts";

const REASK = "ask dstack's guest agent for quote and event log anew, and hand them over unaltered";

/** Why the event log of a TD under dstack is refused. */
const catalogue = {
  DSTACK_REPORT_MALFORMED: { message: "no JSON with a quote and its event log", remedy: REASK },
  DSTACK_REPORT_DATA: {
    message: "the report data beside the quote is not the one in it",
    remedy: "read report data from the quote only",
  },
  EVENT_LOG_MALFORMED: { message: "an event that cannot be read", remedy: REASK },
  EVENT_DIGEST_MISSING: {
    message: "an event of the boot without its digest, which cannot be computed from its payload",
    remedy: REASK,
  },
  EVENT_DIGEST_MISMATCH: { message: "an event's digest is not of its name and payload", remedy: REASK },
  RTMR_MISMATCH: {
    message: "the events do not lead to the quote's register: some are missing, added or altered",
    remedy: REASK,
  },
  EVENT_DUPLICATE: {
    message: "an event of dstack's boot stands twice",
    remedy: "an application must not emit events with dstack's names; change it",
  },
  EVENT_AFTER_BOOT: {
    message: "an event with one of dstack's names that was emitted after the boot",
    remedy: "an application must not emit events with dstack's names; change it",
  },
  EVENT_MISSING: { message: "the log does not tell what was started", remedy: REASK },
  COMPOSE_MISMATCH: {
    message: "the compose file is not the one that was started",
    remedy:
      "hand over app-compose.json as its raw bytes: another formatting of the same JSON has another hash",
  },
} as const satisfies Readonly<Record<string, Explanation>>;

export type DstackCode = keyof typeof catalogue;
export const DSTACK_CODES: readonly string[] = Object.keys(catalogue);
export type DstackRefusal = Refusal<DstackCode, "11 event log">;

const refuse = refusalsOf<DstackCode>(catalogue);

/** One refusal of a log. */
export function refuseDstack(
  code: DstackCode,
  field: string,
  wanted: string,
  found: string | number,
): DstackRefusal {
  return refuse(code, "11 event log", { field, wanted, found: `${found}` });
}
