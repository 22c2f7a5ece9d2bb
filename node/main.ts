import { join } from "node:path";
import { toHex } from "@phala-l2/protocol/bytes";
import {
  listSetting,
  portSetting,
  type SettingsOf,
  textSetting,
  urlSetting,
} from "@phala-l2/protocol/config/settings";
import { isRollupError } from "@phala-l2/protocol/errors";
import type { Log } from "@phala-l2/protocol/log";
import { type Block, decodeBlock } from "@phala-l2/protocol/wire/block";
import { type CoreOptions, type NodeCore, startCore } from "./core.ts";
import { coreOptions, coreSettings } from "./core-settings.ts";
import { createUnsafeFollower, type FetchBlock } from "./engine/unsafe-follower.ts";
import { type Gossip, startGossip } from "./gossip/gossip.ts";
import { loadPeerKey } from "./gossip/peer-key.ts";
import { createJsonRpcClient } from "./l1/json-rpc.ts";
import { bytesOfHex } from "./l1/rpc-fields.ts";
import { followUnsafeBlockSigner, type UnsafeBlockSigner } from "./l1/unsafe-block-signer.ts";
import { adminMethods, adminViews, type SequencerControl } from "./rpc/admin.ts";
import { startCallWorker } from "./rpc/calls/call-worker.ts";
import { debugMethods } from "./rpc/debug.ts";
import { forwardTo } from "./rpc/eth/forward.ts";
import { ethMethods } from "./rpc/eth/methods.ts";
import type { SubmitTransaction } from "./rpc/eth/submission.ts";
import { ethSubscriptions } from "./rpc/eth/subscriptions.ts";
import { DEFAULT_RPC_LIMITS } from "./rpc/limits.ts";
import type { RpcMethods } from "./rpc/method.ts";
import { netMethods } from "./rpc/net.ts";
import { opp2pMethods, opp2pViews } from "./rpc/opp2p.ts";
import { optimismMethods } from "./rpc/optimism.ts";
import type { PoolView } from "./rpc/pool-view.ts";
import { type Readiness, type RpcServer, startRpcServer } from "./rpc/server.ts";
import { txpoolMethods } from "./rpc/txpool.ts";
import { web3Methods } from "./rpc/web3.ts";

export const VERSION = "0.1.0";

export const nodeSettings = {
  ...coreSettings,
  rpcHost: textSetting({ help: "address that JSON-RPC listens on", default: "127.0.0.1" }),
  rpcPort: portSetting({
    help: "port of JSON-RPC over HTTP and WebSocket; 0 is any free one",
    default: "9545",
  }),
  adminPort: portSetting({
    help: "port on 127.0.0.1 that serves admin_* and opp2p_* in full too; 0 is any free one; none: not served",
    optional: true,
  }),
  rpcCorsOrigins: listSetting({ help: "origins whose pages may call; * is any", default: "" }),
  p2pListen: listSetting({
    help: "multiaddrs for gossip, such as /ip4/0.0.0.0/tcp/9222; none: no gossip",
    default: "",
  }),
  p2pPeers: listSetting({ help: "multiaddrs of peers to stay connected with", default: "" }),
  sequencerUrl: urlSetting({ help: "where sent transactions are forwarded to", optional: true }),
};

export type RpcOptions = {
  readonly host: string;
  readonly port: number;
  readonly corsOrigins: readonly string[];
  /** Port on the loopback interface for what the operator alone may call; undefined serves none of it. */
  readonly adminPort: number | undefined;
};
export type P2pOptions = { readonly listen: readonly string[]; readonly peers: readonly string[] };

export type NodeOptions = CoreOptions & {
  readonly rpc: RpcOptions | undefined;
  readonly p2p: P2pOptions | undefined;
  readonly sequencerUrl: string | undefined;
};

/** What a sequencer adds to a node. */
export type NodeExtension = {
  readonly pool?: PoolView;
  readonly submit?: SubmitTransaction;
  readonly control?: SequencerControl;
  readonly methods?: RpcMethods;
  /** Runs before the node's own parts stop. */
  stop(): Promise<void>;
};

export type NodeDependencies = {
  readonly log: Log;
  /** Called when derivation and gossip run, before RPC answers. */
  readonly extend?: (
    core: NodeCore,
    parts: { readonly gossip: Gossip | undefined },
  ) => Promise<NodeExtension>;
};

export type NodeRpc = Pick<RpcServer, "url" | "wsUrl"> & { readonly adminUrl: string | undefined };

export type RunningNode = NodeCore & {
  readonly rpc: NodeRpc | undefined;
  readonly gossip: Gossip | undefined;
};

/** For one block from the sequencer's RPC. */
const BACKFILL_TIMEOUT_MS = 5000;

/** Reads the files that the settings name. @throws RollupError CONFIG_INVALID, GENESIS_INVALID, SETTING_INVALID */
export async function nodeOptions(settings: SettingsOf<typeof nodeSettings>): Promise<NodeOptions> {
  return {
    ...(await coreOptions(settings)),
    rpc: {
      host: settings.rpcHost,
      port: settings.rpcPort,
      corsOrigins: settings.rpcCorsOrigins,
      adminPort: settings.adminPort,
    },
    p2p:
      settings.p2pListen.length === 0 ? undefined : { listen: settings.p2pListen, peers: settings.p2pPeers },
    sequencerUrl: settings.sequencerUrl,
  };
}

