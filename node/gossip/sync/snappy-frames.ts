import { concatBytes } from "@phala-l2/protocol/bytes";
import { compressSnappy, decompressSnappy } from "../snappy.ts";
import { crc32c } from "./crc32c.ts";
import { joinBytes } from "./join-bytes.ts";

/**
 * Snappy's framing format: a stream of chunks, each with its kind, its length as u24 and, where it holds data, a
 * checksum of what it decompresses to. Source: google/snappy, framing_format.txt.
 */
export type FramesDecoding =
  | { readonly kind: "ok"; readonly bytes: Uint8Array }
  | { readonly kind: "invalid"; readonly reason: FramesFault };
export type FramesFault =
  | "frames-no-identifier"
  | "frames-truncated"
  | "frames-chunk-unknown"
  | "frames-chunk-too-large"
  | "frames-chunk-corrupt"
  | "frames-checksum"
  | "frames-too-large";

const COMPRESSED = 0x00;
const UNCOMPRESSED = 0x01;
/** Kinds from here on that a reader does not know may be skipped; those below may not. */
const FIRST_SKIPPABLE = 0x80;
const IDENTIFIER_KIND = 0xff;
/** The identifier's chunk: "sNaPpY". */
const IDENTIFIER = Uint8Array.of(IDENTIFIER_KIND, 6, 0, 0, 0x73, 0x4e, 0x61, 0x50, 0x70, 0x59);
const HEADER = 4;
const CHECKSUM = 4;
/** Most bytes that one chunk decompresses to. */
const MAX_CHUNK = 65_536;

type Chunk = { readonly kind: number; readonly body: Uint8Array; readonly next: number };

function readChunk(stream: Uint8Array, at: number): Chunk | undefined {
  const [kind, low, middle, high] = stream.subarray(at, at + HEADER);
  if (kind === undefined || low === undefined || middle === undefined || high === undefined) return undefined;
  const length = low + middle * 256 + high * 65_536;
  const next = at + HEADER + length;
  return next > stream.length ? undefined : { kind, body: stream.subarray(at + HEADER, next), next };
}

/** The checksum is stored rotated and offset, so that a checksum of data with checksums in it stays one. */
function maskedChecksum(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

function readData({ kind, body }: Chunk): Uint8Array | FramesFault {
  if (body.length < CHECKSUM) return "frames-truncated";
  const checksum = new DataView(body.buffer, body.byteOffset).getUint32(0, true);
  const stored = body.subarray(CHECKSUM);
  if (kind === UNCOMPRESSED && stored.length > MAX_CHUNK) return "frames-chunk-too-large";
  const content = kind === COMPRESSED ? decompressSnappy(stored, MAX_CHUNK) : undefined;
  if (content?.kind === "invalid") return "frames-chunk-corrupt";
  const bytes = content === undefined ? stored : content.bytes;
  return maskedChecksum(bytes) === checksum ? bytes : "frames-checksum";
}

/** Decompresses a whole stream to at most `limit` bytes; nothing larger is allocated. Never throws. */
export function decodeSnappyFrames(stream: Uint8Array, limit: number): FramesDecoding {
  const parts: Uint8Array[] = [];
  let total = 0;
  if (stream.length > 0 && stream[0] !== IDENTIFIER_KIND) return invalid("frames-no-identifier");
  for (let at = 0; at < stream.length; ) {
    const chunk = readChunk(stream, at);
    if (chunk === undefined) return invalid("frames-truncated");
    const isIdentifier = chunk.kind === IDENTIFIER_KIND;
    if (isIdentifier && !isEqual(stream.subarray(at, chunk.next), IDENTIFIER)) {
      return invalid("frames-no-identifier");
    }
    at = chunk.next;
    if (isIdentifier || chunk.kind >= FIRST_SKIPPABLE) continue;
    if (chunk.kind !== COMPRESSED && chunk.kind !== UNCOMPRESSED) return invalid("frames-chunk-unknown");
    const bytes = readData(chunk);
    if (typeof bytes === "string") return invalid(bytes);
    total += bytes.length;
    if (total > limit) return invalid("frames-too-large");
    if (bytes.length > 0) parts.push(bytes);
  }
  return { kind: "ok", bytes: joinBytes(parts, total) };
}

function invalid(reason: FramesFault): FramesDecoding {
  return { kind: "invalid", reason };
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function chunkOf(bytes: Uint8Array): Uint8Array {
  const compressed = compressSnappy(bytes);
  const isShorter = compressed.length < bytes.length;
  const stored = isShorter ? compressed : bytes;
  const chunk = new Uint8Array(HEADER + CHECKSUM + stored.length);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, ((CHECKSUM + stored.length) << 8) | (isShorter ? COMPRESSED : UNCOMPRESSED), true);
  view.setUint32(HEADER, maskedChecksum(bytes), true);
  chunk.set(stored, HEADER + CHECKSUM);
  return chunk;
}

/** Compresses into a stream of chunks. */
export function encodeSnappyFrames(bytes: Uint8Array): Uint8Array {
  const chunks: Uint8Array[] = [IDENTIFIER];
  for (let at = 0; at < bytes.length; at += MAX_CHUNK)
    chunks.push(chunkOf(bytes.subarray(at, at + MAX_CHUNK)));
  return concatBytes(...chunks);
}
