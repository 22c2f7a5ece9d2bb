import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { json } from "node:stream/consumers";

/** Answers one method; what it throws is the error's message. */
export type Answer = (method: string, params: readonly unknown[]) => Promise<unknown>;

export type JsonRpcServer = { readonly url: string; stop(): Promise<void> };

export type JsonRpcServerOptions = {
  /** Any free one when absent. */
  readonly port?: number;
  /** Serves more on the same port; what comes back ends it. */
  readonly extend?: (server: Server) => () => void;
};

function isRequest(value: unknown): value is { id: unknown; method: string; params?: readonly unknown[] } {
  return typeof value === "object" && value !== null && "method" in value && typeof value.method === "string";
}

/** The response to one request, whatever it is. */
export async function respond(request: unknown, answer: Answer): Promise<object> {
  if (!isRequest(request))
    return { jsonrpc: "2.0", id: null, error: { code: -32600, message: "no request" } };
  const { id, method, params } = request;
  try {
    const result = (await answer(method, Array.isArray(params) ? params : [])) ?? null;
    return { jsonrpc: "2.0", id, result };
  } catch (error) {
    return { jsonrpc: "2.0", id, error: { code: -32000, message: String(error) } };
  }
}

/** A JSON-RPC server over HTTP on a port of this machine. */
export async function serveJsonRpc(
  answer: Answer,
  { port = 0, extend }: JsonRpcServerOptions = {},
): Promise<JsonRpcServer> {
  const server = createServer((request, response) => {
    void json(request)
      .then((body) => respond(body, answer))
      .then((body) => response.end(JSON.stringify(body)))
      // Who was killed in the middle of asking hears no answer.
      .catch(() => response.destroy());
  });
  const stopExtension = extend?.(server);
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const taken = typeof address === "object" && address !== null ? address.port : port;
  return {
    url: `http://127.0.0.1:${taken}`,
    stop: async () => {
      stopExtension?.();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
