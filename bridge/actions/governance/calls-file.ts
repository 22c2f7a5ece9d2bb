import { RollupError } from "@phala-l2/protocol/errors";
import { isRecord, type JsonRecord } from "@phala-l2/protocol/json-record";
import {
  type AbiParameter,
  BaseError,
  encodeFunctionData,
  getAddress,
  type Hex,
  isAddress,
  isHex,
  parseAbi,
} from "viem";
import type { Call } from "./batch.ts";
import type { Draft } from "./propose.ts";

function invalid(index: number, what: string, cause?: unknown): never {
  throw new RollupError("GOVERNANCE_CALLS_INVALID", `call ${index}: ${what}`, { data: { index }, cause });
}

/** Numbers of JSON lose digits beyond 2^53, so they come as text too. */
function argumentOf({ type }: AbiParameter, value: unknown): unknown {
  if (Array.isArray(value) && type.endsWith("]")) {
    return value.map((item) => argumentOf({ type: type.slice(0, type.lastIndexOf("[")) }, item));
  }
  const isNumber = /^u?int\d*$/.test(type);
  return isNumber && (typeof value === "string" || typeof value === "number") ? BigInt(value) : value;
}

function dataOf(index: number, { data, function: signature, args }: JsonRecord): Hex {
  if (signature === undefined) {
    return isHex(data) ? data : invalid(index, "needs `function` with `args`, or `data` in hex");
  }
  if (data !== undefined) return invalid(index, "has both `function` and `data`");
  if (typeof signature !== "string" || !Array.isArray(args)) {
    return invalid(index, 'needs `function`, e.g. "function setGasLimit(uint64)", with a list `args`');
  }
  try {
    const signatures: readonly string[] = [signature];
    const [item] = parseAbi(signatures);
    if (item?.type !== "function") return invalid(index, `${signature} is no function`);
    const values = args.map((value, position) => {
      const parameter = item.inputs[position];
      return parameter === undefined ? value : argumentOf(parameter, value);
    });
    return encodeFunctionData({ abi: [item], functionName: item.name, args: values });
  } catch (cause) {
    // viem's own faults, and those of its parser, which are of another class; BigInt's are SyntaxErrors.
    if (cause instanceof RollupError || !(cause instanceof Error)) throw cause;
    const [line = ""] = (cause instanceof BaseError ? cause.shortMessage : cause.message).split("\n");
    return invalid(index, line, cause);
  }
}

function callOf(json: JsonRecord, index: number): Call {
  const { target, value = "0" } = json;
  if (typeof target !== "string" || !isAddress(target)) return invalid(index, "`target` is no address");
  if (typeof value !== "string" || !/^\d+$/.test(value)) {
    return invalid(index, "`value` is no decimal number of wei in quotes");
  }
  return { target: getAddress(target), value: BigInt(value), data: dataOf(index, json) };
}

/**
 * Reads the calls of a proposal: a list of `{ layer: "l1" | "l2", target, value?, function, args }` or with `data` in the
 * place of function and arguments.
 * @throws RollupError GOVERNANCE_CALLS_INVALID
 */
export function parseCalls(json: unknown): Required<Pick<Draft, "onL1" | "onL2">> {
  if (!Array.isArray(json)) return invalid(0, "the file must be a list of calls");
  const calls = json.map((item: unknown, index) => {
    if (!isRecord(item)) return invalid(index, "is no object");
    const { layer } = item;
    if (layer !== "l1" && layer !== "l2") return invalid(index, '`layer` must be "l1" or "l2"');
    return { layer, call: callOf(item, index) };
  });
  const of = (wanted: string) => calls.filter(({ layer }) => layer === wanted).map(({ call }) => call);
  return { onL1: of("l1"), onL2: of("l2") };
}
