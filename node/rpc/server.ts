import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { RollupError } from "@phala-l2/protocol/errors";
import type { Log } from "@phala-l2/protocol/log";
import fastify, { type FastifyInstance, type FastifyReply } from "fastify";
import { WebSocketServer } from "ws";
import { answerText, dispatch, type MethodLookup } from "./dispatch.ts";
import { DEFAULT_RPC_LIMITS, type RpcLimits } from "./limits.ts";
import type { RpcMethods } from "./method.ts";
import { failure, INVALID_REQUEST } from "./reply.ts";
import { serveSocket } from "./socket.ts";
import type { SubscriptionSource } from "./subscription.ts";

/** Whether the node can serve (`/readyz`), and why not. */
export type Readiness = { readonly isReady: boolean; readonly reasons: readonly string[] };

export type RpcServerOptions = {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Origins whose pages may call; `"*"` allows all. None: no page of another origin may. */
  readonly corsOrigins?: readonly string[];
  readonly limits?: Partial<RpcLimits>;
};

export type RpcServerParts = {
  readonly methods: RpcMethods;
  readonly subscriptions: SubscriptionSource;
  readonly log: Log;
  readonly readiness?: () => Readiness;
  /**
   * Why a caller with this Authorization header is refused, undefined when it is not; asked for each HTTP
   * request before its body is read, and for each WebSocket at its handshake. Without it anybody may call.
   */
  readonly refusalOf?: (authorization: string | undefined) => string | undefined;
};

export type RpcServer = { readonly url: string; readonly wsUrl: string; stop(): Promise<void> };

/** Milliseconds in which a client must have sent its whole request: slow senders hold a socket, no memory. */
const REQUEST_ARRIVAL_MS = 20_000;
/** Milliseconds without a byte in either direction after which an HTTP connection is cut; longer than any call. */
const IDLE_CONNECTION_MS = 60_000;
/** Milliseconds between pings of a WebSocket; one that missed the last is dead and is cut. */
const PING_MS = 30_000;
const UNAUTHORIZED = 401;
/** geth accepts these; a page of another origin cannot send them without a CORS preflight, unlike text/plain. */
const CONTENT_TYPES = ["application/json", "application/json-rpc", "application/jsonrequest"];

function allowsOrigin(corsOrigins: readonly string[], origin: string): boolean {
  return corsOrigins.includes("*") || corsOrigins.includes(origin);
}

function addCors(app: FastifyInstance, corsOrigins: readonly string[]): void {
  app.addHook("onRequest", async (request, reply) => {
    const origin = request.headers.origin;
    if (origin === undefined || !allowsOrigin(corsOrigins, origin)) return;
    reply.header("access-control-allow-origin", corsOrigins.includes("*") ? "*" : origin);
    reply.header("vary", "Origin");
    if (request.method !== "OPTIONS") return;
    reply.header("access-control-allow-methods", "POST, GET, OPTIONS");
    reply.header("access-control-allow-headers", "content-type");
    reply.header("access-control-max-age", "600");
  });
  app.options("*", async (_request, reply) => reply.code(204).send());
}

function addAuthorization(app: FastifyInstance, { refusalOf }: RpcServerParts): void {
  if (refusalOf === undefined) return;
  app.addHook("onRequest", async (request, reply) => {
    const refusal = refusalOf(request.headers.authorization);
    if (refusal !== undefined) await sendHttpError(reply, UNAUTHORIZED, refusal);
  });
}

/** Errors before a method is reached (body too large, wrong content type) in JSON-RPC's shape. */
function sendHttpError(reply: FastifyReply, status: number, message: string): FastifyReply {
  return reply
    .code(status)
    .header("content-type", "application/json")
    .send(answerText(null, failure(INVALID_REQUEST, message)));
}

