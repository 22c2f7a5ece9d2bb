import { bytesEqual, toHex } from "@phala-l2/protocol/bytes";
import { parseQuote } from "../intel/quote.ts";
import type { Refusal } from "../refusal.ts";
import { compareRegisters, type LogEvent, readEventLog, replayEvents } from "./event-log.ts";
import { checkCompose, type DstackIdentity, readIdentity } from "./identity.ts";
import { type DstackRefusal, refuseDstack } from "./refusals.ts";

/** What the guest agent answers when it is asked for a quote. */
export type DstackReport = {
  readonly kind: "dstack report";
  readonly quote: Uint8Array;
  readonly events: readonly LogEvent[];
  /** What it says that the quote commits to. */
  readonly reportData: Uint8Array | undefined;
};

/** A log that leads to a quote's registers, and what it says was started. */
export type DstackEvidence = {
  readonly kind: "dstack evidence";
  readonly identity: DstackIdentity;
  /** Registers that the log was compared with. */
  readonly registers: readonly number[];
};

const REPORT_DATA_BYTES = 64;

function malformed(field: string, wanted: string): DstackRefusal {
  return refuseDstack("DSTACK_REPORT_MALFORMED", field, wanted, "something else");
}

/** Text that may not be JSON comes from outside: undefined is then the answer. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function hexOf(value: unknown): Uint8Array | undefined {
  if (typeof value !== "string" || !/^(?:0x)?(?:[\da-fA-F]{2})+$/.test(value)) return undefined;
  return Uint8Array.from(Buffer.from(value.replace(/^0x/, ""), "hex"));
}

/** Reads `{quote, event_log, report_data?, …}`, where the log is a list or its JSON as text. */
export function parseDstackReport(text: string): DstackReport | DstackRefusal {
  const json = parseJson(text);
  if (typeof json !== "object" || json === null) return malformed("report", "a JSON object");
  const fields: Readonly<Record<string, unknown>> = { ...json };
  const { event_log: log, report_data: data } = fields;
  const quote = hexOf(fields.quote);
  if (quote === undefined) return malformed("quote", "hex");
  const events = readEventLog(typeof log === "string" ? parseJson(log) : log);
  if ("kind" in events) return events;
  const reportData = hexOf(data);
  if (data !== undefined && data !== null && reportData === undefined) return malformed("report_data", "hex");
  return { kind: "dstack report", quote, events, reportData };
}

/** Report data is 64 bytes; what is shorter was filled up with zeros. */
function checkReportData(claimed: Uint8Array | undefined, quoted: Uint8Array): DstackRefusal | undefined {
  if (claimed === undefined) return undefined;
  const filled = new Uint8Array(REPORT_DATA_BYTES);
  filled.set(claimed.subarray(0, REPORT_DATA_BYTES));
  if (claimed.length <= REPORT_DATA_BYTES && bytesEqual(filled, quoted)) return undefined;
  return refuseDstack("DSTACK_REPORT_DATA", "report_data", toHex(quoted).slice(2), toHex(claimed).slice(2));
}

/**
 * Verifies that the events lead to the quote's registers, and reads what was started. Whether the quote is genuine is
 * another question: `verifyIntelQuote`.
 */
export function verifyEventLog(
  { quote: quoteBytes, events, reportData }: DstackReport,
  compose: Uint8Array | undefined,
): DstackEvidence | Refusal {
  const quote = parseQuote(quoteBytes);
  if (quote.kind === "refused") return quote;
  if (quote.body.type === "sgx") {
    return refuseDstack("DSTACK_REPORT_MALFORMED", "quote", "of a TD", "of an SGX enclave");
  }
  const data = checkReportData(reportData, quote.body.reportData);
  if (data !== undefined) return data;
  const replayed = replayEvents(events);
  if ("kind" in replayed) return replayed;
  const registers = compareRegisters(events, replayed, quote.body.rtmr);
  if ("kind" in registers) return registers;
  const identity = readIdentity(events);
  if (identity.kind === "refused") return identity;
  return checkCompose(identity, compose) ?? { kind: "dstack evidence", identity, registers };
}
