import assert from "node:assert/strict";
import { test } from "node:test";
import { concatBytes, fromHex, toHex } from "@phala-l2/protocol/bytes";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { somewhere } from "../testing/chain.ts";
import { contractAddress } from "../transaction/contract-address.ts";
import {
  CALLER,
  type CodeCall,
  GAS,
  jsonOf,
  type Pretended,
  push,
  TARGET,
  traceCode,
} from "./testing/trace-code.ts";

type Frame = {
  readonly type: string;
  readonly from: string;
  readonly to?: string;
  readonly gas: string;
  readonly gasUsed: string;
  readonly input: string;
  readonly output?: string;
  readonly error?: string;
  readonly revertReason?: string;
  readonly value?: string;
  readonly calls?: readonly Frame[];
  readonly logs?: readonly {
    readonly address: string;
    readonly topics: readonly string[];
    readonly data: string;
    readonly index: string;
    readonly position: string;
  }[];
};

const OTHER = somewhere(1);
const CODE_42 = "0x602a5f5260205ff3";
/** Error("no") as Solidity reverts with it, then the instructions that revert with the code's own tail. */
const REVERT_DATA = `08c379a0${"20".padStart(64, "0")}${"02".padStart(64, "0")}${"6e6f".padEnd(64, "0")}`;
const REVERTS = `0x6064600a5f3960645ffd${REVERT_DATA}`;

async function frameOf(
  target: Pretended,
  call: CodeCall = {},
  options: { onlyTopCall?: boolean; withLog?: boolean } = {},
): Promise<Frame> {
  const { onlyTopCall = false, withLog = false } = options;
  const frame = await jsonOf(traceCode(target, { kind: "callTracer", onlyTopCall, withLog }, call));
  assert.ok(isFrame(frame), JSON.stringify(frame));
  return frame;
}

function isFrame(value: unknown): value is Frame {
  return typeof value === "object" && value !== null && "type" in value;
}

test("the message itself: the transaction's gas, with what was there before any code", async () => {
  const frame = await frameOf({ code: CODE_42 }, { data: fromHex("0x0102"), value: 7n });
  assert.deepEqual(frame, {
    from: toHex(CALLER),
    gas: `0x${GAS.toString(16)}`,
    gasUsed: frame.gasUsed,
    to: toHex(TARGET),
    input: "0x0102",
    output: `0x${"2a".padStart(64, "0")}`,
    value: "0x7",
    type: "CALL",
  });
  assert.ok(Number(frame.gasUsed) > 21_000 && Number(frame.gasUsed) < 22_000);
});

test("a transfer to an account without code is a frame too", async () => {
  const frame = await frameOf({ balance: 1n }, { value: 3n });
  assert.deepEqual(
    [frame.gasUsed, frame.value, frame.output, frame.calls],
    ["0x5208", "0x3", undefined, undefined],
  );
});

for (const { op, type, from, hasValue, value } of [
  { op: "f1", type: "CALL", from: TARGET, hasValue: true, value: "0x5" },
  { op: "f2", type: "CALLCODE", from: TARGET, hasValue: true, value: "0x5" },
  { op: "f4", type: "DELEGATECALL", from: TARGET, hasValue: false, value: "0x9" },
  { op: "fa", type: "STATICCALL", from: TARGET, hasValue: false, value: undefined },
]) {
  test(`${type}: who calls whom, with what`, async () => {
    const code = `0x60205f60045f${hasValue ? "6005" : ""}${push(OTHER)}6109c4${op}00`;
    const { calls } = await frameOf({ code }, { others: [[OTHER, { code: CODE_42 }]], value: 9n });
    assert.deepEqual(calls, [
      {
        from: toHex(from),
        gas: hasValue ? "0x12c0" : "0x9c4",
        gasUsed: "0x10",
        to: toHex(OTHER),
        input: "0x00000000",
        output: `0x${"2a".padStart(64, "0")}`,
        ...(value !== undefined && { value }),
        type,
      },
    ]);
  });
}

test("a delegate's own delegate is called by the same contract, with the same value", async () => {
  const third = somewhere(3);
  const others = [
    [OTHER, { code: `0x5f5f5f5f${push(third)}5af400` }],
    [third, { code: "0x00" }],
  ] as const;
  const frame = await frameOf({ code: `0x5f5f5f5f${push(OTHER)}5af400` }, { others, value: 4n });
  const inner = frame.calls?.[0]?.calls?.[0];
  assert.deepEqual([inner?.from, inner?.to, inner?.value], [toHex(TARGET), toHex(third), "0x4"]);
});

