import { type Hash, type Hex, toHex } from "@phala-l2/protocol/bytes";

/** Heights that are remembered. op-node's block height LRU. */
const MAX_HEIGHTS = 1_000;

/** Which blocks came by gossip, by height: bounded, the height that was used longest ago goes first. */
export class SeenBlocks {
  readonly #heights = new Map<bigint, Set<Hex>>();

  has(number: bigint, hash: Hash): boolean {
    return this.#heights.get(number)?.has(toHex(hash)) ?? false;
  }

  /** Different blocks seen at a height. */
  count(number: bigint): number {
    return this.#heights.get(number)?.size ?? 0;
  }

  add(number: bigint, hash: Hash): void {
    const hashes = this.#heights.get(number) ?? new Set<Hex>();
    hashes.add(toHex(hash));
    this.#heights.delete(number);
    this.#heights.set(number, hashes);
    if (this.#heights.size <= MAX_HEIGHTS) return;
    for (const oldest of this.#heights.keys()) {
      this.#heights.delete(oldest);
      return;
    }
  }
}
