import { once } from "node:events";
import { createServer } from "node:http";
import { json } from "node:stream/consumers";

/** Answers one method; what it throws is the error's message. */
export type Answer = (method: string, params: readonly unknown[]) => Promise<unknown>;

export type JsonRpcServer = { readonly url: string; stop(): Promise<void> };

function isRequest(value: unknown): value is { id: unknown; method: string; params: readonly unknown[] } {
  return typeof value === "object" && value !== null && "method" in value && "params" in value;
}

async function respond(request: unknown, answer: Answer): Promise<object> {
  if (!isRequest(request))
    return { jsonrpc: "2.0", id: null, error: { code: -32600, message: "no request" } };
  const { id, method, params } = request;
  try {
    return { jsonrpc: "2.0", id, result: (await answer(method, params)) ?? null };
  } catch (error) {
    return { jsonrpc: "2.0", id, error: { code: -32000, message: String(error) } };
  }
}

/** A JSON-RPC server over HTTP on a free port of this machine. */
export async function serveJsonRpc(answer: Answer): Promise<JsonRpcServer> {
  const server = createServer((request, response) => {
    void json(request)
      .then((body) => respond(body, answer))
      .then((body) => response.end(JSON.stringify(body)))
      // Who was killed in the middle of asking hears no answer.
      .catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
