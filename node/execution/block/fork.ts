import { isActive, type RollupConfig } from "@phala-l2/protocol/config/rollup";
import { RollupError } from "@phala-l2/protocol/errors";

/** The rule sets that execution knows, in their order; each includes those before it. */
export const EXECUTION_FORKS = ["holocene", "isthmus", "jovian", "karst"] as const;
export type ExecutionFork = (typeof EXECUTION_FORKS)[number];

/**
 * The rule set of an L2 block of this time (Unix seconds).
 * @throws RollupError FORK_UNSUPPORTED for a block before Holocene
 */
export function executionFork(config: Pick<RollupConfig, "forks">, timestamp: bigint): ExecutionFork {
  const fork = EXECUTION_FORKS.findLast((candidate) => isActive(config, candidate, timestamp));
  if (fork !== undefined) return fork;
  throw new RollupError("FORK_UNSUPPORTED", "blocks before Holocene are not executed", {
    data: { timestamp },
  });
}

/** Whether a rule set includes the rules of `fork`. */
export function includes(active: ExecutionFork, fork: ExecutionFork): boolean {
  return EXECUTION_FORKS.indexOf(active) >= EXECUTION_FORKS.indexOf(fork);
}
