import type { Common } from "@ethereumjs/common";
import { type EVM, EVMError, type EVMResult, type Message } from "@ethereumjs/evm";
import { type Address, asAddress, asHash, bigintToBytes, concatBytes } from "@phala-l2/protocol/bytes";
import { keccak256 } from "@phala-l2/protocol/keccak";
import type { Log } from "@phala-l2/protocol/wire/receipt";
import type { JournaledState } from "../../state/journal.ts";
import { contractAddress } from "../../transaction/contract-address.ts";
import type { FrameKind, FrameStart, Hooks } from "../hooks.ts";
import { OP } from "../opcodes.ts";
import { type Failure, failureWords, isBeforeExecution } from "./failure-words.ts";
import { interpreterPrototype, unknownEvm } from "./interpreter.ts";

/**
 * ethereumjs' `step` event copies the whole memory at each instruction, and shows neither the data that the last
 * call returned nor the STOP behind a code's end. So its interpreters are watched where that event would be made.
 */
const STEP_METHOD = "_runStepHook";
const RUN_METHOD = "run";

/** Of an interpreter of ethereumjs, what is looked at. */
type Interpreter = {
  readonly _evm: object;
  readonly _env: {
    readonly depth: number;
    readonly isStatic: boolean;
    readonly address: { readonly bytes: Uint8Array };
    readonly contract: { readonly balance: bigint };
  };
  readonly _runState: {
    readonly programCounter: number;
    readonly opCode: number;
    readonly gasLeft: bigint;
    readonly gasRefund: bigint;
    readonly returnBytes: Uint8Array;
    readonly memoryWordCount: bigint;
    readonly stack: { readonly length: number; getStack(): bigint[] };
    readonly memory: { readonly _store: Uint8Array };
  };
};
type RunResult = { readonly exceptionError?: EVMError };

/** EVMs whose runs are watched. */
const watched = new WeakMap<object, Watcher>();
let watching: Promise<void> | undefined;

/** Makes the library's interpreters watchable; the first call does it for the process. @throws RollupError EVM_UNKNOWN */
export function makeWatchable(common: Common): Promise<void> {
  watching ??= interpreterPrototype(common).then((prototype) => {
    const run: unknown = Reflect.get(prototype, RUN_METHOD);
    const step: unknown = Reflect.get(prototype, STEP_METHOD);
    if (typeof run !== "function" || typeof step !== "function") throw unknownEvm("it steps in another way");
    Reflect.set(prototype, RUN_METHOD, async function (this: Interpreter, ...parameters: unknown[]) {
      const result: RunResult = await Reflect.apply(run, this, parameters);
      watched.get(this._evm)?.codeEnded(this, result.exceptionError);
      return result;
    });
    // Only called where somebody listens to steps.
    Reflect.set(prototype, STEP_METHOD, async function (this: Interpreter, ...parameters: unknown[]) {
      const [fee, gasLeft, memoryWords] = parameters;
      const watcher = watched.get(this._evm);
      if (watcher === undefined) return Reflect.apply(step, this, parameters);
      if (typeof fee !== "bigint" || typeof gasLeft !== "bigint" || typeof memoryWords !== "bigint")
        throw unknownEvm("it counts gas in another way");
      watcher.stepBegins(this, fee, gasLeft, memoryWords);
    });
  });
  return watching;
}

/** Gas for a callee that gets value. Source: Yellow Paper, G.1. */
const CALL_STIPEND = 2300n;
/** Yellow Paper 9.1: frames in one another. */
const MAX_DEPTH = 1024;
/** Bytes of a log or of a call's data: no call has gas for so much memory. */
const MAX_PART = 64 * 1024 * 1024;

/** A frame whose code has not ended. */
type Frame = {
  readonly start: FrameStart;
  /** How its code ended, of a frame that ran some. */
  codeFailure: Failure | undefined;
  hasRunCode: boolean;
};

/** The instruction that was begun last, until it is known what became of it. */
type Pending = {
  readonly op: number;
  readonly failure: Omit<Failure, "error">;
  /** What its success is told as. */
  readonly effect:
    | { readonly kind: "log"; readonly log: Log }
    | { readonly kind: "frame"; readonly frame: FrameStart; readonly error: string | undefined }
    | undefined;
};

