import { endpointName, hidingKeysOf } from "@phala-l2/protocol/endpoint";
import { isRollupError, RollupError } from "@phala-l2/protocol/errors";
import { isRecord } from "@phala-l2/protocol/json-record";
import type { Log } from "@phala-l2/protocol/log";
import type { Clock } from "../clock.ts";
import { type Fetch, fetchJson, isHttpError, reasonOf } from "./http.ts";

export type JsonRpcOptions = {
  /** Endpoints in order of preference. */
  readonly urls: readonly string[];
  /** For one HTTP exchange. */
  readonly timeoutMs: number;
  /** How often all endpoints are tried before the call fails. */
  readonly rounds: number;
};
export type JsonRpcDependencies = {
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly log: Log;
  /** Ends all waiting when the node stops. */
  readonly signal: AbortSignal;
};

/**
 * Calls one of several JSON-RPC servers. Calls made in the same turn share one HTTP request. `read` turns the
 * untrusted result into a value and throws RollupError L1_DATA_INVALID when it is wrong: then, as after a
 * failed request, the next server is asked.
 */
export interface JsonRpcClient {
  call<Value>(method: string, params: readonly unknown[], read: (result: unknown) => Value): Promise<Value>;
  /** Begins the next call with another server than the last that answered, when there is one. */
  preferNext(): void;
}

/** Calls in one HTTP request; hosted endpoints refuse more. */
const MAX_BATCH = 20;
const FIRST_BACK_OFF_MS = 250;
const MAX_BACK_OFF_MS = 8000;
/** Codes that another try at the same server will not change: method not found, invalid params. */
const PERMANENT_CODES = new Set([-32601, -32602]);

type Waiting = {
  readonly method: string;
  readonly params: readonly unknown[];
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
};
type Answer = {
  readonly id: number;
  readonly result: unknown;
  readonly error: { code: number; message: string } | undefined;
};
type Endpoint = {
  readonly url: string;
  readonly name: string;
  /** Takes the URL's keys out of what the server says. */
  readonly hide: (text: string) => string;
  queue: Waiting[];
};

export function createJsonRpcClient(
  options: JsonRpcOptions,
  dependencies: JsonRpcDependencies,
): JsonRpcClient {
  const { clock, log, signal } = dependencies;
  const endpoints = options.urls.map(
    (url): Endpoint => ({ url, name: endpointName(url), hide: hidingKeysOf(url), queue: [] }),
  );
  if (endpoints.length === 0) throw new RollupError("SETTING_INVALID", "at least one L1 RPC URL is wanted");
  let preferred = 0;

  function ask(endpoint: Endpoint, method: string, params: readonly unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      endpoint.queue.push({ method, params, resolve, reject });
      if (endpoint.queue.length === 1) setImmediate(() => flush(endpoint));
    });
  }

  function flush(endpoint: Endpoint): void {
    const queue = endpoint.queue;
    endpoint.queue = [];
    for (let at = 0; at < queue.length; at += MAX_BATCH) {
      void exchange(endpoint, queue.slice(at, at + MAX_BATCH), options.timeoutMs, dependencies);
    }
  }

  /** One try at each endpoint, the preferred first. */
  async function round<Value>(
    method: string,
    params: readonly unknown[],
    read: (result: unknown) => Value,
    failures: Failure[],
  ): Promise<{ readonly value: Value } | undefined> {
    const first = preferred;
    for (let step = 0; step < endpoints.length; step++) {
      const index = (first + step) % endpoints.length;
      const endpoint = endpoints[index];
      if (endpoint === undefined || signal.aborted) break;
      try {
        const value = read(await ask(endpoint, method, params));
        preferred = index;
        return { value };
      } catch (error) {
        if (!isRollupError(error)) throw error;
        failures.push({ endpoint: endpoint.name, error });
        logFailure(log, endpoint.name, method, error);
      }
    }
    return undefined;
  }

  return {
    preferNext() {
      preferred = (preferred + 1) % endpoints.length;
    },
    async call(method, params, read) {
      let backOff = FIRST_BACK_OFF_MS;
      for (let attempt = 1; ; attempt++) {
        const failures: Failure[] = [];
        const found = await round(method, params, read, failures);
        if (found !== undefined) return found.value;
        if (signal.aborted) throw new RollupError("STOPPED", "the node is stopping");
        if (attempt >= options.rounds || failures.every(isPermanent)) throw verdict(method, failures);
        await clock.sleep(Math.max(backOff, wantedPause(failures)), signal);
        backOff = Math.min(2 * backOff, MAX_BACK_OFF_MS);
      }
    },
  };
}

type Failure = { readonly endpoint: string; readonly error: unknown };

