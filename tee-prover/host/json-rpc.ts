import { type Fetch, fetchJson } from "@phala-l2/node/l1/http";
import { isRecord } from "@phala-l2/protocol/json-record";

/** One call of an endpoint that is asked for what it says and not believed. */
export type JsonRpcCall = {
  readonly method: string;
  readonly params: readonly unknown[];
  readonly timeoutMs: number;
};

/** Who was named answers, or nobody does. */
const withoutRedirects: Fetch = (url, init) => fetch(url, { ...init, redirect: "error" });

/**
 * The result of one JSON-RPC call over HTTP, bounded in time and size.
 * @throws RollupError L1_REQUEST_FAILED when there is no answer of JSON, SyntaxError when the answer has no result
 */
export async function resultOf(url: string, { method, params, timeoutMs }: JsonRpcCall): Promise<unknown> {
  const { signal } = new AbortController();
  const body = { jsonrpc: "2.0", id: 1, method, params };
  const answer = await fetchJson(withoutRedirects, { url, body, timeoutMs, signal });
  if (isRecord(answer) && "result" in answer) return answer.result;
  throw new SyntaxError(`the answer to ${method} has no result`);
}
