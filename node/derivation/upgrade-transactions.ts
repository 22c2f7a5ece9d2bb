import { FORKS, type Fork, isActivationBlock, type RollupConfig } from "@phala-l2/protocol/config/rollup";
import { KARST_UPGRADE_GAS } from "@phala-l2/protocol/config/upgrade-gas";
import { encodeUpgradeDeposit, type UpgradeDeposit } from "./upgrades/deposits.ts";
import { isthmusUpgrade } from "./upgrades/isthmus.ts";
import { jovianUpgrade } from "./upgrades/jovian.ts";
import { karstUpgrade } from "./upgrades/karst.ts";

/**
 * Deposits that the first block of a fork carries after the users' deposits, in order. A fork that is active at
 * genesis has none, its contracts being part of the genesis state.
 * Source: each fork's derivation.md, "Network Upgrade Transactions".
 */
const UPGRADES: Readonly<Partial<Record<Fork, () => readonly UpgradeDeposit[]>>> = {
  isthmus: isthmusUpgrade,
  jovian: jovianUpgrade,
  karst: karstUpgrade,
};

/** Whether a fork may become active after genesis. */
export function hasUpgradeTransactions(fork: Fork): boolean {
  return UPGRADES[fork] !== undefined;
}

/** The upgrade transactions of the L2 block of this time, encoded: those of each fork that it activates. */
export function upgradeTransactions(config: RollupConfig, timestamp: bigint): readonly Uint8Array[] {
  return FORKS.filter((fork) => isActivationBlock(config, fork, timestamp)).flatMap((fork) =>
    (UPGRADES[fork]?.() ?? []).map(encodeUpgradeDeposit),
  );
}

/**
 * Whether a sequencer leaves users' transactions out of the block of this time, because it activates a fork.
 * Source: each fork's derivation.md ("noTxPool"); derivation itself drops only from Jovian on.
 */
export function isKeptForUpgrade(config: RollupConfig, timestamp: bigint): boolean {
  return FORKS.some((fork) => isActivationBlock(config, fork, timestamp));
}

/**
 * Gas that the block of this time has on top of the SystemConfig's limit, for upgrade transactions that do not
 * fit below it: from Karst on, and in the activation block alone.
 * Source: op-node PreparePayloadAttributes and upgradeGasToStrip, kona.
 */
export function upgradeGas(config: RollupConfig, timestamp: bigint): bigint {
  return isActivationBlock(config, "karst", timestamp) ? KARST_UPGRADE_GAS : 0n;
}
