import { type Address, addressFromHex, toHex } from "./bytes.ts";
import { RollupError } from "./errors.ts";
import { keccak256 } from "./keccak.ts";

/** Hex digits of an address. */
const DIGITS = 40;
/** The digit from which a nibble of the hash makes a letter a capital one. */
const CAPITAL_FROM = 8;

/** An address as people see it: 0x and 40 digits whose letters' case is a checksum (EIP-55). */
export function checksumAddress(address: Address): string {
  const digits = toHex(address).slice(2);
  const hash = toHex(keccak256(new TextEncoder().encode(digits))).slice(2);
  const letters = [...digits].map((digit, index) =>
    Number.parseInt(hash.charAt(index), 16) >= CAPITAL_FROM ? digit.toUpperCase() : digit,
  );
  return `0x${letters.join("")}`;
}

/**
 * An address that a person gives, with or without 0x. Text of one case has no checksum and is taken; of two cases it
 * must be EIP-55's, so that a mistyped digit is nobody else's address.
 * @throws RollupError HEX_INVALID, BYTES_LENGTH, SETTING_INVALID
 */
export function readChecksumAddress(text: string): Address {
  const address = addressFromHex(text);
  const digits = text.slice(-DIGITS);
  const oneCase = digits === digits.toLowerCase() || digits === digits.toUpperCase();
  if (oneCase || checksumAddress(address).slice(2) === digits) return address;
  throw new RollupError("SETTING_INVALID", `the checksum of ${text} is wrong (EIP-55): a digit is mistyped`, {
    data: { text },
  });
}
