import { EVMError, type PrecompileFunc } from "@ethereumjs/evm";
import { bigintFromBytes, bigintToBytes, concatBytes } from "@phala-l2/protocol/bytes";

/**
 * EIP-2537's additions on BLS12-381 (0x0b and 0x0d), in affine coordinates. ethereumjs multiplies each point to find
 * its subgroup, which these two do not ask for: 5 and 11 ms for 375 and 600 gas, so that one full block of them took a
 * quarter of an hour.
 */
const P = 0x1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaabn;
const COORDINATE = 64;
const G1_GAS = 375n;
const G2_GAS = 600n;

type Field<E> = {
  /** Bytes of an element. */
  readonly size: number;
  /** The curve's constant: y² = x³ + b. */
  readonly b: E;
  readonly read: (bytes: Uint8Array) => E | undefined;
  readonly write: (element: E) => Uint8Array;
  readonly isZero: (element: E) => boolean;
  readonly add: (a: E, b: E) => E;
  readonly subtract: (a: E, b: E) => E;
  readonly multiply: (a: E, b: E) => E;
  /** Of an element that is not zero. */
  readonly invert: (element: E) => E;
};

function reduce(value: bigint): bigint {
  const rest = value % P;
  return rest < 0n ? rest + P : rest;
}

/** By Euclid's algorithm. */
function invert(value: bigint): bigint {
  let [a, b] = [P, value];
  let [x, y] = [0n, 1n];
  while (b > 0n) {
    const quotient = a / b;
    [a, b] = [b, a - quotient * b];
    [x, y] = [y, x - quotient * y];
  }
  return reduce(x);
}

/** An element has one encoding: 64 bytes, below the prime. */
function readElement(bytes: Uint8Array): bigint | undefined {
  const value = bigintFromBytes(bytes);
  return value < P ? value : undefined;
}

const FP: Field<bigint> = {
  size: COORDINATE,
  b: 4n,
  read: readElement,
  write: (element) => bigintToBytes(element, COORDINATE),
  isZero: (element) => element === 0n,
  add: (a, b) => reduce(a + b),
  subtract: (a, b) => reduce(a - b),
  multiply: (a, b) => reduce(a * b),
  invert,
};

/** c0 + c1·u with u² = -1. */
type Pair = readonly [c0: bigint, c1: bigint];

const FP2: Field<Pair> = {
  size: 2 * COORDINATE,
  b: [4n, 4n],
  read: (bytes) => {
    const c0 = readElement(bytes.subarray(0, COORDINATE));
    const c1 = readElement(bytes.subarray(COORDINATE));
    return c0 === undefined || c1 === undefined ? undefined : [c0, c1];
  },
  write: ([c0, c1]) => concatBytes(FP.write(c0), FP.write(c1)),
  isZero: ([c0, c1]) => c0 === 0n && c1 === 0n,
  add: (a, b) => [reduce(a[0] + b[0]), reduce(a[1] + b[1])],
  subtract: (a, b) => [reduce(a[0] - b[0]), reduce(a[1] - b[1])],
  multiply: (a, b) => [reduce(a[0] * b[0] - a[1] * b[1]), reduce(a[0] * b[1] + a[1] * b[0])],
  invert: ([c0, c1]) => {
    const norm = invert(reduce(c0 * c0 + c1 * c1));
    return [reduce(c0 * norm), reduce(-c1 * norm)];
  },
};

/** The point at infinity has no coordinates. */
type Point<E> = { readonly x: E; readonly y: E } | "infinity";

function readPoint<E>(field: Field<E>, bytes: Uint8Array): Point<E> | undefined {
  const x = field.read(bytes.subarray(0, field.size));
  const y = field.read(bytes.subarray(field.size));
  if (x === undefined || y === undefined) return undefined;
  if (field.isZero(x) && field.isZero(y)) return "infinity";
  const cube = field.multiply(field.multiply(x, x), x);
  const isOnCurve = field.isZero(field.subtract(field.multiply(y, y), field.add(cube, field.b)));
  return isOnCurve ? { x, y } : undefined;
}

function sum<E>(field: Field<E>, p: Point<E>, q: Point<E>): Point<E> {
  if (p === "infinity") return q;
  if (q === "infinity") return p;
  const { add, subtract, multiply } = field;
  const run = subtract(q.x, p.x);
  const isSameX = field.isZero(run);
  if (isSameX && field.isZero(add(p.y, q.y))) return "infinity";
  const square = multiply(p.x, p.x);
  const slope = isSameX
    ? multiply(add(square, add(square, square)), field.invert(add(p.y, p.y)))
    : multiply(subtract(q.y, p.y), field.invert(run));
  const x = subtract(subtract(multiply(slope, slope), p.x), q.x);
  return { x, y: subtract(multiply(slope, subtract(p.x, x)), p.y) };
}

function addition<E>(field: Field<E>, gas: bigint): PrecompileFunc {
  const pointSize = 2 * field.size;
  return ({ data, gasLimit }) => {
    const fail = (error: EVMError["error"]) => ({
      returnValue: new Uint8Array(0),
      executionGasUsed: gasLimit,
      exceptionError: new EVMError(error),
    });
    if (gasLimit < gas) return fail(EVMError.errorMessages.OUT_OF_GAS);
    if (data.length !== 2 * pointSize) return fail(EVMError.errorMessages.BLS_12_381_INVALID_INPUT_LENGTH);
    const p = readPoint(field, data.subarray(0, pointSize));
    const q = readPoint(field, data.subarray(pointSize));
    if (p === undefined || q === undefined) return fail(EVMError.errorMessages.BLS_12_381_POINT_NOT_ON_CURVE);
    const r = sum(field, p, q);
    const returnValue =
      r === "infinity" ? new Uint8Array(pointSize) : concatBytes(field.write(r.x), field.write(r.y));
    return { executionGasUsed: gas, returnValue };
  };
}

export const g1Addition: PrecompileFunc = addition(FP, G1_GAS);
export const g2Addition: PrecompileFunc = addition(FP2, G2_GAS);
