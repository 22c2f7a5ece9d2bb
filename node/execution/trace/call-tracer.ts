import { type Address, type Hex, toHex } from "@phala-l2/protocol/bytes";
import type { Log } from "@phala-l2/protocol/wire/receipt";
import type { FrameEnd, FrameKind, FrameStart, Hooks } from "../evm/hooks.ts";
import type { TraceBudget } from "./budget.ts";
import { revertReason } from "./revert-reason.ts";
import type { TracedOutcome, TracedTransaction, Tracer, TracerOptions } from "./tracer.ts";

type Options = Extract<TracerOptions, { kind: "callTracer" }>;

/** A log and its place among the frame's own calls. */
type PlacedLog = { readonly log: Log; readonly index: number; readonly position: number };

type Frame = {
  readonly kind: FrameKind;
  readonly from: Address;
  to: Address | undefined;
  readonly gas: bigint;
  gasUsed: bigint;
  readonly input: Hex;
  output: Hex | undefined;
  error: string | undefined;
  revertReason: string | undefined;
  readonly value: bigint | undefined;
  readonly calls: Frame[];
  logs: PlacedLog[];
};

/** JSON of a frame without what is counted apart. */
const FRAME_CHARACTERS = 300;
const LOG_CHARACTERS = 500;

/** The tree of calls: geth's callTracer (eth/tracers/native/call.go). */
export class CallTracer implements Tracer {
  readonly hooks: Hooks;
  readonly #options: Options;
  readonly #transaction: TracedTransaction;
  readonly #budget: TraceBudget;
  readonly #frames: Frame[] = [];
  /** Logs of the block when each open frame began: a failed one's are forgotten. */
  readonly #logsBefore: number[] = [];
  #top: Frame | undefined;
  #logs: number;
  #depth = 0;

  constructor(options: Options, transaction: TracedTransaction, budget: TraceBudget) {
    this.#options = options;
    this.#transaction = transaction;
    this.#budget = budget;
    this.#logs = transaction.logsBefore;
    this.hooks = {
      onEnter: (start) => this.#enter(start),
      onExit: (end) => this.#exit(end),
      ...(options.withLog && { onLog: (log: Log) => this.#log(log) }),
    };
  }

  end({ gasUsed, hasFailed }: TracedOutcome): void {
    const { sender: from, to, data, value, gasLimit } = this.#transaction;
    // Only a deposit is included without having begun.
    this.#top ??= {
      kind: to === undefined ? "CREATE" : "CALL",
      from,
      to,
      gas: gasLimit,
      gasUsed,
      input: toHex(data),
      output: undefined,
      error: hasFailed ? "failed deposit" : undefined,
      revertReason: undefined,
      value,
      calls: [],
      logs: [],
    };
    this.#top.gasUsed = gasUsed;
  }

  json(): string {
    return JSON.stringify(this.#top === undefined ? {} : frameJson(this.#top));
  }

  #enter({ depth, kind, from, to, input, gas, value }: FrameStart): void {
    this.#depth = depth;
    this.#logsBefore.push(this.#logs);
    if (this.#options.onlyTopCall && depth > 0) return;
    this.#budget.spend(FRAME_CHARACTERS + 2 * input.length);
    this.#frames.push({
      kind,
      from,
      to,
      value,
      input: toHex(input),
      gasUsed: 0n,
      gas: depth === 0 ? this.#transaction.gasLimit : gas,
      output: undefined,
      error: undefined,
      revertReason: undefined,
      calls: [],
      logs: [],
    });
  }

  #exit({ depth, output, gasUsed, error }: FrameEnd): void {
    const logsBefore = this.#logsBefore.pop() ?? this.#logs;
    if (error !== undefined) this.#logs = logsBefore;
    this.#depth = depth - 1;
    if (this.#options.onlyTopCall && depth > 0) return;
    const frame = this.#frames.pop();
    if (frame === undefined) return;
    // A reason stands there twice.
    this.#budget.spend((error === undefined ? 2 : 4) * output.length);
    frame.gasUsed = gasUsed;
    conclude(frame, output, error);
    const parent = this.#frames.at(-1);
    if (parent === undefined) this.#top = frame;
    else parent.calls.push(frame);
  }

  #log(log: Log): void {
    const index = this.#logs++;
    const frame = this.#frames.at(-1);
    if (frame === undefined || (this.#options.onlyTopCall && this.#depth > 0)) return;
    this.#budget.spend(LOG_CHARACTERS + 2 * log.data.length);
    frame.logs.push({ log, index, position: frame.calls.length });
  }
}

/** What came of a frame. The logs of one that failed, and of those in it, never were. */
function conclude(frame: Frame, output: Uint8Array, error: string | undefined): void {
  if (error === undefined) {
    frame.output = output.length === 0 ? undefined : toHex(output);
    return;
  }
  frame.error = error;
  if (frame.kind === "CREATE" || frame.kind === "CREATE2") frame.to = undefined;
  dropLogs(frame);
  if (error !== "execution reverted" || output.length === 0) return;
  frame.output = toHex(output);
  frame.revertReason = revertReason(output);
}

/** Frames lie in one another up to 1,025 deep. */
function dropLogs(frame: Frame): void {
  frame.logs = [];
  for (const call of frame.calls) dropLogs(call);
}

function frameJson(frame: Frame): object {
  const { from, to, gas, gasUsed, input, output, error, calls, logs, value, kind } = frame;
  return {
    from: toHex(from),
    gas: quantity(gas),
    gasUsed: quantity(gasUsed),
    ...(to !== undefined && { to: toHex(to) }),
    input,
    ...(output !== undefined && { output }),
    ...(error !== undefined && { error }),
    ...(frame.revertReason !== undefined && { revertReason: frame.revertReason }),
    ...(calls.length > 0 && { calls: calls.map(frameJson) }),
    ...(logs.length > 0 && { logs: logs.map(logJson) }),
    ...(value !== undefined && { value: quantity(value) }),
    type: kind,
  };
}

function logJson({ log, index, position }: PlacedLog): object {
  return {
    address: toHex(log.address),
    topics: log.topics.map(toHex),
    data: toHex(log.data),
    index: quantity(BigInt(index)),
    position: quantity(BigInt(position)),
  };
}

function quantity(value: bigint): Hex {
  return `0x${value.toString(16)}`;
}
