import { endpointName } from "@phala-l2/protocol/endpoint";
import { RollupError } from "@phala-l2/protocol/errors";
import { isRecord } from "@phala-l2/protocol/json-record";

/** Asks one endpoint. */
export type Ask = (method: string, params: readonly unknown[]) => Promise<unknown>;

/** The error that an endpoint answers with, in its own words. */
export type RpcRefusal = { readonly code: number; readonly message: string };

/**
 * Largest answer that is read: a block of a parachain is at most 10 MiB (what a relay chain lets it prove), twice as much in hex;
 * all else is smaller: state proofs of one block's events, finality proofs, metadata of some hundred kilobytes.
 */
export const MAX_ANSWER_BYTES = 32 * 1024 * 1024;
/** Characters of an endpoint's own words that go to logs and people. */
const MAX_WORDS = 500;

function unreachable(endpoint: string, why: string, cause?: unknown): RollupError<"RPC_UNREACHABLE"> {
  return new RollupError("RPC_UNREACHABLE", `${endpoint} ${why}`, { data: { endpoint }, cause });
}

/**
 * JSON-RPC over HTTP, one request a call. Endpoints are other people's: an answer is bounded in time, as a whole, and in size, and
 * comes from whom the URL names.
 * @throws RollupError RPC_UNREACHABLE when there is no answer in time, one too large or none of this form, RPC_REFUSED with the
 * endpoint's own code and words
 */
export function jsonRpc(url: string, timeoutMs: number, maxBytes: number = MAX_ANSWER_BYTES): Ask {
  const endpoint = endpointName(url);
  let id = 0;
  return async (method, params) => {
    id += 1;
    const body = { jsonrpc: "2.0", id, method, params };
    const answer = await post(url, body, { timeoutMs, maxBytes }).catch((cause) => {
      throw unreachable(endpoint, `does not answer ${method}`, cause);
    });
    if (!isRecord(answer)) throw unreachable(endpoint, `answers ${method} with no JSON-RPC response`);
    const { error } = answer;
    if (isRecord(error)) {
      const refusal: RpcRefusal = { code: Number(error.code), message: wordsOf(error.message) };
      throw new RollupError("RPC_REFUSED", `${endpoint} refuses ${method}: ${refusal.message}`, {
        data: { endpoint, method, ...refusal },
      });
    }
    return answer.result;
  };
}

function wordsOf(message: unknown): string {
  const words = typeof message === "string" ? message : "";
  return words.length > MAX_WORDS ? `${words.slice(0, MAX_WORDS)}…` : words;
}

type Limits = { readonly timeoutMs: number; readonly maxBytes: number };

async function post(url: string, body: object, { timeoutMs, maxBytes }: Limits): Promise<unknown> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    redirect: "error",
    signal: AbortSignal.timeout(timeoutMs),
  });
  return JSON.parse(await boundedText(response, maxBytes));
}

/** Reads no further than the limit: leaving the loop ends the connection. */
async function boundedText(response: Response, maxBytes: number): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.length;
    if (length > maxBytes) throw new RangeError(`an answer of more than ${maxBytes} bytes`);
    parts.push(part);
  }
  return new TextDecoder().decode(Buffer.concat(parts, length));
}
