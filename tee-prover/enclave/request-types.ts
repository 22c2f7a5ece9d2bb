import { ADDRESS_LENGTH, HASH_LENGTH } from "@phala-l2/protocol/bytes";
import { isRecord } from "@phala-l2/protocol/json-record";

/**
 * Types of what a host asks for, looked at once, in the enclave's own copy. The compiler knows nothing of a host: `structuredClone` keeps a
 * boxed number, which is hashed as the number that it is, and equals none. What passes here is what its type says, down to lengths.
 */
type Shape = (value: unknown) => boolean;

/** Memory shared with another thread stays shared in a copy. */
function bytes(length?: number): Shape {
  return (value) =>
    value instanceof Uint8Array &&
    value.buffer instanceof ArrayBuffer &&
    (length === undefined || value.length === length);
}

function unsigned(bits: bigint): Shape {
  return (value) => typeof value === "bigint" && value >= 0n && value >> bits === 0n;
}

/** A u32 as a number. */
function index(value: unknown): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value < 2 ** 32;
}

/** A hole is no item. */
function list(item: Shape): Shape {
  return (value) => Array.isArray(value) && Array.from<unknown>(value).every(item);
}

function record(fields: Readonly<Record<string, Shape>>): Shape {
  const shapes = Object.entries(fields);
  return (value) => isRecord(value) && shapes.every(([name, shape]) => shape(value[name]));
}

function optional(shape: Shape): Shape {
  return (value) => value === undefined || shape(value);
}

const address = bytes(ADDRESS_LENGTH);
const hash = bytes(HASH_LENGTH);
const u64 = unsigned(64n);
const place = record({
  block: record({ header: bytes(), nodes: list(bytes()), remarks: list(bytes()) }),
  eventIndex: index,
});

export const isHash: Shape = hash;

/** `FinalitySource`. */
export const isFinalitySource: Shape = record({
  set: record({ id: u64, authorities: list(record({ key: hash, weight: u64 })) }),
  paraId: optional(index),
});

/** `SunsetRequest`. */
export const isSunsetRequest: Shape = record({
  contract: address,
  finalityAnchor: hash,
  registrationsFrom: u64,
  header: bytes(),
  finality: optional(bytes()),
  layout: optional((value) => value === 0 || value === 1),
});

/** `ReleaseRequest`. */
export const isReleaseRequest: Shape = record({
  contract: address,
  settings: record({
    genesisHash: hash,
    firstHeight: u64,
    lastHeight: u64,
    minimum: unsigned(128n),
    token: address,
    finalityAnchor: hash,
    runtimes: list(record({ specVersion: index, metadataHash: hash })),
  }),
  metadata: list(bytes()),
  witness: record({ deposit: place, repair: optional(place) }),
  finality: list(bytes()),
});
