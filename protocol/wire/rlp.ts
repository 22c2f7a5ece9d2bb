import { type Address, asAddress, asHash, bigintFromBytes, EMPTY_BYTES, type Hash } from "../bytes.ts";
import { RollupError } from "../errors.ts";

/**
 * Recursive Length Prefix, Ethereum's serialisation (Yellow Paper, appendix B). One value has exactly one
 * encoding here: an overlong length, a prefixed single byte and leading zeros are refused, as geth does.
 */
export type RlpItem = Uint8Array | readonly RlpItem[];

export type RlpDecoding =
  | { readonly kind: "ok"; readonly item: RlpItem }
  | { readonly kind: "invalid"; readonly reason: RlpFault };
export type RlpFault =
  | "rlp-truncated"
  | "rlp-length-not-canonical"
  | "rlp-byte-not-canonical"
  | "rlp-trailing-bytes"
  | "rlp-too-deep";

/** Deepest nesting of lists that is read. Ethereum's own types need 6; a bound keeps the stack small. */
export const MAX_RLP_DEPTH = 64;

/** The first byte of an empty string and of an empty list; lengths up to 55 are added to it. */
const STRING = 0x80;
const LIST = 0xc0;
/** Longest content whose length fits into the first byte. */
const SHORT_MAX = 55;

/** Where an item's content lies; `fault` is set when the prefix at this place is malformed. */
export type RlpSpan = {
  readonly isList: boolean;
  readonly start: number;
  readonly end: number;
  readonly fault: RlpFault | undefined;
};

function faultySpan(fault: RlpFault): RlpSpan {
  return { isList: false, start: 0, end: 0, fault };
}

/** Reads the prefix of the item at `at`, which must end at or before `limit`. Nothing is copied. */
export function rlpSpanAt(bytes: Uint8Array, at: number, limit: number): RlpSpan {
  const first = bytes[at];
  if (first === undefined || at >= limit) return faultySpan("rlp-truncated");
  if (first < STRING) return { isList: false, start: at, end: at + 1, fault: undefined };
  const isList = first >= LIST;
  const short = first - (isList ? LIST : STRING);
  if (short > SHORT_MAX) return longSpanAt(bytes, at, limit, isList, short - SHORT_MAX);
  const start = at + 1;
  const end = start + short;
  if (end > limit) return faultySpan("rlp-truncated");
  if (!isList && short === 1 && (bytes[start] ?? 0) < STRING) return faultySpan("rlp-byte-not-canonical");
  return { isList, start, end, fault: undefined };
}

function longSpanAt(bytes: Uint8Array, at: number, limit: number, isList: boolean, width: number): RlpSpan {
  const start = at + 1 + width;
  if (at + 1 < limit && bytes[at + 1] === 0) return faultySpan("rlp-length-not-canonical");
  if (start > limit) return faultySpan("rlp-truncated");
  // Eight length bytes may exceed 2^53; the rounded number is still far beyond any input, so it is refused.
  let length = 0;
  for (let i = at + 1; i < start; i++) length = length * 256 + (bytes[i] ?? 0);
  if (length <= SHORT_MAX) return faultySpan("rlp-length-not-canonical");
  if (start + length > limit) return faultySpan("rlp-truncated");
  return { isList, start, end: start + length, fault: undefined };
}

/** Decodes exactly one item that fills `bytes`. Strings are views of `bytes`, not copies. Never throws. */
export function decodeRlp(bytes: Uint8Array): RlpDecoding {
  const span = rlpSpanAt(bytes, 0, bytes.length);
  if (span.fault !== undefined) return { kind: "invalid", reason: span.fault };
  if (span.end !== bytes.length) return { kind: "invalid", reason: "rlp-trailing-bytes" };
  const item = itemOf(bytes, span, 0);
  return typeof item === "string" ? { kind: "invalid", reason: item } : { kind: "ok", item };
}

function itemOf(bytes: Uint8Array, span: RlpSpan, depth: number): RlpItem | RlpFault {
  if (!span.isList) return bytes.subarray(span.start, span.end);
  if (depth === MAX_RLP_DEPTH) return "rlp-too-deep";
  const items: RlpItem[] = [];
  for (let at = span.start; at < span.end; ) {
    const inner = rlpSpanAt(bytes, at, span.end);
    if (inner.fault !== undefined) return inner.fault;
    const item = itemOf(bytes, inner, depth + 1);
    if (typeof item === "string") return item;
    items.push(item);
    at = inner.end;
  }
  return items;
}

