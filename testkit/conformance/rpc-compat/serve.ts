import { createEthereumjsEvm } from "@phala-l2/execution/evm/ethereumjs/evm";
import { executionMethods } from "@phala-l2/node/node-rpc";
import { inProcessCalls } from "@phala-l2/node/rpc/calls/in-process";
import { ethSubscriptions } from "@phala-l2/node/rpc/eth/subscriptions";
import { DEFAULT_RPC_LIMITS } from "@phala-l2/node/rpc/limits";
import { startRpcServer } from "@phala-l2/node/rpc/server";
import type { Log } from "@phala-l2/protocol/log";
import type { EthereumChain } from "./ethereum-chain.ts";

export type ServedChain = { readonly url: string; stop(): Promise<void> };

/** The node's own JSON-RPC server over an imported chain, on a free port of this machine. */
export async function serveEthereumChain(chain: EthereumChain, log: Log): Promise<ServedChain> {
  const engine = { chain, subscribe: () => () => {} };
  const calls = inProcessCalls(await createEthereumjsEvm({ l2ChainId: chain.config.chainId }));
  const server = await startRpcServer(
    { host: "127.0.0.1", port: 0, limits: DEFAULT_RPC_LIMITS, corsOrigins: [] },
    {
      methods: executionMethods({ engine, calls, pool: undefined, submit: undefined, peers: () => 0 }),
      subscriptions: ethSubscriptions({ engine, pool: undefined, limits: DEFAULT_RPC_LIMITS }),
      log,
    },
  );
  return { url: server.url, stop: () => server.stop() };
}
