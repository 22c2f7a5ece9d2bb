import { RollupError } from "@phala-l2/protocol/errors";
import {
  type Hash,
  parseAbi,
  TransactionNotFoundError,
  type TransactionReceipt,
  TransactionReceiptNotFoundError,
} from "viem";
import { type GetWithdrawalsReturnType, getWithdrawals } from "viem/op-stack";
import type { Bridge } from "../network.ts";

export type Withdrawal = GetWithdrawalsReturnType[number];

/** A withdrawal that an L2 transaction has started. */
export type StartedWithdrawal = { readonly receipt: TransactionReceipt; readonly withdrawal: Withdrawal };

/** OptimismPortal, the one function that is called here. */
const finalizedWithdrawalsAbi = parseAbi(["function finalizedWithdrawals(bytes32) view returns (bool)"]);

/** The receipt; undefined while no block has the transaction. @throws RollupError BRIDGE_TRANSACTION_UNKNOWN */
async function receiptOf({ l2 }: Bridge, hash: Hash): Promise<TransactionReceipt | undefined> {
  try {
    return await l2.getTransactionReceipt({ hash });
  } catch (error) {
    if (!(error instanceof TransactionReceiptNotFoundError)) throw error;
  }
  try {
    await l2.getTransaction({ hash });
    return undefined;
  } catch (cause) {
    if (!(cause instanceof TransactionNotFoundError)) throw cause;
    throw new RollupError("BRIDGE_TRANSACTION_UNKNOWN", `the rollup knows no transaction ${hash}`, {
      data: { hash },
      cause,
    });
  }
}

/**
 * What the L2 transaction has started. One that nobody knows is not waited for, one that is known is until a block
 * has it.
 * @throws RollupError BRIDGE_TRANSACTION_UNKNOWN, BRIDGE_NO_WITHDRAWAL
 */
export async function startedWithdrawal(bridge: Bridge, l2Hash: Hash): Promise<StartedWithdrawal> {
  const receipt =
    (await receiptOf(bridge, l2Hash)) ?? (await bridge.l2.waitForTransactionReceipt({ hash: l2Hash }));
  const [withdrawal] = getWithdrawals(receipt);
  if (withdrawal !== undefined) return { receipt, withdrawal };
  throw new RollupError("BRIDGE_NO_WITHDRAWAL", `transaction ${l2Hash} starts no withdrawal`, {
    data: { hash: l2Hash },
  });
}

/** @throws RollupError BRIDGE_FINALIZED when the withdrawal was paid before */
export async function requireUnpaid(bridge: Bridge, { withdrawalHash }: Withdrawal): Promise<void> {
  const isFinalized = await bridge.l1.readContract({
    address: bridge.network.portal,
    abi: finalizedWithdrawalsAbi,
    functionName: "finalizedWithdrawals",
    args: [withdrawalHash],
  });
  if (!isFinalized) return;
  throw new RollupError("BRIDGE_FINALIZED", "the withdrawal is finalized: nothing is left to do", {
    data: { withdrawalHash },
  });
}
