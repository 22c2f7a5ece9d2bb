import { bytesEqual, concatBytes, type Hex, toHex } from "../bytes.ts";
import type { Frame } from "../wire/frame.ts";

/** A channel whose frames are all there. */
export type WholeChannel = { readonly id: Hex; readonly frames: number; readonly data: Uint8Array };

/** A channel that cannot be read, because its first, last or some other frame is missing. */
export type IncompleteChannel = {
  readonly id: Hex;
  readonly frames: number;
  /** Numbers of missing frames, the first few; the last frame, whose number is not known, is `last`. */
  readonly missing: readonly (number | "last")[];
};

export type CollectedChannels = {
  /** In the order in which their first frames came. */
  readonly whole: readonly WholeChannel[];
  readonly incomplete: readonly IncompleteChannel[];
  /** Frames that were left out: repeated with another content, or after their channel's last one. */
  readonly surplus: readonly { readonly id: Hex; readonly frame: number; readonly reason: SurplusReason }[];
};
export type SurplusReason = "frame-conflicts" | "frame-after-last";

/** How many missing frames are named. */
const MOST_NAMED = 16;

/**
 * Puts frames together to channels for somebody who looks at data of which he may not have all, and not in
 * order. This is not derivation: there the order of frames decides (Holocene), channels time out, and only the
 * batcher's frames count. A frame that comes twice counts once.
 */
export function collectChannels(frames: Iterable<Frame>): CollectedChannels {
  const channels = new Map<Hex, Map<number, Frame>>();
  const surplus: { id: Hex; frame: number; reason: SurplusReason }[] = [];
  for (const frame of frames) {
    const id = toHex(frame.channelId);
    const channel = channels.get(id) ?? new Map<number, Frame>();
    channels.set(id, channel);
    const same = channel.get(frame.number);
    if (same === undefined) channel.set(frame.number, frame);
    else if (!areEqual(same, frame)) surplus.push({ id, frame: frame.number, reason: "frame-conflicts" });
  }
  const whole: WholeChannel[] = [];
  const incomplete: IncompleteChannel[] = [];
  for (const [id, channel] of channels) {
    const sorted = [...channel.values()].toSorted((a, b) => a.number - b.number);
    const last = sorted.findIndex(({ isLast }) => isLast);
    const inside = last < 0 ? sorted : sorted.slice(0, last + 1);
    for (const { number } of sorted.slice(inside.length)) {
      surplus.push({ id, frame: number, reason: "frame-after-last" });
    }
    const missing = missingFrames(inside, last >= 0);
    if (missing.length > 0) incomplete.push({ id, frames: sorted.length, missing });
    else whole.push({ id, frames: inside.length, data: concatBytes(...inside.map(({ data }) => data)) });
  }
  return { whole, incomplete, surplus };
}

function areEqual(a: Frame, b: Frame): boolean {
  return a.isLast === b.isLast && bytesEqual(a.data, b.data);
}

function missingFrames(sorted: readonly Frame[], hasLast: boolean): (number | "last")[] {
  const missing: (number | "last")[] = [];
  let expected = 0;
  for (const { number } of sorted) {
    for (; expected < number && missing.length < MOST_NAMED; expected++) missing.push(expected);
    expected = number + 1;
  }
  if (!hasLast) missing.push("last");
  return missing;
}
