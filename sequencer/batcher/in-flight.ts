import type { Heads } from "./l2-block.ts";

/** A channel that L1 has. */
export type PostedChannel = {
  /** Its last L2 block. */
  readonly lastNumber: bigint;
  /** The L1 block with its last transaction. */
  readonly l1Number: bigint;
};

export type Verdict =
  /** All that derivation should have found it has found. */
  | { readonly kind: "fine"; readonly safeChannels: number }
  /** Derivation has read L1 beyond a channel and does not have its blocks. */
  | { readonly kind: "lost"; readonly channel: PostedChannel };

/**
 * Looks in a row that must find a channel lost: while the node resets after an L1 reorg its safe head is back
 * already and its position on L1 is not yet.
 */
const LOOKS_UNTIL_LOST = 2;

/**
 * What was posted and is not final yet. Until then an L1 reorg can drop a transaction, or make its batch invalid,
 * after its blocks were safe.
 */
export class InFlight {
  #channels: PostedChannel[] = [];
  #looks = 0;

  add(channel: PostedChannel): void {
    this.#channels.push(channel);
  }

  forget(): void {
    this.#channels = [];
    this.#looks = 0;
  }

  follow({ safe, finalizedNumber, derivedL1Number }: Heads): Verdict {
    this.#channels = this.#channels.filter(({ lastNumber }) => lastNumber > finalizedNumber);
    const lost = this.#channels.find(
      ({ lastNumber, l1Number }) => lastNumber > safe.number && l1Number < derivedL1Number,
    );
    this.#looks = lost === undefined ? 0 : this.#looks + 1;
    if (lost !== undefined && this.#looks >= LOOKS_UNTIL_LOST) return { kind: "lost", channel: lost };
    const safeChannels = this.#channels.filter(({ lastNumber }) => lastNumber <= safe.number).length;
    return { kind: "fine", safeChannels };
  }
}
