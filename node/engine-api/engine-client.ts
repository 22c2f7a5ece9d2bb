import { endpointName, hidingKeysOf } from "@phala-l2/protocol/endpoint";
import { isRollupError, RollupError } from "@phala-l2/protocol/errors";
import { isRecord } from "@phala-l2/protocol/json-record";
import type { Clock } from "../clock.ts";
import { type Fetch, fetchJson, isHttpError, reasonOf } from "../l1/http.ts";
import { createToken } from "./jwt.ts";

export type EngineClientOptions = {
  readonly url: string;
  /** What both sides know. */
  readonly secret: Uint8Array;
  /** For one HTTP exchange; a block's execution is one. */
  readonly timeoutMs: number;
};
export type EngineClientDependencies = {
  readonly fetch: Fetch;
  readonly clock: Clock;
  /** Ends all waiting when the node stops. */
  readonly signal: AbortSignal;
};

/**
 * Calls another execution client's authenticated port, each call with a token of its own. It makes one try;
 * every method of the Engine API can be repeated, and whether to do so is the fault policy's matter.
 */
export interface EngineClient {
  /**
   * @param read turns the result into a value; it throws RollupError L1_DATA_INVALID or ENGINE_DATA_INVALID
   * @throws RollupError ENGINE_JWT_REFUSED, ENGINE_UNREACHABLE, ENGINE_CALL_REFUSED with the code that the engine
   * gave, ENGINE_DATA_INVALID, STOPPED
   */
  call<Value>(method: string, params: readonly unknown[], read: (result: unknown) => Value): Promise<Value>;
}

const MILLISECONDS = 1000;
const REFUSED_STATUSES = new Set([401, 403]);

export type CallRefusal = RollupError<"ENGINE_CALL_REFUSED", { readonly code: number }>;

/** True for an error that the engine itself gave as the answer. */
export function isCallRefusal(error: unknown): error is CallRefusal {
  return isRollupError(error, "ENGINE_CALL_REFUSED");
}

export function createEngineClient(
  { url, secret, timeoutMs }: EngineClientOptions,
  { fetch, clock, signal }: EngineClientDependencies,
): EngineClient {
  const endpoint = endpointName(url);
  const hide = hidingKeysOf(url);
  return {
    async call(method, params, read) {
      const token = createToken(secret, Math.floor(clock.now() / MILLISECONDS));
      const headers = { authorization: `Bearer ${token}` };
      const body = { jsonrpc: "2.0", id: 1, method, params };
      let answer: unknown;
      try {
        answer = await fetchJson(fetch, { url, body, headers, timeoutMs, signal });
      } catch (error) {
        if (signal.aborted) throw new RollupError("STOPPED", "the node is stopping");
        throw transportFault(endpoint, error);
      }
      return readAnswer(method, answer, read, hide);
    },
  };
}

function transportFault(endpoint: string, error: unknown): RollupError {
  const status = isHttpError(error) ? error.data?.status : undefined;
  if (status !== undefined && REFUSED_STATUSES.has(status)) {
    const message = `the engine at ${endpoint} refuses this node's token; give both the same secret file (engineJwtSecret here), and check that their clocks agree to a minute`;
    return new RollupError("ENGINE_JWT_REFUSED", message, { data: { endpoint, status }, cause: error });
  }
  const message = `the engine at ${endpoint} does not answer: ${reasonOf(error)}`;
  return new RollupError("ENGINE_UNREACHABLE", message, { data: { endpoint }, cause: error });
}

function readAnswer<Value>(
  method: string,
  answer: unknown,
  read: (result: unknown) => Value,
  hide: (text: string) => string,
): Value {
  if (!isRecord(answer)) throw invalidEngineData(`${method}: the answer is not a JSON-RPC object`);
  if (isRecord(answer.error)) throw callRefusal(method, answer.error, hide);
  try {
    return read(answer.result);
  } catch (error) {
    // The readers of L1's answers serve here too.
    if (isRollupError(error, "L1_DATA_INVALID")) throw invalidEngineData(`${method}: ${error.message}`);
    throw error;
  }
}

function callRefusal(
  method: string,
  error: Readonly<Record<string, unknown>>,
  hide: (text: string) => string,
): CallRefusal {
  const code = typeof error.code === "number" ? error.code : 0;
  const why = isRecord(error.data) && typeof error.data.err === "string" ? ` (${error.data.err})` : "";
  const message = `the engine refuses ${method}: error ${code}: ${String(error.message)}${why}`;
  return new RollupError("ENGINE_CALL_REFUSED", hide(message).slice(0, 500), { data: { code } });
}

/** The error of an engine whose answer is not what the API says. */
export function invalidEngineData(what: string): RollupError<"ENGINE_DATA_INVALID"> {
  return new RollupError("ENGINE_DATA_INVALID", `the engine gives wrong data: ${what}`);
}
