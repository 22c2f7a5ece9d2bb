import { setTimeout as sleep } from "node:timers/promises";
import { RollupError } from "@phala-l2/protocol/errors";
import {
  type Address,
  createPublicClient,
  createWalletClient,
  type Hex,
  type LocalAccount,
  type PublicClient,
  type TransactionReceipt,
  TransactionReceiptNotFoundError,
  type Transport,
} from "viem";

/** One call to be signed by the sender. `gas` is given: an estimate would need the ones before it to be mined. */
export type Call = {
  readonly to: Address;
  readonly data: Hex;
  readonly gas: bigint;
  readonly value?: bigint;
};

/** An account on L1 that sends calls in order, without waiting for one before sending the next. */
export type L1Sender = {
  readonly address: Address;
  readonly client: PublicClient;
  /** Returns when all are mined. @throws RollupError DEPLOY_TRANSACTION_FAILED */
  send(calls: readonly Call[]): Promise<void>;
};

/** How often receipts are asked for. */
const POLLING_INTERVAL_MS = 100;

/** Fifteen of Ethereum's blocks: what is not included by then is priced too low, or the endpoint is broken. */
const RECEIPT_TIMEOUT_MS = 180_000;

/** @param transport Way to an L1 node. @param account Pays and signs. */
export function l1Sender(transport: Transport, account: LocalAccount): L1Sender {
  const client = createPublicClient({ transport, pollingInterval: POLLING_INTERVAL_MS });
  const wallet = createWalletClient({ account, transport });

  async function send(calls: readonly Call[]): Promise<void> {
    if (calls.length === 0) return;
    const [chainId, nonce, fees] = await Promise.all([
      client.getChainId(),
      client.getTransactionCount({ address: account.address, blockTag: "pending" }),
      client.estimateFeesPerGas(),
    ]);
    const hashes: Hex[] = [];
    for (const [index, call] of calls.entries()) {
      const request = { type: "eip1559", chainId, nonce: nonce + index, ...fees, ...call } as const;
      const serializedTransaction = await wallet.signTransaction({ ...request, chain: null });
      hashes.push(await client.sendRawTransaction({ serializedTransaction }));
    }
    await Promise.all(hashes.map((hash) => requireSuccess(client, hash)));
  }

  return { address: account.address, client, send };
}

/**
 * Returns when a transaction is mined, and did not revert. viem's own wait looks again at new blocks only, so that on an L1
 * that makes none without transactions a receipt that is there a moment late is never seen.
 * @throws RollupError DEPLOY_TRANSACTION_FAILED
 */
export async function requireSuccess(client: PublicClient, hash: Hex): Promise<void> {
  const receipt = await receiptOf(client, hash);
  if (receipt.status === "success") return;
  throw new RollupError("DEPLOY_TRANSACTION_FAILED", `transaction ${hash} reverted on L1`, {
    data: { hash, gasUsed: receipt.gasUsed, blockNumber: receipt.blockNumber },
  });
}

async function receiptOf(client: PublicClient, hash: Hex): Promise<TransactionReceipt> {
  const deadline = performance.now() + RECEIPT_TIMEOUT_MS;
  for (;;) {
    try {
      return await client.getTransactionReceipt({ hash });
    } catch (error) {
      if (!(error instanceof TransactionReceiptNotFoundError)) throw error;
      if (performance.now() > deadline) {
        const message = `transaction ${hash} was not included on L1 within ${RECEIPT_TIMEOUT_MS / 1000} s`;
        throw new RollupError("DEPLOY_TRANSACTION_FAILED", message, { data: { hash }, cause: error });
      }
    }
    await sleep(POLLING_INTERVAL_MS);
  }
}
