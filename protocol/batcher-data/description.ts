import { fromHex, toHex } from "../bytes.ts";
import { configInvalid, type JsonObject, type JsonValue, jsonInteger } from "../config/json-reader.ts";
import { decodeBatch, encodeSingular, encodeSpan, SPAN_BATCH_VERSION } from "../wire/batch.ts";
import type { SingularBatch } from "../wire/singular-batch.ts";
import { bitAt, bitlistOf } from "../wire/span-batch/bitlist.ts";
import { columnsOfTransactions } from "../wire/span-batch/transactions.ts";
import {
  CHECK_LENGTH,
  decodeSpanBatch,
  deriveSpanBatch,
  type RawSpanBatch,
  type SpanBatchBlock,
} from "../wire/span-batch.ts";
import { transactionHash } from "../wire/transaction.ts";

/** Batches as JSON for people and tools, and back. */

/** What a reader knows of the chain. Without it a span batch's times and block numbers count from its genesis. */
export type ChainFacts = {
  /** Time and number of the L2 genesis block; times in Unix seconds. */
  readonly genesisTime: bigint | undefined;
  readonly genesisNumber: bigint;
  /** Seconds between L2 blocks. */
  readonly blockTime: bigint;
  /**
   * A span batch leaves chain ids out, so that without this its transactions, and their hashes, cannot be told.
   */
  readonly chainId: bigint | undefined;
};

export type Description = { readonly [name: string]: JsonValue };
export type Described =
  | {
      readonly kind: "ok";
      readonly description: Description;
      readonly blocks: number;
      readonly transactions: number;
    }
  | { readonly kind: "invalid"; readonly reason: string };

/**
 * Describes one batch encoding of a channel:
 *
 *   { type: "span" | "singular", relTimestamp, l1OriginNum, blockCount, txCount,
 *     blocks: [{ timestamp, number, epoch, txHashes }] }
 *
 * and beside it parentCheck, l1OriginCheck and beginsEpoch of a span batch, parentHash and epochHash of a
 * singular one; `transactions` of each block where `raw` asks for them. What cannot be told is null: hashes
 * without a chain id, a singular batch's number without the genesis time. Never throws.
 */
export function describeBatch(payload: Uint8Array, chain: ChainFacts, raw: boolean): Described {
  if (payload[0] === SPAN_BATCH_VERSION) return describeSpan(payload.subarray(1), chain, raw);
  const decoded = decodeBatch(payload, { ...chain, genesisTime: 0n, chainId: 0n });
  if (decoded.kind === "singular") return describeSingular(decoded.batch, chain, raw);
  return { kind: "invalid", reason: decoded.kind === "invalid" ? decoded.reason : "batch-version-unknown" };
}

function describeSpan(content: Uint8Array, chain: ChainFacts, raw: boolean): Described {
  const columns = decodeSpanBatch(content);
  if (columns.kind === "invalid") return columns;
  const genesisTime = chain.genesisTime ?? 0n;
  // Whether the batch is well-formed does not depend on the chain id.
  const rules = { genesisTime, blockTime: chain.blockTime, chainId: chain.chainId ?? 0n };
  const derived = deriveSpanBatch(columns.batch, rules);
  if (derived.kind === "invalid") return derived;
  const { relTimestamp, parentCheck, l1OriginCheck, blocks } = derived.batch;
  const withHashes = chain.chainId !== undefined;
  const transactions = blocks.reduce((count, block) => count + block.transactions.length, 0);
  const description = {
    type: "span",
    relTimestamp: jsonInteger(relTimestamp),
    l1OriginNum: jsonInteger(columns.batch.l1OriginNumber),
    parentCheck: toHex(parentCheck),
    l1OriginCheck: toHex(l1OriginCheck),
    beginsEpoch: bitAt(columns.batch.originBits, 0) === 1,
    blockCount: blocks.length,
    txCount: transactions,
    blocks: blocks.map((block) =>
      describeBlock(block, blockNumber(block.timestamp, genesisTime, chain), { withHashes, raw }),
    ),
  };
  return { kind: "ok", description, blocks: blocks.length, transactions };
}

