/** Opcodes that are asked for by name. */
export const OP = {
  STOP: 0x00,
  BALANCE: 0x31,
  EXTCODESIZE: 0x3b,
  EXTCODECOPY: 0x3c,
  RETURNDATACOPY: 0x3e,
  EXTCODEHASH: 0x3f,
  SLOAD: 0x54,
  SSTORE: 0x55,
  LOG0: 0xa0,
  LOG4: 0xa4,
  CREATE: 0xf0,
  CALL: 0xf1,
  CALLCODE: 0xf2,
  RETURN: 0xf3,
  DELEGATECALL: 0xf4,
  CREATE2: 0xf5,
  STATICCALL: 0xfa,
  SELFDESTRUCT: 0xff,
} as const;

/** Runs of opcodes: the first one, the names, how many items each takes from the stack. Source: Yellow Paper, H.2. */
const RUNS: readonly (readonly [first: number, names: string, takes: string])[] = [
  [0x00, "STOP ADD MUL SUB DIV SDIV MOD SMOD ADDMOD MULMOD EXP SIGNEXTEND", "022222223322"],
  [0x10, "LT GT SLT SGT EQ ISZERO AND OR XOR NOT BYTE SHL SHR SAR CLZ", "222221222122221"],
  [0x20, "KECCAK256", "2"],
  [
    0x30,
    "ADDRESS BALANCE ORIGIN CALLER CALLVALUE CALLDATALOAD CALLDATASIZE CALLDATACOPY CODESIZE CODECOPY GASPRICE EXTCODESIZE EXTCODECOPY RETURNDATASIZE RETURNDATACOPY EXTCODEHASH",
    "0100010303014031",
  ],
  [
    0x40,
    "BLOCKHASH COINBASE TIMESTAMP NUMBER DIFFICULTY GASLIMIT CHAINID SELFBALANCE BASEFEE BLOBHASH BLOBBASEFEE",
    "10000000010",
  ],
  [
    0x50,
    "POP MLOAD MSTORE MSTORE8 SLOAD SSTORE JUMP JUMPI PC MSIZE GAS JUMPDEST TLOAD TSTORE MCOPY PUSH0",
    "1122121200001230",
  ],
  [0xa0, "LOG0 LOG1 LOG2 LOG3 LOG4", "23456"],
  [0xf0, "CREATE CALL CALLCODE RETURN DELEGATECALL CREATE2", "377264"],
  [0xfa, "STATICCALL", "6"],
  [0xfd, "REVERT INVALID SELFDESTRUCT", "201"],
];

const NAMES = new Map<number, string>();
const TAKES = new Map<number, number>();
for (const [first, names, takes] of RUNS) {
  for (const [index, name] of names.split(" ").entries()) {
    NAMES.set(first + index, name);
    TAKES.set(first + index, Number(takes[index]));
  }
}
for (let size = 1; size <= 32; size++) NAMES.set(0x5f + size, `PUSH${size}`);
for (let depth = 1; depth <= 16; depth++) {
  NAMES.set(0x7f + depth, `DUP${depth}`);
  TAKES.set(0x7f + depth, depth);
  NAMES.set(0x8f + depth, `SWAP${depth}`);
  TAKES.set(0x8f + depth, depth + 1);
}

/** geth's name of an opcode (core/vm/opcodes.go), of one that no fork has too. */
export function opcodeName(op: number): string {
  return NAMES.get(op) ?? `opcode 0x${op.toString(16)} not defined`;
}

/** Items that an opcode needs on the stack. */
export function itemsTaken(op: number): number {
  return TAKES.get(op) ?? 0;
}
