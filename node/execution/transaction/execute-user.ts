import { accessListOf, SET_CODE_TYPE } from "@phala-l2/protocol/wire/transaction";
import { includes } from "../block/fork.ts";
import { l1GasUsed } from "../fees/l1-cost.ts";
import { operatorFee } from "../fees/operator-fee.ts";
import { creditVaults } from "../fees/vaults.ts";
import { applyAuthorizations } from "./authorizations.ts";
import { type Charges, checkUserTransaction, type DataPrices, type UserTransaction } from "./check-user.ts";
import { contractAddress } from "./contract-address.ts";
import { gasToPay, runMessage } from "./message.ts";
import type { Outcome, Rejected, Scope } from "./outcome.ts";

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

  // 2. The sender pays for all its gas, for L1 and for the operator, and its nonce grows.
  state.subtractBalance(
    sender,
    transaction.gasLimit * charges.gasPrice + charges.l1Fee + charges.prepaidOperatorFee,
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
    },
    block,
    state,
  );

  // 5. Refunds are taken off, the data's floor holds (EIP-3529, EIP-7623).
  const gasUsed = gasToPay(
    charges.intrinsicGas + result.gasUsed,
    delegations.refund + result.refund,
    includes(block.fork, "isthmus") ? charges.floorGas : 0n,
  );

  // 6. The sender gets back what it did not use; the vaults get the rest.
  const settledOperatorFee = settle(user, charges, gasUsed, scope, prices);

  // 7. EIP-6780: what was created and destroyed in this transaction is gone.
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
      l1Fee: charges.l1Fee,
      l1GasUsed: l1GasUsed(charges.sizeScaled),
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
  const operator = operatorFee(gasUsed, l1, block.fork);
  const unusedGas = (transaction.gasLimit - gasUsed) * charges.gasPrice;
  state.addBalance(sender, unusedGas + charges.prepaidOperatorFee - operator);
  creditVaults(
    state,
    block.beneficiary,
    {
      tip: gasUsed * (charges.gasPrice - block.baseFee),
      baseFee: gasUsed * block.baseFee,
      l1Fee: charges.l1Fee,
      operatorFee: operator,
    },
    block.fork,
  );
  return operator;
}
