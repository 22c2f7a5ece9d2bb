import { crc32 } from "node:zlib";
import { toHex } from "@phala-l2/protocol/bytes";
import { isRollupError, RollupError } from "@phala-l2/protocol/errors";
import { Level } from "level";
import { type Key, tableOf } from "./keys.ts";

export type Write = { readonly key: Key; readonly value: Uint8Array | undefined };

/**
 * An ordered byte map on disk. A batch is written whole or not at all. Each value carries a checksum over its
 * key and content, so that a flipped bit is a typed error and never a wrong answer.
 */
export interface Database {
  /** @throws RollupError STORE_CORRUPT */
  get(key: Key): Uint8Array | undefined;
  /** Keys of the range in ascending order. */
  keys(range: { readonly gte: Key; readonly lte: Key }): Promise<readonly Key[]>;
  /**
   * Writes all or nothing; an undefined value deletes. `durable` waits until the disk has it.
   * @throws RollupError STORE_WRITE_FAILED; what was written is unknown until the database is opened again
   */
  write(batch: Iterable<Write>, options: { readonly durable: boolean }): Promise<void>;
  close(): Promise<void>;
}

const CHECKSUM_LENGTH = 4;
/** LevelDB's cache of uncompressed blocks; reads of state are random, so a larger one pays. */
const BLOCK_CACHE_BYTES = 64 * 1024 * 1024;
/** LevelDB's memory table: several blocks' writes, so that compaction works on large runs. */
const WRITE_BUFFER_BYTES = 32 * 1024 * 1024;

const REMEDY_CORRUPT =
  "stop the node, keep the folder for inquiry, and start with an empty one: the chain is derived again from L1";

function checksum(key: Key, value: Uint8Array): number {
  return crc32(value, crc32(key));
}

function seal(key: Key, value: Uint8Array): Uint8Array {
  const stored = new Uint8Array(value.length + CHECKSUM_LENGTH);
  stored.set(value);
  new DataView(stored.buffer).setUint32(value.length, checksum(key, value));
  return stored;
}

function unseal(key: Key, stored: Uint8Array): Uint8Array {
  const end = stored.length - CHECKSUM_LENGTH;
  if (end >= 0) {
    // Not `subarray`: LevelDB gives Node's Buffer, whose `slice` does not copy, unlike that of plain bytes.
    const value = new Uint8Array(stored.buffer, stored.byteOffset, end);
    const view = new DataView(stored.buffer, stored.byteOffset, stored.length);
    if (view.getUint32(end) === checksum(key, value)) return value;
  }
  throw corrupt(`the checksum of a value in table '${tableOf(key)}' is wrong`, { key: toHex(key) });
}

export function corrupt(what: string, data: object, cause?: unknown): RollupError<"STORE_CORRUPT"> {
  return new RollupError("STORE_CORRUPT", `the database is damaged: ${what}; ${REMEDY_CORRUPT}`, {
    data,
    cause,
  });
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** LevelDB's errors as ours: a lock and damage have remedies of their own. */
function openError(folder: string, error: unknown): RollupError {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const data = { folder };
  const text = cause instanceof Error ? cause.message : String(cause);
  if (codeOf(cause) === "LEVEL_LOCKED") {
    const message = `another process has the database '${folder}' open; stop it, or give this one a folder of its own`;
    return new RollupError("STORE_LOCKED", message, { data, cause });
  }
  if (codeOf(cause) === "LEVEL_CORRUPTION" || /corrupt/i.test(text)) return corrupt(text, data, cause);
  const message = `the database '${folder}' can not be opened (${text}); check that the folder is writable and the disk has room`;
  return new RollupError("STORE_UNAVAILABLE", message, { data, cause });
}

/**
 * Opens the database in a folder, making it when absent.
 * @throws RollupError STORE_LOCKED, STORE_CORRUPT, STORE_UNAVAILABLE
 */
export async function openDatabase(folder: string): Promise<Database> {
  const level = new Level<Uint8Array, Uint8Array>(folder, {
    keyEncoding: "view",
    valueEncoding: "view",
    cacheSize: BLOCK_CACHE_BYTES,
    writeBufferSize: WRITE_BUFFER_BYTES,
  });
  try {
    await level.open();
  } catch (error) {
    throw openError(folder, error);
  }
  return {
    get: (key) => read(level, key),
    keys: (range) => level.keys(range).all(),
    write: (batch, options) => write(level, batch, options.durable),
    close: () => level.close(),
  };
}

type Table = Level<Uint8Array, Uint8Array>;

function read(level: Table, key: Key): Uint8Array | undefined {
  try {
    const stored = level.getSync(key);
    return stored === undefined ? undefined : unseal(key, stored);
  } catch (error) {
    if (isRollupError(error)) throw error;
    if (codeOf(error) === "LEVEL_CORRUPTION") throw corrupt("a block of a file is unreadable", {}, error);
    throw new RollupError("STORE_UNAVAILABLE", "the database can not be read; is the node stopping?", {
      cause: error,
    });
  }
}

async function write(level: Table, batch: Iterable<Write>, durable: boolean): Promise<void> {
  const operations = Array.from(batch, ({ key, value }) =>
    value === undefined
      ? { type: "del" as const, key }
      : { type: "put" as const, key, value: seal(key, value) },
  );
  try {
    await level.batch(operations, { sync: durable });
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new RollupError(
      "STORE_WRITE_FAILED",
      `the database can not be written (${text}); the node serves reads only: make room on the disk and start it again`,
      { cause: error },
    );
  }
}
