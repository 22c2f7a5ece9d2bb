import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHex, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { SEQUENCER_FEE_VAULT } from "@phala-l2/protocol/predeploys";
import { somewhere } from "../testing/chain.ts";
import { contractAddress } from "../transaction/contract-address.ts";
import {
  CALLER,
  type CodeCall,
  jsonOf,
  type Pretended,
  push,
  TARGET,
  traceCode,
} from "./testing/trace-code.ts";
import type { TracerOptions } from "./tracer.ts";

type Options = Extract<TracerOptions, { kind: "prestateTracer" }>;

const OFF: Options = {
  kind: "prestateTracer",
  diffMode: false,
  disableCode: false,
  disableStorage: false,
  includeEmpty: false,
};
const OTHER = somewhere(1);
const [caller, target, other] = [CALLER, TARGET, OTHER].map(toHex);
const word = (value: number): string => `0x${value.toString(16).padStart(64, "0")}`;
const codeHash = (code: Hex): string => toHex(keccak256(fromHex(code)));

const trace = (pretended: Pretended, options: Partial<Options> = {}, call: CodeCall = {}): Promise<unknown> =>
  jsonOf(traceCode(pretended, { ...OFF, ...options }, call));

function accountOf(state: unknown, address: string | undefined): unknown {
  return typeof state === "object" && state !== null && address !== undefined
    ? Reflect.get(state, address)
    : undefined;
}

test("what the transaction saw, as it was before it", async () => {
  const code = "0x60015460036002555f3b00";
  const balance = 5n;
  const state = await trace({ code, balance, nonce: 1n, slots: { "0x1": 9n, "0x2": 8n } }, {}, { value: 3n });
  assert.deepEqual(accountOf(state, target), {
    balance: "0x5",
    code,
    codeHash: codeHash(code),
    nonce: 1,
    storage: { [word(1)]: word(9), [word(2)]: word(8) },
  });
  assert.ok(accountOf(state, caller));
  // Empty ones are left out: the zero address, and who gets the fees.
  assert.deepEqual(
    [accountOf(state, toHex(SEQUENCER_FEE_VAULT)), accountOf(state, `0x${"0".repeat(40)}`)],
    [undefined, undefined],
  );
});

test("empty accounts where they are asked for", async () => {
  const state = await trace({ code: "0x5f3b00" }, { includeEmpty: true });
  assert.deepEqual(accountOf(state, `0x${"0".repeat(40)}`), { balance: "0x0" });
});

test("accounts are keyed in order", async () => {
  const state = await trace({ code: `0x${push(OTHER)}3100` }, { includeEmpty: true });
  assert.ok(typeof state === "object" && state !== null);
  assert.deepEqual(Object.keys(state), Object.keys(state).sort());
});

test("callees, a delegation's target, and what code only looks at", async () => {
  const delegate = somewhere(2);
  const looked = somewhere(3);
  const delegation: Hex = `0xef0100${toHex(delegate).slice(2)}`;
  const others = [
    [OTHER, { code: delegation }],
    [delegate, { code: "0x00" }],
    [looked, { balance: 1n }],
  ] as const;
  const code = `0x5f5f5f5f5f${push(OTHER)}5af1${push(looked)}3f00`;
  const state = await trace({ code }, {}, { others });
  for (const address of [OTHER, delegate, looked])
    assert.ok(accountOf(state, toHex(address)), toHex(address));
});

test("without code, without storage", async () => {
  const code = "0x60015400";
  const bare = await trace({ code, slots: { "0x1": 9n } }, { disableCode: true, disableStorage: true });
  assert.deepEqual(accountOf(bare, target), { balance: "0x0", codeHash: codeHash(code) });
});

test("the difference: only what changed, zeros on neither side", async () => {
  // SSTORE(1, 0), SSTORE(2, 7), SSTORE(3, 3) where 3 was before.
  const code = "0x5f600155600760025560036003555f5400";
  const slots = { "0x1": 9n, "0x3": 3n } as const;
  const diff = await trace({ code, slots, balance: 4n }, { diffMode: true }, { value: 6n });
  const [pre, post] = [accountOf(diff, "pre"), accountOf(diff, "post")];
  assert.deepEqual(accountOf(pre, target), {
    balance: "0x4",
    code,
    codeHash: codeHash(code),
    storage: { [word(1)]: word(9) },
  });
  assert.deepEqual(accountOf(post, target), { balance: "0xa", storage: { [word(2)]: word(7) } });
  assert.deepEqual(accountOf(post, other), undefined);
});

test("the difference: a revert leaves the sender's nonce and its fee", async () => {
  const call = { gasPrice: 10_000_000_000n, value: 0n };
  const diff = await trace({ code: "0x60015f555f5ffd" }, { diffMode: true }, call);
  const [pre, post] = [accountOf(diff, "pre"), accountOf(diff, "post")];
  assert.equal(accountOf(post, target), undefined);
  assert.equal(accountOf(pre, target), undefined);
  const paid =
    Number(accountOf(accountOf(pre, caller), "balance")) -
    Number(accountOf(accountOf(post, caller), "balance"));
  assert.ok(paid > 0 && paid < 1e16);
  assert.deepEqual(accountOf(accountOf(post, caller), "nonce"), 1);
});

test("the difference: a contract that was created has no before", async () => {
  const code = "0x6360015ff35f526004601c5ff000";
  const diff = await trace({ code, nonce: 5n }, { diffMode: true });
  const created = toHex(contractAddress(TARGET, 5n));
  assert.equal(accountOf(accountOf(diff, "pre"), created), undefined);
  assert.deepEqual(accountOf(accountOf(diff, "post"), created), {
    code: "0x00",
    codeHash: codeHash("0x00"),
    nonce: 1,
  });
});

test("the difference: a destroyed contract has no after", async () => {
  const diff = await trace({ code: `0x${push(OTHER)}ff`, balance: 12n }, { diffMode: true });
  assert.ok(accountOf(accountOf(diff, "pre"), target));
  assert.equal(accountOf(accountOf(diff, "post"), target), undefined);
  assert.deepEqual(accountOf(accountOf(diff, "post"), other), { balance: "0xc" });
});

test("slots without end are bounded", async () => {
  // SLOAD of the gas that is left, for ever.
  const call = { gasLimit: 30_000_000n, maxCharacters: 20_000 };
  assert.deepEqual(await trace({ code: "0x5b5a54505f56" }, {}, call), { kind: "too-large" });
});