/**
 * Starts a node and gives it back when it serves. Whatever was started is stopped again when a later part fails.
 * @throws RollupError of the part that can not start, with its remedy
 */
export async function startNode(options: NodeOptions, dependencies: NodeDependencies): Promise<RunningNode> {
  const { log } = dependencies;
  const core = await startCore(options, { log });
  const stops: (() => Promise<void>)[] = [() => core.stop()];
  const stop = async () => {
    for (const each of stops.toReversed()) await each();
  };
  try {
    const gossip = await startNodeGossip(options, core, log, stops);
    const extension = await dependencies.extend?.(core, { gossip });
    if (extension !== undefined) stops.push(() => extension.stop());
    const rpc =
      options.rpc && (await startNodeRpc(options.rpc, { ...options, core, gossip, extension, log }, stops));
    const { unsafe } = core.chain.heads();
    log.info(
      { head: unsafe.number, hash: toHex(unsafe.hash), rpc: rpc?.url, peer: gossip?.peerId },
      "the node runs",
    );
    return { ...core, rpc, gossip, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startNodeGossip(
  { p2p, dataDir, sequencerUrl }: NodeOptions,
  core: NodeCore,
  log: Log,
  stops: (() => Promise<void>)[],
): Promise<Gossip | undefined> {
  if (p2p === undefined) return undefined;
  const { config, watch, l1, engine, clock } = core;
  const readSlot = l1.provenSlot.bind(l1);
  const signer: UnsafeBlockSigner = await followUnsafeBlockSigner(config, { watch, readSlot, log });
  stops.push(async () => signer.stop());
  const fetchBlock = sequencerUrl === undefined ? undefined : fetchBlockFrom(sequencerUrl, core, log);
  const follower = createUnsafeFollower({ engine, fetchBlock, log });
  stops.push(() => follower.stop());
  const privateKey = await loadPeerKey(join(dataDir, "peer-key"));
  const gossip = await startGossip(
    { ...p2p, privateKey, config, signer: signer.current },
    {
      log,
      now: clock.now,
      onBlock: (block) => follower.offer(block),
    },
  );
  stops.push(() => gossip.stop());
  return gossip;
}

/** Blocks from another node's RPC; the follower checks them by hash. */
function fetchBlockFrom(url: string, { clock, signal }: NodeCore, log: Log): FetchBlock {
  const fetchOver = { fetch: (to: string, init: RequestInit) => fetch(to, init), clock, log, signal };
  const client = createJsonRpcClient({ urls: [url], timeoutMs: BACKFILL_TIMEOUT_MS, rounds: 1 }, fetchOver);
  return async (hash) => {
    try {
      return await client.call("debug_getRawBlock", [toHex(hash)], readRawBlock);
    } catch (error) {
      if (isRollupError(error)) return undefined;
      throw error;
    }
  };
}

function readRawBlock(result: unknown): Block | undefined {
  const bytes = bytesOfHex(result);
  const decoded = bytes && decodeBlock(bytes);
  return decoded?.kind === "ok" ? decoded.block : undefined;
}

type RpcParts = {
  readonly core: NodeCore;
  readonly gossip: Gossip | undefined;
  readonly extension: NodeExtension | undefined;
  readonly sequencerUrl: string | undefined;
  readonly log: Log;
};

async function startNodeRpc(
  options: RpcOptions,
  { core, gossip, extension, sequencerUrl, log }: RpcParts,
  stops: (() => Promise<void>)[],
): Promise<NodeRpc> {
  const { config, chain, engine } = core;
  const calls = startCallWorker(config, log);
  stops.push(() => calls.stop());
  const pool = extension?.pool;
  const forward = sequencerUrl === undefined ? undefined : forwardTo(sequencerUrl, log);
  const methods: RpcMethods = {
    ...ethMethods({ engine, calls, pool, submit: extension?.submit ?? forward }),
    ...netMethods(config.l2ChainId, gossip && (() => gossip.peerCount())),
    ...web3Methods(`phala-l2/v${VERSION}/${process.platform}-${process.arch}/node${process.versions.node}`),
    ...debugMethods(chain, pool),
    ...txpoolMethods(pool),
    ...optimismMethods(engine, VERSION),
    ...adminViews(extension?.control),
    ...(gossip && opp2pViews(gossip, config.l2ChainId)),
    ...extension?.methods,
  };
  const subscriptions = ethSubscriptions({ engine, pool, limits: DEFAULT_RPC_LIMITS });
  const readiness = () => readinessOf(core);
  const serve = async (
    where: { host: string; port: number; corsOrigins: readonly string[] },
    served: RpcMethods,
  ) => {
    const server = await startRpcServer(where, { methods: served, subscriptions, log, readiness });
    stops.push(() => server.stop());
    return server;
  };
  const { url, wsUrl } = await serve(options, methods);
  const { adminPort: port } = options;
  if (port === undefined) return { url, wsUrl, adminUrl: undefined };
  const operators = {
    ...methods,
    ...adminMethods(extension?.control),
    ...(gossip && opp2pMethods(gossip, config.l2ChainId)),
  };
  const admin = await serve({ host: "127.0.0.1", port, corsOrigins: [] }, operators);
  return { url, wsUrl, adminUrl: admin.url };
}

/** Not ready: halted. A node that is behind still answers truthfully for what it has. */
function readinessOf({ engine }: NodeCore): Readiness {
  const halted = engine.halted;
  return {
    isReady: halted === undefined,
    reasons: halted === undefined ? [] : [`${halted.code}: ${halted.message}`],
  };
}