/** Sends calls as one request and gives each its answer. */
async function exchange(
  endpoint: Endpoint,
  calls: readonly Waiting[],
  timeoutMs: number,
  { fetch, signal }: JsonRpcDependencies,
): Promise<void> {
  const requests = calls.map(({ method, params }, id) => ({ jsonrpc: "2.0", id, method, params }));
  try {
    const body = requests.length === 1 ? requests[0] : requests;
    const answer = await fetchJson(fetch, { url: endpoint.url, body, timeoutMs, signal });
    const answers = new Map(
      (Array.isArray(answer) ? answer : [answer])
        .map((each) => readAnswer(each, endpoint.hide))
        .map((each) => [each.id, each]),
    );
    for (const [id, call] of calls.entries()) settle(call, answers.get(id));
  } catch (error) {
    for (const call of calls) call.reject(error);
  }
}

function settle(call: Waiting, answer: Answer | undefined): void {
  if (answer === undefined) {
    call.reject(invalidL1Data("the server left a call of the batch without an answer", {}));
  } else if (answer.error !== undefined) {
    const { code, message } = answer.error;
    call.reject(refused(code, message));
  } else {
    call.resolve(answer.result);
  }
}

type Refusal = RollupError<"L1_CALL_REFUSED", { readonly code: number }>;

/** The error of a call that one server refuses. */
function refused(code: number, message: string): Refusal {
  return new RollupError("L1_CALL_REFUSED", `error ${code}: ${message}`, { data: { code } });
}

function isRefusal(error: unknown): error is Refusal {
  return isRollupError(error, "L1_CALL_REFUSED");
}

function readAnswer(answer: unknown, hide: Endpoint["hide"]): Answer {
  if (!isRecord(answer)) throw invalidL1Data("the answer is not a JSON-RPC object", {});
  const id = typeof answer.id === "number" ? answer.id : 0;
  if (!isRecord(answer.error)) return { id, result: answer.result, error: undefined };
  const code = typeof answer.error.code === "number" ? answer.error.code : 0;
  return {
    id,
    result: undefined,
    error: { code, message: hide(String(answer.error.message)).slice(0, 500) },
  };
}

type InvalidL1Data = RollupError<"L1_DATA_INVALID", object>;

/** The error that a reader throws about a server's wrong data. */
export function invalidL1Data(what: string, data: object): InvalidL1Data {
  return new RollupError("L1_DATA_INVALID", what, { data });
}

function isInvalidL1Data(error: unknown): error is InvalidL1Data {
  return isRollupError(error, "L1_DATA_INVALID");
}

function isPermanent({ error }: Failure): boolean {
  if (isRollupError(error, "L1_BLOCK_NOT_FOUND")) return true;
  return isRefusal(error) && error.data !== undefined && PERMANENT_CODES.has(error.data.code);
}

/** The least that any server asks for: after it there is one to ask again. */
function wantedPause(failures: readonly Failure[]): number {
  const pauses = failures.map(({ error }) => (isHttpError(error) ? (error.data?.retryAfterMs ?? 0) : 0));
  return Math.min(MAX_BACK_OFF_MS, ...pauses);
}

function logFailure(log: Log, endpoint: string, method: string, error: unknown): void {
  if (isInvalidL1Data(error)) {
    log.warn({ endpoint, method, reason: error.message, ...error.data }, "an L1 server gave wrong data");
  } else {
    log.debug({ endpoint, method, reason: reasonOf(error) }, "an L1 call failed");
  }
}

/** The error of the whole call: that a block is absent says more than that some servers failed. */
function verdict(method: string, failures: readonly Failure[]): RollupError {
  const absent = failures.find(({ error }) => isRollupError(error, "L1_BLOCK_NOT_FOUND"))?.error;
  if (isRollupError(absent)) return absent;
  const tries = failures.map(({ endpoint, error }) => `${endpoint}: ${reasonOf(error)}`);
  const data = { method, tries };
  const cause = failures.at(-1)?.error;
  if (failures.every(({ error }) => isInvalidL1Data(error))) {
    const message = `every L1 server answers ${method} with data that fails verification (${tries.join("; ")}); add an honest endpoint to the L1 RPC URLs`;
    return new RollupError("L1_DATA_INVALID", message, { data, cause });
  }
  if (failures.every(({ error }) => isRefusal(error))) {
    const message = `every L1 server refuses ${method} (${tries.join("; ")}); use an L1 client that serves it`;
    return new RollupError("L1_CALL_REFUSED", message, { data, cause });
  }
  const message = `no L1 server answers ${method} (${tries.join("; ")}); check the L1 RPC URLs and their rate limits`;
  return new RollupError("L1_UNREACHABLE", message, { data, cause });
}
