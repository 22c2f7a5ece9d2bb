import { createToken } from "@phala-l2/node/engine-api/jwt";

/** A JSON-RPC answer as it came. */
export type Answer = {
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
};

/** What a test posts: its answer's status and text. */
export async function post(
  url: string,
  body: string,
  authorization?: string,
): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(authorization !== undefined && { authorization }),
    },
    body,
  });
  return { status: response.status, text: await response.text() };
}

export function bearer(secret: Uint8Array, issuedAt = Date.now() / 1000): string {
  return `Bearer ${createToken(secret, Math.floor(issuedAt))}`;
}

/** Calls with a fresh token each, as op-node does. */
export function callerOf(url: string, secret: Uint8Array) {
  return async (method: string, ...params: readonly unknown[]): Promise<Answer> => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    const { status, text } = await post(url, body, bearer(secret));
    if (status !== 200) throw new Error(`HTTP ${status}: ${text}`);
    return JSON.parse(text);
  };
}

export type Caller = ReturnType<typeof callerOf>;

/** What stands at a path of names in a JSON value; undefined where nothing does. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  let found = value;
  for (const name of path) {
    if (typeof found !== "object" || found === null) return undefined;
    found = Object.entries(found).find(([each]) => each === name)?.[1];
  }
  return found;
}
