import type { SyncProgress } from "../../engine/sync-progress.ts";
import type { CallRunner } from "../calls/runner.ts";
import type { EngineView } from "../engine-view.ts";
import { DEFAULT_RPC_LIMITS, type RpcLimits } from "../limits.ts";
import type { RpcMethods } from "../method.ts";
import type { PoolView } from "../pool-view.ts";
import { blockMethods } from "./blocks.ts";
import { callMethods } from "./call.ts";
import { configMethods } from "./config.ts";
import { feeMethods } from "./fees.ts";
import { filterMethods } from "./filters.ts";
import { headMethods } from "./head.ts";
import { logMethods } from "./logs.ts";
import { simulateMethods } from "./simulate.ts";
import { stateMethods } from "./state.ts";
import type { SubmitTransaction } from "./submission.ts";
import { submitMethods } from "./submit.ts";
import { transactionMethods } from "./transactions.ts";

export type EthParts = {
  readonly engine: EngineView;
  /** Where eth_call and its kin run: `startCallWorker`; whoever started it stops it. */
  readonly calls: CallRunner;
  /** The sequencer's mempool; a verifier has none. */
  readonly pool?: PoolView | undefined;
  /** Where sent transactions go: the mempool, or `forwardTo` the sequencer. */
  readonly submit?: SubmitTransaction | undefined;
  readonly syncProgress?: () => SyncProgress | undefined;
  readonly limits?: Partial<RpcLimits>;
};

/** The eth namespace. */
export function ethMethods(parts: EthParts): RpcMethods {
  const { engine, calls, pool, submit } = parts;
  const { chain } = engine;
  const limits = { ...DEFAULT_RPC_LIMITS, ...parts.limits };
  return {
    ...headMethods({ chain, ...(parts.syncProgress && { syncProgress: parts.syncProgress }) }),
    ...configMethods(chain),
    ...blockMethods(chain),
    ...transactionMethods(chain, pool),
    ...stateMethods({ chain, pool, limits }),
    ...callMethods({ chain, calls, limits }),
    ...simulateMethods({ chain, calls, limits }),
    ...feeMethods(chain, limits),
    ...logMethods(chain, limits),
    ...filterMethods({ engine, pool, limits, now: () => performance.now() }),
    ...submitMethods({ engine, submit }),
  };
}
