import type { GenesisBlock } from "@phala-l2/execution/genesis";
import { bytesEqual, type Hash, hashFromHex, toHex } from "@phala-l2/protocol/bytes";
import type { L2BlockRef, RollupConfig } from "@phala-l2/protocol/config/rollup";
import { RollupError } from "@phala-l2/protocol/errors";
import { EMPTY_TRIE_ROOT } from "@phala-l2/protocol/trie/trie";
import { encodeHeader } from "@phala-l2/protocol/wire/header";
import { type ChainHeads, ChainStore } from "./chain-store.ts";
import {
  decodeHeads,
  decodeRef,
  encodeBody,
  encodeHeads,
  encodeReceipts,
  encodeRef,
  readHash,
  readHeader,
} from "./codec.ts";
import { corrupt, type Database, openDatabase } from "./database.ts";
import { encodeExecuted } from "./executed-codec.ts";
import { putFlatChanges } from "./flat-state.ts";
import { canonicalKey, hashKey, metaKey } from "./keys.ts";
import { WriteSet } from "./write-set.ts";

/** Grows with each change of the tables or encodings of keys.ts and codec.ts. */
export const SCHEMA_VERSION = 1;

/**
 * At least so many blocks are checked at each start. LevelDB drops a damaged record of its log in silence, and
 * the log holds at most the batches of the last tens of megabytes.
 */
const CHECKED_BLOCKS = 1024n;

export type StoreOptions = {
  readonly folder: string;
  readonly config: RollupConfig;
  readonly genesis: GenesisBlock;
};

/**
 * Opens the chain's database, or makes it with genesis as its only block, and checks that its parts fit
 * together: after a crash at any moment they do, so that anything else is damage.
 *
 * @throws RollupError GENESIS_MISMATCH, STORE_LOCKED, STORE_CORRUPT, STORE_SCHEMA, STORE_OTHER_CHAIN,
 * STORE_UNAVAILABLE
 */
export async function openStore({ folder, config, genesis }: StoreOptions): Promise<ChainStore> {
  checkGenesis(config, genesis);
  const database = await openDatabase(folder);
  try {
    if (database.get(metaKey("schema")) === undefined) await writeGenesis(database, config, genesis);
    checkSchema(database, folder);
    checkChain(database, folder, genesis.hash);
    const heads = loadHeads(database);
    checkFlatState(database, heads.unsafe);
    checkRecentBlocks(database, heads);
    return new ChainStore(database, { config, genesisHash: genesis.hash, heads });
  } catch (error) {
    await database.close();
    throw error;
  }
}

function checkGenesis(config: RollupConfig, genesis: GenesisBlock): void {
  if (bytesEqual(config.genesis.l2.hash, genesis.hash)) return;
  const data = { rollup: toHex(config.genesis.l2.hash), genesis: toHex(genesis.hash) };
  const message = `the rollup configuration's L2 genesis ${data.rollup} is not the block that the genesis file makes (${data.genesis}); use the two files of one deployment`;
  throw new RollupError("GENESIS_MISMATCH", message, { data });
}

function genesisRef(config: RollupConfig, genesis: GenesisBlock): L2BlockRef {
  const { number, parentHash, timestamp } = genesis.block.header;
  return {
    number,
    hash: genesis.hash,
    parentHash,
    timestamp,
    l1Origin: config.genesis.l1,
    sequenceNumber: 0n,
  };
}

async function writeGenesis(database: Database, config: RollupConfig, genesis: GenesisBlock): Promise<void> {
  const writes = new WriteSet(database);
  const { hash, block } = genesis;
  writes.put(metaKey("schema"), Uint8Array.of(SCHEMA_VERSION));
  writes.put(metaKey("chain"), hash);
  writes.put(hashKey("header", hash), encodeHeader(block.header));
  writes.put(hashKey("body", hash), encodeBody([]));
  writes.put(hashKey("receipts", hash), encodeReceipts([]));
  writes.put(hashKey("executed", hash), encodeExecuted([]));
  writes.put(hashKey("ref", hash), encodeRef(genesisRef(config, genesis)));
  writes.put(canonicalKey(block.header.number), hash);
  for (const [nodeHash, node] of genesis.nodes) writes.put(hashKey("node", hashFromHex(nodeHash)), node);
  for (const [codeHash, code] of genesis.codes) writes.put(hashKey("code", hashFromHex(codeHash)), code);
  const storage = new Map(
    [...genesis.storage].map(([address, slots]) => [address, { cleared: false, slots }]),
  );
  await putFlatChanges(writes, hash, { accounts: genesis.accounts, storage });
  // Genesis is never taken back.
  writes.delete(hashKey("reverseDiff", hash));
  const { l1 } = config.genesis;
  const heads = { unsafe: hash, safe: hash, finalized: hash, safeDerivedFrom: l1, finalizedFrom: l1 };
  writes.put(metaKey("heads"), encodeHeads(heads));
  writes.put(metaKey("flat"), hash);
  await database.write(writes.values(), { durable: true });
}

