import { isRollupError, RollupError } from "@phala-l2/protocol/errors";

/**
 * What the engine does about an error of its work; the one place where that is decided.
 *
 * - `stop`: the node is stopping.
 * - `retry`: the surroundings failed (L1, beacon node): wait and go on where it was.
 * - `halt`: to go on could do harm (conflict with final data, a damaged or full disk, a fault of the program):
 *   take no more blocks, keep serving reads, raise an alarm.
 */
export type Decision =
  | { readonly kind: "stop" }
  | { readonly kind: "retry" }
  | { readonly kind: "halt"; readonly error: RollupError };

const RETRIED = new Set([
  "L1_UNREACHABLE",
  "L1_DATA_INVALID",
  "L1_CALL_REFUSED",
  "L1_BLOCK_NOT_FOUND",
  "L1_BEHIND",
  "BLOBS_UNAVAILABLE",
]);

export function decide(error: unknown): Decision {
  if (isRollupError(error, "STOPPED")) return { kind: "stop" };
  if (isRollupError(error)) return RETRIED.has(error.code) ? { kind: "retry" } : { kind: "halt", error };
  const message = "the engine met an error that it does not know; please report it with the log";
  return { kind: "halt", error: new RollupError("ENGINE_UNEXPECTED", message, { cause: error }) };
}
