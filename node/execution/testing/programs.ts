import type { Address } from "@phala-l2/protocol/bytes";
import type { Random } from "./random.ts";

/**
 * Random bytecode that does things: arithmetic, memory, storage, logs, calls, precompiles, creations, self-destruction.
 * Most programs end well, some run into an exception; gas is what the comparison looks at.
 */
export function randomProgram(random: Random, addresses: readonly [Address, ...Address[]]): Uint8Array {
  const code: number[] = [];
  const steps = 3 + random.below(14);
  for (let i = 0; i < steps; i++) random.pick(STEPS)(code, random, addresses);
  random.pick(ENDS)(code, random, addresses);
  return Uint8Array.from(code);
}

type Step = (code: number[], random: Random, addresses: readonly [Address, ...Address[]]) => void;

const PUSH1 = 0x60;
const PUSH20 = 0x73;
const POP = 0x50;

function push(code: number[], value: number): void {
  code.push(PUSH1, value & 0xff);
}

function pushAddress(code: number[], address: Address): void {
  code.push(PUSH20, ...address);
}

const arithmetic: Step = (code, random) => {
  push(code, random.below(256));
  push(code, random.below(256));
  code.push(random.pick([0x01, 0x02, 0x03, 0x04, 0x06, 0x0a, 0x0b, 0x10, 0x1b, 0x1c, 0x1d]), POP);
};

const memory: Step = (code, random) => {
  push(code, random.below(256));
  push(code, random.below(200));
  code.push(random.pick([0x52, 0x53]));
};

const hash: Step = (code, random) => {
  push(code, random.below(100));
  push(code, random.below(100));
  code.push(0x20, POP);
};

const store: Step = (code, random) => {
  push(code, random.below(3));
  push(code, random.below(4));
  code.push(0x55);
};

const load: Step = (code, random) => {
  push(code, random.below(4));
  code.push(random.pick([0x54, 0x5c]), POP);
};

const transientStore: Step = (code, random) => {
  push(code, random.below(3));
  push(code, random.below(3));
  code.push(0x5d);
};

const log: Step = (code, random) => {
  const topics = random.below(3);
  for (let i = 0; i < topics; i++) push(code, random.below(256));
  push(code, random.below(40));
  push(code, random.below(40));
  code.push(0xa0 + topics);
};

/** Drops the word on top of the stack, or keeps it where the comparison of states sees it. */
const dropOrStore: Step = (code, random) => {
  if (random.below(2) === 0) return void code.push(POP);
  push(code, 4 + random.below(4));
  code.push(0x55);
};

const look: Step = (code, random, addresses) => {
  pushAddress(code, random.pick(addresses));
  code.push(random.pick([0x31, 0x3b, 0x3f]));
  dropOrStore(code, random, addresses);
};

/**
 * Stores a word that depends on where and how the code runs: ADDRESS, ORIGIN, CALLER, CALLVALUE, CALLDATASIZE,
 * GASPRICE, RETURNDATASIZE, COINBASE, TIMESTAMP, NUMBER, GASLIMIT, CHAINID, SELFBALANCE, BASEFEE, MSIZE, GAS.
 */
const storeEnvironment: Step = (code, random) => {
  code.push(
    random.pick([
      0x30, 0x32, 0x33, 0x34, 0x36, 0x3a, 0x3d, 0x41, 0x42, 0x43, 0x45, 0x46, 0x47, 0x48, 0x59, 0x5a, 0x5a,
      0x5a,
    ]),
  );
  push(code, 8 + random.below(3));
  code.push(0x55);
};

/** MCOPY, CALLDATACOPY, CODECOPY, and RETURNDATACOPY, which halts beyond what came back. */
const copy: Step = (code, random) => {
  push(code, random.below(40));
  push(code, random.below(40));
  push(code, random.below(100));
  code.push(random.pick([0x5e, 0x5e, 0x37, 0x39, 0x39, 0x3e]));
};

/** Stops in one case of two, by a jump over the stop. */
const branch: Step = (code, random) => {
  code.push(random.pick([0x34, 0x36, 0x3d]));
  const beyond = code.length + 5;
  code.push(0x61, beyond >> 8, beyond & 0xff, 0x57, random.pick([0x00, 0x5f]));
  code.push(0x5b);
};

const environment: Step = (code, random) => {
  code.push(
    random.pick([0x30, 0x32, 0x33, 0x34, 0x36, 0x3a, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48]),
    POP,
  );
};

const call: Step = (code, random, addresses) => {
  const opcode = random.pick([0xf1, 0xf1, 0xf2, 0xf4, 0xfa]);
  push(code, 32);
  push(code, 0);
  push(code, random.below(33));
  push(code, 0);
  if (opcode === 0xf1 || opcode === 0xf2) push(code, random.pick([0, 0, 1]));
  pushAddress(code, random.pick(addresses));
  // All the gas there is, or too little for most callees.
  if (random.below(3) > 0) code.push(0x5a);
  else code.push(0x61, 0x20, 0x00);
  code.push(opcode);
  dropOrStore(code, random, addresses);
};

/** 0x01 to 0x11, those of Ethereum's Prague, over whatever memory holds; not 0x0a, for which no input here is long enough. */
const precompile: Step = (code, random, addresses) => {
  push(code, 64);
  push(code, random.below(64));
  push(code, random.pick([0, 32, 64, 96, 128, 160]));
  push(code, 0);
  const number = 1 + random.below(16);
  push(code, number < 10 ? number : number + 1);
  code.push(0x61, 0x20, 0x00, 0xfa);
  dropOrStore(code, random, addresses);
};

/** Initcode in memory: returns a little code, reverts, or stores first. */
const INITCODES: readonly [readonly number[], ...(readonly number[])[]] = [
  [0x60, 0x60, 0x5f, 0x53, 0x60, 0x01, 0x5f, 0xf3],
  [0x5f, 0x5f, 0xfd],
  [0x60, 0x01, 0x5f, 0x55],
  [0x30, 0xff],
];

const create: Step = (code, random, addresses) => {
  const initcode = random.pick(INITCODES);
  for (const [at, byte] of initcode.entries()) {
    push(code, byte);
    push(code, at);
    code.push(0x53);
  }
  const withSalt = random.below(2) === 1;
  if (withSalt) push(code, random.below(3));
  push(code, initcode.length);
  push(code, 0);
  push(code, random.pick([0, 0, 1]));
  code.push(withSalt ? 0xf5 : 0xf0);
  dropOrStore(code, random, addresses);
};

const STEPS: readonly [Step, ...Step[]] = [
  arithmetic,
  memory,
  hash,
  store,
  store,
  load,
  transientStore,
  log,
  look,
  environment,
  storeEnvironment,
  storeEnvironment,
  copy,
  branch,
  precompile,
  call,
  call,
  create,
];

const ENDS: readonly [Step, ...Step[]] = [
  (code) => code.push(0x00),
  (code) => code.push(0x60, 0x20, 0x5f, 0xf3),
  (code) => code.push(0x60, 0x20, 0x5f, 0xf3),
  (code) => code.push(0x5f, 0x5f, 0xfd),
  (code) => code.push(0xfe),
  (code, random, addresses) => {
    pushAddress(code, random.pick(addresses));
    code.push(0xff);
  },
];
