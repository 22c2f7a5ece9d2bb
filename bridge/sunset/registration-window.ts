import type { Hex } from "@phala-l2/protocol/bytes";
import type { SubstrateHeader } from "@phala-l2/protocol/substrate/header";
import { BlockWindow, type ShownBlock, type WindowFault } from "./block-window.ts";
import { registrationsOf } from "./registrations.ts";
import type { RegisteredReceiver } from "./snapshot.ts";

/** Where registrations are looked for: which they are depends on nothing else. */
export type WindowTerms = {
  /** The L1 that claims are paid on. */
  readonly chainId: bigint;
  /** Height of the first block whose remarks count, up to the frozen one's; zero where none do. */
  readonly from: bigint;
};

export type WindowReading =
  | { readonly kind: "ok"; readonly receivers: readonly RegisteredReceiver[] }
  | { readonly kind: "invalid"; readonly reason: WindowFault };

/**
 * Reads all registrations of a window, from its blocks as a stream, the frozen one first. Every block has to be shown whole: who may
 * leave one out could leave an account its older receiver. So whoever reads the same window of the same chain comes to the same
 * receivers, or to a refusal. Nothing of a block is kept but its registrations. A class because it lives as long as the stream.
 */
export class RegistrationWindow {
  readonly #blocks: BlockWindow;
  readonly #chainId: bigint;
  readonly #receivers = new Map<Hex, RegisteredReceiver>();

  constructor(frozen: SubstrateHeader, { chainId, from }: WindowTerms) {
    this.#blocks = new BlockWindow(frozen, from);
    this.#chainId = chainId;
  }

  /** Takes the next block back. Yields the first fault there was: whoever reads a stream can end there. Never throws. */
  add(block: ShownBlock): WindowFault | undefined {
    const fault = this.#blocks.add(block);
    if (fault !== undefined) return fault;
    for (const receiver of registrationsOf(block.extrinsics ?? [], this.#chainId)) {
      // Later blocks come first, and the last word counts.
      if (!this.#receivers.has(receiver.account)) this.#receivers.set(receiver.account, receiver);
    }
    return undefined;
  }

  /** The window's registrations, if all of it was shown. */
  finish(): WindowReading {
    const reason = this.#blocks.finish();
    if (reason !== undefined) return { kind: "invalid", reason };
    return { kind: "ok", receivers: [...this.#receivers.values()] };
  }
}

/** All registrations of a window whose blocks are at hand, the newest first. Never throws. */
export function readWindow(
  frozen: SubstrateHeader,
  blocks: Iterable<ShownBlock>,
  terms: WindowTerms,
): WindowReading {
  const window = new RegistrationWindow(frozen, terms);
  for (const block of blocks) if (window.add(block) !== undefined) break;
  return window.finish();
}
