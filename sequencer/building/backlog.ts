import { bytesEqual, type Hash } from "@phala-l2/protocol/bytes";
import { DEPOSIT_TYPE } from "@phala-l2/protocol/wire/transaction";

/**
 * Bytes of users' transactions above the safe head from which blocks are kept small: at six blobs in each L1
 * block and a compression by half about four minutes of L1, more than the batcher is ever behind in good times.
 */
export const THROTTLE_ABOVE_BYTES = 32 * 1024 * 1024;
/** Bytes of users' transactions in a block while throttled; at two seconds a block L1 carries several times that. */
export const THROTTLED_BLOCK_BYTES = 32 * 1024;

/** What of the chain's reader is needed here. */
type Chain = {
  heads(): { readonly safe: { readonly number: bigint }; readonly unsafe: { readonly number: bigint } };
  hashByNumber(number: bigint): Hash | undefined;
  block(hash: Hash): { readonly transactions: readonly Uint8Array[] } | undefined;
};

type Block = { readonly number: bigint; readonly hash: Hash; readonly bytes: number };

/**
 * What the sequencer has made and L1 does not have yet. When the batcher can't keep up, blocks must become small:
 * what is not on L1 within the sequencing window is lost.
 */
export class Backlog {
  readonly #chain: Chain;
  #blocks: Block[] = [];
  #bytes = 0;

  constructor(chain: Chain) {
    this.#chain = chain;
  }

  /** Bytes of users' transactions in unsafe blocks. */
  bytes(): number {
    const { safe, unsafe } = this.#chain.heads();
    this.#forgetReplaced();
    this.#blocks = this.#blocks.filter((block) => {
      if (block.number > safe.number) return true;
      this.#bytes -= block.bytes;
      return false;
    });
    for (let number = (this.#blocks.at(-1)?.number ?? safe.number) + 1n; number <= unsafe.number; number++) {
      const block = this.#read(number);
      if (block === undefined) break;
      this.#blocks.push(block);
      this.#bytes += block.bytes;
    }
    return this.#bytes;
  }

  /** Bytes that the next block may take. */
  blockLimit(): number {
    return this.bytes() > THROTTLE_ABOVE_BYTES ? THROTTLED_BLOCK_BYTES : Number.POSITIVE_INFINITY;
  }

  #forgetReplaced(): void {
    for (let last = this.#blocks.at(-1); last !== undefined; last = this.#blocks.at(-1)) {
      const hash = this.#chain.hashByNumber(last.number);
      if (hash !== undefined && bytesEqual(hash, last.hash)) return;
      this.#blocks.pop();
      this.#bytes -= last.bytes;
    }
  }

  #read(number: bigint): Block | undefined {
    const hash = this.#chain.hashByNumber(number);
    const block = hash === undefined ? undefined : this.#chain.block(hash);
    if (hash === undefined || block === undefined) return undefined;
    let bytes = 0;
    for (const raw of block.transactions) if (raw[0] !== DEPOSIT_TYPE) bytes += raw.length;
    return { number, hash, bytes };
  }
}
