import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { asHash, bigintToBytes, concatBytes, fromHex, hashFromHex, toHex } from "@phala-l2/protocol/bytes";
import { SYSTEM_ADDRESS } from "@phala-l2/protocol/predeploys";
import { sha256 } from "@phala-l2/protocol/sha256";
import { EMPTY_REQUESTS_HASH } from "@phala-l2/protocol/wire/header";
import { type Log, logsBloom, type Receipt } from "@phala-l2/protocol/wire/receipt";
import type { BlockContext } from "../block/context.ts";
import { ethereumRules } from "../block/rules.ts";
import { createEthereumjsEvm } from "../evm/ethereumjs/evm.ts";
import { JournaledState } from "../state/journal.ts";
import { somewhere } from "../testing/chain.ts";
import { CONSOLIDATION_REQUESTS, requestsOf, WITHDRAWAL_REQUESTS } from "./requests.ts";

const DEPOSIT_CONTRACT = somewhere(1);
const DEPOSIT_EVENT = hashFromHex("0x649bbc62d0e31342afea4e5cd82d4049e7e1ee912fc0889aa790803be39038c5");
/** Code that answers with nothing, with 76 zero bytes, with its caller; that reverts; that wants 2^64 bytes of memory. */
const NOTHING = "0x00";
const ONE_REQUEST = "0x604c5ff3";
const CALLER = "0x335f5260205ff3";
const REVERTS = "0x5f5ffd";
const MUCH_MEMORY = "0x68010000000000000000515ff3";

const evm = await createEthereumjsEvm({ l2ChainId: 1n });
const block: BlockContext = {
  chainId: 1n,
  rules: ethereumRules("prague"),
  number: 1n,
  timestamp: 1n,
  beneficiary: somewhere(9),
  difficulty: 0n,
  prevRandao: asHash(new Uint8Array(32)),
  gasLimit: 30_000_000n,
  baseFee: 1n,
  blobBaseFee: 1n,
  blockHash: () => assert.fail("not asked for"),
};

type Codes = { readonly withdrawals?: string | undefined; readonly consolidations?: string | undefined };

function requests(logs: readonly Log[], codes: Codes = { withdrawals: NOTHING, consolidations: NOTHING }) {
  const state = new JournaledState({
    account: () => undefined,
    storage: () => 0n,
    code: () => new Uint8Array(0),
  });
  if (codes.withdrawals !== undefined) state.setCode(WITHDRAWAL_REQUESTS, fromHex(codes.withdrawals));
  if (codes.consolidations !== undefined) {
    state.setCode(CONSOLIDATION_REQUESTS, fromHex(codes.consolidations));
  }
  const receipt: Receipt = {
    type: 2,
    status: 1,
    cumulativeGasUsed: 21_000n,
    logs,
    logsBloom: logsBloom(logs),
  };
  return requestsOf([receipt], DEPOSIT_CONTRACT, evm, block, state);
}

function digestOf(...lists: readonly (readonly [type: number, data: Uint8Array])[]): string {
  const digests = lists.map(([type, data]) => sha256(concatBytes(Uint8Array.of(type), data)));
  return toHex(sha256(concatBytes(...digests)));
}

/** The event's data by EIP-6110: five offsets, then each value with its length. */
function depositData(fill = 7): Uint8Array {
  const data = new Uint8Array(576);
  const word = (at: number, value: number) => data.set(bigintToBytes(BigInt(value), 32), at);
  for (const [index, offset] of [160, 256, 320, 384, 512].entries()) word(32 * index, offset);
  for (const [at, length] of [
    [160, 48],
    [256, 32],
    [320, 8],
    [384, 96],
    [512, 8],
  ] as const) {
    word(at, length);
    data.fill(fill, at + 32, at + 32 + length);
  }
  return data;
}

const event = (data: Uint8Array): Log => ({ address: DEPOSIT_CONTRACT, topics: [DEPOSIT_EVENT], data });

