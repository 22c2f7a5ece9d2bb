import { createEthereumjsEvm } from "@phala-l2/execution/evm/ethereumjs/evm";
import { toHex } from "@phala-l2/protocol/bytes";
import type { RollupConfig } from "@phala-l2/protocol/config/rollup";
import type { Log } from "@phala-l2/protocol/log";
import { type Clock, systemClock } from "./clock.ts";
import { type CoreOptions, openChain } from "./core.ts";
import { DrivenEngine } from "./engine/driven-engine.ts";
import { engineMethods, minerMethods } from "./engine-api/engine-methods.ts";
import { startEngineServer } from "./engine-api/engine-server.ts";
import { loadOrMakeJwtSecret } from "./engine-api/jwt-secret.ts";
import { type FillBlock, PayloadBuilds } from "./engine-api/payload-builds.ts";
import { executionMethods, type RpcOptions, readinessOf } from "./node-rpc.ts";
import { startCallWorker } from "./rpc/calls/call-worker.ts";
import { forwardTo } from "./rpc/eth/forward.ts";
import type { SubmitTransaction } from "./rpc/eth/submission.ts";
import { ethSubscriptions } from "./rpc/eth/subscriptions.ts";
import { DEFAULT_RPC_LIMITS } from "./rpc/limits.ts";
import type { RpcMethods } from "./rpc/method.ts";
import type { PoolView } from "./rpc/pool-view.ts";
import { type RpcServer, startRpcServer } from "./rpc/server.ts";
import type { ChainStore } from "./store/chain-store.ts";
import { VERSION } from "./version.ts";

export type DrivenNodeOptions = Omit<CoreOptions, "l1"> & {
  readonly rpc: RpcOptions | undefined;
  /** Where sent transactions are forwarded to by a node without a mempool. */
  readonly sequencerUrl?: string | undefined;
  readonly engineApi: {
    readonly host: string;
    readonly port: number;
    /** File of the secret; made when it is not there. */
    readonly jwtSecret: string;
  };
};

/** An execution client for a consensus client elsewhere: it has no L1, and moves no head of itself. */
export type DrivenCore = {
  readonly config: RollupConfig;
  readonly chain: ChainStore;
  readonly engine: DrivenEngine;
  readonly clock: Clock;
};

/** What a mempool adds to a driven node. */
export type DrivenExtension = {
  readonly pool?: PoolView;
  readonly submit?: SubmitTransaction;
  readonly fill?: FillBlock;
  /** Runs before the node's own parts stop. */
  stop(): Promise<void>;
};

export type DrivenNodeDependencies = {
  readonly log: Log;
  readonly extend?: (core: DrivenCore) => Promise<DrivenExtension>;
};

type Served = Pick<RpcServer, "url" | "wsUrl">;

export type RunningDrivenNode = DrivenCore & {
  readonly rpc: (Served & { readonly adminUrl: string | undefined }) | undefined;
  readonly engineApi: Served & { readonly jwtSecret: string };
  stop(): Promise<void>;
};

/**
 * Starts a node that op-node, or any other consensus client of the OP Stack, drives by the Engine API. Whatever
 * was started is stopped again when a later part fails.
 * @throws RollupError of the store, JWT_SECRET_INVALID, RPC_LISTEN_FAILED
 */
export async function startDrivenNode(
  options: DrivenNodeOptions,
  { log, extend }: DrivenNodeDependencies,
): Promise<RunningDrivenNode> {
  const { rollup: config } = options;
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const each of stops.toReversed()) await each();
  };
  try {
    const chain = await openChain(options);
    stops.push(() => chain.close());
    const [evm, buildEvm] = await Promise.all([createEthereumjsEvm(config), createEthereumjsEvm(config)]);
    const engine = new DrivenEngine({ store: chain, evm, buildEvm, log });
    stops.push(() => engine.settled());
    await engine.takeOver();
    const core: DrivenCore = { config, chain, engine, clock: systemClock };
    const extension = await extend?.(core);
    if (extension !== undefined) stops.push(() => extension.stop());
    const served = await serve(options, core, extension, log, stops);
    const { unsafe } = chain.heads();
    log.info(
      {
        head: unsafe.number,
        hash: toHex(unsafe.hash),
        rpc: served.rpc?.url,
        engineApi: served.engineApi.url,
      },
      "the node runs, and waits for a consensus client",
    );
    return { ...core, ...served, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function serve(
  { rpc, engineApi, sequencerUrl }: DrivenNodeOptions,
  { config, engine, clock }: DrivenCore,
  extension: DrivenExtension | undefined,
  log: Log,
  stops: (() => Promise<void>)[],
): Promise<Pick<RunningDrivenNode, "rpc" | "engineApi">> {
  const secret = await loadOrMakeJwtSecret(engineApi.jwtSecret);
  const calls = startCallWorker(config, log);
  stops.push(() => calls.stop());
  const builds = new PayloadBuilds({ engine, fill: extension?.fill, log });
  stops.push(() => builds.stop());
  const pool = extension?.pool;
  const forward = sequencerUrl === undefined ? undefined : forwardTo(sequencerUrl, log);
  const submit = extension?.submit ?? forward;
  const methods = executionMethods({ engine, calls, pool, submit, peers: undefined });
  const subscriptions = ethSubscriptions({ engine, pool, limits: DEFAULT_RPC_LIMITS });
  const readiness = () => readinessOf(engine);
  const authenticated = { ...methods, ...engineMethods({ engine, builds, version: VERSION }) };
  const api = await startEngineServer(
    { ...engineApi, secret },
    { methods: authenticated, subscriptions, log, now: clock.now, readiness },
  );
  stops.push(() => api.stop());
  const { jwtSecret } = engineApi;
  const authenticatedApi = { url: api.url, wsUrl: api.wsUrl, jwtSecret };
  if (rpc === undefined) return { rpc, engineApi: authenticatedApi };
  const listen = async (where: Omit<RpcOptions, "adminPort">, served: RpcMethods) => {
    const server = await startRpcServer(where, { methods: served, subscriptions, log, readiness });
    stops.push(() => server.stop());
    return server;
  };
  const { url, wsUrl } = await listen(rpc, methods);
  // op-batcher has no token: it calls where the operator alone can.
  const admin =
    rpc.adminPort === undefined
      ? undefined
      : await listen(
          { host: "127.0.0.1", port: rpc.adminPort, corsOrigins: [] },
          { ...methods, ...minerMethods(builds) },
        );
  return { rpc: { url, wsUrl, adminUrl: admin?.url }, engineApi: authenticatedApi };
}
