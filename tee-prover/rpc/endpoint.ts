import type { Clock } from "@phala-l2/node/clock";
import type { RpcLimits } from "@phala-l2/node/rpc/limits";
import { type RpcServer, startRpcServer } from "@phala-l2/node/rpc/server";
import { noSubscriptions } from "@phala-l2/node/rpc/subscription";
import type { Hex } from "@phala-l2/protocol/bytes";
import { listSetting, portSetting, type SettingsOf, textSetting } from "@phala-l2/protocol/config/settings";
import type { Log } from "@phala-l2/protocol/log";
import type { Standing } from "../attest/renewal.ts";
import { type KeyFacts, teeMethods } from "./tee.ts";

export const rpcSettings = {
  rpcHost: textSetting({ help: "address that tee_* methods are served on", default: "127.0.0.1" }),
  rpcPort: portSetting({
    help: "port of tee_* methods over HTTP and WebSocket; 0 is any free one; none: not served",
    optional: true,
  }),
  rpcCorsOrigins: listSetting({ help: "origins whose pages may call; * is any", default: "" }),
};

/** Two methods without parameters for curious strangers, beside a key: far less than a node's. */
const LIMITS: Partial<RpcLimits> = {
  bodyBytes: 16_384,
  batchCalls: 8,
  connections: 64,
  sockets: 16,
  pendingPerSocket: 8,
};
/** Milliseconds for which the registry's answer is told again: two L1 blocks change little, and requests cost L1 nothing. */
const STANDING_AGE_MS = 24_000;

export type EndpointParts = {
  readonly facts: () => KeyFacts;
  /** Asks L1. */
  readonly readStanding: (key: Hex) => Promise<Standing>;
  readonly clock: Clock;
  readonly log: Log;
};

/** The registry's answer, asked for once in a while whatever the number of callers; undefined when L1 does not give one. */
export function rememberedStanding({ readStanding, clock, log }: Omit<EndpointParts, "facts">) {
  let last:
    | { readonly key: Hex; readonly at: number; readonly answer: Promise<Standing | undefined> }
    | undefined;
  return (key: Hex): Promise<Standing | undefined> => {
    const now = clock.now();
    if (last?.key === key && now - last.at < STANDING_AGE_MS) return last.answer;
    const answer = readStanding(key).catch((error: unknown) => {
      log.warn({ reason: error instanceof Error ? error.name : "unknown" }, "the registry gives no answer");
      return undefined;
    });
    last = { key, at: now, answer };
    return answer;
  };
}

/** Serves `tee_*` where a port is set. @throws RollupError RPC_LISTEN_FAILED */
export async function startTeeEndpoint(
  { rpcHost: host, rpcPort: port, rpcCorsOrigins: corsOrigins }: SettingsOf<typeof rpcSettings>,
  parts: EndpointParts,
): Promise<RpcServer | undefined> {
  if (port === undefined) return undefined;
  const methods = teeMethods({ facts: parts.facts, standing: rememberedStanding(parts) });
  const options = { host, port, corsOrigins, limits: LIMITS };
  return startRpcServer(options, { methods, subscriptions: noSubscriptions, log: parts.log });
}
