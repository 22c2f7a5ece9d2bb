import { blobBaseFeeOf } from "@phala-l2/execution/chain-config";
import { type Hash, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import type { Block } from "@phala-l2/protocol/wire/block";
import type { Receipt } from "@phala-l2/protocol/wire/receipt";
import {
  decodeTransaction,
  recoverSender,
  type Transaction,
  transactionHash,
} from "@phala-l2/protocol/wire/transaction";
import type { ChainView, ExecutedTransactions } from "../store/chain-reader.ts";
import { type LogJson, logJson } from "./format/log.ts";
import { transactionJson } from "./format/transaction.ts";

/** A stored block with all that its transactions left behind. */
export type BlockRecord = {
  readonly hash: Hash;
  readonly block: Block;
  readonly transactions: readonly Transaction[];
  /** Empty where the node has the block without having executed it. */
  readonly receipts: readonly Receipt[];
  readonly executed: ExecutedTransactions;
  /** Wei per blob gas. */
  readonly blobBaseFee: bigint;
};

/** Decodes a transaction of a stored block. @throws RollupError BLOCK_MALFORMED: the database is broken */
function decodeStored(raw: Uint8Array): Transaction {
  const decoding = decodeTransaction(raw);
  if (decoding.kind === "ok") return decoding.transaction;
  throw new RollupError("BLOCK_MALFORMED", "a stored block holds a transaction that does not decode", {
    data: { reason: decoding.reason },
  });
}

/** Blocks that are held decoded: the newest, which all ask for, and those that some indexers work through. */
const MAX_RECORDS = 8;
const records = new WeakMap<ChainView, Map<Hex, BlockRecord>>();

/**
 * Reads a block and what belongs to it; undefined when the node does not have it. Those read last are kept: a batch
 * asks for each receipt of a block, and every subscription for the logs of the same one.
 */
export function readRecord(chain: ChainView, hash: Hash): BlockRecord | undefined {
  const kept = records.get(chain) ?? new Map<Hex, BlockRecord>();
  records.set(chain, kept);
  const key = toHex(hash);
  const known = kept.get(key);
  if (known !== undefined) {
    kept.delete(key);
    kept.set(key, known);
    return known;
  }
  const block = chain.block(hash);
  if (block === undefined) return undefined;
  const receipts = chain.receipts(hash);
  const record = {
    hash,
    block,
    transactions: block.transactions.map(decodeStored),
    receipts: receipts ?? [],
    executed: chain.executed(hash) ?? [],
    blobBaseFee: blobBaseFeeOf(chain.config, block.header),
  };
  // One that was not executed may be later.
  if (receipts === undefined) return record;
  kept.set(key, record);
  const [oldest] = kept.keys();
  if (kept.size > MAX_RECORDS && oldest !== undefined) kept.delete(oldest);
  return record;
}

/** Hash of a record's transaction, as execution noted it, else from its bytes. */
export function hashAt(record: BlockRecord, index: number): Hash {
  return (
    record.executed[index]?.hash ?? transactionHash(record.block.transactions[index] ?? new Uint8Array(0))
  );
}

/** Sender of a record's transaction. @throws RollupError BLOCK_MALFORMED when its signature has none */
export function senderAt(record: BlockRecord, index: number): Uint8Array {
  const known = record.executed[index]?.sender;
  if (known !== undefined) return known;
  const transaction = record.transactions[index];
  const sender = transaction === undefined ? undefined : recoverSender(transaction);
  if (sender !== undefined) return sender;
  throw new RollupError("BLOCK_MALFORMED", "a stored block holds a transaction without a sender");
}

/** A record's transaction in the API's form; undefined when it has none of that index. */
export function transactionAt(record: BlockRecord, index: number): object | undefined {
  const transaction = record.transactions[index];
  if (transaction === undefined) return undefined;
  const { header } = record.block;
  const receipt = record.receipts[index];
  return transactionJson(transaction, {
    hash: hashAt(record, index),
    from: senderAt(record, index),
    place: {
      blockHash: record.hash,
      blockNumber: header.number,
      blockTimestamp: header.timestamp,
      index,
      baseFee: header.baseFeePerGas,
    },
    depositNonce: receipt?.depositNonce,
    depositReceiptVersion: receipt?.depositReceiptVersion,
  });
}

/** Logs of a record in the API's form, those that `matches` (all without it). */
export function logsOf(
  record: BlockRecord,
  matches: (log: Receipt["logs"][number]) => boolean = () => true,
  removed = false,
): readonly LogJson[] {
  const { header } = record.block;
  const found: LogJson[] = [];
  let logIndex = 0;
  for (const [transactionIndex, receipt] of record.receipts.entries()) {
    for (const log of receipt.logs) {
      const place = {
        blockHash: record.hash,
        blockNumber: header.number,
        blockTimestamp: header.timestamp,
        transactionHash: hashAt(record, transactionIndex),
        transactionIndex,
        logIndex: logIndex++,
      };
      if (matches(log)) found.push(logJson(log, place, removed));
    }
  }
  return found;
}
