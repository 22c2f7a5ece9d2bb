import { readFileSync } from "node:fs";
import { join } from "node:path";
import { concatBytes } from "@phala-l2/protocol/bytes";
import { guidBytes, PAGE_BYTES } from "../measure/firmware.ts";

/** The end of a real build of OVMF; see firmware/README.md. */
export function realFirmware(name: "AmdSev" | "OvmfX64"): Uint8Array {
  return readFileSync(join(import.meta.dirname, "firmware", `ovmf_${name}_suffix.bin`));
}

const FOOTER = "96b582de-1fb2-45f7-baea-a366c55a082d";
const BYTES_AFTER_TABLE = 32;

export function u32(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) view.setUint32(i * 4, value, true);
  return bytes;
}

export function u64(value: number): Uint8Array {
  return u32(value % 0x1_0000_0000, Math.floor(value / 0x1_0000_0000));
}

function u16(value: number): Uint8Array {
  return Uint8Array.of(value % 256, Math.floor(value / 256));
}

/** One entry of the table: its data, its length and its GUID. */
export function entry(guid: string, data: Uint8Array, length: number = data.length + 18): Uint8Array {
  return concatBytes(data, u16(length), guidBytes(guid));
}

/**
 * A firmware file with that table; everything else is zeros but what is put there.
 * @param parts Bytes by their place, counted from the file's end.
 */
export function madeFirmware(
  entries: readonly Uint8Array[],
  parts: readonly (readonly [number, Uint8Array])[] = [],
  bytes: number = PAGE_BYTES,
): Uint8Array {
  const table = concatBytes(...entries);
  const footer = entry(FOOTER, new Uint8Array(0), table.length + 18);
  const firmware = new Uint8Array(bytes);
  firmware.set(concatBytes(table, footer), bytes - BYTES_AFTER_TABLE - table.length - footer.length);
  for (const [fromEnd, part] of parts) firmware.set(part, bytes - fromEnd);
  return firmware;
}
