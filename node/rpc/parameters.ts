import { type Address, asAddress, asHash, fromHex, type Hash } from "@phala-l2/protocol/bytes";
import { isRecord } from "@phala-l2/protocol/json-record";

/** A value of a request, read: geth's words where it cannot be. */
export type Parsed<T> =
  | { readonly kind: "ok"; readonly value: T }
  | { readonly kind: "invalid"; readonly words: string };
export type Parse<T> = (value: unknown) => Parsed<T>;

const MAX_UINT64 = (1n << 64n) - 1n;
const MAX_INT64 = (1n << 63n) - 1n;
const HASH_TEXT_LENGTH = 66;

export function ok<T>(value: T): Parsed<T> {
  return { kind: "ok", value };
}

export function invalid(words: string): { readonly kind: "invalid"; readonly words: string } {
  return { kind: "invalid", words };
}

/** Go's wording of a JSON value that does not fit a type. */
function cannotUnmarshal(what: string, type: string): { readonly kind: "invalid"; readonly words: string } {
  return invalid(`json: cannot unmarshal ${what} into Go value of type ${type}`);
}

function jsonKind(value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "boolean") return "bool";
  return typeof value;
}

/** hexutil's reading of a number: "0x", no leading zeros, at most `bits`. */
function readHexNumber(text: string, bits: 64 | 256): Parsed<bigint> {
  if (text === "") return invalid("empty hex string");
  if (!/^0x/i.test(text)) return invalid("hex string without 0x prefix");
  const digits = text.slice(2);
  if (digits === "") return invalid('hex string "0x"');
  if (digits.length > 1 && digits.startsWith("0")) return invalid("hex number with leading zero digits");
  if (digits.length > bits / 4) return invalid(`hex number > ${bits} bits`);
  if (!/^[0-9a-fA-F]+$/.test(digits)) return invalid("invalid hex string");
  return ok(BigInt(`0x${digits}`));
}

/** hexutil's reading of bytes: "0x", whole bytes. */
function readHexBytes(text: string): Parsed<Uint8Array> {
  if (text === "") return invalid("empty hex string");
  if (!/^0x/i.test(text)) return invalid("hex string without 0x prefix");
  if (text.length % 2 !== 0) return invalid("hex string of odd length");
  const digits = text.slice(2);
  if (!/^[0-9a-fA-F]*$/.test(digits)) return invalid("invalid hex string");
  return ok(fromHex(digits));
}

function typedNumber(bits: 64 | 256, type: string): Parse<bigint> {
  return (value) => {
    if (typeof value !== "string") return cannotUnmarshal("non-string", type);
    const read = readHexNumber(value, bits);
    return read.kind === "ok" ? read : cannotUnmarshal(read.words, type);
  };
}

/** A number below 2^64 as 0x-hex without leading zeros. */
export const uint64: Parse<bigint> = typedNumber(64, "hexutil.Uint64");

/** A number below 2^256 as 0x-hex without leading zeros. */
export const quantity: Parse<bigint> = typedNumber(256, "*hexutil.Big");

/** Bytes as 0x-hex of even length. */
export const data: Parse<Uint8Array> = (value) => {
  if (typeof value !== "string") return cannotUnmarshal("non-string", "hexutil.Bytes");
  const read = readHexBytes(value);
  return read.kind === "ok" ? read : cannotUnmarshal(read.words, "hexutil.Bytes");
};

function fixedBytes(value: unknown, length: number, type: string): Parsed<Uint8Array> {
  if (typeof value !== "string") return cannotUnmarshal("non-string", type);
  const read = readHexBytes(value);
  if (read.kind === "invalid") return cannotUnmarshal(read.words, type);
  if (read.value.length === length) return read;
  return cannotUnmarshal(`hex string has length ${value.length - 2}, want ${2 * length} for ${type}`, type);
}

/** 32 bytes. */
export const hash: Parse<Hash> = (value) => {
  const read = fixedBytes(value, 32, "common.Hash");
  return read.kind === "ok" ? ok(asHash(read.value)) : read;
};

