import type { Hex } from "@phala-l2/protocol/bytes";
import type { Database, Write } from "./database.ts";
import type { Key } from "./keys.ts";

/** A key as a map's key: one character a byte. */
export function textOfKey(key: Key): string {
  return Buffer.from(key.buffer, key.byteOffset, key.length).toString("latin1");
}

/** The same of hex text. */
export function textOfHex(hex: Hex): string {
  return Buffer.from(hex.slice(2), "hex").toString("latin1");
}

/**
 * The writes of one batch. A later write to a key replaces an earlier one, and `get` sees them before the
 * database, so that several blocks can be taken back and one put on in a single batch.
 */
export class WriteSet {
  readonly #database: Database;
  readonly #writes = new Map<string, Write>();
  readonly #additions: Write[] = [];

  constructor(database: Database) {
    this.#database = database;
  }

  get(key: Key): Uint8Array | undefined {
    const write = this.#writes.get(textOfKey(key));
    return write === undefined ? this.#database.get(key) : write.value;
  }

  put(key: Key, value: Uint8Array): void {
    this.#writes.set(textOfKey(key), { key, value });
  }

  /**
   * Writes what is never changed or deleted, such as trie nodes, and what `get` of this set is not asked for:
   * most writes of a block, and cheaper.
   */
  add(key: Key, value: Uint8Array): void {
    this.#additions.push({ key, value });
  }

  delete(key: Key): void {
    this.#writes.set(textOfKey(key), { key, value: undefined });
  }

  /** Keys in the range that have a value once this set is written. */
  async keys(range: { readonly gte: Key; readonly lte: Key }): Promise<readonly Key[]> {
    const keys = new Map((await this.#database.keys(range)).map((key) => [textOfKey(key), key]));
    const [low, high] = [textOfKey(range.gte), textOfKey(range.lte)];
    for (const [text, { key, value }] of this.#writes) {
      if (text < low || text > high) continue;
      if (value === undefined) keys.delete(text);
      else keys.set(text, key);
    }
    return [...keys.values()];
  }

  values(): readonly Write[] {
    return [...this.#additions, ...this.#writes.values()];
  }
}
