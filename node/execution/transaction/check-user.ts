import type { Address } from "@phala-l2/protocol/bytes";
import {
  accessListOf,
  BLOB_TYPE,
  effectiveGasPrice,
  gasFeeCap,
  gasTipCap,
  SET_CODE_TYPE,
  type SignedTransaction,
} from "@phala-l2/protocol/wire/transaction";
import { includes } from "../block/fork.ts";
import { daFootprint } from "../fees/da-footprint.ts";
import type { L1BlockValues } from "../fees/l1-block-values.ts";
import { estimatedSizeScaled, l1Fee } from "../fees/l1-cost.ts";
import { operatorFee } from "../fees/operator-fee.ts";
import { isDelegation } from "./authorizations.ts";
import { floorDataGas, intrinsicGas, MAX_INITCODE_LENGTH } from "./intrinsic-gas.ts";
import { type Rejected, rejected, type Scope } from "./outcome.ts";
import type { TransactionRejection } from "./rejection.ts";

/** EIP-7825, on the L2 from Karst; deposits are exempt. */
const MAX_TRANSACTION_GAS = 2n ** 24n;
/** EIP-2681. */
const MAX_NONCE = 2n ** 64n - 1n;

export type UserTransaction = {
  readonly transaction: SignedTransaction;
  readonly raw: Uint8Array;
  readonly sender: Address;
};

/** The block's prices and bounds beside gas. */
export type DataPrices = {
  readonly l1: L1BlockValues;
  /** Jovian's footprint: gas a byte, and what the block has left; zero a byte before Jovian. */
  readonly footprintPerByte: bigint;
  readonly footprintLeft: bigint;
};

/** What an accepted transaction will be charged by. */
export type Charges = {
  readonly kind: "accepted";
  /** Wei per gas. */
  readonly gasPrice: bigint;
  readonly intrinsicGas: bigint;
  readonly floorGas: bigint;
  readonly sizeScaled: bigint;
  /** Wei. */
  readonly l1Fee: bigint;
  readonly prepaidOperatorFee: bigint;
  /** Gas. */
  readonly daFootprint: bigint;
};

/** Whether a user transaction may run here, and at what price; nothing is changed. In geth's order of checks. */
export function checkUserTransaction(
  user: UserTransaction,
  scope: Scope,
  prices: DataPrices,
): Charges | Rejected {
  const sizeScaled = estimatedSizeScaled(user.raw);
  const { block } = scope;
  const charges: Charges = {
    kind: "accepted",
    gasPrice: effectiveGasPrice(user.transaction, block.baseFee),
    ...gasOf(user.transaction),
    sizeScaled,
    l1Fee: l1Fee(sizeScaled, prices.l1),
    prepaidOperatorFee: operatorFee(user.transaction.gasLimit, prices.l1, block.fork),
    daFootprint: daFootprint(sizeScaled, prices.footprintPerByte),
  };
  const reason =
    brokenTypeRule(user.transaction, scope) ??
    brokenSenderRule(user, scope) ??
    brokenFeeRule(user.transaction, scope) ??
    brokenBalanceRule(user, charges, scope) ??
    brokenSpaceRule(user.transaction, charges, scope, prices);
  return reason === undefined ? charges : rejected(reason);
}

function gasOf(tx: SignedTransaction): { intrinsicGas: bigint; floorGas: bigint } {
  return {
    intrinsicGas: intrinsicGas({
      data: tx.data,
      isCreation: tx.to === undefined,
      accessList: accessListOf(tx),
      authorizations: tx.type === SET_CODE_TYPE ? tx.authorizationList.length : 0,
    }),
    floorGas: floorDataGas(tx.data),
  };
}

function brokenTypeRule(tx: SignedTransaction, { block }: Scope): TransactionRejection | undefined {
  // specs/protocol/ecotone/exec-engine.md: blob transactions are rejected on the L2.
  if (tx.type === BLOB_TYPE) return "blob-transaction";
  // isthmus/exec-engine.md: EIP-7702 with Isthmus.
  if (tx.type === SET_CODE_TYPE && !includes(block.fork, "isthmus")) return "type-not-active";
  // EIP-155; without a chain id the signature holds on every chain.
  if (tx.chainId !== undefined && tx.chainId !== block.chainId) return "wrong-chain-id";
  return undefined;
}

function brokenSenderRule(
  { transaction, sender }: UserTransaction,
  { block, state }: Scope,
): TransactionRejection | undefined {
  // Yellow Paper 6.2: the nonce is the account's.
  const nonce = state.nonce(sender);
  if (nonce < transaction.nonce) return "nonce-too-high";
  if (nonce > transaction.nonce) return "nonce-too-low";
  if (nonce >= MAX_NONCE) return "nonce-max";
  if (includes(block.fork, "karst") && transaction.gasLimit > MAX_TRANSACTION_GAS)
    return "gas-limit-above-cap";
  // EIP-3607, with EIP-7702's exception.
  if (state.hasCode(sender) && !isDelegation(state.code(sender))) return "sender-not-eoa";
  return undefined;
}

function brokenFeeRule(tx: SignedTransaction, { block }: Scope): TransactionRejection | undefined {
  // EIP-1559.
  if (gasTipCap(tx) > gasFeeCap(tx)) return "tip-above-fee-cap";
  if (gasFeeCap(tx) < block.baseFee) return "fee-cap-below-base-fee";
  if (tx.type === SET_CODE_TYPE && tx.authorizationList.length === 0) return "authorization-list-empty";
  return undefined;
}

function brokenBalanceRule(
  { transaction, sender }: UserTransaction,
  charges: Charges,
  { state }: Scope,
): TransactionRejection | undefined {
  // EIP-1559 at the fee cap; specs/protocol/exec-engine.md and isthmus/exec-engine.md add the L2's fees.
  const gas = transaction.gasLimit * gasFeeCap(transaction);
  const most = gas + transaction.value + charges.l1Fee + charges.prepaidOperatorFee;
  return state.balance(sender) < most ? "insufficient-funds" : undefined;
}

function brokenSpaceRule(
  tx: SignedTransaction,
  charges: Charges,
  { gasLeft, block }: Scope,
  { footprintLeft }: DataPrices,
): TransactionRejection | undefined {
  // Yellow Paper 6.2: the gas limit fits into what the block has left.
  if (tx.gasLimit > gasLeft) return "block-gas-limit";
  if (tx.gasLimit < charges.intrinsicGas) return "intrinsic-gas-too-low";
  // EIP-7623, on the L2 from Isthmus.
  if (includes(block.fork, "isthmus") && tx.gasLimit < charges.floorGas) return "floor-data-gas-too-low";
  // EIP-3860.
  if (tx.to === undefined && tx.data.length > MAX_INITCODE_LENGTH) return "initcode-too-large";
  // jovian/exec-engine.md: the block's footprint is at most its gas limit.
  if (charges.daFootprint > footprintLeft) return "block-da-footprint-limit";
  return undefined;
}
