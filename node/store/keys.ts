import {
  type Address,
  bigintFromBytes,
  bigintToBytes,
  concatBytes,
  HASH_LENGTH,
  type Hash,
  type Hex,
} from "@phala-l2/protocol/bytes";

/**
 * The database is one ordered key space; the first byte of a key names the table.
 *
 * | tag | key after the tag              | value                                                  |
 * |-----|--------------------------------|--------------------------------------------------------|
 * | m   | name                           | schema, chain, heads, flat marker (codec.ts)           |
 * | h   | block hash                     | RLP header                                             |
 * | b   | block hash                     | RLP list of raw transactions                           |
 * | r   | block hash                     | RLP list of encoded receipts                           |
 * | e   | block hash                     | RLP list of what execution told of each transaction    |
 * | o   | block hash                     | L2BlockRef                                             |
 * | n   | block number u64               | hash of the canonical block                            |
 * | t   | transaction hash               | block hash, index u32                                  |
 * | N   | hash                           | trie node                                              |
 * | c   | code hash                      | code                                                   |
 * | a   | address                        | account at the unsafe head                             |
 * | s   | address, slot                  | storage word at the unsafe head, never zero            |
 * | d   | block hash                     | reverse diff of the tables a and s                     |
 * | l   | L1 block number u64            | L1 block hash, safe head after reading it              |
 */
export const TABLES = {
  meta: "m",
  header: "h",
  body: "b",
  receipts: "r",
  executed: "e",
  ref: "o",
  canonical: "n",
  transaction: "t",
  node: "N",
  code: "c",
  account: "a",
  slot: "s",
  reverseDiff: "d",
  safeHead: "l",
} as const;

export type Table = keyof typeof TABLES;
export type Key = Uint8Array;

const TAGS = Object.fromEntries(
  Object.entries(TABLES).map(([table, tag]) => [table, Uint8Array.of(tag.charCodeAt(0))]),
);

function tagged(table: Table, ...parts: readonly Uint8Array[]): Key {
  return concatBytes(TAGS[table] ?? new Uint8Array(0), ...parts);
}

const U64_LENGTH = 8;

export type MetaName = "schema" | "chain" | "heads" | "flat";
export type HashedTable = Exclude<Table, "meta" | "canonical" | "slot" | "account" | "safeHead">;

export function metaKey(name: MetaName): Key {
  return tagged("meta", new TextEncoder().encode(name));
}
export function hashKey(table: HashedTable, hash: Hash): Key {
  return tagged(table, hash);
}
/** The same from hex text, at the speed of the platform; a block has thousands of nodes. */
export function hexHashKey(table: HashedTable, hash: Hex): Key {
  const key = Buffer.alloc(1 + HASH_LENGTH);
  key.write(TABLES[table], 0, "latin1");
  key.write(hash.slice(2), 1, "hex");
  return new Uint8Array(key.buffer, key.byteOffset, key.length);
}
export function canonicalKey(number: bigint): Key {
  return tagged("canonical", bigintToBytes(number, U64_LENGTH));
}
export function accountKey(address: Address): Key {
  return tagged("account", address);
}
export function slotKey(address: Address, slot: Hash): Key {
  return tagged("slot", address, slot);
}
export function safeHeadKey(l1Number: bigint): Key {
  return tagged("safeHead", bigintToBytes(l1Number, U64_LENGTH));
}

/** First and last possible key of an account's storage, both inside the range. */
export function slotRange(address: Address): { readonly gte: Key; readonly lte: Key } {
  return {
    gte: tagged("slot", address, new Uint8Array(32)),
    lte: tagged("slot", address, new Uint8Array(32).fill(0xff)),
  };
}

/** All keys of the safe-head table from that L1 block number on. */
export function safeHeadRange(from: bigint): { readonly gte: Key; readonly lte: Key } {
  return { gte: safeHeadKey(from), lte: tagged("safeHead", new Uint8Array(U64_LENGTH).fill(0xff)) };
}
/** The L1 block number in a key of the safe-head table. */
export function numberOfSafeHeadKey(key: Key): bigint {
  return bigintFromBytes(key.subarray(1));
}

/** Name of the key's table, for messages. */
export function tableOf(key: Key): string {
  const tag = String.fromCharCode(key[0] ?? 0);
  return Object.entries(TABLES).find(([, each]) => each === tag)?.[0] ?? "unknown";
}
