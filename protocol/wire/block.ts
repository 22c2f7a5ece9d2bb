import type { Hash } from "../bytes.ts";
import { keccak256 } from "../keccak.ts";
import { orderedRoot } from "../trie/ordered-trie.ts";
import { type EthereumWithdrawal, readWithdrawal, withdrawalFields } from "./ethereum-withdrawal.ts";
import { encodeHeader, type Header, readHeader } from "./header.ts";
import { encodeReceipt, type Receipt } from "./receipt.ts";
import { decodeRlp, encodeRlp, encodeRlpListOf, RlpFields, type RlpItem, rlpFieldsOf } from "./rlp.ts";

/** A block of L1 or L2. */
export type Block = {
  readonly header: Header;
  /** Each as its bytes on the wire (type byte included). */
  readonly transactions: readonly Uint8Array[];
  /** Headers of blocks beside the chain, on L1 before the Merge; absent is none. */
  readonly ommers?: readonly Header[] | undefined;
  /** L1 from Shanghai; absent is none. */
  readonly withdrawals?: readonly EthereumWithdrawal[] | undefined;
};

export type BlockDecoding =
  | { readonly kind: "ok"; readonly block: Block }
  | { readonly kind: "invalid"; readonly reason: string };

const FIRST_LIST_BYTE = 0xc0;

/**
 * RLP of header, transactions, ommers and, where the header has a withdrawalsRoot, withdrawals (EIP-4895).
 * A typed transaction stands in the list as a string, a legacy one as the list that it is.
 */
export function encodeBlock({ header, transactions, ommers = [], withdrawals = [] }: Block): Uint8Array {
  const items = transactions.map((raw) => ((raw[0] ?? 0) >= FIRST_LIST_BYTE ? raw : encodeRlp(raw)));
  const parts = [
    encodeHeader(header),
    encodeRlpListOf(items),
    encodeRlpListOf(ommers.map((ommer) => encodeHeader(ommer))),
  ];
  if (header.withdrawalsRoot === undefined) return encodeRlpListOf(parts);
  return encodeRlpListOf([...parts, encodeRlp(withdrawals.map(withdrawalFields))]);
}

/**
 * Decodes a block. Whether transactions, ommers and withdrawals fit the header's hashes is for the caller to check,
 * as is their validity. Never throws.
 */
export function decodeBlock(bytes: Uint8Array): BlockDecoding {
  const rlp = decodeRlp(bytes);
  if (rlp.kind === "invalid") return rlp;
  if (rlp.item instanceof Uint8Array) return invalid("block-not-a-list");
  const fields = new RlpFields(rlp.item);
  const header = readHeader(new RlpFields(fields.list("header")));
  const transactions = fields.listOf("transactions", readRawTransaction);
  const ommers = fields.listOf("ommers", readOmmer);
  if (header.kind === "invalid") return header;
  const hasWithdrawals = header.header.withdrawalsRoot !== undefined;
  const withdrawals = hasWithdrawals ? fields.listOf("withdrawals", readWithdrawal) : [];
  if (fields.fault !== undefined) return invalid(fields.fault);
  const block = {
    header: header.header,
    transactions,
    ...(ommers.length > 0 && { ommers }),
    ...(withdrawals.length > 0 && { withdrawals }),
  };
  return { kind: "ok", block };
}

function readOmmer(item: RlpItem): Header | undefined {
  const fields = rlpFieldsOf(item);
  const header = fields && readHeader(fields);
  return header?.kind === "ok" ? header.header : undefined;
}

function invalid(reason: string): BlockDecoding {
  return { kind: "invalid", reason };
}

/** A string is a typed transaction, which starts with its type byte; a list is a legacy one. */
function readRawTransaction(item: RlpItem): Uint8Array | undefined {
  if (!(item instanceof Uint8Array)) return encodeRlp(item);
  const first = item[0];
  return first === undefined || first >= FIRST_LIST_BYTE ? undefined : item;
}

/** Root of the trie that maps rlp(index) to each transaction's bytes. */
export function transactionsRoot(transactions: readonly Uint8Array[]): Hash {
  return orderedRoot(transactions);
}

/** Root of the trie that maps rlp(index) to each receipt's bytes. */
export function receiptsRoot(receipts: readonly Receipt[]): Hash {
  return orderedRoot(receipts.map(encodeReceipt));
}

/** keccak256 of the list of ommers. Source: Yellow Paper 4.3. */
export function ommersHash(ommers: readonly Header[]): Hash {
  return keccak256(encodeRlpListOf(ommers.map((ommer) => encodeHeader(ommer))));
}

/** Root of the trie that maps rlp(index) to each withdrawal's RLP (EIP-4895). */
export function withdrawalsRoot(withdrawals: readonly EthereumWithdrawal[]): Hash {
  return orderedRoot(withdrawals.map((withdrawal) => encodeRlp(withdrawalFields(withdrawal))));
}
