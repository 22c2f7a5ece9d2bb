import { asHash, concatBytes, type Hash } from "../bytes.ts";
import { RollupError } from "../errors.ts";
import { blake2b512 } from "./hash.ts";

/**
 * SS58, how Substrate accounts are written: base 58 of a chain's prefix, the 32-byte account and two bytes of a
 * checksum. Source: docs.polkadot.com, "Accounts: address format"; ss58-registry.
 */
export type Ss58Fault = "ss58-character" | "ss58-length" | "ss58-prefix" | "ss58-checksum";
export type Ss58Decoding =
  | { readonly kind: "ok"; readonly account: Hash; readonly prefix: number }
  | { readonly kind: "invalid"; readonly reason: Ss58Fault };

/** The prefix of Phala and Khala. */
export const PHALA_SS58_PREFIX = 30;
/** Prefixes have 14 bits; up to this one they take one byte. */
const MAX_SHORT_PREFIX = 63;
export const MAX_SS58_PREFIX = 16_383;
/** Never given to a chain, lest the two be taken for each other's. */
const RESERVED_PREFIXES: readonly number[] = [46, 47];
const ACCOUNT_LENGTH = 32;
const CHECKSUM_LENGTH = 2;
/** No account of 32 bytes takes more characters. */
const MAX_CHARACTERS = 51;

const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const DIGIT_VALUES: ReadonlyMap<string, number> = new Map(
  [...ALPHABET].map((digit, value) => [digit, value]),
);
const CHECKSUM_PREIMAGE = new TextEncoder().encode("SS58PRE");

function toBase58(bytes: Uint8Array): string {
  const digits: number[] = [];
  for (const byte of bytes) {
    let carry = byte;
    for (let i = 0; i < digits.length; i++) {
      carry += (digits[i] ?? 0) * 256;
      digits[i] = carry % 58;
      carry = Math.floor(carry / 58);
    }
    for (; carry > 0; carry = Math.floor(carry / 58)) digits.push(carry % 58);
  }
  let text = "";
  for (const byte of bytes) {
    if (byte !== 0) break;
    text += ALPHABET[0];
  }
  for (let i = digits.length - 1; i >= 0; i--) text += ALPHABET[digits[i] ?? 0];
  return text;
}

function fromBase58(text: string): Uint8Array | undefined {
  const bytes: number[] = [];
  for (const character of text) {
    let carry = DIGIT_VALUES.get(character);
    if (carry === undefined) return undefined;
    for (let i = 0; i < bytes.length; i++) {
      carry += (bytes[i] ?? 0) * 58;
      bytes[i] = carry & 0xff;
      carry >>= 8;
    }
    for (; carry > 0; carry >>= 8) bytes.push(carry & 0xff);
  }
  for (const character of text) {
    if (character !== ALPHABET[0]) break;
    bytes.push(0);
  }
  return Uint8Array.from(bytes).reverse();
}

function prefixBytes(prefix: number): Uint8Array {
  if (prefix <= MAX_SHORT_PREFIX) return Uint8Array.of(prefix);
  // The six bits in the middle of the 14 come first, under the mark 01.
  return Uint8Array.of(((prefix & 0xfc) >> 2) | 0x40, (prefix >> 8) | ((prefix & 3) << 6));
}

function checksum(bytes: Uint8Array): Uint8Array {
  return blake2b512(concatBytes(CHECKSUM_PREIMAGE, bytes)).subarray(0, CHECKSUM_LENGTH);
}

/** An account in a chain's form. @throws RollupError INTEGER_RANGE when there is no such prefix */
export function encodeSs58(account: Hash, prefix: number = PHALA_SS58_PREFIX): string {
  if (!Number.isInteger(prefix) || prefix < 0 || prefix > MAX_SS58_PREFIX) {
    throw new RollupError("INTEGER_RANGE", `an SS58 prefix is within 0 … ${MAX_SS58_PREFIX}, not ${prefix}`);
  }
  const body = concatBytes(prefixBytes(prefix), account);
  return toBase58(concatBytes(body, checksum(body)));
}

/** Reads an account of 32 bytes with the prefix of any chain. Never throws. */
export function decodeSs58(text: string): Ss58Decoding {
  if (text.length > MAX_CHARACTERS) return invalid("ss58-length");
  const bytes = fromBase58(text);
  if (bytes === undefined) return invalid("ss58-character");
  const first = bytes[0] ?? 0;
  if (bytes.length < 1 + ACCOUNT_LENGTH + CHECKSUM_LENGTH) return invalid("ss58-length");
  if (first >= 0x80) return invalid("ss58-prefix");
  const isLong = first > MAX_SHORT_PREFIX;
  const at = isLong ? 2 : 1;
  if (bytes.length !== at + ACCOUNT_LENGTH + CHECKSUM_LENGTH) return invalid("ss58-length");
  const second = bytes[1] ?? 0;
  const prefix = isLong ? ((first & 0x3f) << 2) | (second >> 6) | ((second & 0x3f) << 8) : first;
  // A short prefix in the long form would be a second text of one address.
  if ((isLong && prefix <= MAX_SHORT_PREFIX) || RESERVED_PREFIXES.includes(prefix)) {
    return invalid("ss58-prefix");
  }
  const body = bytes.subarray(0, at + ACCOUNT_LENGTH);
  const [a, b] = checksum(body);
  if (a !== bytes[body.length] || b !== bytes[body.length + 1]) return invalid("ss58-checksum");
  return { kind: "ok", account: asHash(body.slice(at)), prefix };
}

function invalid(reason: Ss58Fault): Ss58Decoding {
  return { kind: "invalid", reason };
}
