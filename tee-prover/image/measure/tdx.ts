import { createHash, type Hash as Hasher } from "node:crypto";
import {
  FirmwareReader,
  type FirmwareTable,
  firmwareInvalid,
  firmwareTable,
  PAGE_BYTES,
  tableValue,
} from "./firmware.ts";

/**
 * How a section's pages are added: each measured as soon as it is there, as Linux's KVM does it (`single-pass`), or
 * all of a section's added first and measured then, as kernels with Intel's earlier patches do (`two-pass`). The TDX
 * module hashes the calls in their order, so that MRTD differs.
 */
export type PageOrder = "single-pass" | "two-pass";

const TDX_METADATA = "e47a6535-984a-4798-865e-4685a7bf8ec2";
const HEAD_BYTES = 16;
const SECTION_BYTES = 32;
/** Intel TDX Virtual Firmware Design Guide 1.01, table "TDVF section attributes". */
const MEASURED = 1;
const ADDED_LATER = 2;
/** The TDX module measures memory by pieces of this size (TDH.MR.EXTEND). */
const CHUNK_BYTES = 256;
const RECORD_BYTES = 128;
/** A section of memory to be added before the start; no firmware asks for more. */
const MAX_SECTION_BYTES = 67_108_864;

type Section = {
  readonly offset: number;
  readonly content: number;
  readonly address: number;
  readonly length: number;
  readonly attributes: number;
};

function sectionsOf(firmware: Uint8Array, table: FirmwareTable): readonly Section[] {
  const start = firmware.length - tableValue(table, TDX_METADATA, "metadata of TDX; it is no build for TDX");
  const reader = new FirmwareReader(firmware, "the metadata of TDX");
  const magic = new TextDecoder("latin1").decode(firmware.subarray(Math.max(0, start), start + 4));
  const version = reader.u32(start + 8);
  if (magic !== "TDVF" || version !== 1) {
    throw firmwareInvalid("its metadata of TDX is not version 1 of TDVF", { magic, version });
  }
  const [length, count] = [reader.u32(start + 4), reader.u32(start + 12)];
  if (length < HEAD_BYTES + count * SECTION_BYTES) {
    throw firmwareInvalid(`metadata of ${length} bytes for ${count} sections`);
  }
  return Array.from({ length: count }, (_, i) => {
    const at = start + HEAD_BYTES + i * SECTION_BYTES;
    const section = {
      offset: reader.u32(at),
      content: reader.u32(at + 4),
      address: reader.u64(at + 8),
      length: reader.u64(at + 16),
      attributes: reader.u32(at + 28),
    };
    requireSection(section, firmware);
    return section;
  });
}

function requireSection(
  { offset, content, address, length, attributes }: Section,
  firmware: Uint8Array,
): void {
  const isWhole = address % PAGE_BYTES === 0 && length % PAGE_BYTES === 0 && content <= length;
  const isWithin = content === 0 || offset + content <= firmware.length;
  // What is measured is the file's; memory beyond it would be measured as nobody knows what.
  const isKnown = (attributes & MEASURED) === 0 || content === length;
  const isAdded = (attributes & ADDED_LATER) === 0;
  if (isWhole && isWithin && isKnown && (!isAdded || length <= MAX_SECTION_BYTES)) return;
  throw firmwareInvalid("a section is not of whole pages of the file", { offset, content, address, length });
}

/** What the module hashes of a call: its name and the address, in 128 bytes. */
function record(name: "MEM.PAGE.ADD" | "MR.EXTEND", address: number): Uint8Array {
  const bytes = new Uint8Array(RECORD_BYTES);
  bytes.set(new TextEncoder().encode(name));
  new DataView(bytes.buffer).setBigUint64(16, BigInt(address), true);
  return bytes;
}

function addPage(hasher: Hasher, { address, attributes }: Section, page: number): void {
  if ((attributes & ADDED_LATER) === 0) hasher.update(record("MEM.PAGE.ADD", address + page));
}

function measurePage(hasher: Hasher, section: Section, page: number, firmware: Uint8Array): void {
  if ((section.attributes & MEASURED) === 0) return;
  for (let chunk = page; chunk < page + PAGE_BYTES; chunk += CHUNK_BYTES) {
    hasher.update(record("MR.EXTEND", section.address + chunk));
    hasher.update(firmware.subarray(section.offset + chunk, section.offset + chunk + CHUNK_BYTES));
  }
}

/**
 * MRTD, 48 bytes: SHA-384 of the calls by which the hypervisor builds a TD of that firmware. Intel TDX Module Base
 * Architecture Specification, "MRTD: Build-Time Measurement Register"; sections: TDVF Design Guide.
 * @throws RollupError MEASURE_FIRMWARE_INVALID
 */
export function tdxMrtd(firmware: Uint8Array, order: PageOrder): Uint8Array {
  const hasher = createHash("sha384");
  for (const section of sectionsOf(firmware, firmwareTable(firmware))) {
    const pages = Array.from({ length: pagesOf(section) }, (_, i) => i * PAGE_BYTES);
    if (order === "two-pass") for (const page of pages) addPage(hasher, section, page);
    for (const page of pages) {
      if (order === "single-pass") addPage(hasher, section, page);
      measurePage(hasher, section, page, firmware);
    }
  }
  return hasher.digest();
}

/** Pages that count: memory that is added later and not measured leaves no trace, however large it is. */
function pagesOf({ attributes, length }: Section): number {
  return (attributes & ADDED_LATER) !== 0 && (attributes & MEASURED) === 0 ? 0 : length / PAGE_BYTES;
}
