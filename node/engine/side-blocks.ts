import type { SealedBlock } from "@phala-l2/execution/block/sealed-block";
import { type Hash, type Hex, toHex } from "@phala-l2/protocol/bytes";
import type { L2BlockRef } from "@phala-l2/protocol/config/rollup";

/** A block that has been executed and is not on the canonical chain. */
export type SideBlock = {
  readonly sealed: SealedBlock;
  readonly ref: L2BlockRef;
  /** It was made here, so that nobody else may have it. */
  readonly isOwn: boolean;
};

/** Blocks held: a consensus client names a head after each payload, or after a handful that it has buffered. */
export const MAX_SIDE_BLOCKS = 128;
/** Bytes of transactions, trie nodes and code in them together. */
export const MAX_SIDE_BYTES = 256 * 1024 * 1024;

/**
 * Executed blocks that wait for a forkchoice to name them, oldest first. What does not fit any more is
 * forgotten, and must then be given again.
 */
export class SideBlocks {
  readonly #blocks = new Map<Hex, { readonly block: SideBlock; readonly bytes: number }>();
  #bytes = 0;

  get(hash: Hash): SideBlock | undefined {
    return this.#blocks.get(toHex(hash))?.block;
  }

  add(block: SideBlock): void {
    const key = toHex(block.ref.hash);
    if (this.#blocks.has(key)) return;
    const bytes = sizeOf(block.sealed);
    this.#blocks.set(key, { block, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#blocks.keys()) {
      const fits = this.#blocks.size <= MAX_SIDE_BLOCKS && this.#bytes <= MAX_SIDE_BYTES;
      if (fits || oldest === key) return;
      this.#remove(oldest);
    }
  }

  remove(hash: Hash): void {
    this.#remove(toHex(hash));
  }

  /** Forgets blocks that can never become canonical: a final block stands in their place. */
  dropUpTo(number: bigint): void {
    for (const [key, { block }] of this.#blocks) if (block.ref.number <= number) this.#remove(key);
  }

  #remove(key: Hex): void {
    this.#bytes -= this.#blocks.get(key)?.bytes ?? 0;
    this.#blocks.delete(key);
  }
}

function sizeOf({ block, nodes, changes }: SealedBlock): number {
  let bytes = 0;
  for (const raw of block.transactions) bytes += raw.length;
  for (const node of nodes.values()) bytes += node.length;
  for (const code of changes.codes.values()) bytes += code.length;
  return bytes;
}
