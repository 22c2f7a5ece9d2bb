import { bytesEqual, toHex } from "@phala-l2/protocol/bytes";
import { quantityHex } from "./format/hex.ts";
import { transactionJson } from "./format/transaction.ts";
import { method0, method1, type RpcMethods, required } from "./method.ts";
import { address } from "./parameters.ts";
import type { PooledTransaction, PoolView } from "./pool-view.ts";
import { result } from "./reply.ts";

/** Transactions in one answer, of either kind: about 5 MB of JSON without their data. */
const MAX_SHOWN = 10_000;
/** Bytes of them together: a pool of large ones is more than any answer may have, and would be put together first. */
const MAX_SHOWN_BYTES = 5 * 1024 * 1024;

type Show = (pooled: PooledTransaction) => unknown;

const whole: Show = ({ transaction, hash, sender }) =>
  transactionJson(transaction, { hash, from: sender, place: undefined });

/** One line a transaction, as geth's txpool_inspect. */
const line: Show = ({ transaction }) => {
  const price = "gasPrice" in transaction ? transaction.gasPrice : transaction.maxFeePerGas;
  const to = transaction.to === undefined ? "contract creation" : toHex(transaction.to);
  return `${to}: ${transaction.value} wei + ${transaction.gasLimit} gas × ${price} wei`;
};

/** As many as one answer has room for. */
function* fitting(transactions: Iterable<PooledTransaction>): Iterable<PooledTransaction> {
  let shown = 0;
  let bytes = 0;
  for (const pooled of transactions) {
    bytes += pooled.raw.length;
    if (shown++ >= MAX_SHOWN || bytes > MAX_SHOWN_BYTES) return;
    yield pooled;
  }
}

/** Sender, then nonce in decimal. */
function bySender(transactions: Iterable<PooledTransaction>, show: Show): object {
  const senders: Record<string, Record<string, unknown>> = {};
  for (const pooled of fitting(transactions)) {
    const sender = toHex(pooled.sender);
    const own = senders[sender] ?? {};
    senders[sender] = own;
    own[pooled.transaction.nonce.toString()] = show(pooled);
  }
  return senders;
}

function count(transactions: Iterable<PooledTransaction>): string {
  let total = 0;
  for (const _ of transactions) total++;
  return quantityHex(total);
}

function byNonce(transactions: Iterable<PooledTransaction>, sender: Uint8Array): object {
  const ofSender = Iterator.from(transactions).filter((pooled) => bytesEqual(pooled.sender, sender));
  const own: Record<string, unknown> = {};
  for (const pooled of fitting(ofSender)) own[pooled.transaction.nonce.toString()] = whole(pooled);
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