function describeSingular(batch: SingularBatch, chain: ChainFacts, raw: boolean): Described {
  const { timestamp, epochNumber, transactions } = batch;
  const { genesisTime } = chain;
  const isAfterGenesis = genesisTime !== undefined && timestamp >= genesisTime;
  const number = genesisTime === undefined ? null : blockNumber(timestamp, genesisTime, chain);
  const description = {
    type: "singular",
    relTimestamp: isAfterGenesis ? jsonInteger(timestamp - genesisTime) : null,
    l1OriginNum: jsonInteger(epochNumber),
    parentHash: toHex(batch.parentHash),
    epochHash: toHex(batch.epochHash),
    blockCount: 1,
    txCount: transactions.length,
    blocks: [describeBlock(batch, number, { withHashes: true, raw })],
  };
  return { kind: "ok", description, blocks: 1, transactions: transactions.length };
}

/** Null for a time at which the chain has no block. */
function blockNumber(timestamp: bigint, genesisTime: bigint, chain: ChainFacts): number | string | null {
  const since = timestamp - genesisTime;
  if (since < 0n || since % chain.blockTime !== 0n) return null;
  return jsonInteger(chain.genesisNumber + since / chain.blockTime);
}

function describeBlock(
  { timestamp, epochNumber, transactions }: SpanBatchBlock,
  number: number | string | null,
  wanted: { readonly withHashes: boolean; readonly raw: boolean },
): Description {
  return {
    timestamp: jsonInteger(timestamp),
    number,
    epoch: jsonInteger(epochNumber),
    txHashes: wanted.withHashes ? transactions.map((tx) => toHex(transactionHash(tx))) : null,
    ...(wanted.raw && wanted.withHashes ? { transactions: transactions.map(toHex) } : {}),
  };
}

/**
 * The batch encoding that a description with raw transactions stands for: describing it gives the same again.
 * @throws RollupError CONFIG_INVALID with the path of what is missing or wrong; SPAN_BATCH_TRANSACTION for a
 * transaction of another chain, or of a type that a span batch cannot carry
 */
export function encodeDescription(batch: JsonObject, chainId: bigint | undefined): Uint8Array {
  const type = batch.text("type");
  if (type === "singular") return encodeSingular(readSingular(batch));
  if (type !== "span") throw configInvalid(batch.pathOf("type"), "span or singular is wanted");
  if (chainId === undefined) {
    throw configInvalid(batch.path, "a span batch's transactions need the chain id to be checked");
  }
  return encodeSpan(readSpan(batch, chainId));
}

function readTransactions(block: JsonObject): readonly Uint8Array[] {
  return block.texts("transactions").map((text, i) => {
    if (!/^0x([0-9a-f]{2})*$/i.test(text)) {
      throw configInvalid(block.pathOf(`transactions[${i}]`), "a transaction's bytes as 0x hex are wanted");
    }
    return fromHex(text);
  });
}

function readSingular(batch: JsonObject): SingularBatch {
  const [block, ...more] = batch.objects("blocks");
  if (block === undefined || more.length > 0) {
    throw configInvalid(batch.pathOf("blocks"), "a singular batch has one block");
  }
  return {
    parentHash: batch.hash("parentHash"),
    epochNumber: block.integer("epoch"),
    epochHash: batch.hash("epochHash"),
    timestamp: block.integer("timestamp"),
    transactions: readTransactions(block),
  };
}

function readSpan(batch: JsonObject, chainId: bigint): RawSpanBatch {
  const blocks = batch.objects("blocks");
  if (blocks.length === 0) throw configInvalid(batch.pathOf("blocks"), "a span batch has a block");
  const beginsEpoch = batch.flag("beginsEpoch");
  const epochs = blocks.map((block) => block.integer("epoch"));
  const transactions = blocks.map(readTransactions);
  return {
    relTimestamp: batch.integer("relTimestamp"),
    l1OriginNumber: batch.integer("l1OriginNum"),
    parentCheck: batch.bytes("parentCheck", CHECK_LENGTH),
    l1OriginCheck: batch.bytes("l1OriginCheck", CHECK_LENGTH),
    originBits: bitlistOf(blocks.length, (i) => (i === 0 ? beginsEpoch : epochs[i] !== epochs[i - 1])),
    blockTransactionCounts: transactions.map(({ length }) => length),
    transactions: columnsOfTransactions(transactions.flat(), chainId),
  };
}
