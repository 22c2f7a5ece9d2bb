import { type Hash, type Hex, toHex } from "@phala-l2/protocol/bytes";

/** Why a block is invalid, and its newest ancestor that is not. */
export type Invalidity = { readonly reason: string; readonly latestValid: Hash };

/** Invalid blocks remembered; op-geth's invalidTipsetsCap. */
export const MAX_INVALID_BLOCKS = 512;

/**
 * Blocks that execution has refused, so that a descendant of one is known to be invalid too. In memory only: a
 * mended program looks at them afresh.
 */
export class InvalidBlocks {
  readonly #known = new Map<Hex, Invalidity>();

  get(hash: Hash): Invalidity | undefined {
    return this.#known.get(toHex(hash));
  }

  add(hash: Hash, invalidity: Invalidity): void {
    this.#known.set(toHex(hash), invalidity);
    const [oldest] = this.#known.keys();
    if (this.#known.size > MAX_INVALID_BLOCKS && oldest !== undefined) this.#known.delete(oldest);
  }
}
