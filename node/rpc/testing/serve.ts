import { createEthereumjsEvm } from "@phala-l2/execution/evm/ethereumjs/evm";
import { silentLog } from "@phala-l2/protocol/log";
import { inProcessCalls } from "../calls/in-process.ts";
import type { CallRunner } from "../calls/runner.ts";
import { debugMethods } from "../debug/methods.ts";
import { ethMethods } from "../eth/methods.ts";
import type { SubmitTransaction } from "../eth/submission.ts";
import { ethSubscriptions } from "../eth/subscriptions.ts";
import { DEFAULT_RPC_LIMITS, type RpcLimits } from "../limits.ts";
import { netMethods } from "../net.ts";
import { optimismMethods } from "../optimism.ts";
import type { PoolView } from "../pool-view.ts";
import { type RpcServer, startRpcServer } from "../server.ts";
import { txpoolMethods } from "../txpool.ts";
import { web3Methods } from "../web3.ts";
import { CHAIN_ID } from "./genesis.ts";
import { MemoryChain } from "./memory-chain.ts";

export type ServeOptions = {
  readonly limits?: Partial<RpcLimits>;
  readonly submit?: SubmitTransaction;
  readonly pool?: PoolView;
  /** On this thread without one. */
  readonly calls?: CallRunner;
  readonly corsOrigins?: readonly string[];
};

export type Served = { readonly chain: MemoryChain; readonly server: RpcServer };

/** A server with every method family over an executed chain in memory, on a free port of this machine. */
export async function serveMemoryChain(options: ServeOptions = {}): Promise<Served> {
  const chain = await MemoryChain.create();
  const { submit, pool } = options;
  const limits = { ...DEFAULT_RPC_LIMITS, ...options.limits };
  const calls = options.calls ?? inProcessCalls(await createEthereumjsEvm(chain.config));
  const server = await startRpcServer(
    { host: "127.0.0.1", port: 0, limits, corsOrigins: options.corsOrigins ?? [] },
    {
      methods: {
        ...ethMethods({ engine: chain, calls, pool, submit, limits }),
        ...netMethods(CHAIN_ID, () => 3),
        ...web3Methods("phala-l2/0.1.0/linux/node24"),
        ...debugMethods({ chain, calls, pool, limits }),
        ...txpoolMethods(pool),
        ...optimismMethods(chain, "0.1.0"),
      },
      subscriptions: ethSubscriptions({ engine: chain, pool, limits }),
      log: silentLog,
    },
  );
  return { chain, server };
}

export type RpcAnswer = {
  readonly id: unknown;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
};

/** Posts any body and reads the answer as it is. */
export async function post(
  url: string,
  body: string,
): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  return { status: response.status, text: await response.text() };
}

/** One call. */
export async function ask(url: string, method: string, params: readonly unknown[] = []): Promise<RpcAnswer> {
  const { text } = await post(url, JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }));
  return JSON.parse(text);
}
