import { randomBytes } from "node:crypto";
import type { RawData, WebSocket } from "ws";
import { answerText, type DispatchOptions, dispatch, type MethodLookup } from "./dispatch.ts";
import type { RpcLimits } from "./limits.ts";
import { method1, type RpcMethod, type RpcMethods, required } from "./method.ts";
import { text } from "./parameters.ts";
import { failure, INVALID_PARAMS, LIMIT_EXCEEDED, result, SERVER_ERROR } from "./reply.ts";
import type { OpenedSubscription, SubscriptionSource } from "./subscription.ts";

/** WebSocket close code 1008: the peer broke this server's policy (RFC 6455, section 7.4.1). */
const POLICY_VIOLATION = 1008;

export type SocketOptions = DispatchOptions & {
  readonly limits: Pick<RpcLimits, "subscriptionsPerSocket" | "pendingPerSocket" | "socketBufferBytes">;
};

export type SocketParts = {
  readonly methods: RpcMethods;
  readonly subscriptions: SubscriptionSource;
};

function messageText(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString("utf8");
  return Buffer.isBuffer(data) ? data.toString("utf8") : Buffer.from(data).toString("utf8");
}

/**
 * Serves one WebSocket until it closes: requests, batches and subscriptions. A reader that is too slow for
 * what it ordered is cut off, because anything else buffers without bound.
 */
export function serveSocket(socket: WebSocket, parts: SocketParts, options: SocketOptions): void {
  const { limits, log } = options;
  const open = new Map<string, OpenedSubscription>();
  let pending = 0;

  function send(message: string): void {
    if (socket.readyState !== socket.OPEN) return;
    if (socket.bufferedAmount > limits.socketBufferBytes) {
      log.info({ bufferedBytes: socket.bufferedAmount }, "WebSocket cut: the client reads too slowly");
      socket.terminate();
      return;
    }
    socket.send(message);
  }

  const own = socketMethods(open, parts.subscriptions, limits.subscriptionsPerSocket, send);
  const lookup: MethodLookup = (name) =>
    own.get(name) ?? (Object.hasOwn(parts.methods, name) ? parts.methods[name] : undefined);

  async function serve(message: string): Promise<void> {
    pending++;
    try {
      const answer = await dispatch(message, lookup, options);
      if (answer !== undefined) send(answer);
    } finally {
      pending--;
    }
  }

  socket.on("message", (data, isBinary) => {
    if (isBinary) return socket.close(POLICY_VIOLATION, "text frames only");
    if (pending >= limits.pendingPerSocket) {
      return send(
        answerText(null, failure(LIMIT_EXCEEDED, "too many requests outstanding on this connection")),
      );
    }
    // dispatch answers every text and reports its own faults; what is left is a bug worth the process's notice.
    void serve(messageText(data));
  });
  socket.on("error", (error) => log.debug({ error }, "WebSocket error"));
  socket.on("close", () => {
    for (const subscription of open.values()) subscription.close();
    open.clear();
  });
}

/** eth_subscribe and eth_unsubscribe of one socket. */
function socketMethods(
  open: Map<string, OpenedSubscription>,
  source: SubscriptionSource,
  limit: number,
  send: (message: string) => void,
): ReadonlyMap<string, RpcMethod> {
  const subscribe: RpcMethod = (params) => {
    if (params.length === 0) return failure(INVALID_PARAMS, "missing value for required argument 0");
    if (open.size >= limit) return failure(LIMIT_EXCEEDED, `too many subscriptions (limit ${limit})`);
    const id = `0x${randomBytes(16).toString("hex")}`;
    const notify = (value: unknown): void =>
      send(
        JSON.stringify({
          jsonrpc: "2.0",
          method: "eth_subscription",
          params: { subscription: id, result: value },
        }),
      );
    // The id must reach the client before its first notification does.
    let held: unknown[] | undefined = [];
    const opened = source(params, (value) => {
      if (held === undefined) notify(value);
      else held.push(value);
    });
    if (opened.kind === "failure") return opened;
    open.set(id, opened);
    setImmediate(() => {
      const early = held ?? [];
      held = undefined;
      if (open.has(id)) for (const value of early) notify(value);
    });
    return result(id);
  };
  const unsubscribe = method1(required(text), (id) => {
    const subscription = open.get(id);
    if (subscription === undefined) return failure(SERVER_ERROR, "subscription not found");
    open.delete(id);
    subscription.close();
    return result(true);
  });
  return new Map([
    ["eth_subscribe", subscribe],
    ["eth_unsubscribe", unsubscribe],
  ]);
}
