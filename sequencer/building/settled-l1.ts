import type { L1Source } from "@phala-l2/node/l1/l1-source";
import { type Hash, toHex } from "@phala-l2/protocol/bytes";
import type { BlockRef } from "@phala-l2/protocol/config/rollup";
import type { Header } from "@phala-l2/protocol/wire/header";

/** Depth below L1's head from which a block's number is taken to mean that block from then on: two epochs. */
const SETTLED_DEPTH = 64n;
/** Entries kept; a sequencer only ever looks at its origin and the next one. */
const MAX_ENTRIES = 16;

/** What a sequencer asks of L1 for each block, without asking again for what does not change. */
export type SettledL1 = Pick<L1Source, "block" | "blockRef" | "header"> & {
  /** Asks for everything anew: a block was replaced after all. */
  forget(): void;
};

/**
 * A sequencer that catches up makes thousands of blocks on old L1 blocks; a round trip for each would make the
 * distance to L1 its speed limit.
 *
 * @param head number of L1's head
 */
export function settledL1(l1: L1Source, head: () => bigint): SettledL1 {
  const refs = new Map<bigint, BlockRef>();
  const headers = new Map<string, Header>();

  function keep<Key, Value>(map: Map<Key, Value>, key: Key, value: Value): void {
    map.set(key, value);
    const [oldest] = map.keys();
    if (map.size > MAX_ENTRIES && oldest !== undefined) map.delete(oldest);
  }

  return {
    block: (numberOrHash) => l1.block(numberOrHash),
    async blockRef(numberOrHash) {
      if (typeof numberOrHash !== "bigint") return l1.blockRef(numberOrHash);
      const known = refs.get(numberOrHash);
      if (known !== undefined) return known;
      const ref = await l1.blockRef(numberOrHash);
      if (ref !== undefined && numberOrHash + SETTLED_DEPTH <= head()) keep(refs, numberOrHash, ref);
      return ref;
    },
    async header(hash: Hash) {
      const key = toHex(hash);
      const known = headers.get(key);
      if (known !== undefined) return known;
      const header = await l1.header(hash);
      keep(headers, key, header);
      return header;
    },
    forget: () => refs.clear(),
  };
}
