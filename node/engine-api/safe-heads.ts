import { bytesEqual, type Hash } from "@phala-l2/protocol/bytes";
import type { BlockId, L2BlockRef } from "@phala-l2/protocol/config/rollup";

type Recorded = { readonly l1: BlockId; readonly safe: L2BlockRef };

/** L1 blocks remembered: finality comes after some 64, and this is a day of an L1 that does not come to it. */
const MAX_RECORDS = 8192;

/** Which safe head derivation had reached with each L1 block, since this program started. */
export class SafeHeads {
  readonly #records = new Map<bigint, Recorded>();

  record(l1: BlockId, safe: L2BlockRef): void {
    this.#records.delete(l1.number);
    this.#records.set(l1.number, { l1: { number: l1.number, hash: l1.hash }, safe });
    const [oldest] = this.#records.keys();
    if (this.#records.size > MAX_RECORDS && oldest !== undefined) this.#records.delete(oldest);
  }

  at(l1Number: bigint): { readonly l1: BlockId; readonly safe: BlockId } | undefined {
    const found = this.#records.get(l1Number);
    return found && { l1: found.l1, safe: { number: found.safe.number, hash: found.safe.hash } };
  }

  ref(hash: Hash): L2BlockRef | undefined {
    for (const { safe } of this.#records.values()) if (bytesEqual(safe.hash, hash)) return safe;
    return undefined;
  }

  /** An L1 reorg undid what was read above this block. */
  forgetAbove(l1Number: bigint): void {
    for (const number of this.#records.keys()) if (number > l1Number) this.#records.delete(number);
  }

  /** What is final is not asked for any more; its last record still is. */
  forgetBelow(l1Number: bigint): void {
    for (const number of this.#records.keys()) if (number < l1Number) this.#records.delete(number);
  }
}
