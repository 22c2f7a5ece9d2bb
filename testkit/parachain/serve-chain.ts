import { allHandlers } from "@acala-network/chopsticks-core";
import { fromHex, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { type Answer, type JsonRpcServer, serveJsonRpc } from "../relayer/json-rpc-server.ts";
import type { SealedChain } from "./sealed-chain.ts";

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

/** Who asks over HTTP cannot be told anything later. */
const NO_SUBSCRIPTIONS: Manager = {
  subscribe: (method) => {
    throw new RangeError(`${method}: no subscriptions over HTTP`);
  },
  unsubscribe: () => {},
};

function answerOf(chain: SealedChain): Answer {
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
    return handler({ chain }, params, NO_SUBSCRIPTIONS);
  };
}

/** JSON-RPC of a Substrate node, over HTTP on a port of this machine; 0 is any free one. */
export function serveChain(chain: SealedChain, port = 0): Promise<JsonRpcServer> {
  return serveJsonRpc(answerOf(chain), { port });
}
