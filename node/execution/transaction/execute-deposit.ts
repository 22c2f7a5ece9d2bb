import type { DepositTransaction } from "@phala-l2/protocol/wire/transaction";
import { contractAddress } from "./contract-address.ts";
import { floorDataGas, intrinsicGas, isInitcodeTooLarge } from "./intrinsic-gas.ts";
import { gasToPay, runMessage } from "./message.ts";
import { type Outcome, type Rejected, rejected, type Scope } from "./outcome.ts";

export type DepositExecution =
  | { readonly kind: "executed"; readonly outcome: Outcome; readonly depositNonce: bigint }
  | Rejected;

/**
 * Runs a deposit. L1 has accepted and been paid for it, so it is always included; only a block without room
 * for its gas is invalid. Source: specs/protocol/deposits.md "Execution".
 */
export async function executeDeposit(deposit: DepositTransaction, scope: Scope): Promise<DepositExecution> {
  const { state } = scope;

  // 1. Its gas fits into the block.
  if (deposit.gasLimit > scope.gasLeft) return rejected("block-gas-limit");

  // 2. The mint happens whatever follows.
  const depositNonce = state.nonce(deposit.from);
  if (deposit.mint > 0n) state.addBalance(deposit.from, deposit.mint);

  // 3. A deposit that cannot run keeps the mint, uses a nonce and all its gas.
  if (cannotRun(deposit, scope)) {
    state.incrementNonce(deposit.from);
    state.endTransaction();
    return executed(deposit, depositNonce, { status: 0, gasUsed: deposit.gasLimit, logs: [] });
  }

  // 4. It runs as a message without fees; one that reverts or halts has used its nonce and its gas.
  state.incrementNonce(deposit.from);
  const intrinsic = intrinsicOf(deposit, scope);
  const result = await runMessage(
    scope.evm,
    {
      caller: deposit.from,
      to: deposit.to,
      value: deposit.value,
      data: deposit.data,
      gasLimit: deposit.gasLimit - intrinsic,
      gasPrice: 0n,
      accessList: [],
      warmAddresses: [],
      blobHashes: [],
    },
    scope.block,
    state,
  );

  // 5. Gas is counted as for any transaction (Regolith), refund and floor (EIP-7623) included; none is paid.
  const gasUsed = gasToPay(
    intrinsic + result.gasUsed,
    result.refund,
    floorDataGas(deposit.data, scope.block.rules),
    scope.block.rules,
  );
  for (const address of result.destroyed) state.deleteAccount(address);
  state.endTransaction();
  return executed(deposit, depositNonce, {
    status: result.kind === "returned" ? 1 : 0,
    gasUsed,
    logs: result.logs,
  });
}

/**
 * Failures before the message, which leave a deposit included with status 0. Regolith: system transactions
 * are no longer supported, so one that claims to be fails.
 */
function cannotRun(deposit: DepositTransaction, scope: Scope): boolean {
  return (
    deposit.isSystemTransaction ||
    deposit.gasLimit < intrinsicOf(deposit, scope) ||
    deposit.gasLimit < floorDataGas(deposit.data, scope.block.rules) ||
    scope.state.balance(deposit.from) < deposit.value ||
    (deposit.to === undefined && isInitcodeTooLarge(deposit.data, scope.block.rules))
  );
}

function intrinsicOf({ data, to }: DepositTransaction, { block }: Scope): bigint {
  return intrinsicGas({ data, isCreation: to === undefined, accessList: [], authorizations: 0 }, block.rules);
}

function executed(
  { from, to }: DepositTransaction,
  depositNonce: bigint,
  result: Pick<Outcome, "status" | "gasUsed" | "logs">,
): DepositExecution {
  const outcome: Outcome = {
    ...result,
    contractAddress: to === undefined ? contractAddress(from, depositNonce) : undefined,
    effectiveGasPrice: 0n,
    blobGas: 0n,
    l1Fee: 0n,
    l1GasUsed: 0n,
    operatorFee: 0n,
    daFootprint: 0n,
  };
  return { kind: "executed", outcome, depositNonce };
}
