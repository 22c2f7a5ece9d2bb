import type { Hash } from "../bytes.ts";
import { orderedRoot } from "../trie/ordered-trie.ts";
import { encodeHeader, type Header, readHeader } from "./header.ts";
import { encodeReceipt, type Receipt } from "./receipt.ts";
import { decodeRlp, encodeRlp, encodeRlpListOf, RlpFields, type RlpItem } from "./rlp.ts";

/** A block of the L2: no ommers, and of withdrawals at most an empty list. */
export type Block = {
  readonly header: Header;
  /** Each as its bytes on the wire (type byte included). */
  readonly transactions: readonly Uint8Array[];
};

export type BlockDecoding =
  | { readonly kind: "ok"; readonly block: Block }
  | { readonly kind: "invalid"; readonly reason: string };

const EMPTY_LIST = encodeRlp([]);
const FIRST_LIST_BYTE = 0xc0;

/**
 * RLP of header, transactions, ommers and, where the header has a withdrawalsRoot, withdrawals (EIP-4895).
 * A typed transaction stands in the list as a string, a legacy one as the list that it is.
 */
export function encodeBlock({ header, transactions }: Block): Uint8Array {
  const items = transactions.map((raw) => ((raw[0] ?? 0) >= FIRST_LIST_BYTE ? raw : encodeRlp(raw)));
  const parts = [encodeHeader(header), encodeRlpListOf(items), EMPTY_LIST];
  return encodeRlpListOf(header.withdrawalsRoot === undefined ? parts : [...parts, EMPTY_LIST]);
}

/**
 * Decodes a block. Whether the transactions fit the header's root is for the caller to check
 * (`transactionsRoot`), as is their validity. Never throws.
 */
export function decodeBlock(bytes: Uint8Array): BlockDecoding {
  const rlp = decodeRlp(bytes);
  if (rlp.kind === "invalid") return rlp;
  if (rlp.item instanceof Uint8Array) return invalid("block-not-a-list");
  const fields = new RlpFields(rlp.item);
  const header = readHeader(new RlpFields(fields.list("header")));
  const transactions = fields.listOf("transactions", readRawTransaction);
  const ommers = fields.list("ommers");
  if (header.kind === "invalid") return header;
  const withdrawals = header.header.withdrawalsRoot === undefined ? [] : fields.list("withdrawals");
  if (fields.fault !== undefined) return invalid(fields.fault);
  if (ommers.length > 0) return invalid("ommers-not-empty");
  if (withdrawals.length > 0) return invalid("withdrawals-not-empty");
  return { kind: "ok", block: { header: header.header, transactions } };
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
