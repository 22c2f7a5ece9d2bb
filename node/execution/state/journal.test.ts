import assert from "node:assert/strict";
import { test } from "node:test";
import { asAddress, asHash, bigintToBytes, type Hash, toHex } from "@phala-l2/protocol/bytes";
import { EMPTY_CODE_HASH } from "@phala-l2/protocol/keccak";
import { EMPTY_TRIE_ROOT } from "@phala-l2/protocol/trie/trie";
import fc from "fast-check";
import { somewhere } from "../testing/chain.ts";
import type { Account } from "./account.ts";
import { JournaledState } from "./journal.ts";
import type { StateReader } from "./reader.ts";
import { commitChanges } from "./root.ts";
import { trieState } from "./trie-state.ts";

const slot = (index: number): Hash => asHash(bigintToBytes(BigInt(index), 32));
const A = somewhere(1);
const B = somewhere(2);

/** One account with ether and storage, B absent. */
const reader: StateReader = {
  account: (address) =>
    toHex(address) === toHex(A)
      ? { nonce: 1n, balance: 10n, storageRoot: slot(99), codeHash: EMPTY_CODE_HASH }
      : undefined,
  storage: (address, key) => (toHex(address) === toHex(A) && toHex(key) === toHex(slot(0)) ? 5n : 0n),
  code: () => new Uint8Array(0),
};

test("a revert takes back everything since its checkpoint, a commit keeps it for the outer one", () => {
  const state = new JournaledState(reader);
  state.checkpoint();
  state.addBalance(B, 3n);
  state.setStorage(A, slot(0), 6n);
  state.checkpoint();
  state.setStorage(A, slot(0), 7n);
  state.setCode(B, Uint8Array.of(1));
  state.deleteAccount(A);
  assert.equal(state.storage(A, slot(0)), 0n);
  state.revert();
  assert.deepEqual([state.storage(A, slot(0)), state.balance(A), state.code(B).length], [6n, 10n, 0]);
  state.commit();
  assert.throws(() => state.revert(), { code: "CHECKPOINT_MISSING" });
  assert.equal(state.changes().accounts.get(toHex(B))?.balance, 3n);
});

test("EIP-2200: the original value is that of the transaction's start", () => {
  const state = new JournaledState(reader);
  state.setStorage(A, slot(0), 6n);
  assert.equal(state.originalStorage(A, slot(0)), 5n);
  state.endTransaction();
  assert.equal(state.originalStorage(A, slot(0)), 6n);
  state.checkpoint();
  state.setStorage(A, slot(0), 7n);
  state.revert();
  assert.equal(state.originalStorage(A, slot(0)), 6n);
});

test("EIP-161: a touched empty account does not exist afterwards", () => {
  const state = new JournaledState(reader);
  state.addBalance(B, 0n);
  assert.notEqual(state.account(B), undefined);
  state.endTransaction();
  assert.equal(state.account(B), undefined);
  assert.equal(state.changes().accounts.size, 0);
});

test("EIP-161: before Spurious Dragon a touched empty account is kept", () => {
  const state = new JournaledState(reader, "kept");
  state.addBalance(B, 0n);
  state.endTransaction();
  assert.deepEqual(state.account(B), { nonce: 0n, balance: 0n, codeHash: EMPTY_CODE_HASH });
  assert.equal(state.changes().accounts.size, 1);
});

test("EIP-161: RIPEMD-160 stays touched when the call that touched it is taken back, and nothing else does", () => {
  const ripemd = asAddress(bigintToBytes(3n, 20));
  const empty = { nonce: 0n, balance: 0n, storageRoot: EMPTY_TRIE_ROOT, codeHash: EMPTY_CODE_HASH };
  const state = new JournaledState({ ...reader, account: () => empty });
  state.checkpoint();
  for (const address of [ripemd, B]) state.addBalance(address, 0n);
  state.revert();
  state.endTransaction();
  assert.equal(state.account(ripemd), undefined);
  assert.notEqual(state.account(B), undefined);
});

