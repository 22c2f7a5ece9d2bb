import type { Server } from "node:http";
import { allHandlers } from "@acala-network/chopsticks-core";
import { fromHex, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { type WebSocket, WebSocketServer } from "ws";
import { type Answer, type JsonRpcServer, respond, serveJsonRpc } from "../relayer/json-rpc-server.ts";
import type { SealedChain } from "./sealed-chain.ts";

/** Sends one caller what a subscription of its own tells. */
type Push = (method: string, subscription: string, result: unknown) => void;

/** What a caller's connection keeps of it: how to end each subscription. */
type Connection = { readonly push: Push; readonly open: Map<string, () => void> };

type Handler = (typeof allHandlers)[string];
type Manager = Parameters<Handler>[2];

/** Chopsticks has methods beside these by which a chain can be changed behind its own back. */
const OFFERED = /^(author|chain|payment|state|system)_/;

const handlers: ReadonlyMap<string, Handler> = new Map(
  Object.entries(allHandlers).filter(([name]) => OFFERED.test(name)),
);

const METHODS = [...handlers.keys(), "rpc_methods", "state_getReadProof"].toSorted();

function isHex(value: unknown): value is Hex {
  return typeof value === "string" && value.startsWith("0x");
}

/** Subscriptions of one connection; without a connection there are none. */
function managerOf(connection: Connection | undefined): Manager {
  return {
    subscribe: (method, id, onCancel = () => {}) => {
      if (connection === undefined) throw new RangeError(`${method}: subscriptions need a WebSocket`);
      connection.open.set(id, onCancel);
      return (data) => {
        if (connection.open.has(id)) connection.push(method, id, data);
      };
    },
    unsubscribe: (id) => {
      connection?.open.get(id)?.();
      connection?.open.delete(id);
    },
  };
}

function answerOf(chain: SealedChain, connection?: Connection): Answer {
  const manager = managerOf(connection);
  return async (method, params) => {
    if (method === "rpc_methods") return { methods: METHODS };
    if (method === "state_getReadProof") {
      const [keys, hash = chain.head.hash] = params;
      if (!Array.isArray(keys) || !keys.every(isHex) || !isHex(hash)) throw new RangeError("keys are wanted");
      const proof = chain.readProof(keys.map(fromHex), hash);
      if (proof === undefined) throw new RangeError(`no block ${hash}`);
      return { at: hash, proof: proof.map(toHex) };
    }
    const handler = handlers.get(method);
    if (handler === undefined) throw new RangeError(`no method ${method}`);
    return handler({ chain }, params, manager);
  };
}

function serveSocket(socket: WebSocket, chain: SealedChain): void {
  const open: Connection["open"] = new Map();
  const send = (message: object) => {
    if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(message));
  };
  const push: Push = (method, subscription, result) =>
    send({ jsonrpc: "2.0", method, params: { subscription, result } });
  const answer = answerOf(chain, { push, open });
  socket.on("message", (data) => {
    let request: unknown;
    try {
      request = JSON.parse(data.toString());
    } catch {
      return socket.close();
    }
    void respond(request, answer).then(send);
  });
  socket.on("error", () => socket.terminate());
  socket.on("close", () => {
    for (const cancel of open.values()) cancel();
    open.clear();
  });
}

/** WebSockets on the HTTP server's port. */
function withSockets(chain: SealedChain) {
  return (server: Server) => {
    const sockets = new WebSocketServer({ server });
    sockets.on("connection", (socket) => serveSocket(socket, chain));
    return () => {
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
    };
  };
}

/** JSON-RPC of a Substrate node, over HTTP and WebSocket on one port of this machine; 0 is any free one. */
export function serveChain(chain: SealedChain, port = 0): Promise<JsonRpcServer> {
  return serveJsonRpc(answerOf(chain), { port, extend: withSockets(chain) });
}