function checkSchema(database: Database, folder: string): void {
  const found = database.get(metaKey("schema"))?.[0];
  if (found === SCHEMA_VERSION) return;
  const message = `the database '${folder}' has schema ${found}, this version reads ${SCHEMA_VERSION}; use the version that wrote it, or an empty folder: the chain is derived again from L1`;
  throw new RollupError("STORE_SCHEMA", message, { data: { folder, found, wanted: SCHEMA_VERSION } });
}

function checkChain(database: Database, folder: string, genesisHash: Hash): void {
  const found = database.get(metaKey("chain"));
  if (found !== undefined && bytesEqual(found, genesisHash)) return;
  const data = { folder, found: found === undefined ? "none" : toHex(found), wanted: toHex(genesisHash) };
  const message = `the database '${folder}' belongs to the chain with genesis ${data.found}, not ${data.wanted}; give each chain a folder of its own`;
  throw new RollupError("STORE_OTHER_CHAIN", message, { data });
}

function loadHeads(database: Database): ChainHeads {
  const record = database.get(metaKey("heads"));
  if (record === undefined) throw corrupt("the record of the heads is missing", {});
  const { unsafe, safe, finalized, safeDerivedFrom, finalizedFrom } = decodeHeads(record);
  return {
    unsafe: canonicalRef(database, unsafe, "unsafe"),
    safe: canonicalRef(database, safe, "safe"),
    finalized: canonicalRef(database, finalized, "finalized"),
    safeDerivedFrom,
    finalizedFrom,
  };
}

function canonicalRef(database: Database, hash: Hash, name: string): L2BlockRef {
  const stored = database.get(hashKey("ref", hash));
  const ref = stored === undefined ? undefined : decodeRef(stored);
  const canonical = ref === undefined ? undefined : database.get(canonicalKey(ref.number));
  if (ref !== undefined && canonical !== undefined && bytesEqual(canonical, hash)) return ref;
  throw corrupt(`the ${name} head is not a canonical block`, { hash: toHex(hash) });
}

/** The flat tables stand at the unsafe head, and the head's tries begin. */
function checkFlatState(database: Database, head: L2BlockRef): void {
  const marker = database.get(metaKey("flat"));
  if (marker === undefined || !bytesEqual(readHash(marker, "the flat marker"), head.hash)) {
    throw corrupt("the flat state is not that of the unsafe head", { head: toHex(head.hash) });
  }
  const header = database.get(hashKey("header", head.hash));
  if (header === undefined) throw corrupt("the head's header is missing", { head: toHex(head.hash) });
  const { stateRoot } = readHeader(header);
  if (bytesEqual(stateRoot, EMPTY_TRIE_ROOT)) return;
  if (database.get(hashKey("node", stateRoot)) === undefined) {
    throw corrupt("the root of the head's state is missing", { head: toHex(head.hash) });
  }
}

/**
 * The blocks down to the finalized one, and some more, are all there and linked, and those that may have to be
 * taken back have their reverse diffs: no batch in between is lost. One table tells for all, because a block is
 * one batch.
 */
function checkRecentBlocks(database: Database, { unsafe, finalized }: ChainHeads): void {
  let wanted: Hash = unsafe.hash;
  const last =
    finalized.number < unsafe.number - CHECKED_BLOCKS ? finalized.number : unsafe.number - CHECKED_BLOCKS;
  for (let number = unsafe.number; number > last && number > 0n; number--) {
    const canonical = database.get(canonicalKey(number));
    const header = database.get(hashKey("header", wanted));
    if (
      canonical === undefined ||
      header === undefined ||
      !bytesEqual(canonical, wanted) ||
      (number > finalized.number && database.get(hashKey("reverseDiff", wanted)) === undefined)
    ) {
      throw corrupt("a block below the head is not whole", { number });
    }
    wanted = readHeader(header).parentHash;
  }
}