test("an account created and destroyed in the block leaves no change; nor does its storage", () => {
  const state = new JournaledState(reader);
  state.setAccount(B, { nonce: 1n, balance: 0n, codeHash: EMPTY_CODE_HASH });
  state.setStorage(B, slot(1), 9n);
  state.deleteAccount(B);
  state.endTransaction();
  const { accounts, storage } = state.changes();
  assert.deepEqual([accounts.size, storage.size], [0, 0]);
});

test("what was written back to its old value is no change", () => {
  const state = new JournaledState(reader);
  state.setStorage(A, slot(0), 6n);
  state.setStorage(A, slot(0), 5n);
  state.addBalance(A, 1n);
  state.subtractBalance(A, 1n);
  state.endTransaction();
  const { accounts, storage, codes } = state.changes();
  assert.deepEqual([accounts.size, storage.size, codes.size], [0, 0, 0]);
});

test("an account that is destroyed and comes back has none of its old storage", () => {
  const state = new JournaledState(reader);
  assert.equal(state.hasOldStorage(A), true);
  state.deleteAccount(A);
  state.endTransaction();
  assert.equal(state.hasOldStorage(A), false);
  state.addBalance(A, 4n);
  state.endTransaction();
  assert.equal(state.storage(A, slot(0)), 0n);
  assert.deepEqual(state.changes().storage.get(toHex(A)), { cleared: true, slots: new Map() });
});

test("no account holds less than nothing, and no transaction ends inside a call", () => {
  const state = new JournaledState(reader);
  assert.throws(() => state.subtractBalance(B, 1n), { code: "BALANCE_NEGATIVE" });
  state.checkpoint();
  assert.throws(() => state.endTransaction(), { code: "CHECKPOINT_OPEN" });
});

test("the root of the changed state is that of the same state built anew", () => {
  const write = fc.record({
    address: fc.constantFrom(A, B, somewhere(3)),
    balance: fc.bigInt(0n, 5n),
    slot: fc.integer({ min: 0, max: 5 }),
    value: fc.bigInt(0n, 2n),
    destroy: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(fc.array(write, { maxLength: 8 }), { maxLength: 4 }), (blocks) => {
      const nodes = new Map<string, Uint8Array>();
      const model = new Map<string, { balance: bigint; slots: Map<number, bigint> }>();
      let root = EMPTY_TRIE_ROOT;
      const readNode = (hash: Hash): Uint8Array | undefined => nodes.get(toHex(hash));
      for (const writes of blocks) {
        const state = new JournaledState(trieState(root, readNode, () => undefined));
        for (const { address, balance, slot: at, value, destroy } of writes) {
          const key = toHex(address);
          if (destroy) {
            state.deleteAccount(address);
            model.delete(key);
          } else {
            state.setAccount(address, { nonce: 1n, balance, codeHash: EMPTY_CODE_HASH });
            state.setStorage(address, slot(at), value);
            const account = model.get(key) ?? { balance, slots: new Map() };
            account.balance = balance;
            account.slots.set(at, value);
            model.set(key, account);
          }
          state.endTransaction();
        }
        const committed = commitChanges(root, readNode, state.changes());
        for (const [hash, node] of committed.nodes) nodes.set(hash, node);
        root = committed.root;
      }
      assert.equal(toHex(root), toHex(rootOfModel(model)));
    }),
    { numRuns: 80, seed: 11 },
  );
});

function rootOfModel(
  model: ReadonlyMap<string, { balance: bigint; slots: ReadonlyMap<number, bigint> }>,
): Hash {
  const state = new JournaledState({
    account: (): Account | undefined => undefined,
    storage: () => 0n,
    code: () => new Uint8Array(0),
  });
  for (const address of [A, B, somewhere(3)]) {
    const account = model.get(toHex(address));
    if (account === undefined) continue;
    state.setAccount(address, { nonce: 1n, balance: account.balance, codeHash: EMPTY_CODE_HASH });
    for (const [at, value] of account.slots) state.setStorage(address, slot(at), value);
  }
  return commitChanges(EMPTY_TRIE_ROOT, () => undefined, state.changes()).root;
}
