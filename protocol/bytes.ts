import { RollupError } from "./errors.ts";

declare const brand: unique symbol;

/** 32 bytes: a Keccak-256 hash, a root or another 32-byte identifier. */
export type Hash = Uint8Array & { readonly [brand]: "Hash" };
/** 20 bytes: an Ethereum account. */
export type Address = Uint8Array & { readonly [brand]: "Address" };
/** Bytes as lower-case hex text with the 0x prefix; the form at the edges (JSON, maps' keys, logs). */
export type Hex = `0x${string}`;

export const HASH_LENGTH = 32;
export const ADDRESS_LENGTH = 20;
export const EMPTY_BYTES = new Uint8Array(0);

function isHash(bytes: Uint8Array): bytes is Hash {
  return bytes.length === HASH_LENGTH;
}

function isAddress(bytes: Uint8Array): bytes is Address {
  return bytes.length === ADDRESS_LENGTH;
}

/** Brands 32 bytes as a Hash. @throws RollupError BYTES_LENGTH */
export function asHash(bytes: Uint8Array): Hash {
  if (isHash(bytes)) return bytes;
  throw new RollupError("BYTES_LENGTH", `a hash has ${HASH_LENGTH} bytes, not ${bytes.length}`);
}

/** Brands 20 bytes as an Address. @throws RollupError BYTES_LENGTH */
export function asAddress(bytes: Uint8Array): Address {
  if (isAddress(bytes)) return bytes;
  throw new RollupError("BYTES_LENGTH", `an address has ${ADDRESS_LENGTH} bytes, not ${bytes.length}`);
}

/** Character codes of the sixteen digits. */
const DIGITS = Uint8Array.from("0123456789abcdef", (digit) => digit.charCodeAt(0));
/** Value of each character code as a digit; 255 for what is none. */
const DIGIT_VALUES = new Uint8Array(128).fill(255);
for (let value = 0; value < 16; value++) {
  const digit = value.toString(16);
  DIGIT_VALUES[digit.charCodeAt(0)] = value;
  DIGIT_VALUES[digit.toUpperCase().charCodeAt(0)] = value;
}

/** Four bytes as eight digits: making a string of many characters at once is what is quick. */
function fourBytesHex(a: number, b: number, c: number, d: number): string {
  return String.fromCharCode(
    DIGITS[a >> 4] ?? 0,
    DIGITS[a & 15] ?? 0,
    DIGITS[b >> 4] ?? 0,
    DIGITS[b & 15] ?? 0,
    DIGITS[c >> 4] ?? 0,
    DIGITS[c & 15] ?? 0,
    DIGITS[d >> 4] ?? 0,
    DIGITS[d & 15] ?? 0,
  );
}

/** Bytes from which on one long text is decoded; text put together of pieces has many times its size in memory. */
const LONG = 512;
const ascii = new TextDecoder("latin1");

function longHex(bytes: Uint8Array): string {
  const codes = new Uint8Array(2 * bytes.length);
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    codes[2 * at] = DIGITS[byte >> 4] ?? 0;
    codes[2 * at + 1] = DIGITS[byte & 15] ?? 0;
  }
  return ascii.decode(codes);
}

/** Bytes to lower-case 0x hex. */
export function toHex(bytes: Uint8Array): Hex {
  if (bytes.length >= LONG) return `0x${longHex(bytes)}`;
  let text: Hex = "0x";
  let at = 0;
  for (; at + 4 <= bytes.length; at += 4) {
    text += fourBytesHex(bytes[at] ?? 0, bytes[at + 1] ?? 0, bytes[at + 2] ?? 0, bytes[at + 3] ?? 0);
  }
  for (; at < bytes.length; at++) text += (bytes[at] ?? 0).toString(16).padStart(2, "0");
  return text as Hex;
}

/** Hex text (with or without 0x, even length) to bytes. @throws RollupError HEX_INVALID */
export function fromHex(text: string): Uint8Array {
  const start = text.startsWith("0x") ? 2 : 0;
  if (text.length % 2 !== 0) throw hexInvalid(text);
  const bytes = new Uint8Array((text.length - start) / 2);
  for (let i = 0, at = start; i < bytes.length; i++, at += 2) {
    const high = DIGIT_VALUES[text.charCodeAt(at)] ?? 255;
    const low = DIGIT_VALUES[text.charCodeAt(at + 1)] ?? 255;
    if ((high | low) > 15) throw hexInvalid(text);
    bytes[i] = (high << 4) | low;
  }
  return bytes;
}

function hexInvalid(text: string): RollupError {
  return new RollupError("HEX_INVALID", `not hex text of whole bytes: ${text.slice(0, 80)}`);
}

/** Hex text of exactly 32 bytes. @throws RollupError HEX_INVALID, BYTES_LENGTH */
export function hashFromHex(text: string): Hash {
  return asHash(fromHex(text));
}

/** Hex text of exactly 20 bytes. @throws RollupError HEX_INVALID, BYTES_LENGTH */
export function addressFromHex(text: string): Address {
  return asAddress(fromHex(text));
}

export const ZERO_HASH: Hash = asHash(new Uint8Array(HASH_LENGTH));
export const ZERO_ADDRESS: Address = asAddress(new Uint8Array(ADDRESS_LENGTH));

/** Equality of content. */
export function bytesEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Below 0 when `a` stands before `b` in the order of bytes, 0 when they are equal. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const most = Math.min(a.length, b.length);
  for (let i = 0; i < most; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** The parts one after another in a new array. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Big-endian unsigned integer of any length; no bytes is zero. */
export function bigintFromBytes(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(toHex(bytes));
}

/**
 * Big-endian unsigned integer of exactly `length` bytes.
 * @throws RollupError INTEGER_RANGE when it is negative or does not fit, or is no bigint: a boxed one has the same bytes, and equals none
 */
export function bigintToBytes(value: bigint, length: number): Uint8Array {
  if (typeof value !== "bigint" || value < 0n || value >> BigInt(8 * length) !== 0n) {
    throw new RollupError("INTEGER_RANGE", `${value} does not fit in ${length} unsigned bytes`);
  }
  return fromHex(value.toString(16).padStart(2 * length, "0"));
}

/**
 * Big-endian unsigned integer without leading zeros, zero as no bytes: RLP's form of a quantity.
 * @throws RollupError INTEGER_RANGE when it is negative or no bigint
 */
export function quantityToBytes(value: bigint): Uint8Array {
  if (typeof value !== "bigint" || value < 0n) {
    throw new RollupError("INTEGER_RANGE", `${value} is no quantity`);
  }
  if (value === 0n) return EMPTY_BYTES;
  const digits = value.toString(16);
  return fromHex(digits.length % 2 === 0 ? digits : `0${digits}`);
}
