import { bytesEqual, type Hash } from "@phala-l2/protocol/bytes";
import type { SubstrateBlock } from "@phala-l2/protocol/substrate/block";
import { headerHash, type SubstrateHeader } from "@phala-l2/protocol/substrate/header";
import type { TrieLayout } from "@phala-l2/protocol/substrate/trie/node";
import { orderedRoot } from "@phala-l2/protocol/substrate/trie/root";

/** A block as it is shown; without extrinsics where somebody has only its header. */
export type ShownBlock = Pick<SubstrateBlock, "header"> & Partial<SubstrateBlock>;

export type WindowFault =
  /** The window begins after the frozen block. */
  | { readonly code: "window-after-frozen"; readonly height: bigint }
  /** A block was shown that the window does not have. */
  | { readonly code: "block-outside-window"; readonly height: bigint }
  /** Another block than the one that the header after it names. */
  | { readonly code: "blocks-not-chained"; readonly height: bigint }
  /** A block of the window was shown without what is in it. */
  | { readonly code: "extrinsics-missing"; readonly height: bigint }
  | { readonly code: "extrinsics-root-mismatch"; readonly height: bigint }
  /** The window's blocks from this one down were not shown. */
  | { readonly code: "blocks-missing"; readonly height: bigint };

/** A block by what the header after it says. */
export type NamedBlock = { readonly height: bigint; readonly hash: Hash };

/** What is wrong with a window before any of its blocks is shown. */
export function windowFault(frozen: SubstrateHeader, from: bigint): WindowFault | undefined {
  return from > frozen.number ? { code: "window-after-frozen", height: from } : undefined;
}

/**
 * The blocks of a chain from its frozen one, shown first, down to the height `from`, each followed by its parent. Believed is what the
 * frozen header leads to: every header by its hash in the one after it, extrinsics by their root. A class because it lives as long as
 * the stream of blocks.
 */
export class BlockWindow {
  readonly #from: bigint;
  #wanted: NamedBlock;
  #fault: WindowFault | undefined;
  /** That the latest block's extrinsics were under: the next one's are most likely under the same. */
  #layout: TrieLayout = 0;

  /** @param from height of the window's first block; with zero it has none */
  constructor(frozen: SubstrateHeader, from: bigint) {
    this.#from = from;
    this.#wanted = { height: frozen.number, hash: headerHash(frozen) };
    this.#fault = windowFault(frozen, from);
  }

  /** The block that is to come next; undefined after the window's first. */
  get wanted(): NamedBlock | undefined {
    return this.#from === 0n || this.#wanted.height < this.#from ? undefined : this.#wanted;
  }

  /** Takes the next block back. Yields the first fault there was, now or before. Never throws. */
  add(block: ShownBlock): WindowFault | undefined {
    this.#fault ??= this.#faultOf(block);
    return this.#fault;
  }

  #faultOf({ header, extrinsics }: ShownBlock): WindowFault | undefined {
    const { wanted } = this;
    if (wanted === undefined) return { code: "block-outside-window", height: header.number };
    const { height, hash } = wanted;
    // A chain's numbers follow each other; where they do not, what `from` means would be the host's choice.
    if (header.number !== height || !bytesEqual(headerHash(header), hash)) {
      return { code: "blocks-not-chained", height };
    }
    if (extrinsics === undefined) return { code: "extrinsics-missing", height };
    const layout = this.#layoutOf(extrinsics, header.extrinsicsRoot);
    if (layout === undefined) return { code: "extrinsics-root-mismatch", height };
    this.#layout = layout;
    this.#wanted = { height: height - 1n, hash: header.parentHash };
    return undefined;
  }

  /** The layout in which extrinsics have that root, if they have it. */
  #layoutOf(extrinsics: readonly Uint8Array[], root: Hash): TrieLayout | undefined {
    const layouts: readonly TrieLayout[] = this.#layout === 0 ? [0, 1] : [1, 0];
    return layouts.find((layout) => bytesEqual(orderedRoot(extrinsics, layout), root));
  }

  /** What is wrong, or not there, when no more blocks come. */
  finish(): WindowFault | undefined {
    const { wanted } = this;
    if (this.#fault !== undefined || wanted === undefined) return this.#fault;
    return { code: "blocks-missing", height: wanted.height };
  }
}
