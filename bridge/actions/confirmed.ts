import { RollupError } from "@phala-l2/protocol/errors";
import type { Hash, TransactionReceipt } from "viem";

type ReceiptReader = { waitForTransactionReceipt(args: { hash: Hash }): Promise<TransactionReceipt> };

/**
 * Waits for a transaction and insists that it succeeded.
 * @throws RollupError BRIDGE_TRANSACTION_REVERTED
 */
export async function confirmed(chain: ReceiptReader, hash: Hash, what: string): Promise<TransactionReceipt> {
  const receipt = await chain.waitForTransactionReceipt({ hash });
  if (receipt.status === "success") return receipt;
  throw new RollupError("BRIDGE_TRANSACTION_REVERTED", `the ${what} ${hash} was reverted`, {
    data: { hash },
  });
}