export type FirstRlpItem =
  | { readonly kind: "item"; readonly payload: Uint8Array; readonly rest: Uint8Array }
  | { readonly kind: "incomplete" }
  | { readonly kind: "invalid"; readonly reason: RlpFault | "rlp-string-expected" };

/**
 * Splits the first string off a stream of RLP strings, such as a channel's batches. `incomplete` means that
 * the bytes end before the item does (or that there are none); a list is invalid.
 */
export function firstRlpItem(bytes: Uint8Array): FirstRlpItem {
  const span = rlpSpanAt(bytes, 0, bytes.length);
  if (span.fault === "rlp-truncated") {
    return (bytes[0] ?? 0) >= LIST
      ? { kind: "invalid", reason: "rlp-string-expected" }
      : { kind: "incomplete" };
  }
  if (span.fault !== undefined) return { kind: "invalid", reason: span.fault };
  if (span.isList) return { kind: "invalid", reason: "rlp-string-expected" };
  return { kind: "item", payload: bytes.subarray(span.start, span.end), rest: bytes.subarray(span.end) };
}

/** What `encodeRlp` takes: bytes, a quantity (bigint: no leading zeros, zero is the empty string), lists of these. */
export type RlpInput = Uint8Array | bigint | readonly RlpInput[];

/** Encodes one item. @throws RollupError INTEGER_RANGE for a negative quantity */
export function encodeRlp(input: RlpInput): Uint8Array {
  const out = new Uint8Array(encodedLength(input));
  writeItem(out, 0, input);
  return out;
}

/** Encodes a list whose items are RLP already. */
export function encodeRlpListOf(encodedItems: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const item of encodedItems) length += item.length;
  const out = new Uint8Array(prefixLength(length) + length);
  let at = writePrefix(out, 0, LIST, length);
  for (const item of encodedItems) {
    out.set(item, at);
    at += item.length;
  }
  return out;
}

function isList(input: RlpInput): input is readonly RlpInput[] {
  return Array.isArray(input);
}

function prefixLength(contentLength: number): number {
  return contentLength <= SHORT_MAX ? 1 : 1 + numberWidth(contentLength);
}

function numberWidth(value: number): number {
  return value < 0x100 ? 1 : value < 0x10000 ? 2 : value < 0x1000000 ? 3 : 4;
}

function quantityWidth(value: bigint): number {
  if (value < 0n) throw new RollupError("INTEGER_RANGE", `RLP has no negative quantity: ${value}`);
  if (value <= 0xffffffffn) return value === 0n ? 0 : numberWidth(Number(value));
  return (value.toString(16).length + 1) >> 1;
}

function contentLength(input: RlpInput): number {
  if (typeof input === "bigint") return quantityWidth(input);
  if (!isList(input)) return input.length;
  let length = 0;
  for (const item of input) length += encodedLength(item);
  return length;
}

function encodedLength(input: RlpInput): number {
  if (typeof input === "bigint" && input >= 0n && input < 0x80n) return 1;
  if (input instanceof Uint8Array && input.length === 1 && (input[0] ?? 0) < STRING) return 1;
  const length = contentLength(input);
  return prefixLength(length) + length;
}

/** Writes the prefix of a string or list with this content length; gives the place after it. */
export function writePrefix(out: Uint8Array, at: number, kind: 0x80 | 0xc0, length: number): number {
  if (length <= SHORT_MAX) {
    out[at] = kind + length;
    return at + 1;
  }
  const width = numberWidth(length);
  out[at] = kind + SHORT_MAX + width;
  for (let i = width, rest = length; i > 0; i--, rest = Math.floor(rest / 256)) out[at + i] = rest & 0xff;
  return at + 1 + width;
}

function writeItem(out: Uint8Array, at: number, input: RlpInput): number {
  if (typeof input === "bigint") return writeQuantity(out, at, input);
  if (!isList(input)) {
    const first = input[0];
    if (input.length === 1 && first !== undefined && first < STRING) {
      out[at] = first;
      return at + 1;
    }
    const start = writePrefix(out, at, STRING, input.length);
    out.set(input, start);
    return start + input.length;
  }
  let end = writePrefix(out, at, LIST, contentLength(input));
  for (const item of input) end = writeItem(out, end, item);
  return end;
}