test("a revert: its data, its reason in words, and no logs of it", async () => {
  const frame = await frameOf({ code: REVERTS }, {}, { withLog: true });
  assert.deepEqual(
    [frame.error, frame.revertReason, frame.output, frame.to],
    ["execution reverted", "no", `0x${REVERT_DATA}`, toHex(TARGET)],
  );
  const bare = await frameOf({ code: "0x5f5ffd" });
  assert.deepEqual(
    [bare.error, bare.revertReason, bare.output],
    ["execution reverted", undefined, undefined],
  );
});

for (const [code, error] of [
  ["0x5b5f56", "out of gas"],
  ["0x0c", "invalid opcode: opcode 0xc not defined"],
  ["0xfe", "invalid opcode: INVALID"],
  ["0x01", "stack underflow (0 <=> 2)"],
  ["0x600056", "invalid jump destination"],
  ["0x60015f5f3e", "return data out of bounds"],
  ["0x5f600160ff1b52", "gas uint64 overflow"],
] as const) {
  test(`a failure takes all the gas: ${error}`, async () => {
    const frame = await frameOf({ code });
    assert.deepEqual([frame.error, frame.gasUsed, frame.output], [error, `0x${GAS.toString(16)}`, undefined]);
  });
}

test("what a static call may not do", async () => {
  for (const code of ["0x60015f55", "0x5f5fa0", `0x${push(OTHER)}ff`, "0x5f5f5ff0"]) {
    const others = [[OTHER, { code }]] as const;
    const { calls, error } = await frameOf({ code: `0x5f5f5f5f${push(OTHER)}612710fa00` }, { others });
    assert.deepEqual(
      [error, calls?.[0]?.error, calls?.[0]?.gasUsed],
      [undefined, "write protection", "0x2710"],
      code,
    );
    assert.equal(calls?.[0]?.calls, undefined);
  }
});

test("SSTORE with a stipend's gas", async () => {
  const others = [[OTHER, { code: "0x60015f55" }]] as const;
  const { calls } = await frameOf({ code: `0x5f5f5f5f5f${push(OTHER)}6108fcf100` }, { others });
  assert.equal(calls?.[0]?.error, "out of gas: not enough gas for reentrancy sentry");
});

/** Init code that returns one zero byte; CREATE of it with value 0. */
const INIT = "60015ff3";
const CREATES = `63${INIT}5f526004601c5ff000`;

test("CREATE: at which address, what it returned", async () => {
  const { calls } = await frameOf({ code: `0x${CREATES}`, nonce: 5n });
  const [frame] = calls ?? [];
  assert.deepEqual(
    [frame?.type, frame?.from, frame?.to, frame?.input, frame?.output, frame?.value],
    ["CREATE", toHex(TARGET), toHex(contractAddress(TARGET, 5n)), `0x${INIT}`, "0x00", "0x0"],
  );
});

test("CREATE2: at the salted address (EIP-1014)", async () => {
  const { calls } = await frameOf({ code: `0x63${INIT}5f5260076004601c5ff500` });
  const salt = new Uint8Array(32);
  salt[31] = 7;
  const hash = keccak256(concatBytes(Uint8Array.of(0xff), TARGET, salt, keccak256(fromHex(`0x${INIT}`))));
  assert.deepEqual([calls?.[0]?.type, calls?.[0]?.to], ["CREATE2", toHex(hash.subarray(12))]);
});

test("a creation that fails has no address", async () => {
  for (const [init, error] of [
    ["5f5ffd00", "execution reverted"],
    ["60ef5f53", undefined],
    ["fe000000", "invalid opcode: INVALID"],
  ] as const) {
    const { calls } = await frameOf({ code: `0x63${init}5f526004601c5ff000` });
    assert.equal(calls?.[0]?.error, error, init);
    assert.equal(calls?.[0]?.to === undefined, error !== undefined);
  }
});

test("a creation of too much, of forbidden code, or without gas for its code", async () => {
  const forbidden = await frameOf({}, { isCreation: true, data: fromHex("0x60ef5f5360015ff3") });
  assert.equal(forbidden.error, "invalid code: must not begin with 0xef");
  const large = await frameOf({}, { isCreation: true, data: fromHex("0x6160015ff3"), gasLimit: 6_000_000n });
  assert.equal(large.error, "max code size exceeded");
  const poor = await frameOf({}, { isCreation: true, data: fromHex("0x6120005ff3"), gasLimit: 100_000n });
  assert.equal(poor.error, "contract creation code storage out of gas");
});

test("a collision", async () => {
  const others = [[contractAddress(TARGET, 5n), { nonce: 1n }]] as const;
  const { calls } = await frameOf({ code: `0x${CREATES}`, nonce: 5n }, { others });
  assert.equal(calls?.[0]?.error, "contract address collision");
});

