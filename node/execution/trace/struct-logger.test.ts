import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHex } from "@phala-l2/protocol/bytes";
import { somewhere } from "../testing/chain.ts";
import { type CodeCall, GAS, jsonOf, type Pretended, push, traceCode } from "./testing/trace-code.ts";
import type { TracerOptions } from "./tracer.ts";

type Options = Extract<TracerOptions, { kind: "structLogger" }>;
type Line = {
  readonly pc: number;
  readonly op: string;
  readonly gas: number;
  readonly gasCost: number;
  readonly depth: number;
  readonly error?: string;
  readonly stack?: readonly string[];
  readonly memory?: readonly string[];
  readonly storage?: Readonly<Record<string, string>>;
  readonly returnData?: string;
  readonly refund?: number;
};
type Lines = {
  readonly gas: number;
  readonly failed: boolean;
  readonly returnValue: string;
  readonly structLogs: readonly Line[];
};

const DEFAULT: Options = {
  kind: "structLogger",
  enableMemory: false,
  disableStack: false,
  disableStorage: false,
  enableReturnData: false,
  limit: 0,
};
const START = Number(GAS) - 21_000;

async function linesOf(target: Pretended, options: Partial<Options> = {}, call: CodeCall = {}) {
  const lines = await jsonOf(traceCode(target, { ...DEFAULT, ...options }, call));
  assert.ok(isLines(lines), JSON.stringify(lines));
  return lines;
}

function isLines(value: unknown): value is Lines {
  return typeof value === "object" && value !== null && "structLogs" in value;
}

const word = (value: number): string => `0x${value.toString(16).padStart(64, "0")}`;

test("each instruction with its gas, and the STOP behind the code's end", async () => {
  // PUSH1 2 PUSH1 3 ADD
  const lines = await linesOf({ code: "0x6002600301" });
  assert.deepEqual(lines, {
    gas: 21_009,
    failed: false,
    returnValue: "0x",
    structLogs: [
      { pc: 0, op: "PUSH1", gas: START, gasCost: 3, depth: 1, stack: [] },
      { pc: 2, op: "PUSH1", gas: START - 3, gasCost: 3, depth: 1, stack: ["0x2"] },
      { pc: 4, op: "ADD", gas: START - 6, gasCost: 3, depth: 1, stack: ["0x2", "0x3"] },
      { pc: 5, op: "STOP", gas: START - 9, gasCost: 0, depth: 1, stack: ["0x5"] },
    ],
  });
});

test("a PUSH that the code's end cuts off: the STOP stands behind what is missing", async () => {
  const { structLogs } = await linesOf({ code: "0x61ff" });
  assert.deepEqual(
    structLogs.map(({ pc, op, stack }) => [pc, op, stack]),
    [
      [0, "PUSH2", []],
      [3, "STOP", ["0xff00"]],
    ],
  );
});

test("an account without code runs no instruction", async () => {
  assert.deepEqual(await linesOf({ balance: 1n }), {
    gas: 21_000,
    failed: false,
    returnValue: "0x",
    structLogs: [],
  });
});

test("memory is as it was before the instruction, in words", async () => {
  const { structLogs } = await linesOf({ code: "0x602a5f525f" }, { enableMemory: true });
  assert.deepEqual(
    structLogs.map(({ memory }) => memory),
    [undefined, undefined, undefined, [word(0x2a)], [word(0x2a)]],
  );
});

test("storage: what the contract has read and written so far, at SLOAD and SSTORE alone", async () => {
  // SLOAD(1); SSTORE(2, 3)
  const code = "0x600154600360025500";
  const { structLogs } = await linesOf({ code, slots: { "0x1": 9n } });
  assert.deepEqual(
    structLogs.flatMap(({ op, storage }) => (storage === undefined ? [] : [[op, storage]])),
    [
      ["SLOAD", { [word(1)]: word(9) }],
      ["SSTORE", { [word(1)]: word(9), [word(2)]: word(3) }],
    ],
  );
  const without = await linesOf({ code }, { disableStorage: true, disableStack: true });
  assert.ok(without.structLogs.every(({ storage, stack }) => storage === undefined && stack === undefined));
});

test("the refund counter, and the refund in the gas used", async () => {
  const { structLogs, gas } = await linesOf({ code: "0x5f60015500", slots: { "0x1": 9n } });
  assert.deepEqual(structLogs.at(-1)?.refund, 4_800);
  assert.equal(gas, 21_000 + 2 + 3 + 5_000 - 4_800);
});