/** Tells hooks what one message does. */
export class Watcher {
  readonly #evm: EVM;
  readonly #state: JournaledState;
  readonly #hooks: Hooks;
  /** From Tangerine Whistle a caller keeps a part of its gas (EIP-150). */
  readonly #keepsGas: boolean;
  readonly #frames: Frame[] = [];
  #pending: Pending | undefined;

  constructor(evm: EVM, state: JournaledState, hooks: Hooks, keepsGas: boolean) {
    this.#evm = evm;
    this.#state = state;
    this.#hooks = hooks;
    this.#keepsGas = keepsGas;
    evm.events.on("beforeMessage", this.#enter);
    evm.events.on("afterMessage", this.#leave);
    evm.events.on("step", ignore);
    watched.set(evm, this);
  }

  stop(): void {
    this.#evm.events.off("beforeMessage", this.#enter);
    this.#evm.events.off("afterMessage", this.#leave);
    this.#evm.events.off("step", ignore);
    watched.delete(this.#evm);
  }

  stepBegins(interpreter: Interpreter, fee: bigint, gas: bigint, memoryWords: bigint): void {
    this.#settle();
    const { _runState: run, _env: env } = interpreter;
    const { opCode: op, programCounter: pc } = run;
    const stack = this.#hooks.onStep !== undefined || hasEffect(op) ? run.stack.getStack() : [];
    const forwarded = isCall(op) ? this.#forwarded(stack, gas - fee) : 0n;
    const memory = (): Uint8Array => paddedMemory(run.memory._store, Number(memoryWords) * 32);
    const address = asAddress(env.address.bytes);
    const cost = fee + forwarded;
    this.#hooks.onStep?.({
      pc,
      op,
      gas,
      cost,
      depth: env.depth + 1,
      address,
      stack,
      memory,
      returnData: run.returnBytes,
      refund: run.gasRefund,
    });
    this.#pending = {
      op,
      failure: { op, fee, gas, stack: run.stack.length },
      effect: cost <= gas ? this.#effectOf(interpreter, stack, forwarded) : undefined,
    };
  }

