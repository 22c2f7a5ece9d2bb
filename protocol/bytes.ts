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

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Bytes to lower-case 0x hex. */
export function toHex(bytes: Uint8Array): Hex {
  let text: Hex = "0x";
  for (const byte of bytes) text += HEX[byte];
  return text as Hex;
}

/** Hex text (with or without 0x, even length) to bytes. @throws RollupError HEX_INVALID */
export function fromHex(text: string): Uint8Array {
  const digits = text.startsWith("0x") ? text.slice(2) : text;
  if (digits.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(digits)) {
    throw new RollupError("HEX_INVALID", `not hex text of whole bytes: ${text.slice(0, 80)}`);
  }
  const bytes = new Uint8Array(digits.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  return bytes;
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
 * @throws RollupError INTEGER_RANGE when it is negative or does not fit
 */
export function bigintToBytes(value: bigint, length: number): Uint8Array {
  if (value < 0n || value >> BigInt(8 * length) !== 0n) {
    throw new RollupError("INTEGER_RANGE", `${value} does not fit in ${length} unsigned bytes`);
  }
  return fromHex(value.toString(16).padStart(2 * length, "0"));
}

/** Big-endian unsigned integer without leading zeros, zero as no bytes: RLP's form of a quantity. */
export function quantityToBytes(value: bigint): Uint8Array {
  if (value === 0n) return EMPTY_BYTES;
  const digits = value.toString(16);
  return fromHex(digits.length % 2 === 0 ? digits : `0${digits}`);
}
