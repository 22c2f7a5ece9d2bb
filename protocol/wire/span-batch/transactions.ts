import { bigintToBytes, concatBytes } from "../../bytes.ts";
import { RollupError } from "../../errors.ts";
import { decodeTransaction, LEGACY_TYPE, type SignedTransaction } from "../transaction.ts";
import { type Bitlist, bitAt, bitlistOf, countBits } from "./bitlist.ts";
import { type ColumnReader, encodeUvarint, joinAll } from "./reader.ts";
import {
  type DataFault,
  dataType,
  isBatchable,
  rebuildTransaction,
  transactionData,
} from "./transaction-data.ts";

/**
 * The transactions of a span batch, column by column, in the order of their blocks.
 * Source: specs/protocol/delta/span-batches.md "Span batch format".
 *
 * txs = contract_creation_bits | y_parity_bits | tx_sigs | tx_tos | tx_datas | tx_nonces | tx_gases | protected_bits
 */
export type TransactionColumns = {
  /** One bit a transaction: it has no recipient. */
  readonly contractCreationBits: Bitlist;
  readonly yParityBits: Bitlist;
  /** r and s of 32 bytes each, 64 bytes a transaction. */
  readonly signatures: Uint8Array;
  /** 20 bytes for each transaction that has a recipient. */
  readonly recipients: Uint8Array;
  /** See transaction-data.ts. */
  readonly datas: readonly Uint8Array[];
  readonly nonces: readonly bigint[];
  readonly gasLimits: readonly bigint[];
  /** One bit a legacy transaction: it is protected by EIP-155. */
  readonly protectedBits: Bitlist;
};

const SIGNATURE_LENGTH = 64;
const ADDRESS_LENGTH = 20;

function repeat<T>(count: number, reader: ColumnReader, read: () => T): T[] {
  const values: T[] = [];
  for (let i = 0; i < count && reader.fault === undefined; i++) values.push(read());
  return values;
}

/** Reads the columns of `count` transactions; the reader holds the fault, if there is one. */
export function readTransactionColumns(
  reader: ColumnReader,
  count: number,
  maxDataLength: number,
): TransactionColumns {
  const contractCreationBits = reader.bitlist(count);
  const yParityBits = reader.bitlist(count);
  const signatures = reader.take(SIGNATURE_LENGTH * count);
  const creations = countBits(contractCreationBits);
  const recipients = reader.take(ADDRESS_LENGTH * (count - creations));
  const datas = repeat(count, reader, () => reader.transactionData(maxDataLength));
  const nonces = repeat(count, reader, () => reader.uvarint());
  const gasLimits = repeat(count, reader, () => reader.uvarint());
  const protectedBits = reader.bitlist(datas.filter(isLegacyData).length);
  return {
    contractCreationBits,
    yParityBits,
    signatures,
    recipients,
    datas,
    nonces,
    gasLimits,
    protectedBits,
  };
}

function isLegacyData(data: Uint8Array): boolean {
  return dataType(data) === LEGACY_TYPE;
}

/** The columns as they stand in a span batch. */
export function encodeTransactionColumns(columns: TransactionColumns): Uint8Array {
  return concatBytes(
    columns.contractCreationBits.bytes,
    columns.yParityBits.bytes,
    columns.signatures,
    columns.recipients,
    joinAll(columns.datas),
    joinAll(columns.nonces.map(encodeUvarint)),
    joinAll(columns.gasLimits.map(encodeUvarint)),
    columns.protectedBits.bytes,
  );
}

export type TransactionsDecoding =
  | { readonly kind: "ok"; readonly transactions: readonly Uint8Array[] }
  | { readonly kind: "invalid"; readonly reason: DataFault };

/** The signed transactions that the columns hold; one that cannot be rebuilt makes all of them invalid. */
export function transactionsOfColumns(columns: TransactionColumns, chainId: bigint): TransactionsDecoding {
  const { contractCreationBits, yParityBits, signatures, recipients, protectedBits } = columns;
  const transactions: Uint8Array[] = [];
  let recipientAt = 0;
  let legacyAt = 0;
  for (const [i, data] of columns.datas.entries()) {
    const creates = bitAt(contractCreationBits, i) === 1;
    const to = creates ? undefined : recipients.subarray(recipientAt, recipientAt + ADDRESS_LENGTH);
    if (!creates) recipientAt += ADDRESS_LENGTH;
    const isProtected = !isLegacyData(data) || bitAt(protectedBits, legacyAt++) === 1;
    const r = signatures.subarray(SIGNATURE_LENGTH * i, SIGNATURE_LENGTH * i + 32);
    const s = signatures.subarray(SIGNATURE_LENGTH * i + 32, SIGNATURE_LENGTH * (i + 1));
    const nonce = columns.nonces[i] ?? 0n;
    const gasLimit = columns.gasLimits[i] ?? 0n;
    const yParity = bitAt(yParityBits, i);
    const rebuilt = rebuildTransaction(data, { nonce, gasLimit, to, yParity, isProtected, r, s }, chainId);
    if (rebuilt.kind === "invalid") return rebuilt;
    transactions.push(rebuilt.raw);
  }
  return { kind: "ok", transactions };
}

/**
 * The columns of these transactions.
 * @throws RollupError SPAN_BATCH_TRANSACTION for one that a span batch cannot carry: malformed, a deposit, a
 * blob transaction, or one of another chain (the batch does not carry chain ids)
 */
export function columnsOfTransactions(raws: readonly Uint8Array[], chainId: bigint): TransactionColumns {
  const txs = raws.map((raw) => batchable(raw, chainId));
  const legacy = txs.filter((tx) => tx.type === LEGACY_TYPE);
  return {
    contractCreationBits: bitlistOf(txs.length, (i) => txs[i]?.to === undefined),
    yParityBits: bitlistOf(txs.length, (i) => txs[i]?.yParity === 1),
    signatures: joinAll(txs.flatMap((tx) => [bigintToBytes(tx.r, 32), bigintToBytes(tx.s, 32)])),
    recipients: joinAll(txs.flatMap((tx) => (tx.to === undefined ? [] : [tx.to]))),
    datas: txs.map(transactionData),
    nonces: txs.map((tx) => tx.nonce),
    gasLimits: txs.map((tx) => tx.gasLimit),
    protectedBits: bitlistOf(legacy.length, (i) => legacy[i]?.chainId !== undefined),
  };
}

function batchable(raw: Uint8Array, chainId: bigint): Exclude<SignedTransaction, { type: 3 }> {
  const decoded = decodeTransaction(raw);
  const reason = decoded.kind === "invalid" ? decoded.reason : "type or chain id";
  if (decoded.kind === "ok" && isBatchable(decoded.transaction)) {
    const { transaction } = decoded;
    if (transaction.chainId === undefined || transaction.chainId === chainId) return transaction;
  }
  throw new RollupError("SPAN_BATCH_TRANSACTION", `a span batch cannot carry this transaction: ${reason}`);
}
