import type { Header } from "@phala-l2/protocol/wire/header";
import { hasEvm } from "../block/rules.ts";
import { adjustedBaseFee } from "../fees/base-fee.ts";
import { type EthereumBlockTime, type EthereumConfig, rulesAt } from "./config.ts";

/** EIP-1559. */
const INITIAL_BASE_FEE = 1_000_000_000n;
const ELASTICITY = 2n;
const MAX_CHANGE_DENOMINATOR = 8n;

/** Wei per gas of the block after `parent`; undefined before London. Source: EIP-1559. */
export function ethereumBaseFee(
  config: EthereumConfig,
  parent: Header,
  block: EthereumBlockTime,
): bigint | undefined {
  if (!hasEvm(rulesAt(config, block), "london")) return undefined;
  if (parent.baseFeePerGas === undefined) return INITIAL_BASE_FEE;
  const target = parent.gasLimit / ELASTICITY;
  return adjustedBaseFee(parent.baseFeePerGas, parent.gasUsed, target, MAX_CHANGE_DENOMINATOR);
}

/** EIP-1559: London's first block may double its parent's gas limit, so that the target stays. */
export function comparableGasLimit(parent: Header): bigint {
  return parent.baseFeePerGas === undefined ? parent.gasLimit * ELASTICITY : parent.gasLimit;
}
