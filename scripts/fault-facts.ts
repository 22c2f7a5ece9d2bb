import { isRollupError } from "@phala-l2/protocol/errors";
import { pino } from "pino";

/** Longest text of one cause: libraries put whole requests and contracts into theirs. */
const MAX_CAUSE = 200;
/** Causes that are told; the first ones say it. */
const MAX_CAUSES = 4;

function firstLine(error: Error): string {
  const short =
    "shortMessage" in error && typeof error.shortMessage === "string" ? error.shortMessage : undefined;
  const [line = ""] = (short ?? error.message).split("\n");
  const code = isRollupError(error) ? `${error.code}: ` : "";
  return `${code}${line}`.slice(0, MAX_CAUSE);
}

/** Servers' own errors are plain objects. */
function lineOf(cause: unknown): string {
  if (cause instanceof Error) return firstLine(cause);
  const isObject = typeof cause === "object" && cause !== null;
  return (isObject ? ("message" in cause ? String(cause.message) : "") : String(cause)).slice(0, MAX_CAUSE);
}

/** An error's causes from the outside in, each in one short line. */
function causesOf(error: Error): readonly string[] {
  const lines: string[] = [];
  let { cause } = error;
  // Counted, for causes can go round in circles.
  for (let depth = 0; depth < MAX_CAUSES && cause !== undefined && cause !== null; depth++) {
    const line = lineOf(cause);
    if (line !== "" && line !== lines.at(-1)) lines.push(line);
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return lines;
}

/** What is logged of the fault that a command ended with; all of its causes, with stacks, when `whole` is true. */
export function faultFacts(
  error: unknown,
  whole: boolean,
): { readonly facts: object; readonly message: string } {
  if (!(error instanceof Error)) return { facts: {}, message: String(error) };
  const told = whole ? { error: pino.stdSerializers.errWithCause(error) } : {};
  const found = causesOf(error);
  const causes = found.length === 0 ? undefined : found;
  if (isRollupError(error)) {
    const { code, data, docs, message } = error;
    return { facts: { code, data, docs, causes, ...told }, message };
  }
  // A fault of the program: without its place nobody can mend it.
  const stack = error.stack?.split("\n").filter((line) => /^\s+at /.test(line));
  return { facts: { stack, causes, ...told }, message: firstLine(error) };
}
