import { GAS_PER_BLOB } from "@phala-l2/protocol/blob-gas";
import { type Address, asAddress, toHex } from "@phala-l2/protocol/bytes";
import { keccak256 } from "@phala-l2/protocol/keccak";
import type { Receipt } from "@phala-l2/protocol/wire/receipt";
import { encodeRlp } from "@phala-l2/protocol/wire/rlp";
import { BLOB_TYPE, effectiveGasPrice, type Transaction } from "@phala-l2/protocol/wire/transaction";
import { type BlockRecord, hashAt, senderAt } from "../block-record.ts";
import { quantityHex } from "./hex.ts";
import { l1FeeJson } from "./l1-fee.ts";
import { logJson } from "./log.ts";

/** CREATE's address (Yellow Paper, section 7): what a transaction without `to` made. */
function createdAddress(sender: Uint8Array, nonce: bigint): Address {
  return asAddress(keccak256(encodeRlp([sender, nonce])).subarray(12));
}

function contractAddress(transaction: Transaction, receipt: Receipt, sender: Uint8Array): string | null {
  if (transaction.to !== undefined) return null;
  const nonce = transaction.type === 0x7e ? (receipt.depositNonce ?? 0n) : transaction.nonce;
  return toHex(createdAddress(sender, nonce));
}

function receiptLogs(record: BlockRecord, index: number): readonly object[] {
  const { header } = record.block;
  const before = record.receipts.slice(0, index).reduce((total, { logs }) => total + logs.length, 0);
  const place = {
    blockHash: record.hash,
    blockNumber: header.number,
    blockTimestamp: header.timestamp,
    transactionHash: hashAt(record, index),
    transactionIndex: index,
  };
  return (record.receipts[index]?.logs ?? []).map((log, i) =>
    logJson(log, { ...place, logIndex: before + i }),
  );
}

/** EIP-4844's part of a receipt; on an L2 no transaction has it. */
function blobJson(transaction: Transaction, blobBaseFee: bigint): object {
  if (transaction.type !== BLOB_TYPE) return {};
  const gas = BigInt(transaction.blobVersionedHashes.length) * GAS_PER_BLOB;
  return { blobGasUsed: quantityHex(gas), blobGasPrice: quantityHex(blobBaseFee) };
}

function depositJson(receipt: Receipt): object {
  const { depositNonce, depositReceiptVersion } = receipt;
  return {
    ...(depositNonce !== undefined && { depositNonce: quantityHex(depositNonce) }),
    ...(depositReceiptVersion !== undefined && { depositReceiptVersion: quantityHex(depositReceiptVersion) }),
  };
}

/**
 * A record's receipt as eth_getTransactionReceipt answers it, with the OP Stack's fields; undefined when the
 * record has none of that index.
 */
export function receiptJson(record: BlockRecord, index: number): object | undefined {
  const transaction = record.transactions[index];
  const receipt = record.receipts[index];
  const raw = record.block.transactions[index];
  if (transaction === undefined || receipt === undefined || raw === undefined) return undefined;
  const { header } = record.block;
  const sender = senderAt(record, index);
  const gasBefore = record.receipts[index - 1]?.cumulativeGasUsed ?? 0n;
  return {
    blockHash: toHex(record.hash),
    blockNumber: quantityHex(header.number),
    contractAddress: contractAddress(transaction, receipt, sender),
    cumulativeGasUsed: quantityHex(receipt.cumulativeGasUsed),
    effectiveGasPrice: quantityHex(effectiveGasPrice(transaction, header.baseFeePerGas ?? 0n)),
    from: toHex(sender),
    gasUsed: quantityHex(receipt.cumulativeGasUsed - gasBefore),
    ...l1FeeJson(record.transactions[0], transaction, raw),
    ...blobJson(transaction, record.blobBaseFee),
    ...depositJson(receipt),
    logs: receiptLogs(record, index),
    logsBloom: toHex(receipt.logsBloom),
    // EIP-658: before Byzantium the state's root stood in the status' place.
    ...(receipt.stateRoot === undefined
      ? { status: quantityHex(receipt.status) }
      : { root: toHex(receipt.stateRoot) }),
    to: transaction.to === undefined ? null : toHex(transaction.to),
    transactionHash: toHex(hashAt(record, index)),
    transactionIndex: quantityHex(index),
    type: quantityHex(receipt.type),
  };
}
