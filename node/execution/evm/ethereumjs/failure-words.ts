import { EVMError } from "@ethereumjs/evm";
import { itemsTaken, OP, opcodeName } from "../opcodes.ts";

/** An instruction that failed, and what the library calls it. */
export type Failure = {
  readonly error: EVMError["error"];
  readonly op: number;
  /** Gas that it would have taken. */
  readonly fee: bigint;
  /** Gas that there was. */
  readonly gas: bigint;
  /** Items on the stack before it. */
  readonly stack: number;
};

/** EIP-2200: SSTORE needs more than this. */
const SSTORE_SENTRY = 2300n;
const STACK_LIMIT = 1024;
/** Gas of 2^37 - 32 bytes of memory, beyond which geth does not count (core/vm/gas_table.go, memoryGasCost). */
const MAX_MEMORY_GAS = 2n ** 55n;
/** No offset and length below 2^64 ask for more memory gas. */
const MAX_COUNTED_GAS = (2n ** 59n * 2n ** 59n) / 512n;

/** The library's names in geth's words (core/vm/errors.go); the others are alike. */
const WORDS: Readonly<Record<string, string>> = {
  [EVMError.errorMessages.REVERT]: "execution reverted",
  [EVMError.errorMessages.STATIC_STATE_CHANGE]: "write protection",
  [EVMError.errorMessages.CODESTORE_OUT_OF_GAS]: "contract creation code storage out of gas",
  [EVMError.errorMessages.CREATE_COLLISION]: "contract address collision",
  [EVMError.errorMessages.CODESIZE_EXCEEDS_MAXIMUM]: "max code size exceeded",
  [EVMError.errorMessages.INITCODE_SIZE_VIOLATION]: "max initcode size exceeded",
  [EVMError.errorMessages.INVALID_BYTECODE_RESULT]: "invalid code: must not begin with 0xef",
};

/** Why an instruction, or a frame, failed: in geth's words. */
export function failureWords(failure: Failure): string {
  const { error, op, stack } = failure;
  switch (error) {
    case EVMError.errorMessages.STACK_UNDERFLOW:
      return `stack underflow (${stack} <=> ${itemsTaken(op)})`;
    case EVMError.errorMessages.STACK_OVERFLOW:
      return `stack limit reached ${stack} (${STACK_LIMIT - 1})`;
    case EVMError.errorMessages.INVALID_OPCODE:
      return `invalid opcode: ${opcodeName(op)}`;
    case EVMError.errorMessages.OUT_OF_GAS:
      return outOfGasWords(failure);
    default:
      // The library adds where it jumped from.
      if (error.startsWith(EVMError.errorMessages.INVALID_JUMP)) return "invalid jump destination";
      return WORDS[error] ?? error;
  }
}

function outOfGasWords(failure: Failure): string {
  const { op, fee, gas } = failure;
  if (isOutOfBounds(failure)) return "return data out of bounds";
  if (op === OP.SSTORE && gas <= SSTORE_SENTRY && fee === 0n)
    return "out of gas: not enough gas for reentrancy sentry";
  if (fee > MAX_COUNTED_GAS) return "gas uint64 overflow";
  return fee > MAX_MEMORY_GAS ? "out of gas: gas uint64 overflow" : "out of gas";
}

/** EIP-211: the library calls reading beyond the returned data "out of gas" where there is gas enough. */
function isOutOfBounds({ op, fee, gas }: Failure): boolean {
  return op === OP.RETURNDATACOPY && fee <= gas;
}

/** Whether geth finds the fault before it runs the instruction. */
export function isBeforeExecution(failure: Failure): boolean {
  const { error } = failure;
  if (error === EVMError.errorMessages.OUT_OF_GAS) return !isOutOfBounds(failure);
  return error === EVMError.errorMessages.STACK_UNDERFLOW || error === EVMError.errorMessages.STACK_OVERFLOW;
}
