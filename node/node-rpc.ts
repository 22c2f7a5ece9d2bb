import { chainIdOf } from "@phala-l2/execution/chain-config";
import type { RollupError } from "@phala-l2/protocol/errors";
import type { SyncProgress } from "./engine/sync-progress.ts";
import type { CallRunner } from "./rpc/calls/runner.ts";
import { debugMethods } from "./rpc/debug/methods.ts";
import type { EngineView } from "./rpc/engine-view.ts";
import { ethMethods } from "./rpc/eth/methods.ts";
import type { SubmitTransaction } from "./rpc/eth/submission.ts";
import { DEFAULT_RPC_LIMITS } from "./rpc/limits.ts";
import type { RpcMethods } from "./rpc/method.ts";
import { netMethods } from "./rpc/net.ts";
import type { PoolView } from "./rpc/pool-view.ts";
import type { Readiness } from "./rpc/server.ts";
import { txpoolMethods } from "./rpc/txpool.ts";
import { web3Methods } from "./rpc/web3.ts";
import { VERSION } from "./version.ts";

export type RpcOptions = {
  readonly host: string;
  readonly port: number;
  readonly corsOrigins: readonly string[];
  /** Port on the loopback interface for what the operator alone may call; undefined serves none of it. */
  readonly adminPort: number | undefined;
};

export type ExecutionRpcParts = {
  readonly engine: EngineView;
  readonly calls: CallRunner;
  readonly pool: PoolView | undefined;
  readonly submit: SubmitTransaction | undefined;
  readonly peers: (() => number) | undefined;
  /** Undefined where a consensus client alone knows what is newest. */
  readonly syncProgress?: () => SyncProgress | undefined;
};

/** What an execution client serves: the chain, its state, and the pool. */
export function executionMethods(parts: ExecutionRpcParts): RpcMethods {
  const { engine, calls, pool, submit, peers, syncProgress } = parts;
  const { chain } = engine;
  return {
    ...ethMethods({ engine, calls, pool, submit, ...(syncProgress && { syncProgress }) }),
    ...identityMethods(chainIdOf(chain.config), peers),
    ...debugMethods({ chain, calls, pool, limits: DEFAULT_RPC_LIMITS }),
    ...txpoolMethods(pool),
  };
}

/** Who serves, and for which chain. */
export function identityMethods(chainId: bigint, peers: (() => number) | undefined): RpcMethods {
  const { platform, arch, versions } = process;
  return {
    ...netMethods(chainId, peers),
    ...web3Methods(`phala-l2/v${VERSION}/${platform}-${arch}/node${versions.node}`),
  };
}

/** Not ready: halted. A node that is behind still answers truthfully for what it has. */
export function readinessOf({ halted }: { readonly halted: RollupError | undefined }): Readiness {
  return {
    isReady: halted === undefined,
    reasons: halted === undefined ? [] : [`${halted.code}: ${halted.message}`],
  };
}
