import { asHash, bigintFromBytes, EMPTY_BYTES, type Hash, quantityToBytes } from "@phala-l2/protocol/bytes";
import type { BlockId, L2BlockRef } from "@phala-l2/protocol/config/rollup";
import { decodeHeader, type Header } from "@phala-l2/protocol/wire/header";
import { decodeReceipt, encodeReceipt, type Receipt } from "@phala-l2/protocol/wire/receipt";
import {
  decodeRlp,
  encodeRlp,
  RlpFields,
  type RlpInput,
  type RlpItem,
  U64_BYTES,
} from "@phala-l2/protocol/wire/rlp";
import { corrupt } from "./database.ts";
import type { Key } from "./keys.ts";

/** What the disk knows of the heads; the references themselves are in the table of refs. */
export type StoredHeads = {
  readonly unsafe: Hash;
  readonly safe: Hash;
  readonly finalized: Hash;
  /** The L1 block whose data made the safe head safe. */
  readonly safeDerivedFrom: BlockId;
  /** The newest final L1 block that derivation had read when `finalized` was set. */
  readonly finalizedFrom: BlockId;
};

export type StoredSafeHead = { readonly l1: Hash; readonly safe: BlockId };
export type StoredLocation = { readonly blockHash: Hash; readonly index: number };

/** One flat key with its value before the block; no bytes where there was none. */
export type ReverseEntry = { readonly key: Key; readonly before: Uint8Array };

/** Decodes what this program wrote itself: a malformed value is damage. @throws RollupError STORE_CORRUPT */
function fieldsOf(bytes: Uint8Array, what: string): RlpFields {
  const decoding = decodeRlp(bytes);
  if (decoding.kind === "ok" && Array.isArray(decoding.item)) return new RlpFields(decoding.item);
  throw corrupt(`${what} is malformed`, {});
}

function checked<Value>(fields: RlpFields, value: Value, what: string): Value {
  if (fields.fault === undefined) return value;
  throw corrupt(`${what} is malformed (${fields.fault})`, {});
}

function idInput({ number, hash }: BlockId): RlpInput {
  return [number, hash];
}
function readId(fields: RlpFields, name: string): BlockId {
  const id = new RlpFields(fields.list(name));
  const value = { number: id.quantity("number", U64_BYTES), hash: id.hash("hash") };
  return id.fault === undefined ? value : fields.fail(name, value);
}

export function encodeHeads(heads: StoredHeads): Uint8Array {
  const { unsafe, safe, finalized, safeDerivedFrom, finalizedFrom } = heads;
  return encodeRlp([unsafe, safe, finalized, idInput(safeDerivedFrom), idInput(finalizedFrom)]);
}
export function decodeHeads(bytes: Uint8Array): StoredHeads {
  const fields = fieldsOf(bytes, "the record of the heads");
  const heads = {
    unsafe: fields.hash("unsafe"),
    safe: fields.hash("safe"),
    finalized: fields.hash("finalized"),
    safeDerivedFrom: readId(fields, "safe-derived-from"),
    finalizedFrom: readId(fields, "finalized-from"),
  };
  return checked(fields, heads, "the record of the heads");
}

export function encodeRef(ref: L2BlockRef): Uint8Array {
  const { number, hash, parentHash, timestamp, l1Origin, sequenceNumber } = ref;
  return encodeRlp([number, hash, parentHash, timestamp, idInput(l1Origin), sequenceNumber]);
}
export function decodeRef(bytes: Uint8Array): L2BlockRef {
  const fields = fieldsOf(bytes, "a block's reference");
  const ref = {
    number: fields.quantity("number", U64_BYTES),
    hash: fields.hash("hash"),
    parentHash: fields.hash("parent-hash"),
    timestamp: fields.quantity("timestamp", U64_BYTES),
    l1Origin: readId(fields, "l1-origin"),
    sequenceNumber: fields.quantity("sequence-number", U64_BYTES),
  };
  return checked(fields, ref, "a block's reference");
}

export function readHeader(bytes: Uint8Array): Header {
  const decoding = decodeHeader(bytes);
  if (decoding.kind === "ok") return decoding.header;
  throw corrupt(`a header is malformed (${decoding.reason})`, {});
}

function bytesList(bytes: Uint8Array, what: string): readonly Uint8Array[] {
  const decoding = decodeRlp(bytes);
  const items: readonly RlpItem[] | undefined =
    decoding.kind === "ok" && !(decoding.item instanceof Uint8Array) ? decoding.item : undefined;
  const strings = items?.filter((item) => item instanceof Uint8Array);
  if (strings !== undefined && strings.length === items?.length) return strings;
  throw corrupt(`${what} is malformed`, {});
}

export function encodeBody(transactions: readonly Uint8Array[]): Uint8Array {
  return encodeRlp(transactions);
}
export function decodeBody(bytes: Uint8Array): readonly Uint8Array[] {
  return bytesList(bytes, "a block's body");
}

export function encodeReceipts(receipts: readonly Receipt[]): Uint8Array {
  return encodeRlp(receipts.map(encodeReceipt));
}
export function decodeReceipts(bytes: Uint8Array): readonly Receipt[] {
  return bytesList(bytes, "a list of receipts").map((encoded) => {
    const decoding = decodeReceipt(encoded);
    if (decoding.kind === "ok") return decoding.receipt;
    throw corrupt(`a receipt is malformed (${decoding.reason})`, {});
  });
}

export function encodeLocation({ blockHash, index }: StoredLocation): Uint8Array {
  return encodeRlp([blockHash, BigInt(index)]);
}
export function decodeLocation(bytes: Uint8Array): StoredLocation {
  const fields = fieldsOf(bytes, "a transaction's place");
  const location = { blockHash: fields.hash("block-hash"), index: Number(fields.quantity("index", 4)) };
  return checked(fields, location, "a transaction's place");
}

export function encodeSafeHead({ l1, safe }: StoredSafeHead): Uint8Array {
  return encodeRlp([l1, idInput(safe)]);
}
export function decodeSafeHead(bytes: Uint8Array): StoredSafeHead {
  const fields = fieldsOf(bytes, "a safe head");
  return checked(fields, { l1: fields.hash("l1"), safe: readId(fields, "safe") }, "a safe head");
}

export function encodeReverseDiff(entries: readonly ReverseEntry[]): Uint8Array {
  return encodeRlp(entries.flatMap(({ key, before }) => [key, before]));
}
export function decodeReverseDiff(bytes: Uint8Array): readonly ReverseEntry[] {
  const items = bytesList(bytes, "a reverse diff");
  const entries: ReverseEntry[] = [];
  for (let at = 0; at + 1 < items.length; at += 2) {
    entries.push({ key: items[at] ?? EMPTY_BYTES, before: items[at + 1] ?? EMPTY_BYTES });
  }
  return entries;
}

/** A storage word in the flat table: big-endian without leading zeros; zero is never stored. */
export function encodeSlot(value: bigint): Uint8Array {
  return quantityToBytes(value);
}
export function decodeSlot(bytes: Uint8Array): bigint {
  return bigintFromBytes(bytes);
}

export function readHash(bytes: Uint8Array, what: string): Hash {
  if (bytes.length === 32) return asHash(bytes);
  throw corrupt(`${what} is malformed`, {});
}