  /** What the instruction does that no event of the library tells. */
  #effectOf(
    { _runState: run, _env: env }: Interpreter,
    stack: readonly bigint[],
    forwarded: bigint,
  ): Pending["effect"] {
    const { opCode: op } = run;
    const address = asAddress(env.address.bytes);
    if (op >= OP.LOG0 && op <= OP.LOG4) {
      if (this.#hooks.onLog === undefined) return undefined;
      return { kind: "log", log: emittedLog(address, stack, run.memory._store, op - OP.LOG0) };
    }
    if (this.#hooks.onEnter === undefined && this.#hooks.onExit === undefined) return undefined;
    if (op === OP.SELFDESTRUCT) {
      const frame: FrameStart = {
        depth: env.depth + 1,
        kind: "SELFDESTRUCT",
        from: address,
        to: addressOf(stack.at(-1)),
        input: new Uint8Array(0),
        gas: 0n,
        value: this.#state.balance(address),
      };
      return { kind: "frame", frame, error: undefined };
    }
    const value = VALUE_AT.get(op) === undefined ? 0n : (stack.at(VALUE_AT.get(op) ?? -1) ?? 0n);
    const isTooDeep = env.depth >= MAX_DEPTH;
    if (!isTooDeep && env.contract.balance >= value) return undefined;
    const frame = this.#refusedFrame(
      op,
      { address, depth: env.depth + 1, value },
      stack,
      forwarded,
      run.memory._store,
    );
    if (frame === undefined) return undefined;
    return {
      kind: "frame",
      frame,
      error: isTooDeep ? "max call depth exceeded" : "insufficient balance for transfer",
    };
  }

  /** A frame that the library refuses without a word: too deep, or without the value. */
  #refusedFrame(
    op: number,
    { address, depth, value }: { readonly address: Address; readonly depth: number; readonly value: bigint },
    stack: readonly bigint[],
    forwarded: bigint,
    store: Uint8Array,
  ): FrameStart | undefined {
    const kind = KINDS.get(op);
    if (kind === undefined) return undefined;
    if (isCall(op)) {
      const hasValue = op === OP.CALL || op === OP.CALLCODE;
      const [offset, length] = hasValue ? [stack.at(-4), stack.at(-5)] : [stack.at(-3), stack.at(-4)];
      return {
        depth,
        kind,
        from: address,
        to: addressOf(stack.at(-2)),
        input: slice(store, offset, length),
        gas: hasValue && value > 0n ? forwarded + CALL_STIPEND : forwarded,
        value: this.#valueOf(kind, value),
      };
    }
    const input = slice(store, stack.at(-2), stack.at(-3));
    const to =
      kind === "CREATE"
        ? contractAddress(address, this.#state.nonce(address))
        : saltedAddress(address, bigintToBytes(stack.at(-4) ?? 0n, 32), input);
    return { depth, kind, from: address, to, input, gas: 0n, value };
  }

  /** The code of a frame has ended; what follows is the library's own work. */
  codeEnded(interpreter: Interpreter, error: EVMError | undefined): void {
    const frame = this.#frames.at(-1);
    const pending = this.#pending;
    if (frame !== undefined) frame.hasRunCode = true;
    if (error === undefined) {
      this.#settle();
      if (!endsCode(pending?.op)) this.#stopBehindCode(interpreter);
      return;
    }
    this.#pending = undefined;
    const failure = { ...(pending?.failure ?? NO_STEP), error: error.error };
    if (frame !== undefined) frame.codeFailure = failure;
    if (error.error === EVMError.errorMessages.REVERT) return;
    if (pending !== undefined && isBeforeExecution(failure))
      this.#hooks.onStepFailed?.(failureWords(failure));
  }

  /** Code that ends without STOP is followed by zeros. Source: Yellow Paper 9.4.1. */
  #stopBehindCode({ _runState: run, _env: env }: Interpreter): void {
    this.#hooks.onStep?.({
      pc: run.programCounter,
      op: OP.STOP,
      gas: run.gasLeft,
      cost: 0n,
      depth: env.depth + 1,
      address: asAddress(env.address.bytes),
      stack: run.stack.getStack(),
      memory: () => paddedMemory(run.memory._store, Number(run.memoryWordCount) * 32),
      returnData: run.returnBytes,
      refund: run.gasRefund,
    });
  }

  /** The pending instruction has run. */
  #settle(): void {
    const effect = this.#pending?.effect;
    this.#pending = undefined;
    if (effect?.kind === "log") this.#hooks.onLog?.(effect.log);
    if (effect?.kind === "frame") {
      const { depth } = effect.frame;
      this.#hooks.onEnter?.(effect.frame);
      this.#hooks.onExit?.({ depth, output: new Uint8Array(0), gasUsed: 0n, error: effect.error });
    }
  }

  readonly #enter = (message: Message, resolve?: () => void): void => {
    const { op } = this.#pending ?? { op: undefined };
    this.#pending = undefined;
    const start = this.#startOf(message, op);
    this.#frames.push({ start, codeFailure: undefined, hasRunCode: false });
    this.#hooks.onEnter?.(start);
    resolve?.();
  };

  #startOf(message: Message, op: number | undefined): FrameStart {
    const { depth, gasLimit: gas, value, data: input, to, salt } = message;
    const caller = asAddress(message.caller.bytes);
    const kind = KINDS.get(op ?? -1) ?? (to === undefined ? "CREATE" : "CALL");
    if (to === undefined) {
      // The nonce has grown already.
      const created =
        salt === undefined
          ? contractAddress(caller, this.#state.nonce(caller) - 1n)
          : saltedAddress(caller, salt, input);
      return { depth, kind, from: caller, to: created, input, gas, value };
    }
    return {
      depth,
      kind,
      from: kind === "DELEGATECALL" ? asAddress(to.bytes) : caller,
      to: asAddress(message.codeAddress.bytes),
      input,
      gas,
      value: this.#valueOf(kind, value),
    };
  }

  #valueOf(kind: FrameKind, value: bigint): bigint | undefined {
    if (kind === "STATICCALL") return undefined;
    return kind === "DELEGATECALL" ? (this.#frames.at(-1)?.start.value ?? 0n) : value;
  }

  readonly #leave = ({ execResult }: EVMResult, resolve?: () => void): void => {
    const frame = this.#frames.pop();
    if (frame !== undefined) {
      this.#hooks.onExit?.({
        depth: frame.start.depth,
        output: execResult.returnValue,
        gasUsed: execResult.executionGasUsed,
        error: frameError(frame, execResult.exceptionError),
      });
    }
    resolve?.();
  };

  /** EIP-150: a caller keeps a 64th of its gas. */
  #forwarded(stack: readonly bigint[], available: bigint): bigint {
    const wanted = stack.at(-1) ?? 0n;
    if (available < 0n) return 0n;
    if (!this.#keepsGas) return wanted;
    const most = available - available / 64n;
    return wanted < most ? wanted : most;
  }
}

