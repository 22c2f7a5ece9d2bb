import { RollupError } from "../../errors.ts";

/**
 * A standard bitlist: `length` bits as one big-endian integer, left-padded with zeros to whole bytes; bit 0 is
 * the integer's lowest. Source: specs/protocol/delta/span-batches.md "Span batch format".
 */
export type Bitlist = { readonly length: number; readonly bytes: Uint8Array };

/** Bytes that hold this many bits. */
export function bitlistSize(length: number): number {
  return Math.ceil(length / 8);
}

/** Makes a bitlist of `length` bits, bit i set where `isSet(i)`. */
export function bitlistOf(length: number, isSet: (index: number) => boolean): Bitlist {
  const bytes = new Uint8Array(bitlistSize(length));
  for (let i = 0; i < length; i++) {
    if (isSet(i))
      bytes[bytes.length - 1 - (i >>> 3)] = (bytes[bytes.length - 1 - (i >>> 3)] ?? 0) | (1 << (i & 7));
  }
  return { length, bytes };
}

/** Undefined when the bytes are not as many as the bits need, or a bit beyond the length is set. */
export function asBitlist(length: number, bytes: Uint8Array): Bitlist | undefined {
  if (bytes.length !== bitlistSize(length)) return undefined;
  const spare = 8 * bytes.length - length;
  if (spare > 0 && (bytes[0] ?? 0) >> (8 - spare) !== 0) return undefined;
  return { length, bytes };
}

/** @throws RollupError BIT_RANGE when there is no such bit */
export function bitAt({ length, bytes }: Bitlist, index: number): 0 | 1 {
  const byte = bytes[bytes.length - 1 - (index >>> 3)];
  if (byte === undefined || index >= length || index < 0) {
    throw new RollupError("BIT_RANGE", `a bitlist of ${length} bits has no bit ${index}`);
  }
  return (byte >> (index & 7)) & 1 ? 1 : 0;
}

/** How many bits are set. */
export function countBits({ bytes }: Bitlist): number {
  let count = 0;
  for (const byte of bytes) for (let rest = byte; rest !== 0; rest &= rest - 1) count++;
  return count;
}
