import { bytesEqual, toHex } from "@phala-l2/protocol/bytes";
import { quantityHex } from "./format/hex.ts";
import { transactionJson } from "./format/transaction.ts";
import { method0, method1, type RpcMethods, required } from "./method.ts";
import { address } from "./parameters.ts";
import type { PooledTransaction, PoolView } from "./pool-view.ts";
import { result } from "./reply.ts";

/** Transactions in one answer of txpool_content: about 5 MB of JSON. */
const MAX_SHOWN = 10_000;

type Show = (pooled: PooledTransaction) => unknown;

const whole: Show = ({ transaction, hash, sender }) =>
  transactionJson(transaction, { hash, from: sender, place: undefined });

/** One line a transaction, as geth's txpool_inspect. */
const line: Show = ({ transaction }) => {
  const price = "gasPrice" in transaction ? transaction.gasPrice : transaction.maxFeePerGas;
  const to = transaction.to === undefined ? "contract creation" : toHex(transaction.to);
  return `${to}: ${transaction.value} wei + ${transaction.gasLimit} gas × ${price} wei`;
};

/** Sender, then nonce in decimal. */
function bySender(transactions: Iterable<PooledTransaction>, show: Show): object {
  const senders: Record<string, Record<string, unknown>> = {};
  let shown = 0;
  for (const pooled of transactions) {
    if (shown++ >= MAX_SHOWN) break;
    const sender = toHex(pooled.sender);
    senders[sender] = { ...senders[sender], [pooled.transaction.nonce.toString()]: show(pooled) };
  }
  return senders;
}

function count(transactions: Iterable<PooledTransaction>): string {
  let total = 0;
  for (const _ of transactions) total++;
  return quantityHex(total);
}

function byNonce(transactions: Iterable<PooledTransaction>, sender: Uint8Array): object {
  const own: Record<string, unknown> = {};
  for (const pooled of transactions) {
    if (bytesEqual(pooled.sender, sender)) own[pooled.transaction.nonce.toString()] = whole(pooled);
  }
  return own;
}

/** The mempool; a node without one answers as an empty pool does. */
export function txpoolMethods(pool: PoolView | undefined): RpcMethods {
  const pending = (): Iterable<PooledTransaction> => pool?.pending() ?? [];
  const queued = (): Iterable<PooledTransaction> => pool?.queued() ?? [];
  return {
    txpool_status: method0(() => result({ pending: count(pending()), queued: count(queued()) })),
    txpool_content: method0(() =>
      result({ pending: bySender(pending(), whole), queued: bySender(queued(), whole) }),
    ),
    txpool_inspect: method0(() =>
      result({ pending: bySender(pending(), line), queued: bySender(queued(), line) }),
    ),
    txpool_contentFrom: method1(required(address), (sender) =>
      result({ pending: byNonce(pending(), sender), queued: byNonce(queued(), sender) }),
    ),
  };
}
