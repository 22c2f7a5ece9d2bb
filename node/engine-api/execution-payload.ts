import { executionFork, includes } from "@phala-l2/execution/block/fork";
import { bytesEqual, type Hash, toHex } from "@phala-l2/protocol/bytes";
import type { RollupConfig } from "@phala-l2/protocol/config/rollup";
import { EMPTY_TRIE_ROOT } from "@phala-l2/protocol/trie/trie";
import { type Block, transactionsRoot } from "@phala-l2/protocol/wire/block";
import {
  BLOOM_LENGTH,
  EMPTY_NONCE,
  EMPTY_OMMERS_HASH,
  EMPTY_REQUESTS_HASH,
  type Header,
  headerHash,
} from "@phala-l2/protocol/wire/header";
import { quantityHex } from "../rpc/format/hex.ts";
import { objectWith, type ValueOf } from "../rpc/json-object.ts";
import {
  address,
  anything,
  arrayOf,
  data,
  hash,
  invalid,
  type Parse,
  quantity,
  uint64,
} from "../rpc/parameters.ts";

/** Transactions in one payload; MAX_TRANSACTIONS_PER_PAYLOAD of the consensus specification. */
export const MAX_TRANSACTIONS = 1 << 20;
/** Withdrawals that are looked at; any at all are an error on an L2. */
const MAX_WITHDRAWALS = 16;

const bloom: Parse<Uint8Array> = (value) => {
  const read = data(value);
  if (read.kind === "invalid" || read.value.length === BLOOM_LENGTH) return read;
  return invalid(`logsBloom has ${read.value.length} bytes, want ${BLOOM_LENGTH}`);
};

export const transactionList = arrayOf(data, MAX_TRANSACTIONS, "[]hexutil.Bytes");
export const withdrawalList = arrayOf(anything, MAX_WITHDRAWALS, "[]*types.Withdrawal");

/**
 * ExecutionPayloadV1 to V3, and the L2's withdrawalsRoot.
 * Source: execution-apis paris.md, shanghai.md, cancun.md; specs/protocol/isthmus/exec-engine.md "Update to
 * ExecutableData".
 */
export const executionPayload = objectWith(
  "engine.ExecutableData",
  {
    parentHash: hash,
    feeRecipient: address,
    stateRoot: hash,
    receiptsRoot: hash,
    logsBloom: bloom,
    prevRandao: hash,
    blockNumber: uint64,
    gasLimit: uint64,
    gasUsed: uint64,
    timestamp: uint64,
    extraData: data,
    baseFeePerGas: quantity,
    blockHash: hash,
    transactions: transactionList,
  },
  { withdrawals: withdrawalList, blobGasUsed: uint64, excessBlobGas: uint64, withdrawalsRoot: hash },
);

export type ExecutionPayload = ValueOf<typeof executionPayload>;

export type PayloadReading =
  | { readonly kind: "ok"; readonly block: Block }
  | { readonly kind: "invalid"; readonly reason: string };

/**
 * The block that a payload is, when its hash is the one that it names. What the payload leaves out is fixed on
 * an L2: no ommers, no requests (EIP-7685).
 */
export function blockOfPayload(
  config: Pick<RollupConfig, "forks">,
  payload: ExecutionPayload,
  parentBeaconBlockRoot: Hash | undefined,
): PayloadReading {
  const isIsthmus = includes(executionFork(config, payload.timestamp), "isthmus");
  // op-geth checkOptimismPayload.
  if ((payload.withdrawals?.length ?? 0) > 0) return refused("non-empty withdrawals post-Canyon");
  if (isIsthmus && payload.withdrawalsRoot === undefined) return refused("nil withdrawalsRoot post-Isthmus");
  if (!isIsthmus && payload.withdrawalsRoot !== undefined)
    return refused("non-nil withdrawalsRoot pre-Isthmus");
  const header: Header = {
    parentHash: payload.parentHash,
    ommersHash: EMPTY_OMMERS_HASH,
    beneficiary: payload.feeRecipient,
    stateRoot: payload.stateRoot,
    transactionsRoot: transactionsRoot(payload.transactions),
    receiptsRoot: payload.receiptsRoot,
    logsBloom: payload.logsBloom,
    difficulty: 0n,
    number: payload.blockNumber,
    gasLimit: payload.gasLimit,
    gasUsed: payload.gasUsed,
    timestamp: payload.timestamp,
    extraData: payload.extraData,
    prevRandao: payload.prevRandao,
    nonce: EMPTY_NONCE,
    baseFeePerGas: payload.baseFeePerGas,
    withdrawalsRoot: payload.withdrawalsRoot ?? EMPTY_TRIE_ROOT,
    blobGasUsed: payload.blobGasUsed,
    excessBlobGas: payload.excessBlobGas,
    parentBeaconBlockRoot,
    requestsHash: isIsthmus ? EMPTY_REQUESTS_HASH : undefined,
  };
  const found = headerHash(header);
  if (bytesEqual(found, payload.blockHash)) {
    return { kind: "ok", block: { header, transactions: payload.transactions } };
  }
  return refused(`blockhash mismatch, want ${toHex(payload.blockHash)}, got ${toHex(found)}`);
}

function refused(reason: string): PayloadReading {
  return { kind: "invalid", reason };
}

/** The payload of a block, as op-geth writes it. */
export function executionPayloadJson({ header, transactions }: Block, hash: Hash): object {
  return {
    parentHash: toHex(header.parentHash),
    feeRecipient: toHex(header.beneficiary),
    stateRoot: toHex(header.stateRoot),
    receiptsRoot: toHex(header.receiptsRoot),
    logsBloom: toHex(header.logsBloom),
    prevRandao: toHex(header.prevRandao),
    blockNumber: quantityHex(header.number),
    gasLimit: quantityHex(header.gasLimit),
    gasUsed: quantityHex(header.gasUsed),
    timestamp: quantityHex(header.timestamp),
    extraData: toHex(header.extraData),
    baseFeePerGas: quantityHex(header.baseFeePerGas ?? 0n),
    blockHash: toHex(hash),
    transactions: transactions.map(toHex),
    withdrawals: [],
    blobGasUsed: quantityHex(header.blobGasUsed ?? 0n),
    excessBlobGas: quantityHex(header.excessBlobGas ?? 0n),
    // Isthmus: before, the root is that of the empty list and not part of the payload.
    ...(header.requestsHash !== undefined &&
      header.withdrawalsRoot !== undefined && { withdrawalsRoot: toHex(header.withdrawalsRoot) }),
  };
}
