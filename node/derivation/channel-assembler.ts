import { bytesEqual, concatBytes } from "@phala-l2/protocol/bytes";
import { type BlockRef, isActive, type RollupConfig } from "@phala-l2/protocol/config/rollup";
import { maxRlpBytesPerChannel } from "@phala-l2/protocol/wire/channel";
import type { Frame } from "@phala-l2/protocol/wire/frame";
import { channelTimeout, FRAME_SIZE_OVERHEAD } from "./rules.ts";

export type AssemblerReason =
  | "channel-timed-out"
  | "channel-replaced"
  | "channel-oversize"
  | "frame-without-channel"
  | "frame-of-other-channel"
  | "frame-out-of-order";

export type Assembled =
  /** `replaced`: the frame began a channel, and one that was still open is gone. */
  | { readonly kind: "staged"; readonly replaced: boolean }
  | { readonly kind: "complete"; readonly replaced: boolean; readonly channel: Uint8Array }
  | { readonly kind: "dropped"; readonly reason: AssemblerReason };

type Staging = {
  readonly channelId: Uint8Array;
  /** L1 block of the first frame. */
  readonly openedAt: bigint;
  readonly pieces: Uint8Array[];
  /** Bytes of data plus a constant per frame. */
  size: number;
};

/**
 * Fourth stage: puts the frames of one channel together. There is at most one open channel, and its frames come
 * in order. Source: specs/protocol/holocene/derivation.md "Channel Bank".
 */
export class ChannelAssembler {
  readonly #config: RollupConfig;
  /** The L1 block being read. */
  #origin = 0n;
  #maxSize = 0;
  #staging: Staging | undefined;

  constructor(config: RollupConfig) {
    this.#config = config;
  }

  /**
   * The pipeline has moved to another L1 block: an open channel times out when more than the timeout lies
   * between its first block and this one. A channel may still be closed in the block at exactly the timeout.
   * Source: holocene/derivation.md "Timeout", derivation.md "Channel Bank".
   */
  advance(origin: BlockRef): AssemblerReason | undefined {
    this.#origin = origin.number;
    this.#maxSize = maxRlpBytesPerChannel({ fjord: isActive(this.#config, "fjord", origin.timestamp) });
    if (this.#staging === undefined) return undefined;
    const deadline = this.#staging.openedAt + channelTimeout(this.#config, origin.timestamp);
    if (origin.number <= deadline) return undefined;
    this.#staging = undefined;
    return "channel-timed-out";
  }

  /** Adds the next frame; the channel's data comes back with its last one. */
  add(frame: Frame): Assembled {
    const isFirst = frame.number === 0;
    const replaced = isFirst && this.#staging !== undefined;
    if (isFirst) {
      this.#staging = { channelId: frame.channelId, openedAt: this.#origin, pieces: [], size: 0 };
    }
    const staging = this.#staging;
    if (staging === undefined) return { kind: "dropped", reason: "frame-without-channel" };
    // The frame queue orders the frames of one transaction only, so the order counts here again.
    if (!bytesEqual(frame.channelId, staging.channelId)) {
      return { kind: "dropped", reason: "frame-of-other-channel" };
    }
    if (frame.number !== staging.pieces.length) return { kind: "dropped", reason: "frame-out-of-order" };
    staging.pieces.push(frame.data);
    staging.size += frame.data.length + FRAME_SIZE_OVERHEAD;
    if (staging.size > this.#maxSize) {
      this.#staging = undefined;
      return { kind: "dropped", reason: "channel-oversize" };
    }
    if (!frame.isLast) return { kind: "staged", replaced };
    this.#staging = undefined;
    return { kind: "complete", replaced, channel: concatBytes(...staging.pieces) };
  }
}
