import { type Address, addressFromHex, type Hex, hashFromHex, toHex } from "@phala-l2/protocol/bytes";
import type { Header } from "@phala-l2/protocol/wire/header";
import type { Rules } from "../block/rules.ts";
import { isPrecompile } from "../evm/precompiles.ts";
import type { JournaledState } from "../state/journal.ts";
import type { AccountOverride, BlockOverrides, StateOverrides } from "./request.ts";

/** Precompiles that are elsewhere, or nowhere, by the address at which they are called: undefined is nowhere. */
export type MovedPrecompiles = ReadonlyMap<Hex, Address | undefined>;

export type Overriding =
  | { readonly kind: "ok"; readonly moved: MovedPrecompiles }
  | { readonly kind: "invalid"; readonly account: Address; readonly problem: string };

/** Which precompiles overrides move, where they do not contradict themselves. The words are geth's (ethapi/override). */
export function movedPrecompiles(overrides: StateOverrides, rules: Rules): Overriding {
  const moved = new Map<Hex, Address | undefined>();
  const taken = new Set<Hex>();
  for (const [key, { movePrecompileTo, hasTwoStorages }] of overrides) {
    const address = addressFromHex(key);
    if (taken.has(key)) {
      return { kind: "invalid", account: address, problem: "has already been overridden by a precompile" };
    }
    const isOne = isPrecompile(address, rules);
    if (movePrecompileTo !== undefined) {
      if (!isOne) return { kind: "invalid", account: address, problem: "is not a precompile" };
      const target = toHex(movePrecompileTo);
      if (overrides.has(target))
        return { kind: "invalid", account: movePrecompileTo, problem: "is already overridden" };
      moved.set(target, address);
      taken.add(target);
    }
    if (hasTwoStorages === true) {
      return { kind: "invalid", account: address, problem: "has both 'state' and 'stateDiff'" };
    }
    // Whatever is pretended of a precompile's account, the code there is no longer the precompile.
    if (isOne && !moved.has(key)) moved.set(key, undefined);
  }
  return { kind: "ok", moved };
}

/** The header that a single call sees. The blob base fee is no field of it. Source: geth, ethapi/override. */
export function overriddenHeader(header: Header, overrides: BlockOverrides): Header {
  return {
    ...header,
    number: overrides.number ?? header.number,
    timestamp: overrides.time ?? header.timestamp,
    gasLimit: overrides.gasLimit ?? header.gasLimit,
    beneficiary: overrides.feeRecipient ?? header.beneficiary,
    prevRandao: overrides.prevRandao ?? header.prevRandao,
    difficulty: overrides.difficulty ?? header.difficulty,
    ...(overrides.baseFeePerGas !== undefined && { baseFeePerGas: overrides.baseFeePerGas }),
  };
}

/** Writes what a simulation pretends into the state. */
export function applyOverrides(state: JournaledState, overrides: StateOverrides): void {
  for (const [key, override] of overrides) overrideAccount(state, addressFromHex(key), override);
  state.endTransaction();
}

function overrideAccount(
  state: JournaledState,
  address: Address,
  { nonce, balance, code, storage }: AccountOverride,
): void {
  if (code !== undefined) state.setCode(address, code);
  if (balance !== undefined) {
    state.subtractBalance(address, state.balance(address));
    state.addBalance(address, balance);
  }
  if (nonce !== undefined) state.setNonce(address, nonce);
  if (storage === undefined) return;
  if (storage.isWhole) state.clearStorage(address);
  for (const [slot, value] of storage.slots) state.setStorage(address, hashFromHex(slot), value);
}
