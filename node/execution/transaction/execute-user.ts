import { accessListOf, SET_CODE_TYPE } from "@phala-l2/protocol/wire/transaction";
import { operatorFee } from "../fees/operator-fee.ts";
import { creditVaults } from "../fees/vaults.ts";
import { applyAuthorizations } from "./authorizations.ts";
import { blobHashes } from "./blobs.ts";
import { type Charges, checkUserTransaction, type UserTransaction } from "./check-user.ts";
import { contractAddress } from "./contract-address.ts";
import { gasToPay, runMessage } from "./message.ts";
import type { Outcome, Rejected, Scope } from "./outcome.ts";
import type { DataPrices } from "./rollup-charges.ts";

export type UserExecution = { readonly kind: "executed"; readonly outcome: Outcome } | Rejected;

/**
 * Runs a signed transaction: checks it, or else buys its gas, runs it, settles its fees. A rejected one has
 * changed nothing. Source: Yellow Paper 6.2 with the EIPs named in each step, specs/protocol/exec-engine.md.
 */
export async function executeUserTransaction(
  user: UserTransaction,
  scope: Scope,
  prices: DataPrices,
): Promise<UserExecution> {
  const { transaction, sender } = user;
  const { state, block, evm } = scope;

  // 1. It may run here.
  const charges = checkUserTransaction(user, scope, prices);
  if (charges.kind === "rejected") return charges;

  // 2. The sender pays for all its gas, for blobs, for L1 and for the operator, and its nonce grows.
  const blobFee = charges.blobGas * block.blobBaseFee;
  state.subtractBalance(
    sender,
    transaction.gasLimit * charges.gasPrice + blobFee + charges.l1Fee + charges.prepaidOperatorFee,
  );
  state.incrementNonce(sender);

  // 3. EIP-7702: delegations are set; they stay whatever the message does.
  const delegations =
    transaction.type === SET_CODE_TYPE
      ? applyAuthorizations(state, transaction.authorizationList, block.chainId)
      : { refund: 0n, warm: [] };

  // 4. The message runs.
  const result = await runMessage(
    evm,
    {
      caller: sender,
      to: transaction.to,
      value: transaction.value,
      data: transaction.data,
      gasLimit: transaction.gasLimit - charges.intrinsicGas,
      gasPrice: charges.gasPrice,
      accessList: accessListOf(transaction),
      warmAddresses: delegations.warm,
      blobHashes: blobHashes(transaction),
    },
    block,
    state,
  );

  // 5. Refunds are taken off, the data's floor holds (EIP-7623).
  const gasUsed = gasToPay(
    charges.intrinsicGas + result.gasUsed,
    delegations.refund + result.refund,
    charges.floorGas,
    block.rules,
  );

  // 6. The sender gets back what it did not use; the rest is paid out or burnt.
  const settledOperatorFee = settle(user, charges, gasUsed, scope, prices);

  // 7. What destroyed itself is gone, from Cancun only what was created in this transaction (EIP-6780).
  for (const address of result.destroyed) state.deleteAccount(address);
  state.endTransaction();

  return {
    kind: "executed",
    outcome: {
      status: result.kind === "returned" ? 1 : 0,
      gasUsed,
      logs: result.logs,
      contractAddress: transaction.to === undefined ? contractAddress(sender, transaction.nonce) : undefined,
      effectiveGasPrice: charges.gasPrice,
      blobGas: charges.blobGas,
      l1Fee: charges.l1Fee,
      l1GasUsed: charges.l1GasUsed,
      operatorFee: settledOperatorFee,
      daFootprint: charges.daFootprint,
    },
  };
}

/** Gives back and pays out; the operator fee in wei that remained. */
function settle(
  { transaction, sender }: UserTransaction,
  charges: Charges,
  gasUsed: bigint,
  { state, block }: Scope,
  { l1 }: DataPrices,
): bigint {
  const { rollup } = block.rules;
  const operator = rollup === undefined ? 0n : operatorFee(gasUsed, l1, rollup);
  const unusedGas = (transaction.gasLimit - gasUsed) * charges.gasPrice;
  state.addBalance(sender, unusedGas + charges.prepaidOperatorFee - operator);
  state.addBalance(block.beneficiary, gasUsed * (charges.gasPrice - block.baseFee));
  // EIP-1559 burns the base fee on Ethereum.
  if (rollup === undefined) return operator;
  const fees = { baseFee: gasUsed * block.baseFee, l1Fee: charges.l1Fee, operatorFee: operator };
  creditVaults(state, fees, rollup);
  return operator;
}
