import type { TraceFault } from "@phala-l2/execution/trace/trace-block";
import type { TracerOptions } from "@phala-l2/execution/trace/tracer";
import { toHex } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import { STATE_UNAVAILABLE } from "../block-reference.ts";
import type { Stopped } from "../calls/runner.ts";
import type { CallContext } from "../method.ts";
import type { BlockReference } from "../parameters.ts";
import {
  failure,
  LIMIT_EXCEEDED,
  RESPONSE_TOO_LARGE,
  type Reply,
  type RpcFailure,
  SERVER_ERROR,
  TIMED_OUT,
} from "../reply.ts";
import { duration } from "./duration.ts";
import { type TraceOptions, tracerOf } from "./trace-options.ts";

/** Traces of all clients together that run or wait; they run one at a time, so a longer queue would only time out. */
const MAX_TRACES = 8;
/** No timer is set for longer; a request's own time ends earlier. */
const MAX_TIMEOUT_MS = 3_600_000;

/** How to trace, and until when. */
export type Wished = {
  readonly kind: "wished";
  readonly tracer: TracerOptions;
  /** Of the request. */
  readonly signal: AbortSignal;
  /** Milliseconds from its beginning, waiting for a turn included; undefined is the request's time alone. */
  readonly timeout: number | undefined;
};

/** Reads what the options leave to be read. */
export function wishesOf(options: TraceOptions, { signal }: CallContext): Wished | RpcFailure {
  const tracer = tracerOf(options);
  if (tracer.kind === "invalid") return failure(SERVER_ERROR, tracer.words);
  if (options.timeout === undefined)
    return { kind: "wished", tracer: tracer.value, signal, timeout: undefined };
  const timeout = duration(options.timeout);
  if (timeout.kind === "invalid") return failure(SERVER_ERROR, timeout.words);
  const milliseconds = Math.min(Math.max(Math.ceil(timeout.value), 0), MAX_TIMEOUT_MS);
  return { kind: "wished", tracer: tracer.value, signal, timeout: milliseconds };
}

/** geth's words for what can not be traced. */
export function faultReply(fault: TraceFault): RpcFailure {
  if (fault.kind === "too-large") return failure(RESPONSE_TOO_LARGE, "response too large");
  const { transaction, reason } = fault;
  const place = transaction === undefined ? "" : `transaction ${transaction}: `;
  return failure(SERVER_ERROR, `tracing failed: ${place}${reason}`);
}

/** geth's answer where a block is not there. */
export function blockNotFound(at: BlockReference): RpcFailure {
  const name = at.kind === "hash" ? toHex(at.hash) : at.kind === "number" ? `#${at.number}` : at.tag;
  return failure(SERVER_ERROR, `block ${name} not found`);
}

/** Counts the traces that run, and answers for those that can not. */
export class TraceTurns {
  #running = 0;

  /** Runs a trace; what its state lacks is answered as any state that is not there. */
  async run<Trace extends { readonly kind: string }>(
    { signal, timeout }: Wished,
    trace: (signal: AbortSignal) => Promise<Trace | Stopped>,
    reply: (trace: Trace) => Reply,
  ): Promise<Reply> {
    if (this.#running >= MAX_TRACES) return failure(LIMIT_EXCEEDED, "too many traces in progress");
    this.#running++;
    const ending = new AbortController();
    const end = (): void => ending.abort();
    // It ends with the trace: timers for an hour, of thousands of short ones, would stay.
    const timer = timeout === undefined ? undefined : setTimeout(end, timeout);
    signal.addEventListener("abort", end);
    if (signal.aborted || timeout === 0) end();
    try {
      const made = await trace(ending.signal);
      if (!isStopped(made)) return reply(made);
      return signal.aborted
        ? failure(TIMED_OUT, "request timed out")
        : failure(SERVER_ERROR, "execution timeout");
    } catch (error) {
      return unavailable(error);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      this.#running--;
    }
  }
}

/** @throws the error, where it is none that a caller can bring about */
function unavailable(error: unknown): RpcFailure {
  if (isRollupError(error, "TRIE_NODE_MISSING") || isRollupError(error, "CODE_MISSING"))
    return STATE_UNAVAILABLE;
  if (isRollupError(error, "FORK_UNSUPPORTED") || isRollupError(error, "BLOCK_HASH_UNKNOWN"))
    return failure(SERVER_ERROR, `tracing failed: ${error.message}`);
  throw error;
}

function isStopped(trace: { readonly kind: string }): trace is Stopped {
  return trace.kind === "stopped";
}
