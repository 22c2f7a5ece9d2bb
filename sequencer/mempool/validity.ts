import { includes } from "@phala-l2/execution/block/fork";
import { rollupRules } from "@phala-l2/execution/block/rules";
import { estimatedSizeScaled, l1Fee } from "@phala-l2/execution/fees/l1-cost";
import { operatorFee } from "@phala-l2/execution/fees/operator-fee";
import {
  floorDataGas,
  intrinsicGas,
  MAX_INITCODE_LENGTH,
} from "@phala-l2/execution/transaction/intrinsic-gas";
import type { SubmissionRejection, SubmittedTransaction } from "@phala-l2/node/rpc/eth/submission";
import {
  accessListOf,
  gasFeeCap,
  gasTipCap,
  SET_CODE_TYPE,
  type SignedTransaction,
} from "@phala-l2/protocol/wire/transaction";
import type { HeadView } from "./head-view.ts";
import { MAX_TRANSACTION_BYTES, type MempoolLimits } from "./limits.ts";

/** EIP-7825: most gas of a transaction, on the L2 from Karst. */
const MAX_TRANSACTION_GAS = 2n ** 24n;
/** EIP-2681: no account gets beyond this nonce. */
const MAX_NONCE = 2n ** 64n - 1n;

/** What a transaction by itself breaks, in geth's order of checks (core/txpool/validation.go). */
export function brokenRule(
  { raw, transaction }: SubmittedTransaction,
  head: HeadView,
  limits: MempoolLimits,
): SubmissionRejection | undefined {
  if (transaction.type === SET_CODE_TYPE && !includes(head.fork, "isthmus"))
    return { reason: "type-not-supported" };
  if (raw.length > MAX_TRANSACTION_BYTES) {
    return { reason: "oversized", size: raw.length, limit: MAX_TRANSACTION_BYTES };
  }
  if (transaction.to === undefined && transaction.data.length > MAX_INITCODE_LENGTH) {
    return { reason: "initcode-too-large", size: transaction.data.length, limit: MAX_INITCODE_LENGTH };
  }
  const { gasLimit, nonce } = transaction;
  if (gasLimit > head.gasLimit) return { reason: "gas-limit-exceeds-block" };
  if (includes(head.fork, "karst") && gasLimit > MAX_TRANSACTION_GAS) {
    return { reason: "gas-limit-above-cap", cap: MAX_TRANSACTION_GAS, given: gasLimit };
  }
  if (nonce >= MAX_NONCE) return { reason: "nonce-too-high", next: MAX_NONCE - 1n, given: nonce };
  return brokenFeeRule(transaction, limits) ?? brokenGasRule(transaction, head);
}

function brokenFeeRule(
  transaction: SignedTransaction,
  limits: MempoolLimits,
): SubmissionRejection | undefined {
  const tip = gasTipCap(transaction);
  if (gasFeeCap(transaction) < tip) return { reason: "tip-above-fee-cap" };
  if (tip < limits.minTip) return { reason: "underpriced", tip, needed: limits.minTip };
  return undefined;
}

function brokenGasRule(transaction: SignedTransaction, head: HeadView): SubmissionRejection | undefined {
  const isSetCode = transaction.type === SET_CODE_TYPE;
  const given = transaction.gasLimit;
  const rules = rollupRules(head.fork);
  const intrinsic = intrinsicGas(
    {
      data: transaction.data,
      isCreation: transaction.to === undefined,
      accessList: accessListOf(transaction),
      authorizations: isSetCode ? transaction.authorizationList.length : 0,
    },
    rules,
  );
  if (given < intrinsic) return { reason: "intrinsic-gas-too-low", given, needed: intrinsic };
  const floor = floorDataGas(transaction.data, rules);
  if (given < floor) return { reason: "floor-data-gas-too-low", given, needed: floor };
  if (isSetCode && transaction.authorizationList.length === 0) return { reason: "authorization-list-empty" };
  return undefined;
}

/**
 * Above any estimate of a transaction's compressed size: FastLZ adds less than this to data that it can't
 * compress, and the estimate (fjord/exec-engine.md) is a part of that.
 */
const MOST_ADDED_BYTES = 100;
const SIZE_SCALE = 1_000_000n;

/**
 * Wei that the transaction may take from its sender at most, at the head's L1 prices. The compressed size takes
 * longer to find than all else: as long as `budget` covers what the transaction would cost without compression,
 * that is the answer.
 */
export function highestCost(
  { raw, transaction }: Pick<SubmittedTransaction, "raw" | "transaction">,
  head: HeadView,
  budget: bigint,
): bigint {
  const { gasLimit, value } = transaction;
  const withoutL1 = gasLimit * gasFeeCap(transaction) + value + operatorFee(gasLimit, head.l1, head.fork);
  const mostForL1 = l1Fee(BigInt(raw.length + MOST_ADDED_BYTES) * SIZE_SCALE, head.l1);
  if (withoutL1 + mostForL1 <= budget) return withoutL1 + mostForL1;
  return withoutL1 + l1Fee(estimatedSizeScaled(raw), head.l1);
}
