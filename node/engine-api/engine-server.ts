import type { Log } from "@phala-l2/protocol/log";
import type { RpcMethods } from "../rpc/method.ts";
import { type Readiness, type RpcServer, startRpcServer } from "../rpc/server.ts";
import type { SubscriptionSource } from "../rpc/subscription.ts";
import { authorizationFault } from "./jwt.ts";

export type EngineServerOptions = {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** What both sides know. */
  readonly secret: Uint8Array;
};

export type EngineServerParts = {
  readonly methods: RpcMethods;
  readonly subscriptions: SubscriptionSource;
  readonly log: Log;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly readiness: () => Readiness;
};

/**
 * Bytes of one request, or of one answer: the largest block that can be gossiped, 10 MiB, is 20 MiB of hex, and
 * a range of bodies is more. Whoever sends it knows the secret.
 */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;
const MILLISECONDS = 1000;

/**
 * Serves the Engine API, HTTP and WebSocket on one port, to callers with a fresh token only.
 * @throws RollupError RPC_LISTEN_FAILED
 */
export async function startEngineServer(
  { host, port, secret }: EngineServerOptions,
  { methods, subscriptions, log, now, readiness }: EngineServerParts,
): Promise<RpcServer> {
  const limits = { bodyBytes: MAX_MESSAGE_BYTES, responseBytes: MAX_MESSAGE_BYTES };
  return startRpcServer(
    { host, port, limits },
    {
      methods,
      subscriptions,
      log,
      readiness,
      refusalOf: (authorization) => authorizationFault(secret, authorization, now() / MILLISECONDS),
    },
  );
}
