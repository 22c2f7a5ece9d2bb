import type { Parse } from "./parameters.ts";
import { failure, INVALID_PARAMS, type Reply, type RpcFailure } from "./reply.ts";

/** What a method knows of the call beside its parameters. */
export type CallContext = {
  /** Aborted when the time of the call is over: long loops ask it between steps. */
  readonly signal: AbortSignal;
};

export type RpcMethod = (params: readonly unknown[], context: CallContext) => Reply | Promise<Reply>;

/** Methods by their full name (`eth_chainId`). Families are merged by spreading. */
export type RpcMethods = Readonly<Record<string, RpcMethod>>;

/** One position of a method's parameters. */
export type Parameter<T> = {
  readonly parse: Parse<T>;
  /** The value where the caller gives none or null; without it the parameter is required. */
  readonly otherwise: { readonly value: T } | undefined;
};

export function required<T>(parse: Parse<T>): Parameter<T> {
  return { parse, otherwise: undefined };
}

export function optional<T>(parse: Parse<T>, value: T): Parameter<T> {
  return { parse, otherwise: { value } };
}

/** geth's words for parameters that do not fit (rpc/json.go, parsePositionalArguments). */
function tooMany(params: readonly unknown[], want: number): RpcFailure | undefined {
  if (params.length <= want) return undefined;
  return failure(INVALID_PARAMS, `too many arguments, want at most ${want}`);
}

type Read<T> = { readonly kind: "ok"; readonly value: T } | RpcFailure;

function read<T>(params: readonly unknown[], index: number, parameter: Parameter<T>): Read<T> {
  const given = params[index];
  if (given === undefined || given === null) {
    if (parameter.otherwise !== undefined) return { kind: "ok", value: parameter.otherwise.value };
    return failure(INVALID_PARAMS, `missing value for required argument ${index}`);
  }
  const parsed = parameter.parse(given);
  if (parsed.kind === "ok") return parsed;
  return failure(INVALID_PARAMS, `invalid argument ${index}: ${parsed.words}`);
}

type Answer = Reply | Promise<Reply>;

/** A method without parameters. */
export function method0(handle: (context: CallContext) => Answer): RpcMethod {
  return (params, context) => tooMany(params, 0) ?? handle(context);
}

/** A method of one parameter. */
export function method1<A>(a: Parameter<A>, handle: (a: A, context: CallContext) => Answer): RpcMethod {
  return (params, context) => {
    const first = read(params, 0, a);
    if (first.kind === "failure") return first;
    return tooMany(params, 1) ?? handle(first.value, context);
  };
}

/** A method of two parameters. */
export function method2<A, B>(
  a: Parameter<A>,
  b: Parameter<B>,
  handle: (a: A, b: B, context: CallContext) => Answer,
): RpcMethod {
  return (params, context) => {
    const rest = tooMany(params, 2);
    if (rest !== undefined) return rest;
    return method1(a, (first) => {
      const second = read(params, 1, b);
      if (second.kind === "failure") return second;
      return handle(first, second.value, context);
    })(params.slice(0, 1), context);
  };
}

/** A method of three parameters. */
export function method3<A, B, C>(
  a: Parameter<A>,
  b: Parameter<B>,
  c: Parameter<C>,
  handle: (a: A, b: B, c: C, context: CallContext) => Answer,
): RpcMethod {
  return (params, context) => {
    const rest = tooMany(params, 3);
    if (rest !== undefined) return rest;
    return method2(a, b, (first, second) => {
      const third = read(params, 2, c);
      if (third.kind === "failure") return third;
      return handle(first, second, third.value, context);
    })(params.slice(0, 2), context);
  };
}

/** A method of four parameters. */
export function method4<A, B, C, D>(
  a: Parameter<A>,
  b: Parameter<B>,
  c: Parameter<C>,
  d: Parameter<D>,
  handle: (a: A, b: B, c: C, d: D, context: CallContext) => Answer,
): RpcMethod {
  return (params, context) => {
    const rest = tooMany(params, 4);
    if (rest !== undefined) return rest;
    return method3(a, b, c, (first, second, third) => {
      const fourth = read(params, 3, d);
      if (fourth.kind === "failure") return fourth;
      return handle(first, second, third, fourth.value, context);
    })(params.slice(0, 3), context);
  };
}
