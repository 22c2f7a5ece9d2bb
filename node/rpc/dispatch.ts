import { isRecord } from "@phala-l2/protocol/json-record";
import type { Log } from "@phala-l2/protocol/log";
import { isTooComplex } from "./json-complexity.ts";
import type { RpcLimits } from "./limits.ts";
import type { CallContext, RpcMethod } from "./method.ts";
import {
  failure,
  INTERNAL_ERROR,
  INVALID_PARAMS,
  INVALID_REQUEST,
  JsonText,
  METHOD_NOT_FOUND,
  PARSE_ERROR,
  RESPONSE_TOO_LARGE,
  type Reply,
  type RpcFailure,
  TIMED_OUT,
} from "./reply.ts";
import { takingTurns } from "./turn.ts";

/** Finds the method of that name; a WebSocket adds eth_subscribe to what HTTP has. */
export type MethodLookup = (name: string) => RpcMethod | undefined;

export type DispatchOptions = {
  readonly limits: Pick<RpcLimits, "batchCalls" | "responseBytes" | "jsonDepth" | "jsonValues" | "requestMs">;
  readonly log: Log;
};

/** An id as its request has it: a number that JavaScript would round comes back as it was written. */
class ExactNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type RequestId = string | number | null | ExactNumber;
type Request = {
  readonly id: RequestId;
  readonly method: string;
  readonly params: unknown;
  /** A request without an id: it is carried out and not answered (JSON-RPC 2.0, section 4.1). */
  readonly isNotification: boolean;
};

/** The JSON text of one answer. */
export function answerText(id: RequestId, reply: Reply): string {
  const head = `{"jsonrpc":"2.0","id":${id instanceof ExactNumber ? id.text : JSON.stringify(id)}`;
  if (reply.kind === "result") {
    const { value } = reply;
    return `${head},"result":${value instanceof JsonText ? value.text : JSON.stringify(value ?? null)}}`;
  }
  const { code, message, data } = reply;
  const error = data === undefined ? { code, message } : { code, message, data };
  return `${head},"error":${JSON.stringify(error)}}`;
}

function isRounded(request: unknown): boolean {
  return isRecord(request) && typeof request.id === "number" && !Number.isSafeInteger(request.id);
}

/** Reads a request or batch; its ids that are no safe integers are as they were written. @throws SyntaxError */
function parseRequest(text: string): unknown {
  const request: unknown = JSON.parse(text);
  if (!(Array.isArray(request) ? request.some(isRounded) : isRounded(request))) return request;
  const exact: unknown = JSON.parse(text, (key, value: unknown, context?: { readonly source?: string }) =>
    key === "id" && typeof value === "number" && context?.source !== undefined
      ? new ExactNumber(context.source)
      : value,
  );
  const withId = (one: unknown, other: unknown): unknown =>
    isRounded(one) && isRecord(one) && isRecord(other) ? { ...one, id: other.id } : one;
  return Array.isArray(request) && Array.isArray(exact)
    ? request.map((one, index) => withId(one, exact[index]))
    : withId(request, exact);
}

function isRequestId(value: unknown): value is RequestId {
  return (
    value === null || typeof value === "string" || typeof value === "number" || value instanceof ExactNumber
  );
}

function readRequest(
  value: unknown,
):
  | { readonly kind: "request"; readonly request: Request }
  | { readonly kind: "invalid"; readonly id: RequestId } {
  if (!isRecord(value)) return { kind: "invalid", id: null };
  const id = isRequestId(value.id) ? value.id : null;
  const hasGoodId = value.id === undefined || isRequestId(value.id);
  if (value.jsonrpc !== "2.0" || typeof value.method !== "string" || !hasGoodId)
    return { kind: "invalid", id };
  return {
    kind: "request",
    request: { id, method: value.method, params: value.params, isNotification: value.id === undefined },
  };
}

/**
 * Runs a method with a time limit. The method itself is not stopped: it watches `context.signal`, and its
 * late answer is dropped.
 */
async function callWithin(method: RpcMethod, params: readonly unknown[], ms: number): Promise<Reply> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<RpcFailure>((resolve) => {
    timer = setTimeout(() => {
      controller.abort();
      resolve(failure(TIMED_OUT, "request timed out"));
    }, ms);
  });
  const context: CallContext = { signal: controller.signal };
  try {
    return await Promise.race([method(params, context), timeout]);
  } finally {
    clearTimeout(timer);
  }
}

