import type { BlockContext } from "../block/context.ts";
import { daFootprint } from "../fees/da-footprint.ts";
import type { L1BlockValues } from "../fees/l1-block-values.ts";
import { estimatedSizeScaled, l1Fee, l1GasUsed } from "../fees/l1-cost.ts";
import { operatorFee } from "../fees/operator-fee.ts";
import type { UserTransaction } from "./check-user.ts";

/** A rollup block's prices and bounds beside gas. */
export type DataPrices = {
  readonly l1: L1BlockValues;
  /** Jovian's footprint: gas a byte, and what the block has left; zero a byte before Jovian. */
  readonly footprintPerByte: bigint;
  readonly footprintLeft: bigint;
};

/** Where data costs nothing: a plain Ethereum chain. */
export const FREE_DATA: DataPrices = {
  l1: {
    baseFee: 0n,
    blobBaseFee: 0n,
    baseFeeScalar: 0n,
    blobBaseFeeScalar: 0n,
    operatorFeeScalar: 0n,
    operatorFeeConstant: 0n,
  },
  footprintPerByte: 0n,
  footprintLeft: 0n,
};

/** What a rollup charges beside gas, for data and for its operator. */
export type RollupCharges = {
  /** Wei. */
  readonly l1Fee: bigint;
  /** Gas that receipts show for L1; nothing is priced by it. */
  readonly l1GasUsed: bigint;
  /** Wei, on the gas limit; settled on the gas used. */
  readonly prepaidOperatorFee: bigint;
  /** Gas. */
  readonly daFootprint: bigint;
};

const NOTHING: RollupCharges = { l1Fee: 0n, l1GasUsed: 0n, prepaidOperatorFee: 0n, daFootprint: 0n };

/** Sources: specs/protocol/exec-engine.md, isthmus/exec-engine.md, jovian/exec-engine.md. */
export function rollupCharges(
  { raw, transaction }: UserTransaction,
  { rules }: BlockContext,
  prices: DataPrices,
): RollupCharges {
  if (rules.rollup === undefined) return NOTHING;
  const sizeScaled = estimatedSizeScaled(raw);
  return {
    l1Fee: l1Fee(sizeScaled, prices.l1),
    l1GasUsed: l1GasUsed(sizeScaled),
    prepaidOperatorFee: operatorFee(transaction.gasLimit, prices.l1, rules.rollup),
    daFootprint: daFootprint(sizeScaled, prices.footprintPerByte),
  };
}
