import { compress } from "snappyjs";

export type SnappyDecoding =
  | { readonly kind: "ok"; readonly bytes: Uint8Array }
  | { readonly kind: "invalid"; readonly reason: SnappyFault };
export type SnappyFault = "snappy-length-malformed" | "snappy-too-large" | "snappy-bomb" | "snappy-corrupt";

/** The preamble is a varint below 2^32: at most 5 bytes. */
const MAX_PREAMBLE = 5;
/** A copy of 3 bytes makes at most 64: no stream grows more than this many times. */
const MAX_GROWTH = 22;

/** Element kinds: the tag byte's two low bits. */
const LITERAL = 0;
const COPY_1 = 1;
const COPY_2 = 2;

type Preamble = { readonly length: number; readonly size: number };

function readPreamble(compressed: Uint8Array): Preamble | undefined {
  let length = 0;
  for (let i = 0; i < MAX_PREAMBLE; i++) {
    const byte = compressed[i];
    if (byte === undefined) return undefined;
    length += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return length < 2 ** 32 ? { length, size: i + 1 } : undefined;
  }
  return undefined;
}

function littleEndian(bytes: Uint8Array, at: number, size: number): number {
  let value = 0;
  for (let i = size - 1; i >= 0; i--) value = value * 256 + (bytes[at + i] ?? 0);
  return value;
}

/** One element: its header's size, how many bytes it makes, and from how far back (0: they follow). */
type Element = { readonly header: number; readonly length: number; readonly offset: number };

function readElement(input: Uint8Array, at: number): Element {
  const tag = input[at] ?? 0;
  const high = tag >>> 2;
  switch (tag & 3) {
    case LITERAL: {
      const extra = high < 60 ? 0 : high - 59;
      return {
        header: 1 + extra,
        length: (extra === 0 ? high : littleEndian(input, at + 1, extra)) + 1,
        offset: 0,
      };
    }
    case COPY_1:
      return { header: 2, length: (high & 7) + 4, offset: (tag >>> 5) * 256 + (input[at + 1] ?? 0) };
    case COPY_2:
      return { header: 3, length: high + 1, offset: littleEndian(input, at + 1, 2) };
    default:
      return { header: 5, length: high + 1, offset: littleEndian(input, at + 1, 4) };
  }
}

/** Fills `output` exactly; false when the stream would run short, over, or point before the start. */
function inflate(input: Uint8Array, from: number, output: Uint8Array): boolean {
  let at = from;
  let made = 0;
  while (at < input.length) {
    const { header, length, offset } = readElement(input, at);
    const isLiteral = ((input[at] ?? 0) & 3) === LITERAL;
    at += header;
    if (at > input.length || made + length > output.length) return false;
    if (isLiteral) {
      if (at + length > input.length) return false;
      output.set(input.subarray(at, at + length), made);
      at += length;
    } else {
      if (offset === 0 || offset > made) return false;
      // Source and target may overlap: then the bytes repeat, which is how runs are stored.
      for (let i = 0; i < length; i++) output[made + i] = output[made + i - offset] ?? 0;
    }
    made += length;
  }
  return made === output.length;
}

/**
 * Decompresses snappy's block format as strictly as Go's library: the declared length is checked against
 * `limit` before anything is allocated, and must be met exactly. Never throws.
 * Source: google/snappy, format_description.txt.
 */
export function decompressSnappy(compressed: Uint8Array, limit: number): SnappyDecoding {
  const preamble = readPreamble(compressed);
  if (preamble === undefined) return { kind: "invalid", reason: "snappy-length-malformed" };
  if (preamble.length > limit) return { kind: "invalid", reason: "snappy-too-large" };
  if (preamble.length > MAX_GROWTH * compressed.length) return { kind: "invalid", reason: "snappy-bomb" };
  const bytes = new Uint8Array(preamble.length);
  return inflate(compressed, preamble.size, bytes)
    ? { kind: "ok", bytes }
    : { kind: "invalid", reason: "snappy-corrupt" };
}

/** Compresses into snappy's block format. */
export function compressSnappy(bytes: Uint8Array): Uint8Array {
  return compress(bytes);
}
