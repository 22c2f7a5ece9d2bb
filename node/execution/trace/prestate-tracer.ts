import {
  type Address,
  asAddress,
  asHash,
  bigintToBytes,
  bytesEqual,
  type Hash,
  type Hex,
  toHex,
} from "@phala-l2/protocol/bytes";
import { EMPTY_CODE_HASH } from "@phala-l2/protocol/keccak";
import type { Hooks, Step } from "../evm/hooks.ts";
import { OP } from "../evm/opcodes.ts";
import { delegateOf } from "../transaction/authorizations.ts";
import { contractAddress } from "../transaction/contract-address.ts";
import type { TraceBudget } from "./budget.ts";
import type { TracedTransaction, Tracer, TracerOptions } from "./tracer.ts";

type Options = Extract<TracerOptions, { kind: "prestateTracer" }>;

/** An account as it was when the transaction first looked at it. */
type Seen = {
  readonly address: Address;
  readonly balance: bigint;
  readonly nonce: bigint;
  readonly codeHash: Hash | undefined;
  readonly code: Uint8Array;
  readonly isEmpty: boolean;
  readonly storage: Map<Hex, { readonly slot: Hash; readonly value: bigint }>;
};
/** What the answer has of an account; absent is what is zero, or unchanged. */
type Shown = {
  balance?: Hex;
  code?: Hex;
  codeHash?: Hex;
  nonce?: number;
  storage?: Record<string, Hex>;
};

const ACCOUNT_CHARACTERS = 300;
const SLOT_CHARACTERS = 140;
const CREATES: ReadonlySet<string> = new Set(["CREATE", "CREATE2"]);
const READS_ACCOUNT: ReadonlySet<number> = new Set([
  OP.BALANCE,
  OP.EXTCODESIZE,
  OP.EXTCODECOPY,
  OP.EXTCODEHASH,
  OP.SELFDESTRUCT,
]);
const CALLS: ReadonlySet<number> = new Set([OP.CALL, OP.CALLCODE, OP.DELEGATECALL, OP.STATICCALL]);

/** The accounts and slots that a transaction sees, before it, and where asked what it made of them: geth's prestateTracer. */
export class PrestateTracer implements Tracer {
  readonly hooks: Hooks;
  readonly #options: Options;
  readonly #transaction: TracedTransaction;
  readonly #budget: TraceBudget;
  readonly #seen = new Map<Hex, Seen>();
  readonly #destroyed = new Set<Hex>();
  #json = "{}";

  constructor(options: Options, transaction: TracedTransaction, budget: TraceBudget) {
    this.#options = options;
    this.#transaction = transaction;
    this.#budget = budget;
    this.hooks = {
      onStep: (step) => this.#step(step),
      onEnter: ({ kind, to }) => {
        if (CREATES.has(kind)) this.#look(to);
      },
    };
    const { state, sender, to, block, authorities } = transaction;
    if (to !== undefined) this.#lookAtDelegate(to);
    this.#look(sender);
    this.#look(to ?? contractAddress(sender, state.nonce(sender)));
    this.#look(block.beneficiary);
    for (const authority of authorities) this.#look(authority);
  }

  end(): void {
    const before = new Map<Hex, Shown>();
    const after = new Map<Hex, Shown>();
    for (const [key, seen] of this.#seen) {
      const change = this.#options.diffMode ? this.#change(key, seen) : { before: this.#shown(seen) };
      if (change === undefined) continue;
      if (!seen.isEmpty || this.#options.includeEmpty) before.set(key, change.before);
      if (change.after !== undefined) after.set(key, change.after);
    }
    const pre = sortedObject(before);
    this.#json = JSON.stringify(this.#options.diffMode ? { post: sortedObject(after), pre } : pre);
  }

  json(): string {
    return this.#json;
  }

  #step({ op, stack, address, gas, cost }: Step): void {
    const top = stack.at(-1);
    // An instruction without gas sees nothing.
    if (top === undefined || cost > gas) return;
    if (op === OP.SLOAD || op === OP.SSTORE) this.#lookAtSlot(address, asHash(bigintToBytes(top, 32)));
    else if (READS_ACCOUNT.has(op)) this.#look(addressOf(top));
    if (op === OP.SELFDESTRUCT) this.#destroyed.add(toHex(address));
    if (!CALLS.has(op) || stack.length < 5) return;
    const callee = addressOf(stack.at(-2) ?? 0n);
    this.#look(callee);
    this.#lookAtDelegate(callee);
  }

