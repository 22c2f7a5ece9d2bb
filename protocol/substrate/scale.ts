import { bigintToBytes, concatBytes, EMPTY_BYTES } from "../bytes.ts";
import { RollupError } from "../errors.ts";

/**
 * SCALE, Substrate's serialisation: fixed integers little-endian, lengths and some integers compact, structures
 * as their fields one after another. Source: docs.polkadot.com, "SCALE Data Encoding"; parity-scale-codec.
 */
export type ScaleFault =
  | "scale-truncated"
  | "scale-compact-not-canonical"
  | "scale-length-too-large"
  | "scale-boolean-invalid"
  | "scale-option-invalid"
  | "scale-variant-unknown"
  | "scale-trailing-bytes";

export type ScaleDecoding<Value> =
  | { readonly kind: "ok"; readonly value: Value }
  | { readonly kind: "invalid"; readonly reason: ScaleFault };

/** The two lowest bits of a compact integer's first byte. */
const ONE_BYTE = 0;
const TWO_BYTES = 1;
const FOUR_BYTES = 2;
/** Lowest values of the longer forms: what a shorter form can hold must be in it. */
const FROM_TWO_BYTES = 1 << 6;
const FROM_FOUR_BYTES = 1 << 14;
const FROM_BIG = 1 << 30;
/** A compact integer has at most 67 bytes (2^536 - 1): the form's own limit. */
const MAX_BIG_BYTES = 67;

/**
 * Reads SCALE from the beginning of `bytes` on. A fault is kept, the first one, and from there on every read
 * yields zero or nothing: so a structure is read without a check after each field, and judged once by `finish`.
 */
export class ScaleReader {
  readonly bytes: Uint8Array;
  at: number;
  fault: ScaleFault | undefined;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
    this.fault = undefined;
  }

  get remaining(): number {
    return this.bytes.length - this.at;
  }

  /** Keeps a fault, unless an earlier one is kept. */
  fail(fault: ScaleFault): void {
    this.fault ??= fault;
  }

  /** A view of the next bytes. */
  take(length: number): Uint8Array {
    if (this.fault === undefined && length > this.remaining) this.fault = "scale-truncated";
    if (this.fault !== undefined) return EMPTY_BYTES;
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  u8(): number {
    return this.take(1)[0] ?? 0;
  }

  /** An unsigned little-endian integer of at most six bytes. */
  small(length: number): number {
    let value = 0;
    const taken = this.take(length);
    for (let i = taken.length - 1; i >= 0; i--) value = value * 256 + (taken[i] ?? 0);
    return value;
  }

  u16(): number {
    return this.small(2);
  }

  u32(): number {
    return this.small(4);
  }

  /** An unsigned little-endian integer of any length. */
  unsigned(length: number): bigint {
    const taken = this.take(length);
    let value = 0n;
    let i = taken.length;
    for (; i >= 4; i -= 4) {
      const word =
        (taken[i - 1] ?? 0) * 0x1000000 +
        (((taken[i - 2] ?? 0) << 16) | ((taken[i - 3] ?? 0) << 8) | (taken[i - 4] ?? 0));
      value = value === 0n ? BigInt(word) : (value << 32n) | BigInt(word);
    }
    for (; i > 0; i--) value = (value << 8n) | BigInt(taken[i - 1] ?? 0);
    return value;
  }

  u64(): bigint {
    return this.unsigned(8);
  }

  u128(): bigint {
    return this.unsigned(16);
  }

  boolean(): boolean {
    const value = this.u8();
    if (value > 1) this.fail("scale-boolean-invalid");
    return value === 1;
  }

  /** A compact integer, in its one shortest form. */
  compact(): bigint {
    const first = this.u8();
    const mode = first & 3;
    if (mode === ONE_BYTE) return BigInt(first >> 2);
    if (mode === TWO_BYTES) return this.notBelow(BigInt((this.u8() << 6) | (first >> 2)), FROM_TWO_BYTES);
    if (mode === FOUR_BYTES) {
      return this.notBelow(BigInt(this.small(3) * 64 + (first >> 2)), FROM_FOUR_BYTES);
    }
    const length = (first >> 2) + 4;
    if (length > MAX_BIG_BYTES) this.fail("scale-compact-not-canonical");
    const value = this.unsigned(length);
    if (length > 4 && value >> BigInt(8 * (length - 1)) === 0n) this.fail("scale-compact-not-canonical");
    return this.notBelow(value, FROM_BIG);
  }

  private notBelow(value: bigint, least: number): bigint {
    if (value < BigInt(least)) this.fail("scale-compact-not-canonical");
    return this.fault === undefined ? value : 0n;
  }

  /** A compact number of elements of at least `size` bytes each; more than can follow are a fault. */
  length(size = 1): number {
    const value = this.compact();
    if (value * BigInt(size) > BigInt(this.remaining)) this.fail("scale-truncated");
    return this.fault === undefined ? Number(value) : 0;
  }

  /** A byte string with its length in front (`Vec<u8>`): a view. */
  byteString(): Uint8Array {
    return this.take(this.length());
  }

  option<Value>(read: () => Value): Value | undefined {
    const tag = this.u8();
    if (tag > 1) this.fail("scale-option-invalid");
    return tag === 1 && this.fault === undefined ? read() : undefined;
  }

  /** A sequence with its length in front; each element takes at least one byte. */
  sequence<Value>(read: () => Value): readonly Value[] {
    const values: Value[] = [];
    for (let left = this.length(); left > 0 && this.fault === undefined; left--) values.push(read());
    return values;
  }

  /** The value, if nothing was wrong and nothing is left over. */
  finish<Value>(value: Value): ScaleDecoding<Value> {
    if (this.remaining > 0) this.fail("scale-trailing-bytes");
    return this.fault === undefined ? { kind: "ok", value } : { kind: "invalid", reason: this.fault };
  }
}

/** An unsigned integer as `length` little-endian bytes. @throws RollupError INTEGER_RANGE */
export function encodeUnsigned(value: bigint, length: number): Uint8Array {
  return bigintToBytes(value, length).reverse();
}

/** A compact integer. @throws RollupError INTEGER_RANGE when it is negative or beyond 2^536 - 1 */
export function encodeCompact(value: bigint | number): Uint8Array {
  const number = BigInt(value);
  if (number < 0n) throw new RollupError("INTEGER_RANGE", `a compact integer is not negative: ${number}`);
  if (number < FROM_TWO_BYTES) return encodeUnsigned(number << 2n, 1);
  if (number < FROM_FOUR_BYTES) return encodeUnsigned((number << 2n) | 1n, 2);
  if (number < FROM_BIG) return encodeUnsigned((number << 2n) | 2n, 4);
  const length = Math.max(4, Math.ceil(number.toString(16).length / 2));
  if (length > MAX_BIG_BYTES) {
    throw new RollupError("INTEGER_RANGE", `a compact integer has at most ${MAX_BIG_BYTES} bytes`);
  }
  return concatBytes(Uint8Array.of(((length - 4) << 2) | 3), encodeUnsigned(number, length));
}

/** Bytes with their length in front (`Vec<u8>`). */
export function encodeByteString(bytes: Uint8Array): Uint8Array {
  return concatBytes(encodeCompact(bytes.length), bytes);
}
