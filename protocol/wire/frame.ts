import { concatBytes, EMPTY_BYTES } from "../bytes.ts";
import { RollupError } from "../errors.ts";

/**
 * A piece of a channel, as batcher transactions carry it.
 * Source: specs/protocol/derivation.md "Batcher Transaction Format" and "Frame Format".
 *
 * batcher transaction data = version 0 | frame | frame …
 * frame = channel_id 16 | frame_number u16 | frame_data_length u32 | frame_data | is_last 0 or 1   (big-endian)
 */
export type Frame = {
  /** 16 bytes that the batcher chose for the channel. */
  readonly channelId: Uint8Array;
  /** Place in the channel, from 0. */
  readonly number: number;
  readonly data: Uint8Array;
  readonly isLast: boolean;
};

export type FramesDecoding =
  | { readonly kind: "ok"; readonly frames: readonly Frame[] }
  | { readonly kind: "invalid"; readonly reason: FrameFault };
export type FrameFault =
  | "empty-data"
  | "unknown-version"
  | "no-frames"
  | "frame-truncated"
  | "frame-too-long"
  | "is-last-not-boolean";

/** The one version of the batcher transaction format. */
export const DERIVATION_VERSION_0 = 0;
export const CHANNEL_ID_LENGTH = 16;
/** Longest frame_data: larger frames are invalid. Source: derivation.md "Frame Format". */
export const MAX_FRAME_LENGTH = 1_000_000;
/** Bytes of an encoded frame that are not frame_data. */
export const FRAME_OVERHEAD = CHANNEL_ID_LENGTH + 2 + 4 + 1;
/** frame_number is a u16. */
export const MAX_FRAME_NUMBER = 0xffff;

const HEADER_LENGTH = CHANNEL_ID_LENGTH + 2 + 4;

/** The frame's bytes. @throws RollupError FRAME_RANGE when a field is out of its bounds */
export function encodeFrame(frame: Frame): Uint8Array {
  const { channelId, number, data, isLast } = frame;
  if (channelId.length !== CHANNEL_ID_LENGTH || data.length > MAX_FRAME_LENGTH || !isFrameNumber(number)) {
    throw new RollupError("FRAME_RANGE", "a frame's channel id, number or data is out of bounds", {
      data: { channelIdLength: channelId.length, number, dataLength: data.length },
    });
  }
  const out = new Uint8Array(FRAME_OVERHEAD + data.length);
  const view = new DataView(out.buffer);
  out.set(channelId);
  view.setUint16(CHANNEL_ID_LENGTH, number);
  view.setUint32(CHANNEL_ID_LENGTH + 2, data.length);
  out.set(data, HEADER_LENGTH);
  out[out.length - 1] = isLast ? 1 : 0;
  return out;
}

function isFrameNumber(number: number): boolean {
  return Number.isInteger(number) && number >= 0 && number <= MAX_FRAME_NUMBER;
}

/** Data of a batcher transaction or blob: the version byte and the frames. @throws RollupError FRAME_RANGE */
export function encodeFrames(frames: readonly Frame[]): Uint8Array {
  if (frames.length === 0) throw new RollupError("FRAME_RANGE", "batcher data holds at least one frame");
  return concatBytes(Uint8Array.of(DERIVATION_VERSION_0), ...frames.map(encodeFrame));
}

/**
 * Reads the frames of a batcher transaction's data (or of a blob's). One bad frame rejects them all, and there
 * is at least one. The frames' bytes are views of `data`. Never throws.
 * Source: derivation.md "Batcher Transaction Format": a malformed transaction is ignored as a whole.
 */
export function decodeFrames(data: Uint8Array): FramesDecoding {
  if (data.length === 0) return { kind: "invalid", reason: "empty-data" };
  if (data[0] !== DERIVATION_VERSION_0) return { kind: "invalid", reason: "unknown-version" };
  if (data.length === 1) return { kind: "invalid", reason: "no-frames" };
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const frames: Frame[] = [];
  for (let at = 1; at < data.length; ) {
    if (at + FRAME_OVERHEAD > data.length) return { kind: "invalid", reason: "frame-truncated" };
    const length = view.getUint32(at + CHANNEL_ID_LENGTH + 2);
    if (length > MAX_FRAME_LENGTH) return { kind: "invalid", reason: "frame-too-long" };
    const end = at + HEADER_LENGTH + length;
    const isLast = data[end];
    if (isLast === undefined) return { kind: "invalid", reason: "frame-truncated" };
    if (isLast > 1) return { kind: "invalid", reason: "is-last-not-boolean" };
    frames.push({
      channelId: data.subarray(at, at + CHANNEL_ID_LENGTH),
      number: view.getUint16(at + CHANNEL_ID_LENGTH),
      data: data.subarray(at + HEADER_LENGTH, end),
      isLast: isLast === 1,
    });
    at = end + 1;
  }
  return { kind: "ok", frames };
}

/**
 * Cuts a compressed channel into frames whose encodings have at most `maxFrameSize` bytes; the last one closes
 * the channel, and an empty channel is one empty frame.
 * @throws RollupError FRAME_RANGE when a frame cannot hold a byte, or the channel needs more than 65,536 frames
 */
export function framesOfChannel(
  channelId: Uint8Array,
  compressed: Uint8Array,
  maxFrameSize: number,
): readonly Frame[] {
  const room = Math.min(maxFrameSize - FRAME_OVERHEAD, MAX_FRAME_LENGTH);
  if (room < 1 || compressed.length > room * (MAX_FRAME_NUMBER + 1)) {
    throw new RollupError("FRAME_RANGE", "the channel does not fit into frames of this size", {
      data: { channelLength: compressed.length, maxFrameSize },
    });
  }
  if (compressed.length === 0) return [{ channelId, number: 0, data: EMPTY_BYTES, isLast: true }];
  const frames: Frame[] = [];
  for (let at = 0; at < compressed.length; at += room) {
    const data = compressed.subarray(at, at + room);
    frames.push({ channelId, number: frames.length, data, isLast: at + room >= compressed.length });
  }
  return frames;
}