  /** EIP-7702: whose code runs there. */
  #lookAtDelegate(address: Address): void {
    const delegate = delegateOf(this.#transaction.state.code(address));
    if (delegate !== undefined) this.#look(delegate);
  }

  #look(address: Address): Seen {
    const key = toHex(address);
    const known = this.#seen.get(key);
    if (known !== undefined) return known;
    const { state } = this.#transaction;
    const account = state.account(address);
    const code = this.#options.disableCode ? new Uint8Array(0) : state.code(address);
    this.#budget.spend(ACCOUNT_CHARACTERS + 2 * code.length);
    const { balance = 0n, nonce = 0n } = account ?? {};
    const codeHash = codeHashOf(account?.codeHash);
    const isEmpty = balance === 0n && nonce === 0n && codeHash === undefined;
    const seen: Seen = { address, balance, nonce, codeHash, code, isEmpty, storage: new Map() };
    this.#seen.set(key, seen);
    return seen;
  }

  #lookAtSlot(address: Address, slot: Hash): void {
    if (this.#options.disableStorage) return;
    const { storage } = this.#look(address);
    const key = toHex(slot);
    if (storage.has(key)) return;
    this.#budget.spend(SLOT_CHARACTERS);
    storage.set(key, { slot, value: this.#transaction.state.storage(address, slot) });
  }

  #shown({ balance, nonce, code, codeHash, storage }: Seen): Shown {
    const slots = [...storage].map(([key, { value }]) => [key, wordHex(value)] as const);
    return {
      balance: quantity(balance),
      ...(code.length > 0 && { code: toHex(code) }),
      ...(codeHash !== undefined && { codeHash: toHex(codeHash) }),
      ...(nonce > 0n && { nonce: Number(nonce) }),
      ...(slots.length > 0 && { storage: sortedObject(new Map(slots)) }),
    };
  }

  /** The account before and after; undefined where nothing changed. Of a destroyed contract there is no after. */
  #change(key: Hex, seen: Seen): { readonly before: Shown; readonly after?: Shown | undefined } | undefined {
    if (this.#destroyed.has(key)) return { before: this.#shown(seen) };
    const { state } = this.#transaction;
    const account = state.account(seen.address);
    const { balance = 0n, nonce = 0n } = account ?? {};
    const codeHash = codeHashOf(account?.codeHash);
    const hasNewCode = toHex(codeHash ?? EMPTY_CODE_HASH) !== toHex(seen.codeHash ?? EMPTY_CODE_HASH);
    const after: Shown = {
      ...(balance !== seen.balance && { balance: quantity(balance) }),
      ...(hasNewCode && !this.#options.disableCode && { code: toHex(state.code(seen.address)) }),
      ...(hasNewCode && { codeHash: toHex(codeHash ?? EMPTY_CODE_HASH) }),
      ...(nonce !== seen.nonce && { nonce: Number(nonce) }),
    };
    const slots = new Map<Hex, Hex>();
    const changed: Seen["storage"] = new Map();
    let hasNewSlots = false;
    for (const [name, { slot, value }] of seen.storage) {
      const now = state.storage(seen.address, slot);
      if (now === value) continue;
      hasNewSlots = true;
      // Zeros stand on neither side.
      if (value !== 0n) changed.set(name, { slot, value });
      if (now !== 0n) slots.set(name, wordHex(now));
    }
    if (Object.keys(after).length === 0 && !hasNewSlots) return undefined;
    if (slots.size > 0) after.storage = sortedObject(slots);
    return { before: this.#shown({ ...seen, storage: changed }), after };
  }
}

function codeHashOf(hash: Hash | undefined): Hash | undefined {
  return hash === undefined || bytesEqual(hash, EMPTY_CODE_HASH) ? undefined : hash;
}

function addressOf(word: bigint): Address {
  return asAddress(bigintToBytes(word, 32).subarray(12));
}

function quantity(value: bigint): Hex {
  return `0x${value.toString(16)}`;
}

function wordHex(value: bigint): Hex {
  return toHex(bigintToBytes(value, 32));
}

/** As geth writes a map: by key. */
function sortedObject<Value>(map: ReadonlyMap<Hex, Value>): Record<string, Value> {
  return Object.fromEntries([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
}
