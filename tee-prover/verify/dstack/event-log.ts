import { createHash } from "node:crypto";
import { bytesEqual, concatBytes, toHex } from "@phala-l2/protocol/bytes";
import { isRecord } from "@phala-l2/protocol/json-record";
import { type DstackRefusal, refuseDstack } from "./refusals.ts";

/** One event of a log, as dstack's guest agent writes it. */
export type LogEvent = {
  /** 0 to 3: which RTMR was extended. */
  readonly register: number;
  readonly type: number;
  /** Undefined where the log leaves it out. */
  readonly digest: Uint8Array | undefined;
  readonly name: string;
  readonly payload: Uint8Array;
};

export type Registers = readonly [Uint8Array, Uint8Array, Uint8Array, Uint8Array];

/** Type of the events that dstack itself and applications emit into RTMR3. */
export const RUNTIME_EVENT = 0x0800_0001;
export const RUNTIME_REGISTER = 3;
const DIGEST_BYTES = 48;
const REGISTERS = 4;
const EVENTS_MAX = 8192;
const PAYLOAD_BYTES_MAX = 1_048_576;
const U32_MAX = 0xffff_ffff;

function malformed(field: string, wanted: string, found: string): DstackRefusal {
  return refuseDstack("EVENT_LOG_MALFORMED", field, wanted, found);
}

/** Bytes of hex text without 0x; undefined for anything else. */
function hexOf(value: unknown): Uint8Array | undefined {
  if (typeof value !== "string" || !/^(?:[\da-fA-F]{2})*$/.test(value)) return undefined;
  return Uint8Array.from(Buffer.from(value, "hex"));
}

function isWholeUpTo(value: unknown, max: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= max;
}

function readEvent(value: unknown, i: number): LogEvent | DstackRefusal {
  const field = `event ${i}`;
  if (!isRecord(value)) return malformed(field, "an object", "something else");
  const { imr, event_type: type, event: name } = value;
  const digest = hexOf(value.digest);
  const payload = hexOf(value.event_payload);
  if (!isWholeUpTo(imr, REGISTERS - 1)) return malformed(field, "imr of 0 to 3", `${imr}`);
  if (!isWholeUpTo(type, U32_MAX)) return malformed(field, "event_type of 32 bits", `${type}`);
  if (typeof name !== "string") return malformed(field, "event as text", typeof name);
  if (payload === undefined || payload.length > PAYLOAD_BYTES_MAX) {
    return malformed(field, "event_payload in hex", "something else");
  }
  if (digest === undefined || (digest.length !== 0 && digest.length !== DIGEST_BYTES)) {
    return malformed(field, `digest of ${DIGEST_BYTES} bytes in hex, or none`, "something else");
  }
  return { register: imr, type, digest: digest.length === 0 ? undefined : digest, name, payload };
}

/** Reads a log: a list of events in the order in which they extended their registers. */
export function readEventLog(value: unknown): readonly LogEvent[] | DstackRefusal {
  if (!Array.isArray(value) || value.length > EVENTS_MAX) {
    return malformed("event_log", `a list of at most ${EVENTS_MAX} events`, "something else");
  }
  const events: LogEvent[] = [];
  for (const [i, entry] of value.entries()) {
    const event = readEvent(entry, i);
    if ("kind" in event) return event;
    events.push(event);
  }
  return events;
}

function sha384(...parts: readonly Uint8Array[]): Uint8Array {
  return createHash("sha384")
    .update(concatBytes(...parts))
    .digest();
}

/** What a runtime event extends RTMR3 by: SHA-384(type, little-endian | ":" | name | ":" | payload). */
export function runtimeDigest({ type, name, payload }: Omit<LogEvent, "register" | "digest">): Uint8Array {
  const head = new Uint8Array(4);
  new DataView(head.buffer).setUint32(0, type, true);
  const colon = Uint8Array.of(":".charCodeAt(0));
  return sha384(head, colon, new TextEncoder().encode(name), colon, payload);
}

/**
 * The digest that an event extended its register by. A runtime event's is always computed, whatever the log says: only
 * so are name and payload bound to it. Events of firmware and kernel have digests of data that is not all in the log.
 */
function digestOf(event: LogEvent, i: number): Uint8Array | DstackRefusal {
  const field = `event ${i} (${event.name || event.type})`;
  if (event.type !== RUNTIME_EVENT) {
    return event.digest ?? refuseDstack("EVENT_DIGEST_MISSING", field, "a digest", "none");
  }
  const computed = runtimeDigest(event);
  if (event.digest === undefined || bytesEqual(event.digest, computed)) return computed;
  const wanted = toHex(computed).slice(2);
  return refuseDstack("EVENT_DIGEST_MISMATCH", field, wanted, toHex(event.digest).slice(2));
}

/** The registers that a log leads to: each begins as zeros, and becomes SHA-384(itself | digest) with each event. */
export function replayEvents(events: readonly LogEvent[]): Registers | DstackRefusal {
  const registers: [Uint8Array, Uint8Array, Uint8Array, Uint8Array] = [
    new Uint8Array(DIGEST_BYTES),
    new Uint8Array(DIGEST_BYTES),
    new Uint8Array(DIGEST_BYTES),
    new Uint8Array(DIGEST_BYTES),
  ];
  for (const [i, event] of events.entries()) {
    const digest = digestOf(event, i);
    if ("kind" in digest) return digest;
    registers[event.register] = sha384(registers[event.register] ?? new Uint8Array(0), digest);
  }
  return registers;
}

/**
 * Compares a replay with a quote's registers, and gives those that were compared. RTMR3 always is, for names are read
 * from it. A log without any event of another register says nothing about it: the policy has its value.
 */
export function compareRegisters(
  events: readonly LogEvent[],
  replayed: Registers,
  quoted: Registers,
): readonly number[] | DstackRefusal {
  const compared = [0, 1, 2, RUNTIME_REGISTER].filter(
    (register) => register === RUNTIME_REGISTER || events.some((event) => event.register === register),
  );
  for (const register of compared) {
    const [wanted = new Uint8Array(0), found = new Uint8Array(0)] = [quoted[register], replayed[register]];
    if (bytesEqual(wanted, found)) continue;
    return refuseDstack("RTMR_MISMATCH", `RTMR${register}`, toHex(wanted).slice(2), toHex(found).slice(2));
  }
  return compared;
}
