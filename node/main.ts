import { toHex } from "@phala-l2/protocol/bytes";
import {
  fileSetting,
  listSetting,
  portSetting,
  type SettingsOf,
  settingKind,
  textSetting,
  urlSetting,
  urlsSetting,
} from "@phala-l2/protocol/config/settings";
import { RollupError } from "@phala-l2/protocol/errors";
import type { Log } from "@phala-l2/protocol/log";
import { type CoreOptions, type L1Options, type NodeCore, startCore } from "./core.ts";
import { coreOptions, coreSettings } from "./core-settings.ts";
import { type SyncProgress, syncProgress } from "./engine/sync-progress.ts";
import { isListenAddress, isPeerAddress } from "./gossip/address.ts";
import type { Gossip } from "./gossip/gossip.ts";
import type { ReadBlock } from "./gossip/sync/payload-server.ts";
import { type P2pOptions, startNodeGossip } from "./node-gossip.ts";
import { executionMethods, type RpcOptions, readinessOf } from "./node-rpc.ts";
import { adminMethods, adminViews, type SequencerControl } from "./rpc/admin.ts";
import { startCallWorker } from "./rpc/calls/call-worker.ts";
import { forwardTo } from "./rpc/eth/forward.ts";
import type { SubmitTransaction } from "./rpc/eth/submission.ts";
import { ethSubscriptions } from "./rpc/eth/subscriptions.ts";
import { DEFAULT_RPC_LIMITS } from "./rpc/limits.ts";
import type { RpcMethods } from "./rpc/method.ts";
import { opp2pMethods, opp2pViews } from "./rpc/opp2p.ts";
import { optimismMethods } from "./rpc/optimism.ts";
import type { PoolView } from "./rpc/pool-view.ts";
import { type RpcServer, startRpcServer } from "./rpc/server.ts";
import { VERSION } from "./version.ts";

/** Multiaddrs separated by commas, each of which must hold. */
function addressesSetting(isWanted: (text: string) => boolean, wanted: string) {
  const { parse } = listSetting({ help: "" });
  return settingKind("MULTIADDR,…", (text) => {
    const addresses = parse(text);
    const wrong = addresses.find((address) => !isWanted(address));
    if (wrong === undefined) return addresses;
    throw new RollupError("SETTING_INVALID", `${wanted} is wanted, not '${wrong}'`, {
      data: { text: wrong },
    });
  });
}

const listenAddresses = addressesSetting(isListenAddress, "a multiaddr such as /ip4/0.0.0.0/tcp/9222");
const peerAddresses = addressesSetting(
  isPeerAddress,
  "a multiaddr such as /dns4/node.example/tcp/9222/p2p/PEER_ID",
);

export const nodeSettings = {
  ...coreSettings,
  l1RpcUrls: urlsSetting({
    help: "JSON-RPC of L1, in order of preference; each answer is checked by hash; needed unless engineApiPort is given",
    default: "",
  }),
  rpcHost: textSetting({ help: "address that JSON-RPC listens on", default: "127.0.0.1" }),
  rpcPort: portSetting({
    help: "port of JSON-RPC over HTTP and WebSocket; 0 is any free one",
    default: "9545",
  }),
  adminPort: portSetting({
    help: "port on 127.0.0.1 that serves admin_* and opp2p_* in full too, or miner_* with engineApiPort; 0 is any free one; none: not served",
    optional: true,
  }),
  rpcCorsOrigins: listSetting({ help: "origins whose pages may call; * is any", default: "" }),
  p2pListen: listenAddresses({
    help: "multiaddrs for gossip, such as /ip4/0.0.0.0/tcp/9222; none: no gossip",
    default: "",
  }),
  p2pPeers: peerAddresses({
    help: "multiaddrs of peers to stay connected with; p2pListen is needed too",
    default: "",
  }),
  sequencerUrl: urlSetting({ help: "where sent transactions are forwarded to", optional: true }),
  engineApiHost: textSetting({ help: "address that the Engine API listens on", default: "127.0.0.1" }),
  engineApiPort: portSetting({
    help: "port of the Engine API, by which op-node drives this node instead of its own derivation; 0 is any free one",
    optional: true,
  }),
  engineUrl: urlSetting({
    help: "Engine API of an op-reth or op-geth that executes the blocks which this node derives",
    optional: true,
  }),
  engineJwtSecret: fileSetting({
    help: "file with the 32 bytes as hex that both sides of the Engine API know; with engineApiPort it is made when it is not there, by default jwt.hex in dataDir",
    optional: true,
  }),
};

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
    const gossip = await startNodeGossip(options, { ...core, readBlock: readerOf(core) }, log, stops);
    const extension = await dependencies.extend?.(core, { gossip });
    if (extension !== undefined) stops.push(() => extension.stop());
    const rpc =
      options.rpc &&
      (await startNodeRpc(
        options.rpc,
        { ...options, core, gossip, extension, log, syncProgress: syncProgressOf(core, options.l1) },
        stops,
      ));
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

function readerOf({ chain }: NodeCore): ReadBlock {
  return async (number) => {
    const hash = chain.hashByNumber(number);
    return hash && chain.block(hash);
  };
}

type RpcParts = {
  readonly core: NodeCore;
  readonly gossip: Gossip | undefined;
  readonly extension: NodeExtension | undefined;
  readonly sequencerUrl: string | undefined;
  readonly syncProgress: () => SyncProgress | undefined;
  readonly log: Log;
};

function syncProgressOf({ config, engine }: NodeCore, { confirmations: l1Confirmations }: L1Options) {
  const startingBlock = engine.heads().unsafe.number;
  return () => syncProgress(config, { status: engine.syncStatus(), startingBlock, l1Confirmations });
}

async function startNodeRpc(
  options: RpcOptions,
  { core, gossip, extension, sequencerUrl, syncProgress: progress, log }: RpcParts,
  stops: (() => Promise<void>)[],
): Promise<NodeRpc> {
  const { config, engine } = core;
  const calls = startCallWorker(config, log);
  stops.push(() => calls.stop());
  const pool = extension?.pool;
  const forward = sequencerUrl === undefined ? undefined : forwardTo(sequencerUrl, log);
  const methods: RpcMethods = {
    ...executionMethods({
      engine,
      calls,
      pool,
      submit: extension?.submit ?? forward,
      peers: gossip && (() => gossip.peerCount()),
      syncProgress: progress,
    }),
    ...optimismMethods(engine, VERSION),
    ...adminViews(extension?.control),
    ...(gossip && opp2pViews(gossip, config.l2ChainId)),
    ...extension?.methods,
  };
  const subscriptions = ethSubscriptions({ engine, pool, limits: DEFAULT_RPC_LIMITS });
  const readiness = () => readinessOf(engine);
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
