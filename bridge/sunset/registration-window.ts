import { bytesEqual, type Hash, type Hex } from "@phala-l2/protocol/bytes";
import { headerHash, type SubstrateHeader } from "@phala-l2/protocol/substrate/header";
import { type ChainBlock, type RegistrationFault, readRegistrations } from "./registrations.ts";
import type { RegisteredReceiver } from "./snapshot.ts";

/** Where registrations are looked for: which they are depends on nothing else. */
export type WindowTerms = {
  /** The L1 that claims are paid on. */
  readonly chainId: bigint;
  /** Height of the first block whose remarks count, up to the frozen one's; zero where none do. */
  readonly from: bigint;
};

export type WindowFault =
  | RegistrationFault
  /** The window begins after the frozen block. */
  | { readonly code: "window-after-frozen"; readonly height: bigint }
  /** A block was shown that the window does not have. */
  | { readonly code: "block-outside-window"; readonly height: bigint }
  /** A block of the window was shown without what is in it. */
  | { readonly code: "extrinsics-missing"; readonly height: bigint }
  /** The window's blocks from this one down were not shown. */
  | { readonly code: "blocks-missing"; readonly height: bigint };

export type WindowReading =
  | { readonly kind: "ok"; readonly receivers: readonly RegisteredReceiver[] }
  | { readonly kind: "invalid"; readonly reason: WindowFault };

/**
 * Reads all registrations of a window, from its blocks as a stream: the frozen one first, each followed by its parent, down to
 * the window's first. Every block has to be shown whole: who may leave one out could leave an account its older receiver.
 * So whoever reads the same window of the same chain comes to the same receivers, or to a refusal. Nothing of a block is kept but
 * its registrations. A class because it lives as long as the stream.
 */
export class RegistrationWindow {
  readonly #terms: WindowTerms;
  readonly #receivers = new Map<Hex, RegisteredReceiver>();
  #wanted: Hash;
  #height: bigint;
  #fault: WindowFault | undefined;

  constructor(frozen: SubstrateHeader, terms: WindowTerms) {
    this.#terms = terms;
    this.#wanted = headerHash(frozen);
    this.#height = frozen.number;
    if (terms.from > frozen.number) this.#fault = { code: "window-after-frozen", height: terms.from };
  }

  /** Takes the next block back. Never throws: the first fault is told at the end. */
  add(block: ChainBlock): void {
    this.#fault ??= this.#faultOf(block);
  }

  #faultOf(block: ChainBlock): WindowFault | undefined {
    const { header, extrinsics } = block;
    const { chainId, from } = this.#terms;
    const height = this.#height;
    if (from === 0n || height < from) return { code: "block-outside-window", height: header.number };
    // A chain's numbers follow each other; where they do not, what `from` means would be the host's choice.
    if (header.number !== height || !bytesEqual(headerHash(header), this.#wanted)) {
      return { code: "blocks-not-chained", height };
    }
    if (extrinsics === undefined) return { code: "extrinsics-missing", height };
    const reading = readRegistrations(header, [block], chainId);
    if (reading.kind === "invalid") return reading.reason;
    for (const receiver of reading.receivers) {
      // Later blocks come first, and the last word counts.
      if (!this.#receivers.has(receiver.account)) this.#receivers.set(receiver.account, receiver);
    }
    this.#wanted = header.parentHash;
    this.#height = height - 1n;
    return undefined;
  }

  /** The window's registrations, if all of it was shown. */
  finish(): WindowReading {
    if (this.#fault !== undefined) return { kind: "invalid", reason: this.#fault };
    const { from } = this.#terms;
    if (from !== 0n && this.#height >= from) {
      return { kind: "invalid", reason: { code: "blocks-missing", height: this.#height } };
    }
    return { kind: "ok", receivers: [...this.#receivers.values()] };
  }
}

/** All registrations of a window whose blocks are at hand, the newest first. Never throws. */
export function readWindow(
  frozen: SubstrateHeader,
  blocks: Iterable<ChainBlock>,
  terms: WindowTerms,
): WindowReading {
  const window = new RegistrationWindow(frozen, terms);
  for (const block of blocks) window.add(block);
  return window.finish();
}
