import type { AccountOverride, BlockOverrides, StateOverrides } from "@phala-l2/execution/simulate/request";
import { type Account, EMPTY_ACCOUNT } from "@phala-l2/execution/state/account";
import type { StateReader } from "@phala-l2/execution/state/reader";
import { type Address, bigintFromBytes, type Hash, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { isRecord } from "@phala-l2/protocol/json-record";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { objectWith } from "../json-object.ts";
import {
  address,
  arrayOf,
  data,
  hash,
  invalid,
  ok,
  type Parse,
  type Parsed,
  quantity,
  uint64,
} from "../parameters.ts";

/** Accounts and slots in one call's overrides: the body's limit allows no more than about this anyway. */
const MAX_ENTRIES = 10_000;

export const NO_OVERRIDES: StateOverrides = new Map();

function optional<T>(value: unknown, parse: Parse<T>): Parsed<T | undefined> {
  return value === undefined || value === null ? ok(undefined) : parse(value);
}

const slots: Parse<ReadonlyMap<Hex, bigint>> = (value) => {
  if (!isRecord(value))
    return invalid("json: cannot unmarshal into Go value of type map[common.Hash]common.Hash");
  const entries = Object.entries(value);
  if (entries.length > MAX_ENTRIES) return invalid(`too many slots (max ${MAX_ENTRIES})`);
  const read = new Map<Hex, bigint>();
  for (const [key, word] of entries) {
    const slot = hash(key);
    const content = hash(word);
    if (slot.kind === "invalid") return slot;
    if (content.kind === "invalid") return content;
    read.set(toHex(slot.value), bigintFromBytes(content.value));
  }
  return ok(read);
};

function readStorage(
  value: Readonly<Record<string, unknown>>,
): Parsed<Pick<AccountOverride, "storage" | "hasTwoStorages">> {
  const whole = optional(value.state, slots);
  if (whole.kind === "invalid") return whole;
  const parts = optional(value.stateDiff, slots);
  if (parts.kind === "invalid") return parts;
  if (whole.value !== undefined) {
    const storage = { isWhole: true, slots: whole.value };
    return ok({ storage, ...(parts.value !== undefined && { hasTwoStorages: true }) });
  }
  return ok({ storage: parts.value === undefined ? undefined : { isWhole: false, slots: parts.value } });
}

function readAccount(value: unknown): Parsed<AccountOverride> {
  if (!isRecord(value))
    return invalid("json: cannot unmarshal into Go value of type override.OverrideAccount");
  const nonce = optional(value.nonce, uint64);
  if (nonce.kind === "invalid") return nonce;
  const balance = optional(value.balance, quantity);
  if (balance.kind === "invalid") return balance;
  const code = optional(value.code, data);
  if (code.kind === "invalid") return code;
  const storage = readStorage(value);
  if (storage.kind === "invalid") return storage;
  const target = optional(value.movePrecompileToAddress, address);
  if (target.kind === "invalid") return target;
  return ok({
    nonce: nonce.value,
    balance: balance.value,
    code: code.value,
    ...storage.value,
    movePrecompileTo: target.value,
  });
}

/** geth's state override set, the third parameter of eth_call. */
export const stateOverrides: Parse<StateOverrides> = (value) => {
  if (!isRecord(value)) return invalid("json: cannot unmarshal into Go value of type override.StateOverride");
  const entries = Object.entries(value);
  if (entries.length > MAX_ENTRIES) return invalid(`too many accounts (max ${MAX_ENTRIES})`);
  const overrides = new Map<Hex, AccountOverride>();
  for (const [key, override] of entries) {
    const account = address(key);
    if (account.kind === "invalid") return account;
    const read = readAccount(override);
    if (read.kind === "invalid") return read;
    overrides.set(toHex(account.value), read.value);
  }
  return ok(overrides);
};

const withdrawal = objectWith(
  "types.Withdrawal",
  { index: uint64, validatorIndex: uint64, address, amount: uint64 },
  {},
);

export const NO_BLOCK_OVERRIDES: BlockOverrides = {};

/** geth's override.BlockOverrides. */
export const blockOverrides: Parse<BlockOverrides> = objectWith(
  "override.BlockOverrides",
  {},
  {
    number: quantity,
    difficulty: quantity,
    time: uint64,
    gasLimit: uint64,
    feeRecipient: address,
    prevRandao: hash,
    baseFeePerGas: quantity,
    blobBaseFee: quantity,
    beaconRoot: hash,
    withdrawals: arrayOf(withdrawal, MAX_ENTRIES, "types.Withdrawals"),
  },
);

/** geth's words for what a block of calls may pretend and a single call may not. */
export function callOverridesFault({ beaconRoot, withdrawals }: BlockOverrides): string | undefined {
  const name =
    beaconRoot !== undefined ? "beaconRoot" : withdrawals !== undefined ? "withdrawals" : undefined;
  return name === undefined ? undefined : `block override "${name}" is not supported for this RPC method`;
}

/** The state as a call shall see it; the reader beneath is not changed. */
export function withOverrides(state: StateReader, overrides: StateOverrides): StateReader {
  if (overrides.size === 0) return state;
  const codes = new Map<Hex, Uint8Array>();
  const codeHashes = new Map<Hex, Hash>();
  for (const [account, { code }] of overrides) {
    if (code === undefined) continue;
    const codeHash = keccak256(code);
    codes.set(toHex(codeHash), code);
    codeHashes.set(account, codeHash);
  }
  return {
    account: (account: Address): Account | undefined => {
      const override = overrides.get(toHex(account));
      const before = state.account(account);
      if (override === undefined) return before;
      const base = before ?? EMPTY_ACCOUNT;
      return {
        ...base,
        nonce: override.nonce ?? base.nonce,
        balance: override.balance ?? base.balance,
        codeHash: codeHashes.get(toHex(account)) ?? base.codeHash,
      };
    },
    storage: (account: Address, slot: Hash): bigint => {
      const override = overrides.get(toHex(account))?.storage;
      const pretended = override?.slots.get(toHex(slot));
      if (pretended !== undefined) return pretended;
      return override?.isWhole === true ? 0n : state.storage(account, slot);
    },
    code: (codeHash: Hash): Uint8Array => codes.get(toHex(codeHash)) ?? state.code(codeHash),
  };
}
