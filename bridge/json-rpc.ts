import { endpointName } from "@phala-l2/protocol/endpoint";
import { RollupError } from "@phala-l2/protocol/errors";
import { isRecord } from "@phala-l2/protocol/json-record";

/** Asks one endpoint. */
export type Ask = (method: string, params: readonly unknown[]) => Promise<unknown>;

/** The error that an endpoint answers with, in its own words. */
export type RpcRefusal = { readonly code: number; readonly message: string };

function unreachable(endpoint: string, why: string, cause?: unknown): RollupError<"RPC_UNREACHABLE"> {
  return new RollupError("RPC_UNREACHABLE", `${endpoint} ${why}`, { data: { endpoint }, cause });
}

/**
 * JSON-RPC over HTTP, one request a call.
 * @throws RollupError RPC_UNREACHABLE when there is no answer in time or none of this form, RPC_REFUSED with the endpoint's
 * own code and words
 */
export function jsonRpc(url: string, timeoutMs: number): Ask {
  const endpoint = endpointName(url);
  let id = 0;
  return async (method, params) => {
    id += 1;
    const answer = await post(url, { jsonrpc: "2.0", id, method, params }, timeoutMs).catch((cause) => {
      throw unreachable(endpoint, `does not answer ${method}`, cause);
    });
    if (!isRecord(answer)) throw unreachable(endpoint, `answers ${method} with no JSON-RPC response`);
    const { error } = answer;
    if (isRecord(error)) {
      const refusal: RpcRefusal = { code: Number(error.code), message: String(error.message) };
      throw new RollupError("RPC_REFUSED", `${endpoint} refuses ${method}: ${refusal.message}`, {
        data: { endpoint, method, ...refusal },
      });
    }
    return answer.result;
  };
}

async function post(url: string, body: object, timeoutMs: number): Promise<unknown> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(timeoutMs),
  });
  return await response.json();
}
