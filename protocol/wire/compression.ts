// biome-ignore lint/correctness/noNodejsModules: zlib and brotli in JavaScript are several times slower, and these calls are pure: bytes in, bytes out, no file and no network
import * as zlib from "node:zlib";
import { concatBytes, EMPTY_BYTES } from "../bytes.ts";

/**
 * Compression of channels.
 * Source: specs/protocol/derivation.md "Channel Format" and fjord/derivation.md "Brotli Channel Compression".
 *
 * channel = zlib stream (RFC 1950; low nibble of its first byte 8 or 15)  |  from Fjord: 0x01 | brotli stream
 */
export type ChannelDecompression =
  | { readonly kind: "ok"; readonly bytes: Uint8Array }
  | {
      readonly kind: "invalid";
      readonly reason: "empty-channel" | "unknown-compression" | "brotli-before-fjord";
    };

/** First byte of a channel compressed with brotli. */
export const CHANNEL_VERSION_BROTLI = 1;
/** Low nibble of the first byte of a zlib stream: compression method deflate, or the reserved 15. */
const ZLIB_CM_8 = 8;
const ZLIB_CM_15 = 15;

/** MAX_RLP_BYTES_PER_CHANNEL before Fjord: bytes of a channel that count after decompression. */
export const MAX_RLP_BYTES_PER_CHANNEL_BEDROCK = 10_000_000;
/** The same from Fjord on. Source: fjord/derivation.md "Increasing MAX_RLP_BYTES_PER_CHANNEL". */
export const MAX_RLP_BYTES_PER_CHANNEL_FJORD = 100_000_000;

/**
 * Most output bytes that one more byte of deflate input can bring about: eight one-bit symbols of 258 bytes
 * each; a pending one before them included, with room to spare.
 */
const ZLIB_BURST = 16 * 258;
/**
 * Most output bytes that one more byte of brotli input can bring about. A metablock has at most 2^24 bytes
 * (RFC 7932, 9.2), its commands may cost no bits, and its header is longer than a byte: so one byte can end
 * one metablock and release a second.
 */
const BROTLI_BURST = 2 * (1 << 24);
/** Bounds of the size of node's output pieces: few of them for large channels, no waste for small ones. */
const MIN_CHUNK = 1 << 10;
const MAX_CHUNK = 1 << 17;

function chunkFor(input: Uint8Array): number {
  return Math.min(MAX_CHUNK, Math.max(MIN_CHUNK, 4 * input.length));
}

type Inflater = (input: Uint8Array, maxOutputLength: number) => Uint8Array;

function inflateZlib(input: Uint8Array, maxOutputLength: number): Uint8Array {
  return zlib.inflateSync(input, {
    finishFlush: zlib.constants.Z_SYNC_FLUSH,
    chunkSize: chunkFor(input),
    maxOutputLength,
  });
}

function inflateBrotli(input: Uint8Array, maxOutputLength: number): Uint8Array {
  return zlib.brotliDecompressSync(input, {
    finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH,
    chunkSize: chunkFor(input),
    maxOutputLength,
  });
}

/**
 * Decompresses a channel to at most `limit` bytes. A truncated or corrupt stream gives what its longest sound
 * prefix decodes to, as a streaming reader would have read it, possibly nothing; a wrong checksum at the end
 * takes nothing away; bytes after the end of the stream are ignored; output beyond the limit is cut off.
 * Never throws for any content of `channel`.
 *
 * Source: derivation.md "Channel Format": with more than MAX_RLP_BYTES_PER_CHANNEL things proceed as though
 * the channel held only the first such bytes.
 */
export function decompressChannel(
  channel: Uint8Array,
  rules: { readonly fjord: boolean; readonly limit: number },
): ChannelDecompression {
  const first = channel[0];
  if (first === undefined) return { kind: "invalid", reason: "empty-channel" };
  const method = first & 0x0f;
  if (method === ZLIB_CM_8 || method === ZLIB_CM_15) {
    return { kind: "ok", bytes: inflatePrefix(inflateZlib, channel, rules.limit, ZLIB_BURST) };
  }
  if (first !== CHANNEL_VERSION_BROTLI) return { kind: "invalid", reason: "unknown-compression" };
  if (!rules.fjord) return { kind: "invalid", reason: "brotli-before-fjord" };
  return { kind: "ok", bytes: inflatePrefix(inflateBrotli, channel.subarray(1), rules.limit, BROTLI_BURST) };
}

/**
 * What the longest prefix of the input decodes to whose output is sound and within limit + burst, clipped to the
 * limit. That a prefix fails and a longer one does not cannot be, so the place is found by bisection: a sync
 * flush makes the decoder give all it has for the bytes so far. Where the prefix ended because of the size, its
 * output is not below the limit: the next byte would have added at most `burst`. A prefix is one of whole bytes:
 * the symbols that share a byte with a corrupt one do not count.
 */
function inflatePrefix(inflate: Inflater, input: Uint8Array, limit: number, burst: number): Uint8Array {
  const attempt = (length: number) => inflatedOrUndefined(inflate, input.subarray(0, length), limit + burst);
  let best = attempt(input.length);
  if (best === undefined) {
    best = EMPTY_BYTES;
    let sound = 0;
    let unsound = input.length;
    while (unsound - sound > 1) {
      const middle = (sound + unsound) >>> 1;
      const output = attempt(middle);
      if (output === undefined) {
        unsound = middle;
      } else {
        sound = middle;
        best = output;
      }
    }
  }
  return best.length > limit ? best.subarray(0, limit) : best;
}

/** Undefined when the input is corrupt or its output exceeds the bound. */
function inflatedOrUndefined(inflate: Inflater, input: Uint8Array, bound: number): Uint8Array | undefined {
  if (input.length === 0) return EMPTY_BYTES;
  try {
    const output = inflate(input, bound);
    return new Uint8Array(output.buffer, output.byteOffset, output.byteLength);
  } catch (error) {
    if (isDecoderVerdict(error)) return undefined;
    throw error;
  }
}

/**
 * The decoders' verdicts on content: zlib's Z_…, brotli's ERR_…_ERROR_FORMAT_… and the bound. Anything else (such as no
 * memory) says nothing about the bytes and must not decide what the chain is.
 */
function isDecoderVerdict(error: unknown): boolean {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return false;
  return /^(Z_DATA_ERROR|Z_NEED_DICT|ERR_BUFFER_TOO_LARGE|ERR_.*_ERROR_FORMAT_.*)$/.test(error.code);
}

/** A channel as a zlib stream at the best compression, as op-batcher makes it. */
export function compressZlib(bytes: Uint8Array): Uint8Array {
  return zlib.deflateSync(bytes, { level: zlib.constants.Z_BEST_COMPRESSION });
}

/** A channel as 0x01 and a brotli stream; level 0 (quick) to 11 (small). Valid from Fjord on. */
export function compressBrotli(bytes: Uint8Array, level: number): Uint8Array {
  const stream = zlib.brotliCompressSync(bytes, {
    params: {
      [zlib.constants.BROTLI_PARAM_QUALITY]: level,
      [zlib.constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  });
  return concatBytes(Uint8Array.of(CHANNEL_VERSION_BROTLI), stream);
}