function readParams(params: unknown): readonly unknown[] | undefined {
  if (params === undefined || params === null) return [];
  return Array.isArray(params) ? params : undefined;
}

async function call(
  request: Request,
  lookup: MethodLookup,
  endsAt: number,
  { log }: DispatchOptions,
): Promise<Reply> {
  const method = lookup(request.method);
  if (method === undefined) {
    const name = request.method.slice(0, 100);
    return failure(METHOD_NOT_FOUND, `the method ${name} does not exist/is not available`);
  }
  const params = readParams(request.params);
  if (params === undefined) return failure(INVALID_PARAMS, "non-array args");
  try {
    const left = endsAt - performance.now();
    return left > 0 ? await callWithin(method, params, left) : failure(TIMED_OUT, "request timed out");
  } catch (error) {
    // A fault of this node: the client learns that, and the operator learns what.
    log.error({ error, method: request.method }, "RPC method failed");
    return failure(INTERNAL_ERROR, "internal error");
  }
}

/** An answer that is no JSON (a bigint left in it) is a fault like any other: it must not end the connection. */
function safeAnswerText({ id, method }: Request, reply: Reply, log: Log): string {
  try {
    return answerText(id, reply);
  } catch (error) {
    log.error({ error, method }, "RPC answer is not JSON");
    return answerText(id, failure(INTERNAL_ERROR, "internal error"));
  }
}

async function answerOne(
  value: unknown,
  lookup: MethodLookup,
  endsAt: number,
  options: DispatchOptions,
): Promise<string | undefined> {
  const read = readRequest(value);
  if (read.kind === "invalid") return answerText(read.id, failure(INVALID_REQUEST, "invalid request"));
  const reply = await call(read.request, lookup, endsAt, options);
  if (read.request.isNotification) return undefined;
  const text = safeAnswerText(read.request, reply, options.log);
  if (text.length <= options.limits.responseBytes) return text;
  return answerText(read.request.id, failure(RESPONSE_TOO_LARGE, "response too large"));
}

async function answerBatch(
  batch: readonly unknown[],
  lookup: MethodLookup,
  endsAt: number,
  options: DispatchOptions,
): Promise<string | undefined> {
  const { batchCalls, responseBytes } = options.limits;
  if (batch.length === 0) return answerText(null, failure(INVALID_REQUEST, "empty batch"));
  if (batch.length > batchCalls) {
    return `[${answerText(null, failure(INVALID_REQUEST, "batch too large"))}]`;
  }
  const answers: string[] = [];
  let bytes = 0;
  const turn = takingTurns();
  for (const item of batch) {
    await turn();
    if (bytes > responseBytes) {
      const read = readRequest(item);
      const id = read.kind === "request" ? read.request.id : read.id;
      answers.push(answerText(id, failure(RESPONSE_TOO_LARGE, "response too large")));
      continue;
    }
    const answer = await answerOne(item, lookup, endsAt, options);
    if (answer === undefined) continue;
    bytes += answer.length;
    answers.push(answer);
  }
  return answers.length === 0 ? undefined : `[${answers.join(",")}]`;
}

/**
 * Answers the text of one JSON-RPC request or batch. Calls of a batch run one after another, so that one
 * client's batch takes no more of the node at a time than one call does, and share one time limit. Never throws for any text.
 *
 * @returns the answer's text, or undefined where nothing is to be answered (notifications)
 */
export async function dispatch(
  text: string,
  lookup: MethodLookup,
  options: DispatchOptions,
): Promise<string | undefined> {
  if (isTooComplex(text, options.limits)) {
    return answerText(null, failure(PARSE_ERROR, "parse error"));
  }
  let request: unknown;
  try {
    request = parseRequest(text);
  } catch {
    return answerText(null, failure(PARSE_ERROR, "parse error"));
  }
  const endsAt = performance.now() + options.limits.requestMs;
  return Array.isArray(request)
    ? answerBatch(request, lookup, endsAt, options)
    : answerOne(request, lookup, endsAt, options);
}