/** 20 bytes; any letter case, checksums are the client's matter. */
export const address: Parse<Address> = (value) => {
  const read = fixedBytes(value, 20, "common.Address");
  return read.kind === "ok" ? ok(asAddress(read.value)) : read;
};

export const bool: Parse<boolean> = (value) =>
  typeof value === "boolean" ? ok(value) : cannotUnmarshal(jsonKind(value), "bool");

export const text: Parse<string> = (value) =>
  typeof value === "string" ? ok(value) : cannotUnmarshal(jsonKind(value), "string");

/** Any value: for parameters that a method reads itself. */
export const anything: Parse<unknown> = (value) => ok(value);

/** A hex quantity or a plain JSON number, as geth's math.HexOrDecimal64 (feeHistory's block count). */
export const hexOrDecimal: Parse<bigint> = (value) => {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return ok(BigInt(value));
  if (typeof value === "string" && /^[0-9]{1,20}$/.test(value) && BigInt(value) <= MAX_UINT64)
    return ok(BigInt(value));
  if (typeof value === "string" && /^0x[0-9a-fA-F]{1,16}$/.test(value)) return ok(BigInt(value));
  return invalid(`invalid hex or decimal integer ${JSON.stringify(value)}`);
};

/** The names of heads that Ethereum's API knows. */
export const BLOCK_TAGS = ["latest", "pending", "safe", "finalized", "earliest"] as const;
export type BlockTag = (typeof BLOCK_TAGS)[number];

/** Which block a caller means. `requireCanonical` is EIP-1898's. */
export type BlockReference =
  | { readonly kind: "tag"; readonly tag: BlockTag }
  | { readonly kind: "number"; readonly number: bigint }
  | { readonly kind: "hash"; readonly hash: Hash; readonly requireCanonical: boolean };

export const LATEST: BlockReference = { kind: "tag", tag: "latest" };

/** A tag or a number: geth's rpc.BlockNumber. */
export const blockNumber: Parse<BlockReference> = (value) => {
  const trimmed = typeof value === "string" ? value : undefined;
  if (trimmed === undefined) {
    return typeof value === "number"
      ? invalid("hex string without 0x prefix")
      : invalid("invalid hex string");
  }
  const tag = BLOCK_TAGS.find((candidate) => candidate === trimmed);
  if (tag !== undefined) return ok({ kind: "tag", tag });
  const read = readHexNumber(trimmed, 64);
  if (read.kind === "invalid") return read;
  if (read.value > MAX_INT64) return invalid("block number larger than int64");
  return ok({ kind: "number", number: read.value });
};

/** A tag, a number, a hash, or EIP-1898's object: geth's rpc.BlockNumberOrHash. */
export const block: Parse<BlockReference> = (value) => {
  if (isRecord(value)) {
    if (value.blockNumber !== undefined && value.blockHash !== undefined) {
      return invalid("cannot specify both BlockHash and BlockNumber, choose one or the other");
    }
    if (value.blockHash !== undefined) {
      const read = hash(value.blockHash);
      if (read.kind === "invalid") return read;
      return ok({ kind: "hash", hash: read.value, requireCanonical: value.requireCanonical === true });
    }
    if (value.blockNumber !== undefined) return blockNumber(value.blockNumber);
    return invalid("invalid arguments; neither block nor hash specified");
  }
  if (typeof value === "string" && value.length === HASH_TEXT_LENGTH) {
    const read = hash(value);
    return read.kind === "ok" ? ok({ kind: "hash", hash: read.value, requireCanonical: false }) : read;
  }
  return blockNumber(value);
};

/** An array of at most `limit` items. */
export function arrayOf<T>(parse: Parse<T>, limit: number, type: string): Parse<readonly T[]> {
  return (value) => {
    if (!Array.isArray(value)) return cannotUnmarshal(jsonKind(value), type);
    if (value.length > limit) return invalid(`too many items (max ${limit})`);
    const values: T[] = [];
    for (const item of value) {
      const read = parse(item);
      if (read.kind === "invalid") return read;
      values.push(read.value);
    }
    return ok(values);
  };
}
