import type { L1Block } from "@phala-l2/derivation/l1-block";
import { blockRefOf } from "@phala-l2/derivation/l1-block";
import type { L1Label, L1Source } from "@phala-l2/node/l1/l1-source";
import { bytesEqual, type Hash, type Hex, toHex } from "@phala-l2/protocol/bytes";
import type { BlockRef } from "@phala-l2/protocol/config/rollup";
import { RollupError } from "@phala-l2/protocol/errors";
import type { L1Chain } from "../derivation/l1-chain.ts";

/** An L1Source over an L1 made of values; a test may set another chain, and make calls fail. */
export class L1View implements L1Source {
  chain: L1Chain;
  /** Blocks behind the head that `safe` and `finalized` name. */
  safeDepth = 4n;
  finalizedDepth = 1000n;
  /** As long as it gives an error, calls of that name throw it. */
  failure: (method: "block" | "blobs" | "blockRef") => RollupError | undefined = () => undefined;

  constructor(chain: L1Chain) {
    this.chain = chain;
  }

  #find(which: bigint | Hash): L1Block | undefined {
    if (typeof which === "bigint") return this.chain.at(which);
    return this.chain.blocks.find(({ hash }) => bytesEqual(hash, which));
  }

  #failFor(method: "block" | "blobs" | "blockRef"): void {
    const error = this.failure(method);
    if (error !== undefined) throw error;
  }

  async head(label: L1Label): Promise<BlockRef> {
    const { blocks, head } = this.chain;
    const depth = label === "latest" ? 0n : label === "safe" ? this.safeDepth : this.finalizedDepth;
    const block = blocks[Math.max(0, blocks.length - 1 - Number(depth))] ?? head;
    return blockRefOf(block);
  }

  async blockRef(which: bigint | Hash): Promise<BlockRef | undefined> {
    this.#failFor("blockRef");
    const block = this.#find(which);
    return block === undefined ? undefined : blockRefOf(block);
  }

  async block(which: bigint | Hash): Promise<L1Block> {
    this.#failFor("block");
    const block = this.#find(which);
    if (block === undefined) throw new RollupError("L1_BLOCK_NOT_FOUND", "the test's L1 does not have it");
    return block;
  }

  async header(hash: Hash) {
    return (await this.block(hash)).header;
  }

  async blobs(_block: unknown, hashes: readonly Hash[]): Promise<ReadonlyMap<Hex, Uint8Array>> {
    this.#failFor("blobs");
    const found = new Map<Hex, Uint8Array>();
    for (const hash of hashes) {
      const blob = this.chain.blobs.get(toHex(hash));
      if (blob === undefined) throw new RollupError("BLOBS_UNAVAILABLE", "the test's L1 does not have it");
      found.set(toHex(hash), blob);
    }
    return found;
  }
}
