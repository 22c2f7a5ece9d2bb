import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type Address,
  addressFromHex,
  asHash,
  bigintToBytes,
  type Hash,
  type Hex,
  toHex,
} from "@phala-l2/protocol/bytes";
import { ethereumRules, rollupRules } from "../block/rules.ts";
import { EMPTY_ACCOUNT } from "../state/account.ts";
import { JournaledState } from "../state/journal.ts";
import { somewhere } from "../testing/chain.ts";
import { applyOverrides, movedPrecompiles } from "./overrides.ts";
import type { AccountOverride } from "./request.ts";

const ACCOUNT = somewhere(1);
const OTHER = somewhere(2);
const NOTHING: AccountOverride = {
  nonce: undefined,
  balance: undefined,
  code: undefined,
  storage: undefined,
};
const PRAGUE = ethereumRules("prague");

const precompile = (number: number): Address => addressFromHex(`0x${number.toString(16).padStart(40, "0")}`);
const slot = (index: bigint): Hash => asHash(bigintToBytes(index, 32));

type Pretended = readonly [Address, Partial<AccountOverride>];

function overrides(...accounts: readonly Pretended[]) {
  return new Map<Hex, AccountOverride>(
    accounts.map(([address, override]) => [toHex(address), { ...NOTHING, ...override }]),
  );
}

/** ACCOUNT has nonce 5, 100 wei and slots 0 and 1, of 10 and 11. */
function state(): JournaledState {
  return new JournaledState({
    account: (address) =>
      toHex(address) === toHex(ACCOUNT)
        ? { ...EMPTY_ACCOUNT, nonce: 5n, balance: 100n, storageRoot: slot(77n) }
        : undefined,
    storage: (_, key) => 10n + BigInt(key[31] ?? 0),
    code: () => new Uint8Array(0),
  });
}

describe("accounts that are pretended", () => {
  const after = (override: Partial<AccountOverride>): JournaledState => {
    const pretended = state();
    applyOverrides(pretended, overrides([ACCOUNT, override]));
    return pretended;
  };
  const slotsOf = (pretended: JournaledState) => [0n, 1n].map((n) => pretended.storage(ACCOUNT, slot(n)));

  test("nonce, balance and code are what is named, and what is not stays", () => {
    const pretended = after({ nonce: 1n, code: Uint8Array.of(0x5b) });
    assert.equal(pretended.nonce(ACCOUNT), 1n);
    assert.equal(pretended.balance(ACCOUNT), 100n);
    assert.deepEqual(pretended.code(ACCOUNT), Uint8Array.of(0x5b));
    assert.deepEqual(slotsOf(pretended), [10n, 11n]);
    assert.equal(after({ balance: 3n }).balance(ACCOUNT), 3n);
    assert.equal(after({ balance: 0n }).balance(ACCOUNT), 0n);
    assert.equal(after({}).nonce(ACCOUNT), 5n);
  });

  test("single slots beside those that are there", () => {
    const storage = { isWhole: false, slots: new Map([[toHex(slot(1n)), 7n]]) };
    assert.deepEqual(slotsOf(after({ storage })), [10n, 7n]);
    const cleared = { isWhole: false, slots: new Map([[toHex(slot(0n)), 0n]]) };
    assert.deepEqual(slotsOf(after({ storage: cleared })), [0n, 11n]);
  });

  test("a whole storage instead of what is there", () => {
    const storage = { isWhole: true, slots: new Map([[toHex(slot(1n)), 7n]]) };
    assert.deepEqual(slotsOf(after({ storage })), [0n, 7n]);
    assert.deepEqual(slotsOf(after({ storage: { isWhole: true, slots: new Map() } })), [0n, 0n]);
  });

  test("they are the state before the first transaction: a slot's original value is the pretended one", () => {
    const pretended = after({ storage: { isWhole: false, slots: new Map([[toHex(slot(0n)), 9n]]) } });
    pretended.setStorage(ACCOUNT, slot(0n), 1n);
    assert.equal(pretended.originalStorage(ACCOUNT, slot(0n)), 9n);
  });

  test("an account that was not there comes into being", () => {
    const pretended = state();
    applyOverrides(pretended, overrides([OTHER, { balance: 1n }]));
    assert.equal(pretended.balance(OTHER), 1n);
    assert.equal(pretended.changes().accounts.get(toHex(OTHER))?.balance, 1n);
  });
});