function writeQuantity(out: Uint8Array, at: number, value: bigint): number {
  if (value > 0n && value < 0x80n) {
    out[at] = Number(value);
    return at + 1;
  }
  const width = quantityWidth(value);
  const start = writePrefix(out, at, STRING, width);
  for (let i = start + width - 1, rest = value; i >= start; i--, rest >>= 8n) out[i] = Number(rest & 0xffn);
  return start + width;
}

/**
 * A quantity: at most `maxBytes` bytes, big-endian, no leading zero. Undefined when the item is not one.
 * Source: Yellow Paper, appendix B (integers as the shortest big-endian form).
 */
export function readQuantity(item: RlpItem | undefined, maxBytes: number): bigint | undefined {
  if (!(item instanceof Uint8Array) || item.length > maxBytes || item[0] === 0) return undefined;
  if (item.length <= 6) {
    let value = 0;
    for (const byte of item) value = value * 256 + byte;
    return BigInt(value);
  }
  return bigintFromBytes(item);
}

/** Sizes of the unsigned integers in Ethereum's types. */
export const U64_BYTES = 8;
export const U256_BYTES = 32;

/**
 * Reads a list's items one after another. The first wrong field is remembered (`fault`, as
 * `<field>-malformed`) and every later read gives a neutral value, so a decoder lists its fields once and asks
 * at its end. No value may be used while `fault` is set.
 */
export class RlpFields {
  #at = 0;
  #fault: string | undefined;
  readonly #items: readonly RlpItem[];

  constructor(items: readonly RlpItem[]) {
    this.#items = items;
  }

  /** The first wrong field, or `fields-too-many` when items are left over. */
  get fault(): string | undefined {
    return this.#fault ?? (this.#at < this.#items.length ? "fields-too-many" : undefined);
  }

  get remaining(): number {
    return this.#items.length - this.#at;
  }

  /** The next item whatever it is. */
  item(field: string): RlpItem {
    const item = this.#items[this.#at++];
    if (item === undefined) return this.fail(field, EMPTY_BYTES);
    return item;
  }

  /** Records that a field is wrong, unless an earlier one was, and hands back the neutral value. */
  fail<T>(field: string, neutral: T): T {
    this.#fault ??= `${field}-malformed`;
    return neutral;
  }

  quantity(field: string, maxBytes: number): bigint {
    return readQuantity(this.item(field), maxBytes) ?? this.fail(field, 0n);
  }

  bytes(field: string): Uint8Array {
    const item = this.item(field);
    return item instanceof Uint8Array ? item : this.fail(field, EMPTY_BYTES);
  }

  fixed(field: string, length: number): Uint8Array {
    const bytes = this.bytes(field);
    return bytes.length === length ? bytes : this.fail(field, new Uint8Array(length));
  }

  hash(field: string): Hash {
    return asHash(this.fixed(field, 32));
  }

  address(field: string): Address {
    return asAddress(this.fixed(field, 20));
  }

  /** An address, or no bytes for none (a transaction that creates a contract). */
  optionalAddress(field: string): Address | undefined {
    const bytes = this.bytes(field);
    if (bytes.length === 0) return undefined;
    return bytes.length === 20 ? asAddress(bytes) : this.fail(field, undefined);
  }

  /** 0 or 1, as a quantity. */
  bit(field: string): 0 | 1 {
    const value = this.quantity(field, 1);
    return value === 0n ? 0 : value === 1n ? 1 : this.fail(field, 0);
  }

  list(field: string): readonly RlpItem[] {
    const item = this.item(field);
    return item instanceof Uint8Array ? this.fail(field, []) : item;
  }

  /** A list whose elements `read` turns into values; undefined from `read` means malformed. */
  listOf<T>(field: string, read: (item: RlpItem) => T | undefined): readonly T[] {
    const values: T[] = [];
    for (const item of this.list(field)) {
      const value = read(item);
      if (value === undefined) return this.fail(field, []);
      values.push(value);
    }
    return values;
  }
}

/** A list's fields, or undefined when the item is a string. */
export function rlpFieldsOf(item: RlpItem): RlpFields | undefined {
  return item instanceof Uint8Array ? undefined : new RlpFields(item);
}

/** 32 bytes, or undefined. */
export function readHash(item: RlpItem): Hash | undefined {
  return item instanceof Uint8Array && item.length === 32 ? asHash(item) : undefined;
}