describe("EIP-7685 requests", () => {
  test("none: the hash of nothing", async () => {
    const none = await requests([]);
    assert.deepEqual(none, { kind: "ok", hash: EMPTY_REQUESTS_HASH });
  });

  test("deposits are the values of their events, one after another", async () => {
    const got = await requests([event(depositData(1)), event(depositData(2))]);
    const expected = concatBytes(new Uint8Array(192).fill(1), new Uint8Array(192).fill(2));
    assert.ok(got.kind === "ok");
    assert.equal(toHex(got.hash), digestOf([0, expected]));
  });

  test("withdrawals and consolidations are what their contracts answer the system's address", async () => {
    const got = await requests([], { withdrawals: ONE_REQUEST, consolidations: CALLER });
    const caller = concatBytes(new Uint8Array(12), SYSTEM_ADDRESS);
    assert.ok(got.kind === "ok");
    assert.equal(toHex(got.hash), digestOf([1, new Uint8Array(76)], [2, caller]));
    const alone = await requests([], { withdrawals: NOTHING, consolidations: ONE_REQUEST });
    assert.ok(alone.kind === "ok");
    assert.equal(toHex(alone.hash), digestOf([2, new Uint8Array(76)]));
  });

  const others: readonly (readonly [what: string, log: Log])[] = [
    ["of another contract", { ...event(depositData()), address: somewhere(2) }],
    ["of another kind", { ...event(depositData()), topics: [asHash(new Uint8Array(32))] }],
    ["without a topic", { ...event(new Uint8Array(3)), topics: [] }],
    [
      "with the kind as its second topic",
      { ...event(depositData()), topics: [asHash(new Uint8Array(32)), DEPOSIT_EVENT] },
    ],
  ];
  for (const [what, log] of others) {
    test(`an event ${what} is no deposit`, async () => {
      assert.deepEqual(await requests([log]), { kind: "ok", hash: EMPTY_REQUESTS_HASH });
    });
  }

  const malformed: readonly (readonly [what: string, change: (data: Uint8Array) => Uint8Array])[] = [
    ["no data", () => new Uint8Array(0)],
    ["a byte too few", (data) => data.subarray(0, 575)],
    ["a byte too many", (data) => concatBytes(data, new Uint8Array(1))],
    ["a wrong offset of the key", (data) => data.fill(161, 31, 32)],
    ["a wrong offset of the index", (data) => data.fill(0, 158, 160)],
    ["a wrong length of the key", (data) => data.fill(47, 191, 192)],
    ["a wrong length of the amount", (data) => data.fill(9, 351, 352)],
    ["a length that is right but for its high bytes", (data) => data.fill(1, 512, 513)],
  ];
  for (const [what, change] of malformed) {
    test(`a deposit's event with ${what} makes the block invalid`, async () => {
      const invalid = { kind: "invalid", reason: "deposit-event-malformed" };
      assert.deepEqual(await requests([event(change(depositData()))]), invalid);
      assert.deepEqual(await requests([event(depositData()), event(change(depositData()))]), invalid);
    });
  }

  const broken: readonly (readonly [what: string, codes: Codes])[] = [
    ["withdrawals' contract is missing", { consolidations: NOTHING }],
    ["consolidations' contract is missing", { withdrawals: NOTHING }],
    ["withdrawals' contract reverts", { withdrawals: REVERTS, consolidations: NOTHING }],
    ["consolidations' contract reverts", { withdrawals: ONE_REQUEST, consolidations: REVERTS }],
    ["a contract stops for want of gas", { withdrawals: MUCH_MEMORY, consolidations: NOTHING }],
    ["a contract has an invalid instruction", { withdrawals: NOTHING, consolidations: "0xfe" }],
  ];
  for (const [what, codes] of broken) {
    test(`the block is invalid when ${what}`, async () => {
      assert.deepEqual(await requests([], codes), { kind: "invalid", reason: "request-contract-failed" });
    });
  }
});
