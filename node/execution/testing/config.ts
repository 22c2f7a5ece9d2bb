import type { Fork, RollupConfig } from "@phala-l2/protocol/config/rollup";
import { forksUpTo, testRollup } from "@phala-l2/protocol/config/testing/rollup";

/** OP Sepolia's L1; the chain id of L2, forks and fee market are all that execution reads besides. */
function configUpTo(last: Fork, l2ChainId: bigint): RollupConfig {
  return testRollup({ l1ChainId: 11155111n, l2ChainId, forks: forksUpTo(last) });
}

export function holoceneConfig(l2ChainId: bigint): RollupConfig {
  return configUpTo("holocene", l2ChainId);
}

export function isthmusConfig(l2ChainId: bigint): RollupConfig {
  return configUpTo("isthmus", l2ChainId);
}

export function jovianConfig(l2ChainId: bigint): RollupConfig {
  return configUpTo("jovian", l2ChainId);
}

export function karstConfig(l2ChainId: bigint): RollupConfig {
  return configUpTo("karst", l2ChainId);
}
