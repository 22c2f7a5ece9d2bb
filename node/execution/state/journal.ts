import { type Address, bytesEqual, EMPTY_BYTES, type Hash, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { EMPTY_CODE_HASH, keccak256 } from "@phala-l2/protocol/keccak";
import { EMPTY_TRIE_ROOT } from "@phala-l2/protocol/trie/trie";
import { hasEvm, type Rules } from "../block/rules.ts";
import type { Account } from "./account.ts";
import type { AccountChange, StateChanges, StorageChange } from "./changes.ts";
import type { StateReader } from "./reader.ts";

/** An account's values while a block runs; its storage is asked for by slot. */
export type LiveAccount = AccountChange;

/** The written slots of one account. A new object replaces it when the storage is cleared. */
type LiveStorage = { readonly cleared: boolean; readonly slots: Map<Hex, bigint> };

/** Whether an empty account goes when it is touched (EIP-161), or stays: before Spurious Dragon. */
export type EmptyAccounts = "removed" | "kept";

export function emptyAccounts(rules: Rules): EmptyAccounts {
  return hasEvm(rules, "spuriousDragon") ? "removed" : "kept";
}

/**
 * The precompile RIPEMD-160 stays touched even if the call that touched it fails: a mistake of 2016 in two clients
 * that mainnet's block 2,675,119 made a rule. Source: EIP-161, addendum.
 */
const STAYS_TOUCHED: Hex = `0x${"3".padStart(40, "0")}`;

const NEW_ACCOUNT: LiveAccount = { nonce: 0n, balance: 0n, codeHash: EMPTY_CODE_HASH };

/**
 * A block's state while its transactions run: writes over a StateReader, with nested checkpoints that can be
 * taken back. It belongs to one block (or one simulated call) and is thrown away with it; nothing reaches the
 * reader. After an exception from the reader (a witness that lacks a node) its content must not be used.
 *
 * Three spans of time: `checkpoint`…`commit`/`revert` is a call frame; `endTransaction` closes a transaction
 * (EIP-161 removal of touched empty accounts, EIP-2200 original values); `changes` is the sum of the block.
 */
export class JournaledState {
  readonly #reader: StateReader;
  readonly #emptyAccounts: EmptyAccounts;
  /** What the reader said, asked once an account. */
  readonly #before = new Map<Hex, Account | undefined>();
  readonly #accounts = new Map<Hex, LiveAccount | undefined>();
  readonly #storage = new Map<Hex, LiveStorage>();
  readonly #storageBefore = new Map<Hex, Map<Hex, bigint>>();
  /** Code set in this block, and code that the reader gave. */
  readonly #codes = new Map<Hex, Uint8Array>();
  readonly #codesBefore = new Map<Hex, Uint8Array>();
  readonly #addresses = new Map<Hex, Address>();
  /** How to take back each write since the transaction began, oldest first. */
  readonly #undo: (() => void)[] = [];
  readonly #checkpoints: number[] = [];
  /** Accounts written to in this transaction. */
  readonly #touched = new Set<Hex>();
  /** EIP-2200: values of written slots at the start of the transaction. */
  readonly #originals = new Map<Hex, Map<Hex, bigint>>();

  constructor(reader: StateReader, emptyAccounts: EmptyAccounts = "removed") {
    this.#reader = reader;
    this.#emptyAccounts = emptyAccounts;
  }

  account(address: Address): LiveAccount | undefined {
    return this.#account(toHex(address), address);
  }

  /** Replaces an account's values, and marks it for the EIP-161 check at the transaction's end. */
  setAccount(address: Address, account: LiveAccount): void {
    this.#write(toHex(address), address, account);
  }

  nonce(address: Address): bigint {
    return this.account(address)?.nonce ?? 0n;
  }

  incrementNonce(address: Address): void {
    const account = this.account(address) ?? NEW_ACCOUNT;
    this.setAccount(address, { ...account, nonce: account.nonce + 1n });
  }

  setNonce(address: Address, nonce: bigint): void {
    this.setAccount(address, { ...(this.account(address) ?? NEW_ACCOUNT), nonce });
  }

  /** Wei. */
  balance(address: Address): bigint {
    return this.account(address)?.balance ?? 0n;
  }

  /**
   * Adds wei; adding zero touches the account, as EIP-161 has it. Balances are 256-bit words: a mint beyond
   * them, of which L1 has not enough, wraps as in op-geth.
   */
  addBalance(address: Address, amount: bigint): void {
    const account = this.account(address) ?? NEW_ACCOUNT;
    this.setAccount(address, { ...account, balance: BigInt.asUintN(256, account.balance + amount) });
  }

  /** Takes wei. The caller has checked the balance. @throws RollupError BALANCE_NEGATIVE */
  subtractBalance(address: Address, amount: bigint): void {
    const account = this.account(address) ?? NEW_ACCOUNT;
    if (account.balance < amount) {
      throw new RollupError("BALANCE_NEGATIVE", "an account would hold less than nothing", {
        data: { address: toHex(address), balance: account.balance, amount },
      });
    }
    this.setAccount(address, { ...account, balance: account.balance - amount });
  }

  code(address: Address): Uint8Array {
    const codeHash = this.account(address)?.codeHash;
    if (codeHash === undefined || bytesEqual(codeHash, EMPTY_CODE_HASH)) return EMPTY_BYTES;
    const key = toHex(codeHash);
    const code = this.#codes.get(key) ?? this.#codesBefore.get(key) ?? this.#reader.code(codeHash);
    if (!this.#codes.has(key)) this.#codesBefore.set(key, code);
    return code;
  }

  hasCode(address: Address): boolean {
    const codeHash = this.account(address)?.codeHash;
    return codeHash !== undefined && !bytesEqual(codeHash, EMPTY_CODE_HASH);
  }

  setCode(address: Address, code: Uint8Array): void {
    const codeHash = code.length === 0 ? EMPTY_CODE_HASH : keccak256(code);
    if (code.length > 0) this.#codes.set(toHex(codeHash), code);
    this.setAccount(address, { ...(this.account(address) ?? NEW_ACCOUNT), codeHash });
  }

  storage(address: Address, slot: Hash): bigint {
    return this.#slot(toHex(address), address, toHex(slot), slot);
  }

  /** EIP-2200: the slot's value when the transaction began. */
  originalStorage(address: Address, slot: Hash): bigint {
    const key = toHex(address);
    const slotKey = toHex(slot);
    return this.#originals.get(key)?.get(slotKey) ?? this.#slot(key, address, slotKey, slot);
  }

  setStorage(address: Address, slot: Hash, value: bigint): void {
    const key = toHex(address);
    const slotKey = toHex(slot);
    const current = this.#slot(key, address, slotKey, slot);
    const originals = emptyMapIn(this.#originals, key);
    if (!originals.has(slotKey)) originals.set(slotKey, current);

    this.#addresses.set(key, address);
    const storage = this.#storage.get(key) ?? { cleared: false, slots: new Map() };
    this.#storage.set(key, storage);
    const previous = storage.slots.get(slotKey);
    this.#undo.push(() => {
      if (previous === undefined) storage.slots.delete(slotKey);
      else storage.slots.set(slotKey, previous);
    });
    storage.slots.set(slotKey, value);
  }

  /** Forgets all slots of an account. */
  clearStorage(address: Address): void {
    const key = toHex(address);
    const previous = this.#storage.get(key);
    const hadStorage = previous !== undefined || this.#storageRootBefore(address) !== undefined;
    if (!hadStorage) return;
    this.#undo.push(() => {
      if (previous === undefined) this.#storage.delete(key);
      else this.#storage.set(key, previous);
    });
    this.#addresses.set(key, address);
    this.#storage.set(key, { cleared: true, slots: new Map() });
  }

  /**
   * Whether the account had storage before the block and has not lost it since (EIP-7610: a contract is not
   * created over it). Storage written in this block belongs to an account with a nonce or code.
   */
  hasOldStorage(address: Address): boolean {
    return (
      this.#storage.get(toHex(address))?.cleared !== true && this.#storageRootBefore(address) !== undefined
    );
  }

  /** Removes an account with its storage; its balance is gone. */
  deleteAccount(address: Address): void {
    this.clearStorage(address);
    this.#write(toHex(address), address, undefined);
  }

  checkpoint(): void {
    this.#checkpoints.push(this.#undo.length);
  }

  /** Keeps what was written since the last checkpoint, as part of the one around it. */
  commit(): void {
    this.#closeCheckpoint();
  }

  /** Takes back everything since the last checkpoint. */
  revert(): void {
    const mark = this.#closeCheckpoint();
    while (this.#undo.length > mark) this.#undo.pop()?.();
  }

  /** Closes a transaction: removes touched empty accounts (EIP-161) and forgets its original values. */
  endTransaction(): void {
    if (this.#checkpoints.length > 0) {
      throw new RollupError("CHECKPOINT_OPEN", "a transaction ended inside a call frame");
    }
    if (this.#emptyAccounts === "removed") this.#removeEmpty();
    this.#touched.clear();
    this.#originals.clear();
    this.#undo.length = 0;
  }

  #removeEmpty(): void {
    for (const key of this.#touched) {
      const address = this.#addresses.get(key);
      const account = address === undefined ? undefined : this.#account(key, address);
      if (account !== undefined && address !== undefined && isEmpty(account)) this.deleteAccount(address);
    }
  }

  /** The differences to the state before the block. */
  changes(): StateChanges {
    const accounts = new Map<Hex, AccountChange | null>();
    const codes = new Map<Hex, Uint8Array>();
    for (const [key, account] of this.#accounts) {
      if (sameAccount(account, this.#before.get(key))) continue;
      accounts.set(key, account ?? null);
      if (account === undefined) continue;
      const codeHash = toHex(account.codeHash);
      const code = this.#codes.get(codeHash);
      if (code !== undefined) codes.set(codeHash, code);
    }
    return { accounts, storage: this.#storageChanges(), codes };
  }

  #storageChanges(): Map<Hex, StorageChange> {
    const changes = new Map<Hex, StorageChange>();
    for (const [key, live] of this.#storage) {
      // Storage of an account that is gone is gone with it.
      const account = this.#accounts.has(key) ? this.#accounts.get(key) : this.#before.get(key);
      if (account === undefined) continue;
      const before = live.cleared ? undefined : this.#storageBefore.get(key);
      const slots = new Map<Hex, bigint>();
      for (const [slot, value] of live.slots) if (value !== (before?.get(slot) ?? 0n)) slots.set(slot, value);
      if (live.cleared || slots.size > 0) changes.set(key, { cleared: live.cleared, slots });
    }
    return changes;
  }

  #account(key: Hex, address: Address): LiveAccount | undefined {
    return this.#accounts.has(key) ? this.#accounts.get(key) : this.#accountBefore(key, address);
  }

  #accountBefore(key: Hex, address: Address): Account | undefined {
    if (this.#before.has(key)) return this.#before.get(key);
    const account = this.#reader.account(address);
    this.#before.set(key, account);
    return account;
  }

  #write(key: Hex, address: Address, account: LiveAccount | undefined): void {
    this.#accountBefore(key, address);
    this.#addresses.set(key, address);
    const wasWritten = this.#accounts.has(key);
    const previous = this.#accounts.get(key);
    const wasTouched = this.#touched.has(key);
    this.#undo.push(() => {
      if (wasWritten) this.#accounts.set(key, previous);
      else this.#accounts.delete(key);
      if (!wasTouched && key !== STAYS_TOUCHED) this.#touched.delete(key);
    });
    this.#accounts.set(key, account === undefined ? undefined : valuesOf(account));
    this.#touched.add(key);
  }

  #slot(key: Hex, address: Address, slotKey: Hex, slot: Hash): bigint {
    const live = this.#storage.get(key);
    const written = live?.slots.get(slotKey);
    if (written !== undefined) return written;
    if (live?.cleared === true) return 0n;
    const before = emptyMapIn(this.#storageBefore, key);
    const known = before.get(slotKey);
    if (known !== undefined) return known;
    const value = this.#reader.storage(address, slot);
    before.set(slotKey, value);
    return value;
  }

  /** The storage root that the reader has for an account; undefined when it has no storage. */
  #storageRootBefore(address: Address): Hash | undefined {
    const root = this.#accountBefore(toHex(address), address)?.storageRoot;
    return root === undefined || bytesEqual(root, EMPTY_TRIE_ROOT) ? undefined : root;
  }

  #closeCheckpoint(): number {
    const mark = this.#checkpoints.pop();
    if (mark === undefined) throw new RollupError("CHECKPOINT_MISSING", "no checkpoint is open");
    return mark;
  }
}

/** The three values alone: the reader's accounts carry a storage root, which goes stale here. */
function valuesOf({ nonce, balance, codeHash }: LiveAccount): LiveAccount {
  return { nonce, balance, codeHash };
}

/** EIP-161: no nonce, no balance, no code. */
function isEmpty(account: LiveAccount): boolean {
  return account.nonce === 0n && account.balance === 0n && bytesEqual(account.codeHash, EMPTY_CODE_HASH);
}

function sameAccount(a: LiveAccount | undefined, b: LiveAccount | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.nonce === b.nonce && a.balance === b.balance && bytesEqual(a.codeHash, b.codeHash);
}

function emptyMapIn(maps: Map<Hex, Map<Hex, bigint>>, key: Hex): Map<Hex, bigint> {
  const found = maps.get(key);
  if (found !== undefined) return found;
  const created = new Map<Hex, bigint>();
  maps.set(key, created);
  return created;
}