function httpApp(options: RpcServerOptions, parts: RpcServerParts, limits: RpcLimits): FastifyInstance {
  const { methods, log } = parts;
  const app = fastify({
    bodyLimit: limits.bodyBytes,
    requestTimeout: REQUEST_ARRIVAL_MS,
    connectionTimeout: IDLE_CONNECTION_MS,
    forceCloseConnections: true,
    routerOptions: { ignoreTrailingSlash: true },
  });
  app.server.maxConnections = limits.connections;
  const lookup: MethodLookup = (name) => (Object.hasOwn(methods, name) ? methods[name] : undefined);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(CONTENT_TYPES, { parseAs: "string" }, (_request, body, done) => done(null, body));
  app.setErrorHandler<Error & { statusCode?: number }>((error, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) log.error({ error }, "HTTP request failed");
    return sendHttpError(reply, status, status >= 500 ? "internal error" : error.message);
  });
  addAuthorization(app, parts);
  addCors(app, options.corsOrigins ?? []);
  app.post<{ Body: unknown }>("/", async (request, reply) => {
    const body = typeof request.body === "string" ? request.body : "";
    const answer = await dispatch(body, lookup, { limits, log });
    reply.header("content-type", "application/json");
    return answer ?? "";
  });
  app.get("/healthz", async () => ({ status: "ok" }));
  app.get("/readyz", async (_request, reply) => {
    const readiness = parts.readiness?.() ?? { isReady: true, reasons: [] };
    return reply.code(readiness.isReady ? 200 : 503).send(readiness);
  });
  return app;
}

/**
 * Ends a handshake. Node hands the socket over without a listener for errors, so that a client which is gone by now
 * would end the process; and without a time limit, so that one which stays would keep its connection.
 */
function refuseUpgrade(socket: Duplex, status: string): void {
  socket.on("error", () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`, () => socket.destroy());
}

/** Serves WebSockets on the HTTP server's port. Browsers are held to the same origins as CORS. */
function addWebSockets(
  app: FastifyInstance,
  options: RpcServerOptions,
  parts: RpcServerParts,
  limits: RpcLimits,
): () => void {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: limits.bodyBytes,
    perMessageDeflate: false,
  });
  const answered = new WeakSet<object>();
  app.server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const origin = request.headers.origin;
    if (parts.refusalOf?.(request.headers.authorization) !== undefined)
      return refuseUpgrade(socket, "401 Unauthorized");
    if (origin !== undefined && !allowsOrigin(options.corsOrigins ?? [], origin))
      return refuseUpgrade(socket, "403 Forbidden");
    if (server.clients.size >= limits.sockets) return refuseUpgrade(socket, "503 Service Unavailable");
    server.handleUpgrade(request, socket, head, (client) => {
      answered.add(client);
      client.on("pong", () => answered.add(client));
      serveSocket(client, parts, { limits, log: parts.log });
    });
  });
  const pings = setInterval(() => {
    for (const client of server.clients) {
      if (answered.delete(client)) client.ping();
      else client.terminate();
    }
  }, PING_MS);
  return () => {
    clearInterval(pings);
    for (const client of server.clients) client.terminate();
    server.close();
  };
}

function isAddressInfo(address: string | AddressInfo | null): address is AddressInfo {
  return typeof address === "object" && address !== null;
}

/**
 * Serves JSON-RPC over HTTP (POST /, single and batch) and WebSocket on one port, with `/healthz` (the
 * process lives) and `/readyz` (it can serve, 503 with reasons when not).
 *
 * @throws RollupError RPC_LISTEN_FAILED { host, port } when the port is taken or forbidden
 */
export async function startRpcServer(options: RpcServerOptions, parts: RpcServerParts): Promise<RpcServer> {
  const limits = { ...DEFAULT_RPC_LIMITS, ...options.limits };
  const app = httpApp(options, parts, limits);
  const stopSockets = addWebSockets(app, options, parts, limits);
  const { host } = options;
  try {
    await app.listen({ host, port: options.port });
  } catch (cause) {
    stopSockets();
    await app.close();
    throw new RollupError("RPC_LISTEN_FAILED", `cannot listen on ${host}:${options.port}`, {
      data: { host, port: options.port },
      cause,
    });
  }
  const address = app.server.address();
  const port = isAddressInfo(address) ? address.port : options.port;
  const authority = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  return {
    url: `http://${authority}`,
    wsUrl: `ws://${authority}`,
    stop: async () => {
      stopSockets();
      await app.close();
    },
  };
}
