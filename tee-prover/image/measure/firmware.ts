import { RollupError } from "@phala-l2/protocol/errors";

/** Memory is measured by pages of this size, under SEV-SNP and TDX alike. */
export const PAGE_BYTES = 4096;
/** The firmware ends where the 32-bit address space does. */
export const FOUR_GIB = 0x1_0000_0000;
/** No build of OVMF comes near; what is larger is another file. */
const MAX_FIRMWARE_BYTES = 67_108_864;

/** edk2, OvmfPkg/ResetVector/Ia16/ResetVectorVtf0.asm: the table of GUIDs ends this far before the file does. */
const BYTES_AFTER_TABLE = 32;
const FOOTER = "96b582de-1fb2-45f7-baea-a366c55a082d";
/** Length, two bytes, and GUID; they stand after an entry's data, which is read from the end. */
const ENTRY_HEAD_BYTES = 18;
const GUID_BYTES = 16;

/** What a firmware file says of itself: entries by GUID. */
export type FirmwareTable = ReadonlyMap<string, Uint8Array>;

/** A file that is no firmware, or one that lacks what is asked of it. */
export function firmwareInvalid(reason: string, data: Readonly<Record<string, unknown>> = {}): RollupError {
  return new RollupError("MEASURE_FIRMWARE_INVALID", `the firmware cannot be measured: ${reason}`, { data });
}

/** Little-endian reads that stay within the bytes. */
export class FirmwareReader {
  readonly #view: DataView;
  readonly #what: string;

  constructor(bytes: Uint8Array, what: string) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#what = what;
  }

  /** @throws RollupError MEASURE_FIRMWARE_INVALID beyond the end */
  u16(offset: number): number {
    this.#need(offset, 2);
    return this.#view.getUint16(offset, true);
  }

  /** @throws RollupError MEASURE_FIRMWARE_INVALID beyond the end */
  u32(offset: number): number {
    this.#need(offset, 4);
    return this.#view.getUint32(offset, true);
  }

  /** @throws RollupError MEASURE_FIRMWARE_INVALID beyond the end, or for addresses that no machine has */
  u64(offset: number): number {
    this.#need(offset, 8);
    const value = this.#view.getBigUint64(offset, true);
    if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
    throw firmwareInvalid(`${this.#what} names the address ${value}`);
  }

  #need(offset: number, length: number): void {
    if (offset >= 0 && offset + length <= this.#view.byteLength) return;
    throw firmwareInvalid(`${this.#what} is cut off at byte ${offset}`);
  }
}

/** A GUID's text; its first three fields are little-endian (RFC 9562, appendix on variants). */
function guidText(bytes: Uint8Array): string {
  const order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
  const digits = order.map((i) => (bytes[i] ?? 0).toString(16).padStart(2, "0"));
  return [0, 4, 6, 8, 10].map((from, i, all) => digits.slice(from, all[i + 1]).join("")).join("-");
}

/** A GUID as it stands in memory. */
export function guidBytes(text: string): Uint8Array {
  const plain = Buffer.from(text.replaceAll("-", ""), "hex");
  return Uint8Array.from([3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15], (i) => plain[i] ?? 0);
}

/**
 * Reads the table near a firmware's end.
 * @throws RollupError MEASURE_FIRMWARE_INVALID for a file without one, or one whose entries do not fit into it
 */
export function firmwareTable(firmware: Uint8Array): FirmwareTable {
  if (firmware.length === 0 || firmware.length % PAGE_BYTES !== 0 || firmware.length > MAX_FIRMWARE_BYTES) {
    throw firmwareInvalid(`${firmware.length} bytes are no whole pages of ${PAGE_BYTES}, up to 64 MiB`);
  }
  const end = firmware.length - BYTES_AFTER_TABLE;
  const guid = guidText(firmware.subarray(end - GUID_BYTES, end));
  if (guid !== FOOTER) throw firmwareInvalid("no table of GUIDs at its end, as OVMF has", { found: guid });
  const length = new FirmwareReader(firmware, "the table").u16(end - ENTRY_HEAD_BYTES);
  if (length < ENTRY_HEAD_BYTES || length > end) throw firmwareInvalid(`a table of ${length} bytes`);
  return entriesOf(firmware.subarray(end - length, end - ENTRY_HEAD_BYTES));
}

function entriesOf(table: Uint8Array): FirmwareTable {
  const entries = new Map<string, Uint8Array>();
  const reader = new FirmwareReader(table, "the table");
  for (let end = table.length; end > 0; ) {
    if (end < ENTRY_HEAD_BYTES) throw firmwareInvalid(`${end} bytes before the table's first entry`);
    const length = reader.u16(end - ENTRY_HEAD_BYTES);
    const guid = guidText(table.subarray(end - GUID_BYTES, end));
    if (length < ENTRY_HEAD_BYTES || length > end) {
      throw firmwareInvalid(`an entry of ${length} bytes where ${end} are left`, { guid });
    }
    // Two of one name: whoever starts the machine might take the other.
    if (entries.has(guid)) throw firmwareInvalid("two entries of one GUID", { guid });
    entries.set(guid, table.subarray(end - length, end - ENTRY_HEAD_BYTES));
    end -= length;
  }
  return entries;
}

/**
 * The address or offset that an entry begins with.
 * @throws RollupError MEASURE_FIRMWARE_INVALID without such an entry
 */
export function tableValue(table: FirmwareTable, guid: string, what: string): number {
  const entry = table.get(guid);
  if (entry === undefined) throw firmwareInvalid(`it has no ${what}`, { guid });
  return new FirmwareReader(entry, what).u32(0);
}
