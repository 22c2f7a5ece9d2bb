import { createReadStream, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import { concatBytes, fromHex } from "@phala-l2/protocol/bytes";
import type { TrieLayout } from "@phala-l2/protocol/substrate/trie/node";
import { stateRoot } from "@phala-l2/protocol/substrate/trie/root";
import { DumpEntries, type DumpFacts } from "./dump-entries.ts";
import { type Entry, EntrySorter } from "./entry-sorter.ts";
import { JsonTokens } from "./json-tokens.ts";

/** A dump that was read: its entries, to be taken in order, and what it tells beside them. */
export type StateDump = {
  readonly facts: DumpFacts;
  readonly count: number;
  readonly entries: () => Iterable<Entry>;
  /** Takes away what lies on disk. */
  readonly dispose: () => void;
};

export type DumpReading =
  | { readonly kind: "ok"; readonly dump: StateDump }
  | { readonly kind: "invalid"; readonly reason: string };

/** Told how much of the file has been read, 0 … 1. */
export type OnRead = (fraction: number) => void;

const GZIP = [0x1f, 0x8b];
const CHUNK_BYTES = 2 ** 20;
const CHILD_PREFIX = new TextEncoder().encode(":child_storage:default:");

async function isGzip(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && GZIP.every((byte, i) => buffer[i] === byte);
  } finally {
    await file.close();
  }
}

/** Pieces of a file's text, unpacked where it is packed; a packed file that is damaged ends with an error. */
async function* textOf(path: string, onRead: OnRead): AsyncGenerator<Uint8Array> {
  const { size } = statSync(path);
  const source = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  const unpacked = (await isGzip(path)) ? createGunzip({ chunkSize: CHUNK_BYTES }) : undefined;
  source.on("error", (error) => unpacked?.destroy(error));
  for await (const piece of unpacked === undefined ? source : source.pipe(unpacked)) {
    onRead(source.bytesRead / size);
    yield piece;
  }
}

/** Entries of child tries, which a chain specification keeps apart from the roots that the state has of them. */
type Children = Map<string, Entry[]>;

/**
 * Reads a state dump from a file: JSON of the shapes that `DumpEntries` knows, gzip or not, in any order. Its
 * entries are sorted, on disk where they are many.
 * @param layout the layout that roots of child tries are made in, where the dump has child tries
 * @throws errors of the file system
 */
export async function readStateDump(path: string, layout: TrieLayout, onRead: OnRead): Promise<DumpReading> {
  const sorter = new EntrySorter();
  try {
    const children: Children = new Map();
    const entries = new DumpEntries({
      entry: (key, value) => sorter.add(key, value),
      childEntry: (child, key, value) => {
        const known = children.get(child);
        if (known === undefined) children.set(child, [[key, value]]);
        else known.push([key, value]);
      },
    });
    const tokens = new JsonTokens(entries);
    const invalid = await readTokens(textOf(path, onRead), tokens, entries);
    if (invalid !== undefined) {
      sorter.dispose();
      return { kind: "invalid", reason: invalid };
    }
    for (const [child, its] of children) {
      sorter.add(concatBytes(CHILD_PREFIX, fromHex(child)), stateRoot(its, layout));
    }
    const { facts } = entries;
    const dump = {
      facts,
      count: sorter.count,
      entries: () => sorter.entries(),
      dispose: () => sorter.dispose(),
    };
    return { kind: "ok", dump };
  } catch (error) {
    sorter.dispose();
    throw error;
  }
}

/** Codes of Node's errors about packed data. */
const UNPACKING = /^Z_|^ERR_.*ZLIB/;

async function readTokens(
  text: AsyncIterable<Uint8Array>,
  tokens: JsonTokens,
  entries: DumpEntries,
): Promise<string | undefined> {
  try {
    for await (const piece of text) {
      tokens.push(piece);
      if (tokens.fault !== undefined || entries.fault !== undefined) break;
    }
  } catch (error) {
    if (error instanceof Error && "code" in error && UNPACKING.test(String(error.code))) return error.message;
    throw error;
  }
  tokens.end();
  if (tokens.fault !== undefined) return tokens.fault;
  if (entries.fault !== undefined) return entries.fault;
  if (entries.isOpen) return "the text ends before its last bracket";
  return entries.found === 0 ? "there are no entries in it" : undefined;
}