test("a call costs what it hands over; what it returned is shown to the instructions behind it", async () => {
  const callee = somewhere(1);
  // CALL(1000 gas)
  const code = `0x5f5f5f5f5f${push(callee)}6103e8f100`;
  const others = [[callee, { code: "0x602a5f5260205ff3" }]] as const;
  const { structLogs } = await linesOf({ code }, { enableReturnData: true }, { others });
  const call = structLogs.find(({ op }) => op === "CALL");
  assert.equal(call?.gasCost, 2_600 + 1_000);
  const inner = structLogs.filter(({ depth }) => depth === 2);
  assert.equal(inner[0]?.gas, 1_000);
  assert.deepEqual(inner.at(-1)?.op, "RETURN");
  assert.equal(structLogs.at(-1)?.returnData, word(0x2a));
  assert.equal(structLogs.at(-1)?.stack?.[0], "0x1");
});

test("a call that asks for more than there is gets all but a 64th", async () => {
  const callee = somewhere(1);
  const others = [[callee, { code: "0x00" }]] as const;
  const { structLogs } = await linesOf({ code: `0x5f5f5f5f5f${push(callee)}5af100` }, {}, { others });
  const call = structLogs.find(({ op }) => op === "CALL");
  const left = (call?.gas ?? 0) - 2_600;
  assert.equal(call?.gasCost, 2_600 + left - Math.floor(left / 64));
  assert.equal(structLogs.find(({ depth }) => depth === 2)?.gas, left - Math.floor(left / 64));
});

for (const { name, code, error, line } of [
  { name: "no gas for the instruction", code: "0x5f54", error: "out of gas", line: "SLOAD" },
  { name: "an underflow", code: "0x600101", error: "stack underflow (1 <=> 2)", line: "ADD" },
  { name: "an invalid jump, found by running it", code: "0x600056", error: undefined, line: "JUMP" },
  { name: "an unknown instruction", code: "0x0c", error: undefined, line: "opcode 0xc not defined" },
  { name: "the designated invalid one", code: "0xfe", error: undefined, line: "INVALID" },
]) {
  test(`the last line of ${name}`, async () => {
    const { structLogs, returnValue } = await linesOf({ code }, {}, { gasLimit: 21_100n });
    const last = structLogs.at(-1);
    assert.equal(last?.op, line);
    assert.equal(last?.error, error);
    assert.equal(returnValue, "0x");
  });
}

test("too much on the stack", async () => {
  // JUMPDEST PUSH0 PUSH0 JUMP
  const { structLogs } = await linesOf({ code: "0x5b5f5f56" }, { disableStack: true });
  assert.deepEqual(
    [structLogs.at(-1)?.op, structLogs.at(-1)?.error],
    ["PUSH0", "stack limit reached 1024 (1023)"],
  );
});

test("memory beyond what gas can be counted for", async () => {
  // MSTORE at 2^255
  const { structLogs, failed } = await linesOf({ code: "0x5f600160ff1b52" });
  assert.deepEqual([failed, structLogs.at(-1)?.error], [true, "gas uint64 overflow"]);
});

test("a revert returns its data, another failure nothing", async () => {
  const reverted = await linesOf({ code: "0x602a5f5260205ffd" });
  assert.deepEqual([reverted.failed, reverted.returnValue], [true, word(0x2a)]);
  const halted = await linesOf({ code: "0x602a5f52fe" });
  assert.deepEqual([halted.failed, halted.returnValue, halted.gas], [true, "0x", Number(GAS)]);
});

test("a creation is traced, and returns the code", async () => {
  const { structLogs, returnValue } = await linesOf(
    {},
    {},
    { isCreation: true, data: fromHex("0x60015ff3") },
  );
  assert.equal(returnValue, "0x00");
  assert.equal(structLogs.length, 3);
});

test("the limit ends the lines, not the run", async () => {
  const code = "0x5b5f5f5f5f5f5f5f5f5f5f602a5f5260205ff3";
  const all = await linesOf({ code });
  const few = await linesOf({ code }, { limit: 200 });
  assert.ok(few.structLogs.length < all.structLogs.length && few.structLogs.length > 0);
  assert.deepEqual([few.gas, few.returnValue], [all.gas, word(0x2a)]);
});

test("a trace that would be too long ends its run", async () => {
  const looping = traceCode({ code: "0x5b5f56" }, DEFAULT, { gasLimit: 10_000_000n, maxCharacters: 50_000 });
  assert.deepEqual(await looping, { kind: "too-large" });
  // 100,000 bytes of memory at each of some instructions.
  const wide = { ...DEFAULT, enableMemory: true };
  const memory = traceCode({ code: "0x5f620186a0525f5f5f" }, wide, { maxCharacters: 100_000 });
  assert.deepEqual(await memory, { kind: "too-large" });
  const returned = traceCode({ code: "0x620186a05ff3" }, DEFAULT, { maxCharacters: 100_000 });
  assert.deepEqual(await returned, { kind: "too-large" });
});

test("a pretended block is what the code sees", async () => {
  const { structLogs } = await linesOf({ code: "0x4300" }, {}, { blockOverrides: { number: 0x1337n } });
  assert.deepEqual(structLogs.at(-1)?.stack, ["0x1337"]);
});
