import { ByteCursor } from "../byte-cursor.ts";
import { type OpaqueData, parseOpaqueData } from "./opaque-data.ts";
import { type NvidiaCode, type NvidiaRefusal, refuseNvidia } from "./refusals.ts";

/**
 * A report, as a GPU (Hopper, Blackwell) or NVSwitch gives it: an SPDM 1.1 request for measurements and its
 * response, one after the other (DMTF DSP0274 1.1, section 10.11).
 *
 *   request:   version 1 (0x11) | code 1 (0xe0) | attributes 1 | operation 1 | nonce 32 | slot 1
 *   response:  version 1 (0x11) | code 1 (0x60) | parameters 2 | blocks 1 | record length 3 | record
 *              nonce 32 | opaque length 2 | opaque data | signature 96
 *   block:     index 1 | specification 1 (DMTF) | size 2 | value type 1 | value size 2 | value
 */
export type NvidiaReport = {
  readonly kind: "report";
  /** Request and response but for the signature: what the device signed. */
  readonly signedPart: Uint8Array;
  /** r | s on P-384. */
  readonly signature: Uint8Array;
  /** What the asker chose, and a fresh report repeats. */
  readonly nonce: Uint8Array;
  /** Values by the blocks' indices, which are 1 to the number of blocks. */
  readonly measurements: ReadonlyMap<number, Uint8Array>;
  readonly opaque: OpaqueData;
};

/** Reports have some 4 kB; a bound on what is worth reading. */
const REPORT_BYTES_MAX = 65_536;
const SPDM_1_1 = 0x11;
const GET_MEASUREMENTS = 0xe0;
const MEASUREMENTS = 0x60;
/** Bit 0: with a signature. */
const SIGNATURE_REQUESTED = 0x01;
const ALL_MEASUREMENTS = 0xff;
const NONCE_BYTES = 32;
const SIGNATURE_BYTES = 96;
const DMTF_SPECIFICATION = 1;
/** `value type 1 | value size 2`, before a block's value. */
const VALUE_HEADER_BYTES = 3;
/** SHA-512 would be the longest digest. */
const VALUE_BYTES_MAX = 64;

function refuse(code: NvidiaCode, field: string, wanted: string, found: string | number): NvidiaRefusal {
  return refuseNvidia(code, "1 report", field, wanted, found);
}

/** Reads the request; gives the nonce in it. */
function readRequest(cursor: ByteCursor): Uint8Array | NvidiaRefusal {
  const found = cursor.take(4);
  const wanted = [SPDM_1_1, GET_MEASUREMENTS, SIGNATURE_REQUESTED, ALL_MEASUREMENTS];
  const nonce = cursor.take(NONCE_BYTES);
  cursor.take(1); // the slot of the certificate chain
  if (cursor.overrun) return refuse("REPORT_TRUNCATED", "request", "37 bytes", "fewer");
  if (wanted.some((byte, i) => found[i] !== byte)) {
    return refuse("REPORT_NOT_SPDM", "request", wanted.join(" "), [...found].join(" "));
  }
  return nonce;
}

function readMeasurements(
  record: Uint8Array,
  blocks: number,
): ReadonlyMap<number, Uint8Array> | NvidiaRefusal {
  const malformed = (field: string, wanted: string, found: string | number) =>
    refuse("REPORT_MEASUREMENTS_MALFORMED", field, wanted, found);
  const values = new Map<number, Uint8Array>();
  const cursor = new ByteCursor(record);
  for (let i = 0; i < blocks; i++) {
    const [index = 0, specification = 0] = cursor.take(2);
    const size = cursor.u16();
    cursor.take(1); // the value's type: firmware, configuration …
    const valueSize = cursor.u16();
    const value = cursor.take(valueSize);
    const field = `block ${index}`;
    if (cursor.overrun) return malformed("measurement record", `${blocks} blocks`, "the end");
    if (specification !== DMTF_SPECIFICATION) return malformed(field, "DMTF's specification", specification);
    if (size !== valueSize + VALUE_HEADER_BYTES || valueSize === 0 || valueSize > VALUE_BYTES_MAX) {
      return malformed(field, `sizes that agree, at most ${VALUE_BYTES_MAX}`, `${size} and ${valueSize}`);
    }
    if (index < 1 || index > blocks) return malformed(field, `an index of 1 to ${blocks}`, index);
    if (values.has(index)) return malformed(field, "each index once", "twice");
    values.set(index, value);
  }
  if (blocks === 0) return malformed("measurement record", "at least one block", 0);
  if (cursor.at !== record.length)
    return malformed("measurement record", `${cursor.at} bytes`, record.length);
  return values;
}

/** Parses a report. Every byte has a meaning or is a zero of a buffer's end; nothing is verified yet. */
export function parseReport(bytes: Uint8Array): NvidiaReport | NvidiaRefusal {
  if (bytes.length > REPORT_BYTES_MAX) {
    return refuse("REPORT_TOO_LARGE", "report", `at most ${REPORT_BYTES_MAX} bytes`, bytes.length);
  }
  const cursor = new ByteCursor(bytes);
  const nonce = readRequest(cursor);
  if ("kind" in nonce) return nonce;
  const [version, code] = cursor.take(2);
  cursor.take(2);
  const [blocks = 0] = cursor.take(1);
  const recordLength = cursor.u16() + (cursor.take(1)[0] ?? 0) * 0x1_0000;
  const record = cursor.take(recordLength);
  cursor.take(NONCE_BYTES); // the device's own
  const opaqueData = cursor.take(cursor.u16());
  const signedBytes = cursor.at;
  const signature = cursor.take(SIGNATURE_BYTES);
  if (bytes.length >= 39 && (version !== SPDM_1_1 || code !== MEASUREMENTS)) {
    return refuse("REPORT_NOT_SPDM", "response", `${SPDM_1_1} ${MEASUREMENTS}`, `${version} ${code}`);
  }
  if (cursor.overrun) return refuse("REPORT_TRUNCATED", "report", `${cursor.at} bytes`, bytes.length);
  if (cursor.rest().some((byte) => byte !== 0)) {
    return refuse("REPORT_TRAILING_BYTES", "report", "zeros only after the report", "other bytes");
  }
  const measurements = readMeasurements(record, blocks);
  if ("kind" in measurements) return measurements;
  const opaque = parseOpaqueData(opaqueData);
  if (opaque.kind === "refused") return opaque;
  const signedPart = bytes.subarray(0, signedBytes);
  return { kind: "report", signedPart, signature, nonce, measurements, opaque };
}
