import { FORKS, type Fork, isActivationBlock, type RollupConfig } from "@phala-l2/protocol/config/rollup";

/**
 * Deposits that the first block of a fork carries after the user's deposits, encoded and in order. A fork that
 * is active at genesis has none, its contracts being part of the genesis state; so far no chain of this
 * project activates a fork later. To support that, add the fork's list here.
 * Source: each fork's derivation.md, "Network Upgrade Transactions".
 */
const UPGRADE_TRANSACTIONS: Readonly<Partial<Record<Fork, readonly Uint8Array[]>>> = {};

/** Whether a fork may become active after genesis. */
export function hasUpgradeTransactions(fork: Fork): boolean {
  return UPGRADE_TRANSACTIONS[fork] !== undefined;
}

/** The upgrade transactions of the L2 block of this time: those of each fork that it activates. */
export function upgradeTransactions(config: RollupConfig, timestamp: bigint): readonly Uint8Array[] {
  return FORKS.filter((fork) => isActivationBlock(config, fork, timestamp)).flatMap(
    (fork) => UPGRADE_TRANSACTIONS[fork] ?? [],
  );
}
