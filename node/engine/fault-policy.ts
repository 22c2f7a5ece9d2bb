import { isRollupError, RollupError } from "@phala-l2/protocol/errors";

/**
 * What the engine does about an error of its work; the one place where that is decided.
 *
 * - `stop`: the node is stopping.
 * - `retry`: the surroundings failed (L1, beacon node, a remote engine): wait and go on where it was.
 * - `reset`: a remote engine is not where it was: wait, look where it is, and go on from there.
 * - `halt`: to go on could do harm (conflict with final data, a damaged or full disk, a fault of the program):
 *   take no more blocks, keep serving reads, raise an alarm.
 */
export type Decision =
  | { readonly kind: "stop" }
  | { readonly kind: "retry" }
  | { readonly kind: "reset" }
  | { readonly kind: "halt"; readonly error: RollupError };

const RETRIED = new Set([
  "L1_UNREACHABLE",
  "L1_DATA_INVALID",
  "L1_CALL_REFUSED",
  "L1_BLOCK_NOT_FOUND",
  "L1_BEHIND",
  "BLOBS_UNAVAILABLE",
  "ENGINE_UNREACHABLE",
  "ENGINE_CALL_REFUSED",
  "ENGINE_DATA_INVALID",
]);

const RESETTING = new Set(["ENGINE_SYNCING", "ENGINE_FORKCHOICE_REFUSED", "ENGINE_BLOCK_WANTED"]);

export function decide(error: unknown): Decision {
  if (isRollupError(error, "STOPPED")) return { kind: "stop" };
  if (isRollupError(error) && RESETTING.has(error.code)) return { kind: "reset" };
  if (isRollupError(error)) return RETRIED.has(error.code) ? { kind: "retry" } : { kind: "halt", error };
  const message = "the engine met an error that it does not know; please report it with the log";
  return { kind: "halt", error: new RollupError("ENGINE_UNEXPECTED", message, { cause: error }) };
}
