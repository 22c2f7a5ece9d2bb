import { isTooComplex } from "@phala-l2/node/rpc/json-complexity";
import { DEFAULT_RPC_LIMITS } from "@phala-l2/node/rpc/limits";
import { INTERNAL_ERROR, PARSE_ERROR } from "@phala-l2/node/rpc/reply";
import { isRecord } from "@phala-l2/protocol/json-record";

/**
 * What JSON-RPC 2.0 says of the answer to a body, whatever the method makes of it: one response object a call, with
 * its id, and either a result or an error; none to a notification.
 */

/** The ids of the wanted answers, in order; `single` where they are no batch. */
type Wanted = { readonly kind: "single" | "batch"; readonly ids: readonly unknown[] };

/** The id of the answer to one call; undefined where none is wanted. Zero loses its sign; other numbers come back as written. */
function wantedId(request: unknown): unknown {
  if (!isRecord(request)) return null;
  const { id, jsonrpc, method } = request;
  const isId = id === null || typeof id === "string" || typeof id === "number";
  if (id !== undefined) return isId ? (id === 0 ? 0 : id) : null;
  return jsonrpc === "2.0" && typeof method === "string" ? undefined : null;
}

function wantedOf(body: string): Wanted {
  const { batchCalls } = DEFAULT_RPC_LIMITS;
  const refused: Wanted = { kind: "single", ids: [null] };
  if (isTooComplex(body, DEFAULT_RPC_LIMITS)) return refused;
  let request: unknown;
  try {
    request = JSON.parse(body);
  } catch {
    return refused;
  }
  if (!Array.isArray(request)) return { kind: "single", ids: answered([request]) };
  if (request.length === 0) return refused;
  return { kind: "batch", ids: request.length > batchCalls ? [null] : answered(request) };
}

function answered(requests: readonly unknown[]): readonly unknown[] {
  return requests.map(wantedId).filter((id) => id !== undefined);
}

/** The outcome of one response: its error's code, or that it has a result. Throws for what is no response. */
function outcomeOf(answer: unknown, id: unknown): string {
  if (!isRecord(answer) || answer.jsonrpc !== "2.0") throw new Error("an answer is no JSON-RPC response");
  if (answer.id !== id) throw new Error(`an answer has the id ${JSON.stringify(answer.id)}`);
  const { error } = answer;
  if ("result" in answer === "error" in answer)
    throw new Error("an answer has both or neither of result and error");
  if (error === undefined) return "result";
  if (!isRecord(error) || !Number.isInteger(error.code) || typeof error.message !== "string")
    throw new Error("an error has no code and message");
  if (error.code === INTERNAL_ERROR) throw new Error("an exception was the answer: internal error");
  return String(error.code);
}

/** What became of a body. @throws Error where the answer is none that the standard knows */
export function judgeAnswer(body: Uint8Array, status: number, answer: string): string {
  if (status !== 200) {
    // Refused before the body was a text: too long, or its bytes are no UTF-8.
    if (status !== 400 && status !== 413) throw new Error(`HTTP status ${status}`);
    return `HTTP ${status}: ${outcomeOf(JSON.parse(answer), null)}`;
  }
  const wanted = wantedOf(Buffer.from(body).toString("utf8"));
  if (wanted.ids.length === 0) {
    if (answer !== "") throw new Error("a notification has an answer");
    return "notification";
  }
  const parsed: unknown = JSON.parse(answer);
  if (wanted.kind === "single") return outcomeOf(parsed, wanted.ids[0]);
  if (!Array.isArray(parsed)) throw new Error("the answer to a batch is no array");
  if (parsed.length !== wanted.ids.length)
    throw new Error(`${wanted.ids.length} answers are wanted, not ${parsed.length}`);
  const codes = parsed.map((each, i) => outcomeOf(each, wanted.ids[i]));
  return codes.includes(String(PARSE_ERROR)) ? "a parse error in a batch" : "batch";
}
