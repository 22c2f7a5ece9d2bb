import {
  type Address,
  addressFromHex,
  asHash,
  bigintToBytes,
  fromHex,
  type Hash,
} from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { isRecord } from "@phala-l2/protocol/json-record";

/** Fields of a test's JSON, read with the path for complaints. */
export type Json = Readonly<Record<string, unknown>>;

const U256 = 2n ** 256n;
/** retesteth's mark before a number of any size. */
const BIGINT_MARK = "0x:bigint ";

/** A file that is no test of its kind. */
export function malformed(path: string, wanted: string): RollupError<"FIXTURE_MALFORMED"> {
  return new RollupError("FIXTURE_MALFORMED", `${path}: ${wanted}`, { data: { path, wanted } });
}

export function objectAt(value: unknown, path: string): Json {
  if (!isRecord(value)) throw malformed(path, "an object is wanted");
  return value;
}

/** Absent and null are an empty list. */
export function listAt(value: unknown, path: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw malformed(path, "a list is wanted");
  return value;
}

export function textAt(value: unknown, path: string): string {
  if (typeof value !== "string") throw malformed(path, "text is wanted");
  return value;
}

/** A number of any size: in a transaction it may be one that no field can hold. */
export function numberAt(value: unknown, path: string): bigint {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return BigInt(value);
  const text = textAt(value, path);
  const digits = text.startsWith(BIGINT_MARK) ? text.slice(BIGINT_MARK.length) : text;
  if (digits === "0x" || digits === "") return 0n;
  if (!/^(0x[0-9a-fA-F]+|[0-9]+)$/.test(digits)) throw malformed(path, "a number is wanted");
  return BigInt(digits);
}

export function numberOr(value: unknown, fallback: bigint, path: string): bigint {
  return value === undefined || value === null ? fallback : numberAt(value, path);
}

/** A number as a 32-byte word. */
export function wordAt(value: unknown, path: string): Hash {
  const number = numberAt(value, path);
  if (number >= U256) throw malformed(path, "at most 32 bytes are wanted");
  return asHash(bigintToBytes(number, 32));
}

export function bytesAt(value: unknown, path: string): Uint8Array {
  const text = textAt(value, path);
  const hex = text.startsWith("0x") ? text : `0x${text}`;
  if (!/^0x([0-9a-fA-F]{2})*$/.test(hex)) throw malformed(path, "hex digits of whole bytes are wanted");
  return fromHex(hex);
}

export function addressAt(value: unknown, path: string): Address {
  const text = textAt(value, path);
  const hex = text.startsWith("0x") ? text : `0x${text}`;
  if (!/^0x[0-9a-fA-F]{40}$/.test(hex)) throw malformed(path, "an address is wanted");
  return addressFromHex(hex);
}

export function hashAt(value: unknown, path: string): Hash {
  const bytes = bytesAt(value, path);
  if (bytes.length !== 32) throw malformed(path, "32 bytes are wanted");
  return asHash(bytes);
}
