import { createEthereumjsEvm } from "@phala-l2/execution/evm/ethereumjs/evm";
import { executionMethods } from "@phala-l2/node/node-rpc";
import { inProcessCalls } from "@phala-l2/node/rpc/calls/in-process";
import { ethSubscriptions } from "@phala-l2/node/rpc/eth/subscriptions";
import { DEFAULT_RPC_LIMITS } from "@phala-l2/node/rpc/limits";
import { startRpcServer } from "@phala-l2/node/rpc/server";
import type { Log } from "@phala-l2/protocol/log";
import { testingMethods } from "./build-block.ts";
import type { EthereumChain } from "./ethereum-chain.ts";
import { EthereumPool } from "./pool.ts";

export type ServedChain = { readonly url: string; stop(): Promise<void> };

/** The node's own JSON-RPC server over an imported chain, on a free port of this machine. */
export async function serveEthereumChain(chain: EthereumChain, log: Log): Promise<ServedChain> {
  const engine = { chain, subscribe: () => () => {} };
  const evm = await createEthereumjsEvm({ l2ChainId: chain.config.chainId });
  const calls = inProcessCalls(evm);
  const pool = new EthereumPool(chain, evm);
  const server = await startRpcServer(
    { host: "127.0.0.1", port: 0, limits: DEFAULT_RPC_LIMITS, corsOrigins: [] },
    {
      methods: {
        ...executionMethods({ engine, calls, pool, submit: pool.submit, peers: () => 0 }),
        ...testingMethods(chain, evm),
      },
      subscriptions: ethSubscriptions({ engine, pool, limits: DEFAULT_RPC_LIMITS }),
      log,
    },
  );
  return { url: server.url, stop: () => server.stop() };
}
