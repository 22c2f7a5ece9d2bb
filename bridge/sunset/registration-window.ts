import type { Hex } from "@phala-l2/protocol/bytes";
import type { SubstrateHeader } from "@phala-l2/protocol/substrate/header";
import { BlockWindow, type ShownBlock, type WindowFault } from "./block-window.ts";
import { registrationsOf } from "./registrations.ts";
import type { RegisteredReceiver } from "./snapshot.ts";

/** Where registrations are looked for, and whose. */
export type WindowTerms = {
  /** The L1 that claims are paid on. */
  readonly chainId: bigint;
  /** Height of the first block whose remarks count, up to the frozen one's; zero where none do. */
  readonly from: bigint;
  /**
   * Whether an account is owed something by the frozen state. Registrations of all others would be no leaves, and are not kept: a remark by
   * a new account costs next to nothing, and whoever made many millions could exhaust every reader's memory for ever.
   */
  readonly owes: (account: Hex) => boolean;
};

export type WindowReading =
  | { readonly kind: "ok"; readonly receivers: readonly RegisteredReceiver[] }
  | { readonly kind: "invalid"; readonly reason: WindowFault };

/**
 * Reads registrations of a window by accounts that are owed something, from its blocks as a stream, the frozen one first. Every block has to be shown whole: who may
 * leave one out could leave an account its older receiver. So whoever reads the same window of the same chain comes to the same
 * receivers, or to a refusal. Nothing of a block is kept but those registrations, one an account. A class because it lives as long as the stream.
 */
export class RegistrationWindow {
  readonly #blocks: BlockWindow;
  readonly #terms: WindowTerms;
  readonly #receivers = new Map<Hex, RegisteredReceiver>();

  constructor(frozen: SubstrateHeader, terms: WindowTerms) {
    this.#blocks = new BlockWindow(frozen, terms.from);
    this.#terms = terms;
  }

  /** Takes the next block back. Yields the first fault there was: whoever reads a stream can end there. Never throws. */
  add(block: ShownBlock): WindowFault | undefined {
    const fault = this.#blocks.add(block);
    if (fault !== undefined) return fault;
    const { chainId, owes } = this.#terms;
    for (const receiver of registrationsOf(block.extrinsics ?? [], chainId)) {
      const { account } = receiver;
      // Later blocks come first, and the last word counts.
      if (owes(account) && !this.#receivers.has(account)) this.#receivers.set(account, receiver);
    }
    return undefined;
  }

  /** Those registrations, if all of it was shown. */
  finish(): WindowReading {
    const reason = this.#blocks.finish();
    if (reason !== undefined) return { kind: "invalid", reason };
    return { kind: "ok", receivers: [...this.#receivers.values()] };
  }
}

/** The same of a window whose blocks are at hand, the newest first. Never throws. */
export function readWindow(
  frozen: SubstrateHeader,
  blocks: Iterable<ShownBlock>,
  terms: WindowTerms,
): WindowReading {
  const window = new RegistrationWindow(frozen, terms);
  for (const block of blocks) if (window.add(block) !== undefined) break;
  return window.finish();
}
