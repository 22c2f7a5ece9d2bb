import { type Hash, toHex } from "@phala-l2/protocol/bytes";
import type { PayloadVerdict } from "../engine/driven-engine.ts";
import { failure, type RpcFailure } from "../rpc/reply.ts";

/** The Engine API's own error codes, with geth's words. Source: execution-apis src/engine/common.md "Errors". */
const ERRORS = {
  unknownPayload: [-38001, "Unknown payload"],
  invalidForkchoice: [-38002, "Invalid forkchoice state"],
  invalidAttributes: [-38003, "Invalid payload attributes"],
  tooLarge: [-38004, "Too large request"],
  unsupportedFork: [-38005, "Unsupported fork"],
} as const;
export type EngineFault = keyof typeof ERRORS;

/** The code that an answer of that kind has. */
export function engineErrorCode(fault: EngineFault): number {
  return ERRORS[fault][0];
}

/** geth gives what went wrong in `data.err`. */
export function engineFailure(fault: EngineFault, why?: string): RpcFailure {
  const [code, message] = ERRORS[fault];
  return why === undefined ? failure(code, message) : failure(code, message, { err: why });
}

/** PayloadStatusV1 for a payload that is no block: nothing can be said of its ancestors. */
export function invalidStatus(reason: string | null, latestValid?: Hash): object {
  return {
    status: "INVALID",
    latestValidHash: latestValid === undefined ? null : toHex(latestValid),
    validationError: reason,
  };
}

/** PayloadStatusV1. */
export function statusJson(verdict: PayloadVerdict): object {
  switch (verdict.kind) {
    case "valid":
      return { status: "VALID", latestValidHash: toHex(verdict.ref.hash), validationError: null };
    case "invalid":
      return invalidStatus(verdict.reason, verdict.latestValid);
    case "syncing":
      return { status: "SYNCING", latestValidHash: null, validationError: null };
  }
}
