import type { BlockOverrides, StateOverrides } from "@phala-l2/execution/simulate/request";
import type { TracerOptions } from "@phala-l2/execution/trace/tracer";
import { isRecord } from "@phala-l2/protocol/json-record";
import { blockOverrides, NO_OVERRIDES, stateOverrides } from "../eth/overrides.ts";
import { objectWith } from "../json-object.ts";
import { anything, bool, invalid, ok, type Parse, type Parsed, text, uint64 } from "../parameters.ts";

/** How to trace, as it was asked for: geth's TraceConfig. What a tracer makes of its part is read later. */
export type TraceOptions = {
  readonly logger: Omit<Extract<TracerOptions, { kind: "structLogger" }>, "kind">;
  readonly tracer: string | undefined;
  readonly tracerConfig: unknown;
  /** As Go writes durations. */
  readonly timeout: string | undefined;
};

/** geth's TraceCallConfig. */
export type TraceCallOptions = TraceOptions & {
  readonly stateOverrides: StateOverrides;
  readonly blockOverrides: BlockOverrides;
  readonly txIndex: bigint | undefined;
};

/** A Go `int` that is a size. */
const count: Parse<number> = (value) =>
  typeof value === "number" && Number.isSafeInteger(value)
    ? ok(value)
    : invalid(`json: cannot unmarshal ${typeof value} into Go struct field TraceConfig.limit of type int`);

/** Rules of other forks: geth runs the trace by them. */
const noChainOverrides: Parse<undefined> = (value) =>
  isRecord(value) && Object.keys(value).length === 0
    ? ok(undefined)
    : invalid("overrides of the chain's configuration are not supported");

const FIELDS = {
  enableMemory: bool,
  disableStack: bool,
  disableStorage: bool,
  enableReturnData: bool,
  limit: count,
  overrides: noChainOverrides,
  tracer: text,
  tracerConfig: anything,
  timeout: text,
  // All state that the node has, it has at hand.
  reexec: anything,
};

const config = objectWith("tracers.TraceConfig", {}, FIELDS);
const callConfig = objectWith(
  "tracers.TraceCallConfig",
  {},
  { ...FIELDS, stateOverrides, blockOverrides, txIndex: uint64 },
);

type Config = typeof config extends Parse<infer Value> ? Value : never;

function optionsOf(read: Config): TraceOptions {
  return {
    logger: {
      enableMemory: read.enableMemory ?? false,
      disableStack: read.disableStack ?? false,
      disableStorage: read.disableStorage ?? false,
      enableReturnData: read.enableReturnData ?? false,
      limit: read.limit ?? 0,
    },
    tracer: read.tracer,
    tracerConfig: read.tracerConfig,
    timeout: read.timeout,
  };
}

export const traceOptions: Parse<TraceOptions> = (value) => {
  const read = config(value);
  return read.kind === "ok" ? ok(optionsOf(read.value)) : read;
};

export const traceCallOptions: Parse<TraceCallOptions> = (value) => {
  const read = callConfig(value);
  if (read.kind === "invalid") return read;
  const { stateOverrides: accounts = NO_OVERRIDES, blockOverrides: block = {}, txIndex } = read.value;
  return ok({ ...optionsOf(read.value), stateOverrides: accounts, blockOverrides: block, txIndex });
};

export const DEFAULT_TRACE: TraceOptions = optionsOf({});
export const DEFAULT_TRACE_CALL: TraceCallOptions = {
  ...DEFAULT_TRACE,
  stateOverrides: NO_OVERRIDES,
  blockOverrides: {},
  txIndex: undefined,
};

const callTracerConfig = objectWith("native.callTracerConfig", {}, { onlyTopCall: bool, withLog: bool });
const prestateTracerConfig = objectWith(
  "native.prestateTracerConfig",
  {},
  { diffMode: bool, disableCode: bool, disableStorage: bool, includeEmpty: bool },
);

/** Longest name that an error repeats. */
const MAX_NAME = 100;

/** The tracer that is meant. Like geth, another name is taken for JavaScript, which this node does not run. */
export function tracerOf({ tracer, tracerConfig, logger }: TraceOptions): Parsed<TracerOptions> {
  switch (tracer) {
    case undefined:
      return ok({ kind: "structLogger", ...logger });
    case "callTracer": {
      const read = callTracerConfig(tracerConfig ?? {});
      if (read.kind === "invalid") return read;
      const { onlyTopCall = false, withLog = false } = read.value;
      return ok({ kind: tracer, onlyTopCall, withLog });
    }
    case "prestateTracer": {
      const read = prestateTracerConfig(tracerConfig ?? {});
      if (read.kind === "invalid") return read;
      const { diffMode = false, disableCode = false, disableStorage = false } = read.value;
      const { includeEmpty = false } = read.value;
      if (diffMode && includeEmpty) return invalid("cannot use diffMode with includeEmpty");
      return ok({ kind: tracer, diffMode, disableCode, disableStorage, includeEmpty });
    }
    case "4byteTracer":
    case "noopTracer":
      return ok({ kind: tracer });
    default:
      return /^[A-Za-z_$][\w$]*$/.test(tracer)
        ? invalid(`ReferenceError: ${tracer.slice(0, MAX_NAME)} is not defined at <eval>:1:2(0)`)
        : invalid("tracers in JavaScript are not supported");
  }
}