const NO_STEP: Omit<Failure, "error"> = { op: OP.STOP, fee: 0n, gas: 0n, stack: 0 };

const KINDS: ReadonlyMap<number, FrameKind> = new Map<number, FrameKind>([
  [OP.CALL, "CALL"],
  [OP.CALLCODE, "CALLCODE"],
  [OP.DELEGATECALL, "DELEGATECALL"],
  [OP.STATICCALL, "STATICCALL"],
  [OP.CREATE, "CREATE"],
  [OP.CREATE2, "CREATE2"],
]);
/** Where the value stands on the stack. */
const VALUE_AT: ReadonlyMap<number, number> = new Map<number, number>([
  [OP.CALL, -3],
  [OP.CALLCODE, -3],
  [OP.CREATE, -1],
  [OP.CREATE2, -1],
]);
const REVERT = 0xfd;

function ignore(): void {}

function isCall(op: number): boolean {
  return op === OP.CALL || op === OP.CALLCODE || op === OP.DELEGATECALL || op === OP.STATICCALL;
}

/** Whether an instruction does something that hooks are told beside the step. */
function hasEffect(op: number): boolean {
  return KINDS.has(op) || op === OP.SELFDESTRUCT || (op >= OP.LOG0 && op <= OP.LOG4);
}

function endsCode(op: number | undefined): boolean {
  return op === OP.STOP || op === OP.RETURN || op === REVERT || op === OP.SELFDESTRUCT;
}

function frameError({ start, codeFailure, hasRunCode }: Frame, error: EVMError | undefined) {
  if (error === undefined) return undefined;
  const isCreation = start.kind === "CREATE" || start.kind === "CREATE2";
  // Frontier keeps what was created without its code, so it has not failed.
  if (error.error === EVMError.errorMessages.CODESTORE_OUT_OF_GAS) return undefined;
  if (codeFailure !== undefined) return failureWords(codeFailure);
  if (isCreation && hasRunCode && error.error === EVMError.errorMessages.OUT_OF_GAS)
    return "contract creation code storage out of gas";
  return failureWords({ ...NO_STEP, error: error.error });
}

function addressOf(word: bigint | undefined): Address {
  return asAddress(bigintToBytes(word ?? 0n, 32).subarray(12));
}

/** EIP-1014. */
function saltedAddress(sender: Address, salt: Uint8Array, code: Uint8Array): Address {
  return asAddress(keccak256(concatBytes(Uint8Array.of(0xff), sender, salt, keccak256(code))).subarray(12));
}

/** The library extends its memory later than it is paid for. */
function paddedMemory(store: Uint8Array, length: number): Uint8Array {
  const memory = new Uint8Array(length);
  memory.set(store.subarray(0, length));
  return memory;
}

/** A part of the memory, zeros beyond what is in use. The gas for it is there, so it is not long. */
function slice(store: Uint8Array, offset = 0n, length = 0n): Uint8Array {
  const part = new Uint8Array(length <= MAX_PART ? Number(length) : 0);
  if (offset < store.length) part.set(store.subarray(Number(offset), Number(offset) + part.length));
  return part;
}

/** The log that a LOG instruction is about to write. */
function emittedLog(address: Address, stack: readonly bigint[], store: Uint8Array, count: number): Log {
  const topics = Array.from({ length: count }, (_, index) =>
    asHash(bigintToBytes(stack.at(-3 - index) ?? 0n, 32)),
  );
  return { address, topics, data: slice(store, stack.at(-1), stack.at(-2)) };
}
