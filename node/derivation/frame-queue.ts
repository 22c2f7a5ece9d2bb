import { bytesEqual } from "@phala-l2/protocol/bytes";
import { decodeFrames, type Frame } from "@phala-l2/protocol/wire/frame";

export type FramesLoaded = {
  /** Why all frames of the data were rejected; undefined when it was well-formed. */
  readonly invalid: string | undefined;
  /** Frames that were left out because they were out of order. */
  readonly outOfOrder: number;
};

/**
 * Third stage: the frames of one batcher transaction or blob, in order.
 * Source: specs/protocol/holocene/derivation.md "Frame Queue".
 */
export class FrameQueue {
  #frames: readonly Frame[] = [];
  #at = 0;

  /** Takes the next batcher data; the queue must be empty. */
  load(data: Uint8Array): FramesLoaded {
    const decoded = decodeFrames(data);
    this.#at = 0;
    this.#frames = decoded.kind === "ok" ? orderedFrames(decoded.frames) : [];
    if (decoded.kind === "invalid") return { invalid: decoded.reason, outOfOrder: 0 };
    return { invalid: undefined, outOfOrder: decoded.frames.length - this.#frames.length };
  }

  next(): Frame | undefined {
    const frame = this.#frames[this.#at];
    if (frame !== undefined) this.#at += 1;
    return frame;
  }
}

/**
 * The frames that Holocene's rules keep. Each frame is compared with the one kept before it:
 * - of the same channel: it stays when that one is not the last frame and its number is the next;
 * - of another channel: it stays when it is a first frame, and then the frames before it that belong to a
 *   channel not yet closed go;
 * - anything else goes.
 * Where the text leaves it open, a repeated first frame of the same open channel goes and not what it repeats,
 * as in op-node's pruneFrameQueue.
 */
export function orderedFrames(frames: readonly Frame[]): readonly Frame[] {
  const kept: Frame[] = [];
  for (const frame of frames) {
    let previous = kept.at(-1);
    while (previous !== undefined && replaces(frame, previous)) {
      kept.pop();
      previous = kept.at(-1);
    }
    if (previous === undefined || follows(frame, previous)) kept.push(frame);
  }
  return kept;
}

function replaces(frame: Frame, previous: Frame): boolean {
  return frame.number === 0 && !previous.isLast && !bytesEqual(frame.channelId, previous.channelId);
}

function follows(frame: Frame, previous: Frame): boolean {
  if (!bytesEqual(frame.channelId, previous.channelId)) return frame.number === 0;
  return !previous.isLast && frame.number === previous.number + 1;
}
