import { concatBytes } from "../bytes.ts";
import { RollupError } from "../errors.ts";
import type { SingularBatch } from "./singular-batch.ts";
import { type Bitlist, bitAt, bitlistOf, countBits } from "./span-batch/bitlist.ts";
import { ColumnReader, encodeUvarint, joinAll, type ReadFault } from "./span-batch/reader.ts";
import type { DataFault } from "./span-batch/transaction-data.ts";
import {
  columnsOfTransactions,
  encodeTransactionColumns,
  readTransactionColumns,
  type TransactionColumns,
  transactionsOfColumns,
} from "./span-batch/transactions.ts";

/**
 * A batch of consecutive L2 blocks. Source: specs/protocol/delta/span-batches.md "Span batch format".
 *
 * span batch = prefix | payload
 * prefix  = rel_timestamp | l1_origin_num | parent_check 20 | l1_origin_check 20
 * payload = block_count | origin_bits | block_tx_counts | txs
 * (numbers are uvarints)
 */
export type RawSpanBatch = {
  /** Time of the first block after the L2 genesis, seconds. */
  readonly relTimestamp: bigint;
  /** L1 origin of the last block. */
  readonly l1OriginNumber: bigint;
  /** First 20 bytes of the hash of the block before the first. */
  readonly parentCheck: Uint8Array;
  /** First 20 bytes of the hash of the last block's L1 origin. */
  readonly l1OriginCheck: Uint8Array;
  /** One bit a block: its L1 origin differs from that of the block before. */
  readonly originBits: Bitlist;
  readonly blockTransactionCounts: readonly number[];
  readonly transactions: TransactionColumns;
};

export type SpanBatchBlock = {
  /** Unix seconds. */
  readonly timestamp: bigint;
  /** Number of the L1 origin. */
  readonly epochNumber: bigint;
  /** Encoded transactions, without deposits. */
  readonly transactions: readonly Uint8Array[];
};

/** The blocks of a span batch, and what ties them to the L2 block before and to L1. */
export type SpanBatch = {
  readonly relTimestamp: bigint;
  readonly parentCheck: Uint8Array;
  readonly l1OriginCheck: Uint8Array;
  /** At least one. */
  readonly blocks: readonly SpanBatchBlock[];
};

export type SpanBatchRules = {
  /** L2 genesis time and time between blocks, seconds. */
  readonly genesisTime: bigint;
  readonly blockTime: bigint;
  readonly chainId: bigint;
};

export type RawSpanBatchDecoding =
  | { readonly kind: "ok"; readonly batch: RawSpanBatch }
  | { readonly kind: "invalid"; readonly reason: ReadFault | "empty-span" };
export type SpanBatchDerivation =
  | { readonly kind: "ok"; readonly batch: SpanBatch }
  | { readonly kind: "invalid"; readonly reason: DataFault };

/**
 * MAX_SPAN_BATCH_ELEMENT_COUNT: most blocks, and most transactions in all; also the longest entry of the data
 * column in bytes (op-node's ReadTxData). Source: derivation.md "Protocol Parameters".
 */
export const MAX_SPAN_BATCH_ELEMENTS = 10_000_000;
/** Length of parent_check and l1_origin_check. */
export const CHECK_LENGTH = 20;

/**
 * Reads the columns of a span batch (without its version byte). Bytes after the last column are ignored, as
 * op-node ignores them. Never throws.
 */
export function decodeSpanBatch(content: Uint8Array): RawSpanBatchDecoding {
  const reader = new ColumnReader(content);
  const relTimestamp = reader.uvarint();
  const l1OriginNumber = reader.uvarint();
  const parentCheck = reader.take(CHECK_LENGTH);
  const l1OriginCheck = reader.take(CHECK_LENGTH);
  const blockCount = reader.count(MAX_SPAN_BATCH_ELEMENTS);
  if (reader.fault === undefined && blockCount === 0) return { kind: "invalid", reason: "empty-span" };
  const originBits = reader.bitlist(blockCount);
  const { counts: blockTransactionCounts, total } = readTransactionCounts(reader, blockCount);
  const transactions = readTransactionColumns(reader, total, MAX_SPAN_BATCH_ELEMENTS);
  if (reader.fault !== undefined) return { kind: "invalid", reason: reader.fault };
  const prefix = { relTimestamp, l1OriginNumber, parentCheck, l1OriginCheck };
  return { kind: "ok", batch: { ...prefix, originBits, blockTransactionCounts, transactions } };
}

