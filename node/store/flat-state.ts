import { type Account, decodeAccount, encodeAccount } from "@phala-l2/execution/state/account";
import type { StorageChange } from "@phala-l2/execution/state/changes";
import {
  type Address,
  addressFromHex,
  EMPTY_BYTES,
  type Hash,
  type Hex,
  hashFromHex,
} from "@phala-l2/protocol/bytes";
import { decodeReverseDiff, decodeSlot, encodeReverseDiff, encodeSlot, type ReverseEntry } from "./codec.ts";
import { corrupt, type Database } from "./database.ts";
import { accountKey, hashKey, type Key, slotKey, slotRange } from "./keys.ts";
import { Lru } from "./lru.ts";
import { textOfKey, type WriteSet } from "./write-set.ts";

/** What of a sealed block (or of genesis) changes the flat tables. */
export type FlatChanges = {
  readonly accounts: ReadonlyMap<Hex, Account | null>;
  readonly storage: ReadonlyMap<Hex, StorageChange>;
};

/** Accounts and slots kept decoded: some 100 bytes each, so a few tens of MB, for the ones in use. */
const CACHED_ENTRIES = 100_000;

/**
 * The state at the unsafe head as plain tables: one read an account or slot instead of a walk down the trie.
 *
 * The tables always stand at exactly one block. Putting a block on writes the values before it as the block's
 * reverse diff; taking it back applies them. Both happen in the batch that moves the head.
 */
export class FlatState {
  readonly #database: Database;
  readonly #accounts = new Lru<string, Account | null>(CACHED_ENTRIES);
  readonly #slots = new Lru<string, bigint>(CACHED_ENTRIES);

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * @param inTries asks the head's tries, when the table has nothing: a key that a damaged file lost must not
   * pass for an account that does not exist
   */
  account(address: Address, inTries: () => Account | undefined): Account | undefined {
    const key = accountKey(address);
    const text = textOfKey(key);
    const cached = this.#accounts.get(text);
    if (cached !== undefined) return cached ?? undefined;
    const stored = this.#database.get(key);
    if (stored === undefined && inTries() !== undefined)
      throw corrupt("an account is missing from its table", {});
    const account = stored === undefined ? null : decodeAccount(stored);
    this.#accounts.set(text, account);
    return account ?? undefined;
  }

  /** As `account`, for a slot. */
  storage(address: Address, slot: Hash, inTries: () => bigint): bigint {
    const key = slotKey(address, slot);
    const text = textOfKey(key);
    const cached = this.#slots.get(text);
    if (cached !== undefined) return cached;
    const stored = this.#database.get(key);
    if (stored === undefined && inTries() !== 0n) throw corrupt("a slot is missing from its table", {});
    const value = stored === undefined ? 0n : decodeSlot(stored);
    this.#slots.set(text, value);
    return value;
  }

  /** Forgets all cached values; after blocks were taken back. */
  clearCache(): void {
    this.#accounts.clear();
    this.#slots.clear();
  }

  /** Brings the cache to the state after a block whose batch is on disk. */
  updateCache({ accounts, storage }: FlatChanges): void {
    // Slots of cleared storage may be cached without being listed.
    if ([...storage.values()].some(({ cleared }) => cleared) || [...accounts.values()].includes(null)) {
      this.#slots.clear();
    }
    for (const [address, account] of accounts) {
      this.#accounts.set(textOfKey(accountKey(addressFromHex(address))), account);
    }
    for (const [address, { slots }] of storage) {
      const owner = addressFromHex(address);
      for (const [slot, value] of slots) this.#slots.set(textOfKey(slotKey(owner, hashFromHex(slot))), value);
    }
  }
}

/** Adds a block's changes of the flat tables to a batch, and its reverse diff. */
export async function putFlatChanges(writes: WriteSet, blockHash: Hash, changes: FlatChanges): Promise<void> {
  const reverse = new Map<string, ReverseEntry>();
  const change = (key: Key, value: Uint8Array | undefined) => {
    const text = textOfKey(key);
    // The first value seen is the one from before the block.
    if (!reverse.has(text)) reverse.set(text, { key, before: writes.get(key) ?? EMPTY_BYTES });
    if (value === undefined) writes.delete(key);
    else writes.put(key, value);
  };

  for (const [address, account] of changes.accounts) {
    const owner = addressFromHex(address);
    change(accountKey(owner), account === null ? undefined : encodeAccount(account));
    if (account !== null && changes.storage.get(address)?.cleared !== true) continue;
    for (const key of await writes.keys(slotRange(owner))) change(key, undefined);
  }
  for (const [address, { slots }] of changes.storage) {
    if (changes.accounts.get(address) === null) continue;
    const owner = addressFromHex(address);
    for (const [slot, value] of slots) {
      change(slotKey(owner, hashFromHex(slot)), value === 0n ? undefined : encodeSlot(value));
    }
  }
  writes.put(hashKey("reverseDiff", blockHash), encodeReverseDiff([...reverse.values()]));
}

/**
 * Takes a block's changes of the flat tables back. The tables must stand at this block.
 * @throws RollupError STORE_CORRUPT when the reverse diff is gone; those of finalized blocks are
 */
export function takeBackFlatChanges(writes: WriteSet, blockHash: Hash): void {
  const key = hashKey("reverseDiff", blockHash);
  const stored = writes.get(key);
  if (stored === undefined) throw corrupt("a block that is not final has no reverse diff", {});
  for (const entry of decodeReverseDiff(stored)) {
    if (entry.before.length === 0) writes.delete(entry.key);
    else writes.put(entry.key, entry.before);
  }
  writes.delete(key);
}
