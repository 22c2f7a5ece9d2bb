import type { Address } from "@phala-l2/protocol/bytes";
import {
  accessListOf,
  BLOB_TYPE,
  effectiveGasPrice,
  gasFeeCap,
  gasTipCap,
  LEGACY_TYPE,
  SET_CODE_TYPE,
  type SignedTransaction,
} from "@phala-l2/protocol/wire/transaction";
import { type EvmFork, hasEvm } from "../block/rules.ts";
import { isDelegation } from "./authorizations.ts";
import { blobGas, brokenBlobRule, mostBlobFee } from "./blobs.ts";
import { floorDataGas, intrinsicGas, isInitcodeTooLarge } from "./intrinsic-gas.ts";
import { type Rejected, rejected, type Scope } from "./outcome.ts";
import type { TransactionRejection } from "./rejection.ts";
import { type DataPrices, type RollupCharges, rollupCharges } from "./rollup-charges.ts";

/** EIP-7825, from Osaka (Karst); deposits are exempt. */
const MAX_TRANSACTION_GAS = 2n ** 24n;
/** EIP-2681. */
const MAX_NONCE = 2n ** 64n - 1n;

export type UserTransaction = {
  readonly transaction: SignedTransaction;
  readonly raw: Uint8Array;
  readonly sender: Address;
};

/** What an accepted transaction will be charged by. */
export type Charges = {
  readonly kind: "accepted";
  /** Wei per gas. */
  readonly gasPrice: bigint;
  readonly intrinsicGas: bigint;
  readonly floorGas: bigint;
  /** EIP-4844; zero without blobs. */
  readonly blobGas: bigint;
} & RollupCharges;

/** Whether a user transaction may run here, and at what price; nothing is changed. In geth's order of checks. */
export function checkUserTransaction(
  user: UserTransaction,
  scope: Scope,
  prices: DataPrices,
): Charges | Rejected {
  const { transaction } = user;
  const { block } = scope;
  const typeFault = brokenTypeRule(transaction, scope);
  if (typeFault !== undefined) return rejected(typeFault);
  const charges: Charges = {
    kind: "accepted",
    gasPrice: effectiveGasPrice(transaction, block.baseFee),
    intrinsicGas: intrinsicGas(
      {
        data: transaction.data,
        isCreation: transaction.to === undefined,
        accessList: accessListOf(transaction),
        authorizations: transaction.type === SET_CODE_TYPE ? transaction.authorizationList.length : 0,
      },
      block.rules,
    ),
    floorGas: floorDataGas(transaction.data, block.rules),
    blobGas: blobGas(transaction),
    ...rollupCharges(user, block, prices),
  };
  const reason =
    brokenSenderRule(user, scope) ??
    brokenFeeRule(transaction, scope) ??
    brokenBlobRule(transaction, scope) ??
    brokenBalanceRule(user, charges, scope) ??
    brokenSpaceRule(transaction, charges, scope, prices);
  return reason === undefined ? charges : rejected(reason);
}

/** EIP-2718's types by the fork that brought them: EIP-2930, 1559, 4844, 7702. */
const TYPE_SINCE: Readonly<Record<SignedTransaction["type"], EvmFork>> = {
  0: "frontier",
  1: "berlin",
  2: "london",
  3: "cancun",
  4: "prague",
};

function brokenTypeRule(tx: SignedTransaction, { block }: Scope): TransactionRejection | undefined {
  // specs/protocol/ecotone/exec-engine.md: blob transactions are rejected on the L2.
  if (tx.type === BLOB_TYPE && block.rules.rollup !== undefined) return "blob-transaction";
  if (!hasEvm(block.rules, TYPE_SINCE[tx.type])) return "type-not-active";
  // EIP-155; without a chain id the signature holds on every chain.
  if (tx.chainId === undefined) return undefined;
  if (tx.type === LEGACY_TYPE && !hasEvm(block.rules, "spuriousDragon")) return "invalid-signature";
  return tx.chainId === block.chainId ? undefined : "wrong-chain-id";
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
  if (hasEvm(block.rules, "osaka") && transaction.gasLimit > MAX_TRANSACTION_GAS)
    return "gas-limit-above-cap";
  // EIP-3607, with EIP-7702's exception; no older block breaks it.
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
  // EIP-1559, EIP-4844: at the fee caps; specs/protocol/exec-engine.md, isthmus/exec-engine.md: the L2's fees.
  const gas = transaction.gasLimit * gasFeeCap(transaction) + mostBlobFee(transaction);
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
  // EIP-7623.
  if (tx.gasLimit < charges.floorGas) return "floor-data-gas-too-low";
  if (tx.to === undefined && isInitcodeTooLarge(tx.data, block.rules)) return "initcode-too-large";
  // jovian/exec-engine.md: the block's footprint is at most its gas limit.
  if (charges.daFootprint > footprintLeft) return "block-da-footprint-limit";
  return undefined;
}
