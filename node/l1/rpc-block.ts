import { bytesEqual, type Hash, toHex } from "@phala-l2/protocol/bytes";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { orderedTrie } from "@phala-l2/protocol/trie/ordered-trie";
import { withoutSidecar } from "@phala-l2/protocol/wire/blob-sidecar";
import { receiptsRoot, transactionsRoot } from "@phala-l2/protocol/wire/block";
import { BLOOM_LENGTH, type Header } from "@phala-l2/protocol/wire/header";
import type { Log, Receipt } from "@phala-l2/protocol/wire/receipt";
import { encodeRlp } from "@phala-l2/protocol/wire/rlp";
import { invalidL1Data } from "./json-rpc.ts";
import { RpcFields } from "./rpc-fields.ts";
import { type RpcHeader, readRpcHeader } from "./rpc-header.ts";
import { type RpcTransaction, readRpcTransaction } from "./rpc-transaction.ts";

export type RpcBlock = RpcHeader & {
  readonly transactions: readonly RpcTransaction[];
  /** The leaves of the transaction trie; undefined while the bytes of types unknown here are missing. */
  readonly leaves: readonly Uint8Array[] | undefined;
};

/**
 * Reads a block object with whole transactions. Its header's hash and, when this program knows the types of
 * all its transactions, their root have been checked; the withdrawals too.
 * @throws RollupError L1_DATA_INVALID
 */
export function readRpcBlock(value: unknown, wanted: bigint | Hash | undefined): RpcBlock {
  const found = readRpcHeader(value, wanted);
  const fields = new RpcFields(value, "block");
  const transactions = fields.list("transactions").map(readRpcTransaction);
  checkWithdrawals(found.header, fields);
  return { ...found, transactions, leaves: leavesOf(found.header, transactions) };
}

/**
 * The transactions as the header's root holds them: blob transactions without their sidecars, but on anvil with
 * them (`withoutSidecar`), where the server's object shows the sidecar too.
 */
function leavesOf(
  header: Header,
  transactions: readonly RpcTransaction[],
): readonly Uint8Array[] | undefined {
  const known = transactions.filter((each) => each.kind === "known");
  if (known.length < transactions.length) return undefined;
  const pooled = known.map(({ raw, pooled }) => pooled ?? raw);
  const isPooled = known.some(({ pooled }) => pooled !== undefined);
  if (isPooled && bytesEqual(transactionsRoot(pooled), header.transactionsRoot)) return pooled;
  const raws = known.map(({ raw }) => raw);
  checkTransactions(header, raws);
  return raws;
}

/** @throws RollupError L1_DATA_INVALID */
export function checkTransactions(header: Header, leaves: readonly Uint8Array[]): void {
  checkRoot("transactions", transactionsRoot(leaves), header.transactionsRoot);
}

/** A raw transaction that was asked for by its hash, in either form. @throws RollupError L1_DATA_INVALID */
export function readRawTransaction(value: unknown, hash: Uint8Array): Uint8Array {
  const raw = new RpcFields({ raw: value }, "raw transaction").bytes("raw");
  if (bytesEqual(keccak256(withoutSidecar(raw)), hash)) return raw;
  throw invalidL1Data("a raw transaction does not have the hash it was asked for by", {
    wanted: toHex(hash),
  });
}

/**
 * Reads eth_getBlockReceipts and checks the receipts' root.
 * @throws RollupError L1_DATA_INVALID
 */
export function readRpcReceipts(value: unknown, header: Header): readonly Receipt[] {
  const receipts = new RpcFields({ receipts: value }, "receipts").list("receipts").map(readReceipt);
  checkRoot("receipts", receiptsRoot(receipts), header.receiptsRoot);
  return receipts;
}

function checkRoot(what: string, computed: Hash, wanted: Hash): void {
  if (bytesEqual(computed, wanted)) return;
  throw invalidL1Data(`the block's ${what} do not have the root that its header names`, {
    computed: toHex(computed),
    wanted: toHex(wanted),
  });
}

/** EIP-4895: nothing here uses withdrawals, but a server whose block is not whole is not to be believed. */
function checkWithdrawals(header: Header, fields: RpcFields): void {
  if (header.withdrawalsRoot === undefined) return;
  const encoded = fields.list("withdrawals").map((value) => {
    const withdrawal = new RpcFields(value, "withdrawal");
    return encodeRlp([
      withdrawal.quantity("index"),
      withdrawal.quantity("validatorIndex"),
      withdrawal.address("address"),
      withdrawal.quantity("amount"),
    ]);
  });
  checkRoot("withdrawals", orderedTrie(encoded).root, header.withdrawalsRoot);
}

function readReceipt(value: unknown): Receipt {
  const fields = new RpcFields(value, "receipt");
  return {
    type: fields.has("type") ? Number(fields.quantity("type")) : 0,
    status: fields.quantity("status") === 1n ? 1 : 0,
    cumulativeGasUsed: fields.quantity("cumulativeGasUsed"),
    logsBloom: fields.fixed("logsBloom", BLOOM_LENGTH),
    logs: fields.list("logs").map(readLog),
  };
}

function readLog(value: unknown): Log {
  const fields = new RpcFields(value, "log");
  return { address: fields.address("address"), topics: fields.hashes("topics"), data: fields.bytes("data") };
}
