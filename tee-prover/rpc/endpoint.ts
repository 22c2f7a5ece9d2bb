import type { Clock } from "@phala-l2/node/clock";
import type { RpcLimits } from "@phala-l2/node/rpc/limits";
import { type RpcServer, startRpcServer } from "@phala-l2/node/rpc/server";
import { noSubscriptions } from "@phala-l2/node/rpc/subscription";
import type { Hex } from "@phala-l2/protocol/bytes";
import {
  integerWithin,
  listSetting,
  portSetting,
  type SettingsOf,
  textSetting,
} from "@phala-l2/protocol/config/settings";
import type { Log } from "@phala-l2/protocol/log";
import type { Standing } from "../attest/renewal.ts";
import type { StatementDesk } from "../host/statements/desk.ts";
import type { PolicyRules } from "../registry/policy-rules.ts";
import type { Coverage } from "../registry/proof-status.ts";
import { remembered } from "./remembered.ts";
import { type SettlementView, settlementMethods } from "./settlement.ts";
import { statementMethods } from "./statements.ts";
import { type KeyFacts, teeMethods } from "./tee.ts";

const MEBIBYTE = 2 ** 20;
/** What the enclave takes, in hex. */
const MAX_RELEASE_MEBIBYTES = 128;

export const rpcSettings = {
  rpcHost: textSetting({ help: "address that tee_* methods are served on", default: "127.0.0.1" }),
  rpcPort: portSetting({
    help: "port of tee_* methods over HTTP and WebSocket; 0 is any free one; none: not served",
    optional: true,
  }),
  rpcCorsOrigins: listSetting({ help: "origins whose pages may call; * is any", default: "" }),
  // In hex: the events of one block or two, what proves them, and that they are final: votes of a thousand authorities, a hundred
  // kilobytes, and headers down from the parachain's head, half a day of which are two megabytes.
  rpcReleaseMebibytes: integerWithin(
    1,
    MAX_RELEASE_MEBIBYTES,
  )({
    help: "largest question about a deposit, in MiB of JSON; more is needed for one that was final days ago",
    default: "4",
  }),
};

/** Methods of few parameters for curious strangers, beside a key: far less than a node's. */
const LIMITS = {
  bodyBytes: 16_384,
  batchCalls: 8,
  connections: 64,
  sockets: 16,
  pendingPerSocket: 8,
} satisfies Partial<RpcLimits>;
/** Keys: the prover's own alone are asked about, one after another. */
const KEYS_MOST = 8;
/** Blocks, each of up to some ninety cheap calls: less than a prover that follows its games asks L1 for. */
const BLOCKS_MOST = 32;

export type EndpointSettings = SettingsOf<typeof rpcSettings>;

export type EndpointParts = {
  readonly facts: () => KeyFacts;
  /** Asks L1. */
  readonly readStanding: (key: Hex) => Promise<Standing>;
  readonly readPolicyRules: () => Promise<PolicyRules>;
  readonly readCoverage: (block: bigint) => Promise<Coverage>;
  readonly numberOf: SettlementView["numberOf"];
  /** Undefined where the prover states nothing of Substrate chains. */
  readonly desk: StatementDesk | undefined;
  readonly clock: Clock;
  readonly log: Log;
};

/** The registry's answer, asked for once in a while whatever the number of callers; undefined when L1 does not give one. */
export function rememberedStanding({
  readStanding,
  clock,
  log,
}: Pick<EndpointParts, "readStanding" | "clock" | "log">) {
  const standing = remembered({ read: readStanding, most: KEYS_MOST, clock, log });
  return async (key: Hex): Promise<Standing | undefined> => {
    const answer = await standing(key);
    return answer.kind === "answer" ? answer.value : undefined;
  };
}

/** Serves `tee_*` where a port is set. @throws RollupError RPC_LISTEN_FAILED */
export async function startTeeEndpoint(
  { rpcHost: host, rpcPort: port, rpcCorsOrigins: corsOrigins, rpcReleaseMebibytes }: EndpointSettings,
  parts: EndpointParts,
): Promise<RpcServer | undefined> {
  if (port === undefined) return undefined;
  const { clock, log } = parts;
  const rules = remembered({ read: parts.readPolicyRules, most: 1, clock, log });
  const coverage = remembered({ read: parts.readCoverage, most: BLOCKS_MOST, clock, log });
  const methods = {
    ...teeMethods({ facts: parts.facts, standing: rememberedStanding(parts) }),
    ...settlementMethods({ policy: () => rules("policy"), coverage, numberOf: parts.numberOf }),
    ...(parts.desk === undefined ? {} : statementMethods(parts.desk)),
  };
  const bodyBytes = parts.desk === undefined ? LIMITS.bodyBytes : rpcReleaseMebibytes * MEBIBYTE;
  const options = { host, port, corsOrigins, limits: { ...LIMITS, bodyBytes } };
  return startRpcServer(options, { methods, subscriptions: noSubscriptions, log });
}