describe("precompiles that are pretended elsewhere", () => {
  const moved = (...accounts: readonly Pretended[]) => movedPrecompiles(overrides(...accounts), PRAGUE);

  test("one moves: it is there, and nothing is here", () => {
    const overriding = moved([precompile(4), { movePrecompileTo: OTHER }]);
    assert.ok(overriding.kind === "ok");
    assert.deepEqual(overriding.moved.get(toHex(OTHER)), precompile(4));
    assert.ok(overriding.moved.has(toHex(precompile(4))));
    assert.equal(overriding.moved.get(toHex(precompile(4))), undefined);
  });
  test("whatever is pretended of its account, it is a precompile no longer", () => {
    for (const override of [{ balance: 1n }, { code: Uint8Array.of(0) }, {}]) {
      const overriding = moved([precompile(1), override]);
      assert.ok(overriding.kind === "ok");
      assert.deepEqual([...overriding.moved], [[toHex(precompile(1)), undefined]]);
    }
  });
  test("accounts that are none move nothing", () => {
    const overriding = moved([ACCOUNT, { code: Uint8Array.of(0) }], [OTHER, {}]);
    assert.deepEqual(overriding, { kind: "ok", moved: new Map() });
  });
  test("two may take one place: the last one has it", () => {
    const overriding = moved(
      [precompile(1), { movePrecompileTo: OTHER }],
      [precompile(2), { movePrecompileTo: OTHER }],
    );
    assert.ok(overriding.kind === "ok");
    assert.deepEqual(overriding.moved.get(toHex(OTHER)), precompile(2));
  });

  const refusals: readonly (readonly [what: string, problem: string, account: Address, ...Pretended[]])[] = [
    ["an account without one", "is not a precompile", ACCOUNT, [ACCOUNT, { movePrecompileTo: OTHER }]],
    ["zero", "is not a precompile", precompile(0), [precompile(0), { movePrecompileTo: OTHER }]],
    [
      "a later fork's",
      "is not a precompile",
      precompile(0x100),
      [precompile(0x100), { movePrecompileTo: OTHER }],
    ],
    [
      "one onto itself",
      "is already overridden",
      precompile(4),
      [precompile(4), { movePrecompileTo: precompile(4) }],
    ],
    [
      ...(["one onto a pretended account", "is already overridden", OTHER] as const),
      [precompile(4), { movePrecompileTo: OTHER }],
      [OTHER, { nonce: 1n }],
    ],
    [
      ...(["one onto an account pretended before", "is already overridden", OTHER] as const),
      [OTHER, { nonce: 1n }],
      [precompile(4), { movePrecompileTo: OTHER }],
    ],
    [
      ...(["one onto another that moves", "is already overridden", precompile(5)] as const),
      [precompile(4), { movePrecompileTo: precompile(5) }],
      [precompile(5), { movePrecompileTo: OTHER }],
    ],
    ["two storages", "has both 'state' and 'stateDiff'", ACCOUNT, [ACCOUNT, { hasTwoStorages: true }]],
  ];
  for (const [what, problem, account, ...accounts] of refusals) {
    test(`refused: ${what}`, () => {
      assert.deepEqual(moved(...accounts), { kind: "invalid", account, problem });
    });
  }

  test("which there are, the rules tell: P-256's is of the OP Stack's Fjord and Ethereum's Osaka", () => {
    const wanted = overrides([precompile(0x100), { movePrecompileTo: OTHER }]);
    assert.equal(movedPrecompiles(wanted, rollupRules("holocene")).kind, "ok");
    assert.equal(movedPrecompiles(wanted, ethereumRules("osaka")).kind, "ok");
    const bls = overrides([precompile(0x0b), { movePrecompileTo: OTHER }]);
    assert.equal(movedPrecompiles(bls, rollupRules("holocene")).kind, "invalid");
    assert.equal(movedPrecompiles(bls, rollupRules("isthmus")).kind, "ok");
  });
});
