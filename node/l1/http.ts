import { requestTarget } from "@phala-l2/protocol/endpoint";
import { isRollupError, RollupError } from "@phala-l2/protocol/errors";

/** The part of the platform's `fetch` that is used here; tests may hand in another. */
export type Fetch = (
  url: string,
  init: { method: string; headers: Record<string, string>; body?: string; signal: AbortSignal },
) => Promise<Response>;

/** Largest answer that is read: receipts of the fullest L1 blocks take some 30 MB as JSON, 21 blobs 6 MB. */
export const MAX_RESPONSE_BYTES = 128 * 1024 * 1024;

/** One try at an endpoint that gave nothing usable; what to do about it the caller decides. */
export type HttpFault = { readonly status: number | undefined; readonly retryAfterMs: number | undefined };

const MILLISECONDS = 1000;

type HttpError = RollupError<"L1_REQUEST_FAILED", HttpFault>;

/** True for what `fetchJson` throws. */
export function isHttpError(error: unknown): error is HttpError {
  return isRollupError(error, "L1_REQUEST_FAILED");
}

function fault(message: string, data: HttpFault, cause?: unknown): HttpError {
  return new RollupError("L1_REQUEST_FAILED", message, { data, cause });
}

function retryAfter(response: Response): number | undefined {
  const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * MILLISECONDS : undefined;
}

async function boundedText(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.length;
    if (length > MAX_RESPONSE_BYTES) throw new Error(`answer of more than ${MAX_RESPONSE_BYTES} bytes`);
    parts.push(part);
  }
  return new TextDecoder().decode(Buffer.concat(parts, length));
}

/**
 * One HTTP exchange of JSON with a deadline and a bound on the size of the answer.
 * @throws RollupError L1_REQUEST_FAILED for whatever is not a 2xx answer of JSON text
 */
export async function fetchJson(
  fetch: Fetch,
  request: {
    /** Its user, if it has one, is sent as a header. */
    readonly url: string;
    readonly body?: unknown;
    /** Beside those that JSON needs. */
    readonly headers?: Readonly<Record<string, string>>;
    readonly timeoutMs: number;
    readonly signal: AbortSignal;
  },
): Promise<unknown> {
  const { body, timeoutMs } = request;
  const target = requestTarget(request.url);
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(timeoutMs)]);
  const headers: Record<string, string> = {
    accept: "application/json",
    ...target.headers,
    ...request.headers,
  };
  if (body !== undefined) headers["content-type"] = "application/json";
  let response: Response;
  let text: string;
  try {
    response = await fetch(target.url, {
      method: body === undefined ? "GET" : "POST",
      headers,
      signal,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    text = await boundedText(response);
  } catch (error) {
    const why =
      signal.aborted && !request.signal.aborted ? `no answer within ${timeoutMs} ms` : reasonOf(error);
    throw fault(why, { status: undefined, retryAfterMs: undefined }, error);
  }
  const data = { status: response.status, retryAfterMs: retryAfter(response) };
  if (!response.ok) throw fault(`HTTP ${response.status}`, data);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw fault("the answer is not JSON", data, error);
  }
}

/** The innermost message of an error; fetch hides the reason ("connect ECONNREFUSED …") in its cause. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : reasonOf(error.cause);
}
