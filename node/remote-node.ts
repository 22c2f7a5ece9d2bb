import { mkdir } from "node:fs/promises";
import { isActive } from "@phala-l2/protocol/config/rollup";
import { endpointName } from "@phala-l2/protocol/endpoint";
import type { Log } from "@phala-l2/protocol/log";
import { systemClock } from "./clock.ts";
import { type CoreOptions, openL1 } from "./core.ts";
import { runDriver } from "./engine/driver.ts";
import { createEngineClient } from "./engine-api/engine-client.ts";
import { readJwtSecret } from "./engine-api/jwt-secret.ts";
import { createRemoteApi, type RemoteApi } from "./engine-api/remote-api.ts";
import { RemoteEngine } from "./engine-api/remote-engine.ts";
import type { Gossip } from "./gossip/gossip.ts";
import type { NodeRpc } from "./main.ts";
import { type P2pOptions, startNodeGossip } from "./node-gossip.ts";
import { identityMethods, type RpcOptions, readinessOf } from "./node-rpc.ts";
import { adminViews } from "./rpc/admin.ts";
import type { RpcMethods } from "./rpc/method.ts";
import { opp2pMethods, opp2pViews } from "./rpc/opp2p.ts";
import { type RollupSource, rollupMethods } from "./rpc/optimism.ts";
import { failure, INVALID_PARAMS } from "./rpc/reply.ts";
import { startRpcServer } from "./rpc/server.ts";
import type { SubscriptionSource } from "./rpc/subscription.ts";
import { VERSION } from "./version.ts";

export type RemoteNodeOptions = Pick<CoreOptions, "rollup" | "l1" | "dataDir"> & {
  readonly rpc: RpcOptions | undefined;
  readonly p2p: P2pOptions | undefined;
  /** Where blocks that gossip has missed are fetched from. */
  readonly sequencerUrl: string | undefined;
  readonly remoteEngine: {
    readonly url: string;
    /** File of the secret that the engine has too. */
    readonly jwtSecret: string;
  };
};

export type RunningRemoteNode = {
  readonly engine: RemoteEngine;
  readonly rpc: NodeRpc | undefined;
  readonly gossip: Gossip | undefined;
  stop(): Promise<void>;
};

/** For one call; the engine may have a full block to execute, and op-node allows half a minute in all. */
const CALL_TIMEOUT_MS = 30_000;

/**
 * Starts a node that derives and has another program, an op-reth or op-geth, execute: what op-node is to it.
 * @throws RollupError of L1, JWT_SECRET_INVALID, ENGINE_JWT_REFUSED, ENGINE_UNREACHABLE, ENGINE_OTHER_CHAIN
 */
export async function startRemoteNode(
  options: RemoteNodeOptions,
  { log }: { readonly log: Log },
): Promise<RunningRemoteNode> {
  const { rollup: config, remoteEngine } = options;
  const controller = new AbortController();
  const { signal } = controller;
  const stops: (() => Promise<void>)[] = [async () => controller.abort()];
  const stop = async () => {
    controller.abort();
    for (const each of stops.toReversed()) await each();
  };
  try {
    await mkdir(options.dataDir, { recursive: true });
    const secret = await readJwtSecret(remoteEngine.jwtSecret);
    const clock = systemClock;
    const client = createEngineClient(
      { url: remoteEngine.url, secret, timeoutMs: CALL_TIMEOUT_MS },
      { fetch: (url, init) => fetch(url, init), clock, signal },
    );
    const api = createRemoteApi(config, client);
    const { l1, watch, ahead, stop: stopL1 } = await openL1(options, { log, signal });
    stops.push(stopL1);
    const engine = await RemoteEngine.connect({ config, api, log, l1Heads: watch.heads() });
    stops.push(() => engine.settled());
    const parts = { engine, l1: ahead, watch, clock, log, signal };
    const driver = runDriver({ l1Confirmations: options.l1.confirmations }, parts);
    stops.push(() => driver);
    const readBlock = (number: bigint) => engine.block(number);
    const core = { config, engine, l1, watch, clock, signal, readBlock };
    const gossip = await startNodeGossip(options, core, log, stops);
    const rpc = options.rpc && (await serve(options.rpc, { engine, api, gossip, log }, stops));
    log.info(
      { engine: endpointName(remoteEngine.url), rpc: rpc?.url, peer: gossip?.peerId },
      "the node runs",
    );
    return { engine, rpc, gossip, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Before Isthmus the header does not have the message passer's root. */
function sourceOf(engine: RemoteEngine, api: RemoteApi): RollupSource {
  const { config } = engine;
  return {
    config,
    syncStatus: () => engine.syncStatus(),
    safeHeadAtL1Block: (number) => engine.safeHeadAtL1Block(number),
    async output(number) {
      const block = await engine.block(number);
      if (block === undefined) return undefined;
      const { stateRoot, withdrawalsRoot, timestamp } = block.header;
      const inHeader = isActive(config, "isthmus", timestamp) ? withdrawalsRoot : undefined;
      const messagePasserStorageRoot = inHeader ?? (await api.messagePasserRoot(number));
      return { ref: block.ref, stateRoot, messagePasserStorageRoot };
    },
  };
}

const NO_SUBSCRIPTIONS: SubscriptionSource = () =>
  failure(INVALID_PARAMS, "this node keeps no chain; subscribe at its engine");

type Parts = {
  readonly engine: RemoteEngine;
  readonly api: RemoteApi;
  readonly gossip: Gossip | undefined;
  readonly log: Log;
};

/** What op-node serves. The chain itself is the engine's to serve, at its own port. */
async function serve(
  options: RpcOptions,
  { engine, api, gossip, log }: Parts,
  stops: (() => Promise<void>)[],
): Promise<NodeRpc> {
  const { l2ChainId } = engine.config;
  const methods: RpcMethods = {
    ...identityMethods(l2ChainId, gossip && (() => gossip.peerCount())),
    ...rollupMethods(sourceOf(engine, api), VERSION),
    ...adminViews(undefined),
    ...(gossip && opp2pViews(gossip, l2ChainId)),
  };
  const readiness = () => readinessOf(engine);
  const listen = async (
    where: { host: string; port: number; corsOrigins: readonly string[] },
    served: RpcMethods,
  ) => {
    const parts = { methods: served, subscriptions: NO_SUBSCRIPTIONS, log, readiness };
    const server = await startRpcServer(where, parts);
    stops.push(() => server.stop());
    return server;
  };
  const { url, wsUrl } = await listen(options, methods);
  const { adminPort: port } = options;
  if (port === undefined) return { url, wsUrl, adminUrl: undefined };
  const operators = { ...methods, ...(gossip && opp2pMethods(gossip, l2ChainId)) };
  const admin = await listen({ host: "127.0.0.1", port, corsOrigins: [] }, operators);
  return { url, wsUrl, adminUrl: admin.url };
}
