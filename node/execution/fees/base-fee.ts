import { isActive, type RollupConfig } from "@phala-l2/protocol/config/rollup";
import { RollupError } from "@phala-l2/protocol/errors";
import type { Header } from "@phala-l2/protocol/wire/header";
import { parametersOfParent } from "./eip1559-parameters.ts";

export type FeeMarketParent = Pick<
  Header,
  "extraData" | "timestamp" | "gasLimit" | "gasUsed" | "baseFeePerGas" | "blobGasUsed"
>;

/**
 * The base fee in wei per gas of the block after `parent`.
 * Sources: EIP-1559; holocene/exec-engine.md (parameters of the parent's header); jovian/exec-engine.md (the
 * data-availability footprint counts as gas, and the result is at least minBaseFee).
 * @throws RollupError EXTRA_DATA_INVALID, BASE_FEE_MISSING for a parent that is no L2 block
 */
export function nextBaseFee(
  config: Pick<RollupConfig, "eip1559" | "forks">,
  parent: FeeMarketParent,
): bigint {
  const { denominator, elasticity, minBaseFee } = parametersOfParent(config, parent);
  if (parent.baseFeePerGas === undefined) {
    throw new RollupError("BASE_FEE_MISSING", "the parent block has no base fee");
  }
  const next = adjustedBaseFee(
    parent.baseFeePerGas,
    meteredGas(config, parent),
    parent.gasLimit / elasticity,
    denominator,
  );
  return next < minBaseFee ? minBaseFee : next;
}

/** Jovian: a block that is full of data counts as full. */
function meteredGas(config: Pick<RollupConfig, "forks">, parent: FeeMarketParent): bigint {
  const footprint = isActive(config, "jovian", parent.timestamp) ? (parent.blobGasUsed ?? 0n) : 0n;
  return parent.gasUsed > footprint ? parent.gasUsed : footprint;
}

/** EIP-1559: towards the target, rises by at least 1. */
export function adjustedBaseFee(baseFee: bigint, gas: bigint, target: bigint, denominator: bigint): bigint {
  if (gas === target) return baseFee;
  if (target === 0n)
    throw new RollupError("GAS_TARGET_ZERO", "the parent's gas limit is below its elasticity");
  if (gas < target) {
    const fall = (baseFee * (target - gas)) / target / denominator;
    return baseFee - fall;
  }
  const rise = (baseFee * (gas - target)) / target / denominator;
  return baseFee + (rise > 0n ? rise : 1n);
}
