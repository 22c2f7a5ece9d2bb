import { fromHex, type Hash, hashFromHex } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import { isRecord } from "@phala-l2/protocol/json-record";
import { decodeHeader, isDigestItem, type SubstrateHeader } from "@phala-l2/protocol/substrate/header";
import type { DumpFacts } from "./dump-entries.ts";

export type HeaderReading =
  | { readonly kind: "ok"; readonly header: SubstrateHeader }
  | { readonly kind: "invalid"; readonly reason: string };

const HEX_TEXT = /^\s*"?(?:0x)?((?:[0-9a-fA-F]{2})+)"?\s*$/;

/** The header itself, which answers to RPC calls and blocks wrap. */
function unwrapped(value: unknown): unknown {
  if (!isRecord(value)) return value;
  for (const name of ["result", "block", "header", "signedBlock"]) {
    if (isRecord(value[name]) || typeof value[name] === "string") return unwrapped(value[name]);
  }
  return value;
}

/** Reads what `read` reads; undefined when it is malformed. */
function attempt<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch (error) {
    if (isRollupError(error) || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function hashIn(fields: Readonly<Record<string, unknown>>, name: string): Hash | undefined {
  const text = fields[name];
  return typeof text === "string" ? attempt(() => hashFromHex(text)) : undefined;
}

/** Block numbers are hex in answers of nodes, and decimal where people write them. */
export function blockNumberOf(value: unknown): bigint | undefined {
  const text = typeof value === "number" ? String(value) : value;
  if (typeof text !== "string" || !/^(?:0x[0-9a-f]+|\d[\d,]*)$/i.test(text)) return undefined;
  return BigInt(text.replaceAll(",", ""));
}

function digestIn(fields: Readonly<Record<string, unknown>>): readonly Uint8Array[] | undefined {
  const { digest } = fields;
  const logs = isRecord(digest) ? digest.logs : (fields.logs ?? digest ?? []);
  if (!Array.isArray(logs)) return undefined;
  const items = logs.map((log) => (typeof log === "string" ? attempt(() => fromHex(log)) : undefined));
  const known = items.filter((item) => item !== undefined && isDigestItem(item));
  return known.length === logs.length ? known.filter((item) => item !== undefined) : undefined;
}

function headerOf(fields: Readonly<Record<string, unknown>>): HeaderReading {
  const parentHash = hashIn(fields, "parentHash");
  const stateRoot = hashIn(fields, "stateRoot");
  const extrinsicsRoot = hashIn(fields, "extrinsicsRoot");
  const number = blockNumberOf(fields.number);
  const digest = digestIn(fields);
  const parts = { parentHash, number, stateRoot, extrinsicsRoot, digest };
  const missing = Object.entries(parts).filter(([, value]) => value === undefined);
  if (
    parentHash === undefined ||
    stateRoot === undefined ||
    extrinsicsRoot === undefined ||
    number === undefined ||
    digest === undefined
  ) {
    return {
      kind: "invalid",
      reason: `the header's ${missing.map(([name]) => name).join(", ")} cannot be read`,
    };
  }
  return { kind: "ok", header: { parentHash, number, stateRoot, extrinsicsRoot, digest } };
}

function decoded(bytes: Uint8Array): HeaderReading {
  const header = decodeHeader(bytes);
  return header.kind === "ok"
    ? { kind: "ok", header: header.value }
    : { kind: "invalid", reason: `no SCALE of a header: ${header.reason}` };
}

/**
 * Reads a header from a file's bytes: JSON as `chain_getHeader` or `chain_getBlock` answer it, SCALE as hex text, or
 * SCALE itself. Never throws for what is in them.
 */
export function readHeader(content: Uint8Array): HeaderReading {
  const text = new TextDecoder().decode(content);
  const hex = HEX_TEXT.exec(text)?.[1];
  if (hex !== undefined) return decoded(fromHex(hex));
  if (!/^\s*\{/.test(text)) return decoded(content);
  const value = unwrapped(attempt((): unknown => JSON.parse(text)));
  if (typeof value === "string") return readHeader(new TextEncoder().encode(value));
  return isRecord(value) ? headerOf(value) : { kind: "invalid", reason: "the header is not JSON" };
}

/** The header that a dump has beside its entries, if any. */
export function headerInDump({ header, headerHex }: DumpFacts): HeaderReading | undefined {
  if (headerHex !== undefined) return readHeader(new TextEncoder().encode(headerHex));
  if (header === undefined) return undefined;
  return headerOf({ ...header });
}