function readTransactionCounts(
  reader: ColumnReader,
  blockCount: number,
): { counts: number[]; total: number } {
  const counts: number[] = [];
  let total = 0;
  for (let i = 0; i < blockCount && reader.fault === undefined; i++) {
    const count = reader.count(MAX_SPAN_BATCH_ELEMENTS);
    counts.push(count);
    total += count;
  }
  return total > MAX_SPAN_BATCH_ELEMENTS
    ? reader.fail("too-many-elements", { counts, total: 0 })
    : { counts, total };
}

/** The span batch without its version byte. */
export function encodeSpanBatch(batch: RawSpanBatch): Uint8Array {
  return concatBytes(
    encodeUvarint(batch.relTimestamp),
    encodeUvarint(batch.l1OriginNumber),
    batch.parentCheck,
    batch.l1OriginCheck,
    encodeUvarint(BigInt(batch.blockTransactionCounts.length)),
    batch.originBits.bytes,
    joinAll(batch.blockTransactionCounts.map((count) => encodeUvarint(BigInt(count)))),
    encodeTransactionColumns(batch.transactions),
  );
}

const NO_TRANSACTIONS: readonly Uint8Array[] = [];

/**
 * The blocks of a span batch: times from the genesis time on, origins back from the last one, transactions put
 * together again. Times and origins wrap at 64 bits as op-node's do; what is absurd, the batch rules drop.
 * Never throws. Source: span-batches.md "How Derivation works with Span Batches".
 */
export function deriveSpanBatch(raw: RawSpanBatch, rules: SpanBatchRules): SpanBatchDerivation {
  const decoded = transactionsOfColumns(raw.transactions, rules.chainId);
  if (decoded.kind === "invalid") return decoded;
  const { originBits, blockTransactionCounts, relTimestamp, parentCheck, l1OriginCheck } = raw;
  const blocks: SpanBatchBlock[] = [];
  let timestamp = BigInt.asUintN(64, rules.genesisTime + relTimestamp);
  let epochNumber = firstEpochOf(raw);
  let at = 0;
  for (const [i, count] of blockTransactionCounts.entries()) {
    if (i > 0 && bitAt(originBits, i) === 1) epochNumber = BigInt.asUintN(64, epochNumber + 1n);
    const transactions = count === 0 ? NO_TRANSACTIONS : decoded.transactions.slice(at, at + count);
    blocks.push({ timestamp, epochNumber, transactions });
    timestamp = BigInt.asUintN(64, timestamp + rules.blockTime);
    at += count;
  }
  return { kind: "ok", batch: { relTimestamp, parentCheck, l1OriginCheck, blocks } };
}

/** The first block's L1 origin: the last one's, less one for each change after the first block. */
function firstEpochOf({ originBits, l1OriginNumber }: RawSpanBatch): bigint {
  const changes = countBits(originBits) - bitAt(originBits, 0);
  return BigInt.asUintN(64, l1OriginNumber - BigInt(changes));
}

/**
 * Makes one span batch of singular batches, which must follow one another without a gap.
 * @param firstBeginsEpoch whether the first block's L1 origin differs from its parent's (its sequence number is 0)
 * @throws RollupError SPAN_BATCH_EMPTY, SPAN_BATCH_GAP, SPAN_BATCH_TRANSACTION
 */
export function spanBatchOfSingulars(
  batches: readonly SingularBatch[],
  firstBeginsEpoch: boolean,
  rules: SpanBatchRules,
): RawSpanBatch {
  const [first, last] = [batches.at(0), batches.at(-1)];
  if (first === undefined || last === undefined || first.timestamp < rules.genesisTime) {
    throw new RollupError("SPAN_BATCH_EMPTY", "a span batch has a block, and none before genesis");
  }
  batches.forEach((batch, i) => {
    const before = batches[i - 1] ?? batch;
    const isNext = batch.timestamp === first.timestamp + BigInt(i) * rules.blockTime;
    const originStep = batch.epochNumber - before.epochNumber;
    if (!isNext || originStep < 0n || originStep > 1n) {
      throw new RollupError("SPAN_BATCH_GAP", `block ${i} of the span does not follow the one before it`);
    }
  });
  return {
    relTimestamp: first.timestamp - rules.genesisTime,
    l1OriginNumber: last.epochNumber,
    parentCheck: first.parentHash.subarray(0, CHECK_LENGTH),
    l1OriginCheck: last.epochHash.subarray(0, CHECK_LENGTH),
    originBits: bitlistOf(batches.length, (i) =>
      i === 0 ? firstBeginsEpoch : batches[i]?.epochNumber !== batches[i - 1]?.epochNumber,
    ),
    blockTransactionCounts: batches.map((batch) => batch.transactions.length),
    transactions: columnsOfTransactions(
      batches.flatMap((batch) => batch.transactions),
      rules.chainId,
    ),
  };
}
