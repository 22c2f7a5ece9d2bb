import type { StateManagerInterface } from "@ethereumjs/common";
import { Account as EthereumjsAccount, type Address as EthereumjsAddress } from "@ethereumjs/util";
import { asAddress, asHash, bigintFromBytes, quantityToBytes } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { EMPTY_TRIE_ROOT } from "@phala-l2/protocol/trie/trie";
import type { JournaledState } from "../../state/journal.ts";

type AccountFields = Parameters<StateManagerInterface["modifyAccountFields"]>[1];

/** Shown to the EVM for an account with storage: EIP-7610 asks only whether the root is the empty one. */
const SOME_STORAGE_ROOT = new Uint8Array(32).fill(1);

function unused(name: string): never {
  throw new RollupError("EVM_STATE_UNUSED", `the EVM asked the state for ${name}, which a block never needs`);
}

/**
 * ethereumjs' view of a JournaledState. Its EVM changes the account objects it gets before it puts them back,
 * so each one is new. State roots belong to the block, not to the EVM.
 */
export class EthereumjsState implements StateManagerInterface {
  #state: JournaledState | undefined;

  readonly originalStorageCache: StateManagerInterface["originalStorageCache"] = {
    get: async (address, key) =>
      quantityToBytes(this.#journal.originalStorage(asAddress(address.bytes), asHash(key))),
    clear: () => {},
  };

  /** The state that the next message runs on. */
  attach(state: JournaledState): void {
    this.#state = state;
  }

  detach(): void {
    this.#state = undefined;
  }

  get #journal(): JournaledState {
    if (this.#state === undefined) throw new RollupError("EVM_DETACHED", "the EVM ran outside a message");
    return this.#state;
  }

  async getAccount(address: EthereumjsAddress): Promise<EthereumjsAccount | undefined> {
    const key = asAddress(address.bytes);
    const account = this.#journal.account(key);
    if (account === undefined) return undefined;
    const storageRoot = this.#journal.hasOldStorage(key) ? SOME_STORAGE_ROOT : EMPTY_TRIE_ROOT;
    return new EthereumjsAccount(account.nonce, account.balance, storageRoot, account.codeHash);
  }

  async putAccount(address: EthereumjsAddress, account?: EthereumjsAccount): Promise<void> {
    if (account === undefined) return this.deleteAccount(address);
    this.#journal.setAccount(asAddress(address.bytes), {
      nonce: account.nonce,
      balance: account.balance,
      codeHash: asHash(account.codeHash),
    });
  }

  async deleteAccount(address: EthereumjsAddress): Promise<void> {
    this.#journal.deleteAccount(asAddress(address.bytes));
  }

  async modifyAccountFields(address: EthereumjsAddress, fields: AccountFields): Promise<void> {
    const account = (await this.getAccount(address)) ?? new EthereumjsAccount();
    if (fields.nonce !== undefined) account.nonce = fields.nonce;
    if (fields.balance !== undefined) account.balance = fields.balance;
    if (fields.codeHash !== undefined) account.codeHash = fields.codeHash;
    await this.putAccount(address, account);
  }

  async putCode(address: EthereumjsAddress, code: Uint8Array): Promise<void> {
    this.#journal.setCode(asAddress(address.bytes), code);
  }

  async getCode(address: EthereumjsAddress): Promise<Uint8Array> {
    return this.#journal.code(asAddress(address.bytes));
  }

  async getCodeSize(address: EthereumjsAddress): Promise<number> {
    return this.#journal.code(asAddress(address.bytes)).length;
  }

  /** Without leading zeros, as ethereumjs' own state managers give it. */
  async getStorage(address: EthereumjsAddress, key: Uint8Array): Promise<Uint8Array> {
    return quantityToBytes(this.#journal.storage(asAddress(address.bytes), asHash(key)));
  }

  async putStorage(address: EthereumjsAddress, key: Uint8Array, value: Uint8Array): Promise<void> {
    this.#journal.setStorage(asAddress(address.bytes), asHash(key), bigintFromBytes(value));
  }

  async clearStorage(address: EthereumjsAddress): Promise<void> {
    this.#journal.clearStorage(asAddress(address.bytes));
  }

  async checkpoint(): Promise<void> {
    this.#journal.checkpoint();
  }

  async commit(): Promise<void> {
    this.#journal.commit();
  }

  async revert(): Promise<void> {
    this.#journal.revert();
  }

  async getStateRoot(): Promise<Uint8Array> {
    return unused("its root");
  }

  async setStateRoot(): Promise<void> {
    return unused("another root");
  }

  async hasStateRoot(): Promise<boolean> {
    return unused("another root");
  }

  clearCaches(): void {}

  shallowCopy(): StateManagerInterface {
    return unused("a copy");
  }
}