test("a call, and a creation, without the value: refused before any code, with nothing used", async () => {
  const call = await frameOf(
    { code: `0x5f5f5f5f6001${push(OTHER)}6103e8f1` },
    { others: [[OTHER, { code: CODE_42 }]] },
  );
  assert.deepEqual(call.calls, [
    {
      from: toHex(TARGET),
      gas: "0xce4",
      gasUsed: "0x0",
      to: toHex(OTHER),
      input: "0x",
      error: "insufficient balance for transfer",
      value: "0x1",
      type: "CALL",
    },
  ]);
  const creation = await frameOf({ code: "0x5f5f6001f0" });
  assert.deepEqual(
    creation.calls?.map(({ type, error, to }) => [type, error, to]),
    [["CREATE", "insufficient balance for transfer", undefined]],
  );
});

test("calls in one another until the depth of 1,024", async () => {
  // Calls itself with all the gas.
  const frame = await frameOf(
    { code: "0x5f5f5f5f5f305af1" },
    { gasLimit: 30_000_000_000_000n, maxCharacters: 10_000_000 },
  );
  let depth = 0;
  let innermost: Frame | undefined = frame;
  for (; innermost?.calls?.[0] !== undefined; depth++) innermost = innermost.calls[0];
  assert.deepEqual([depth, innermost?.error, innermost?.gasUsed], [1_025, "max call depth exceeded", "0x0"]);
});

test("SELFDESTRUCT is a frame of the balance that goes", async () => {
  const { calls } = await frameOf({ code: `0x${push(OTHER)}ff`, balance: 12n });
  assert.deepEqual(calls, [
    {
      from: toHex(TARGET),
      gas: "0x0",
      gasUsed: "0x0",
      to: toHex(OTHER),
      input: "0x",
      value: "0xc",
      type: "SELFDESTRUCT",
    },
  ]);
});

test("precompiles are frames, a failed one too", async () => {
  const frame = await frameOf({ code: "0x60205f60205f6004620186a0fa5f5f60205f6008612710fa00" });
  assert.deepEqual(
    frame.calls?.map(({ to, gasUsed, error }) => [Number(to), Number(gasUsed), error !== undefined]),
    [
      [4, 18, false],
      [8, 10_000, true],
    ],
  );
});

test("logs with their places; those of failed frames never were", async () => {
  const failing = somewhere(2);
  const others = [
    [OTHER, { code: "0x60aa5f5fa1" }],
    [failing, { code: "0x5f5fa0fe" }],
  ] as const;
  const call = (address: typeof OTHER) => `5f5f5f5f5f${push(address)}612710f150`;
  const code = `0x5f5fa0${call(OTHER)}${call(failing)}60015fa000`;
  const frame = await frameOf({ code }, { others }, { withLog: true });
  assert.deepEqual(frame.logs, [
    { address: toHex(TARGET), topics: [], data: "0x", index: "0x0", position: "0x0" },
    { address: toHex(TARGET), topics: [], data: "0x00", index: "0x2", position: "0x2" },
  ]);
  assert.deepEqual(
    frame.calls?.map(({ logs }) => logs?.map(({ topics, index }) => [Number(topics[0]), index])),
    [[[0xaa, "0x1"]], undefined],
  );
  const dropped = await frameOf({ code: `0x${call(OTHER)}5f5fa0fe` }, { others }, { withLog: true });
  assert.deepEqual([dropped.logs, dropped.calls?.[0]?.logs], [undefined, undefined]);
  const silent = await frameOf({ code }, { others });
  assert.equal(silent.logs, undefined);
});

test("the top call alone", async () => {
  const code = `0x5f5f5f5f5f${push(OTHER)}612710f15f5fa000`;
  const others = [[OTHER, { code: "0x5f5fa0" }]] as const;
  const frame = await frameOf({ code }, { others }, { onlyTopCall: true, withLog: true });
  assert.equal(frame.calls, undefined);
  assert.deepEqual(
    frame.logs?.map(({ address }) => address),
    [toHex(TARGET)],
  );
});

test("a refund lowers what the transaction used, not what its code did", async () => {
  const frame = await frameOf({ code: "0x5f60015500", slots: { "0x1": 9n } });
  assert.equal(Number(frame.gasUsed), 21_000 + 2 + 3 + 5_000 - 4_800);
});

test("frames without end are bounded", async () => {
  // Calls the identity precompile for ever.
  const code = "0x5b5f5f5f5f60045afa505f56";
  const tracer = { kind: "callTracer", onlyTopCall: false, withLog: false } as const;
  const trace = await traceCode({ code }, tracer, { gasLimit: 30_000_000n, maxCharacters: 100_000 });
  assert.deepEqual(trace, { kind: "too-large" });
});
