import type { RollupConfig } from "@phala-l2/protocol/config/rollup";
import type { SyncStatus } from "./engine.ts";
import { AT_HEAD_L1_BLOCKS } from "./progress.ts";

/** How far a node is behind, as `eth_syncing` tells it, in L2 blocks. */
export type SyncProgress = {
  readonly startingBlock: bigint;
  readonly currentBlock: bigint;
  readonly highestBlock: bigint;
};

export type SyncProgressInput = {
  readonly status: SyncStatus;
  /** The unsafe head when the node started. */
  readonly startingBlock: bigint;
  /** L1 blocks that the node stays behind L1's head by its own wish. */
  readonly l1Confirmations: bigint;
};

/**
 * Undefined when the node is at the head: derivation has read L1, or the unsafe head is as new as L1's head, whichever
 * of the two it learns blocks from. A chain that stands still is no node that is behind.
 *
 * The highest block is reckoned from time, as every L2 block has its second: the one of L1's head.
 * Source: specs/protocol/derivation.md: L2 blocks come every `blockTime` seconds, without exception.
 */
export function syncProgress(
  { genesis, blockTime }: Pick<RollupConfig, "genesis" | "blockTime">,
  { status, startingBlock, l1Confirmations }: SyncProgressInput,
): SyncProgress | undefined {
  const { headL1, currentL1, unsafeL2 } = status;
  const hasReadL1 = headL1.number - currentL1.number <= AT_HEAD_L1_BLOCKS + l1Confirmations;
  const newest = genesis.l2.number + (headL1.timestamp - genesis.l2Time) / blockTime;
  if (hasReadL1 || unsafeL2.number >= newest) return undefined;
  return { startingBlock, currentBlock: unsafeL2.number, highestBlock: newest };
}
