import type { EVM, EVMResult, InterpreterStep, Message } from "@ethereumjs/evm";
import {
  type Address,
  addressFromHex,
  asAddress,
  asHash,
  bigintToBytes,
  concatBytes,
  type Hash,
  hashFromHex,
} from "@phala-l2/protocol/bytes";
import type { Log } from "@phala-l2/protocol/wire/receipt";
import type { Trace, TracedLog } from "../evm.ts";

/** Whose logs transfers of ether are reported as. Source: execution-apis, eth_simulateV1 `traceTransfers`. */
const ETHER = addressFromHex("0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee");
/** keccak256("Transfer(address,address,uint256)") of ERC-20. */
const TRANSFER = hashFromHex("0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");
const LOG0 = 0xa0;
const LOG4 = 0xa4;
const SELFDESTRUCT = 0xff;

/** A creation's transfer, which learns its receiver at the end of its frame. */
type Creation = { readonly from: Address; readonly value: bigint; readonly index: number };
/** A frame's logs in their order. */
type Frame = { readonly logs: TracedLog[]; creation: Creation | undefined };

/**
 * Collects the logs of a message and, where wanted, its transfers of ether among them. Those of failed frames are
 * dropped, but counted.
 */
export class LogRecorder {
  readonly #evm: EVM;
  readonly #withTransfers: boolean;
  readonly #outermost: Frame = { logs: [], creation: undefined };
  readonly #frames: Frame[] = [this.#outermost];
  #count = 0;

  constructor(evm: EVM, kind: "logs" | "logs-and-transfers") {
    this.#evm = evm;
    this.#withTransfers = kind === "logs-and-transfers";
    evm.events.on("beforeMessage", this.#enter);
    evm.events.on("afterMessage", this.#leave);
    evm.events.on("step", this.#step);
  }

  /** Ends the recording. */
  stop(): Trace {
    this.#evm.events.off("beforeMessage", this.#enter);
    this.#evm.events.off("afterMessage", this.#leave);
    this.#evm.events.off("step", this.#step);
    return { logs: this.#outermost.logs, emitted: this.#count };
  }

  #add(frame: Frame | undefined, log: Log): void {
    frame?.logs.push({ log, index: this.#count++ });
  }

  readonly #enter = (message: Message, resolve?: () => void): void => {
    const frame: Frame = { logs: [], creation: undefined };
    this.#frames.push(frame);
    const from = asAddress(message.caller.bytes);
    if (this.#withTransfers && message.value > 0n && !message.delegatecall) {
      if (message.to === undefined) frame.creation = { from, value: message.value, index: this.#count++ };
      else this.#add(frame, transferLog(from, asAddress(message.to.bytes), message.value));
    }
    resolve?.();
  };

  readonly #leave = ({ execResult, createdAddress }: EVMResult, resolve?: () => void): void => {
    const frame = this.#frames.pop();
    if (frame !== undefined && execResult.exceptionError === undefined) {
      const { creation, logs } = frame;
      const transfers =
        creation === undefined || createdAddress === undefined
          ? []
          : [
              {
                log: transferLog(creation.from, asAddress(createdAddress.bytes), creation.value),
                index: creation.index,
              },
            ];
      this.#frames.at(-1)?.logs.push(...transfers, ...logs);
    }
    resolve?.();
  };

  readonly #step = (step: InterpreterStep, resolve?: () => void): void => {
    const { code } = step.opcode;
    if (code >= LOG0 && code <= LOG4) this.#add(this.#frames.at(-1), emittedLog(step, code - LOG0));
    if (this.#withTransfers && code === SELFDESTRUCT && step.account.balance > 0n) {
      const receiver = asAddress(bigintToBytes(step.stack.at(-1) ?? 0n, 32).subarray(12));
      const transfer = transferLog(asAddress(step.address.bytes), receiver, step.account.balance);
      this.#add(this.#frames.at(-1), transfer);
    }
    resolve?.();
  };
}

function transferLog(from: Address, to: Address, value: bigint): Log {
  return { address: ETHER, topics: [TRANSFER, wordOf(from), wordOf(to)], data: bigintToBytes(value, 32) };
}

function wordOf(address: Address): Hash {
  return asHash(concatBytes(new Uint8Array(12), address));
}

/** The log that a LOG instruction is about to write. Memory beyond what is in use reads as zeros. */
function emittedLog({ stack, memory, address }: InterpreterStep, count: number): Log {
  const top = (depth: number): bigint => stack.at(-1 - depth) ?? 0n;
  const [offset, length] = [Number(top(0)), Number(top(1))];
  const isPayable = length <= MAX_LOGGED;
  const data = new Uint8Array(isPayable ? length : 0);
  if (isPayable) data.set(memory.subarray(offset, offset + length));
  const topics = Array.from({ length: count }, (_, index) => asHash(bigintToBytes(top(2 + index), 32)));
  return { address: asAddress(address.bytes), topics, data };
}

/** Bytes of a log: at 8 gas a byte no call has gas for more, and such an instruction fails its frame. */
const MAX_LOGGED = 64 * 1024 * 1024;
