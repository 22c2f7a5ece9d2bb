import type { IntelPolicy } from "../intel/policy.ts";
import { judgeIntelQuote } from "../intel/verdict.ts";
import type { IntelInput } from "../intel/verify.ts";
import { forged, judged, type Verdict } from "../verdict.ts";
import { appraiseDstack, type DstackPolicy } from "./policy.ts";
import { parseDstackReport, verifyEventLog } from "./verify.ts";

export type DstackFiles = Omit<IntelInput, "tee" | "quote"> & {
  /** JSON of the guest agent. */
  readonly report: string;
  /** app-compose.json as it is, byte by byte. */
  readonly compose: Uint8Array | undefined;
};

/**
 * Verifies and judges the quote of a TD under dstack like any TD's, and then its event log: what was started, as RTMR3
 * commits to it.
 */
export function judgeDstackReport(
  { report: text, compose, ...intel }: DstackFiles,
  policy: { readonly intel: IntelPolicy; readonly dstack: DstackPolicy },
): Verdict {
  const report = parseDstackReport(text);
  if (report.kind === "refused") return forged(report);
  const quote = judgeIntelQuote({ ...intel, tee: "tdx", quote: report.quote }, policy.intel);
  if (!quote.genuine) return quote;
  const evidence = verifyEventLog(report, compose);
  if (evidence.kind === "refused") return forged(evidence);
  const { identity, registers } = evidence;
  const fields = {
    ...quote.fields,
    app_id: identity.appId,
    compose_hash: identity.composeHash,
    instance_id: identity.instanceId ?? null,
    key_provider: identity.keyProvider ?? null,
    os_image_hash: identity.osImageHash ?? null,
    other_events: identity.otherEvents,
    replayed_rtmrs: registers,
  };
  if (!quote.ok) return { ...quote, fields };
  return judged(quote.status ?? undefined, fields, appraiseDstack(identity, policy.dstack));
}
