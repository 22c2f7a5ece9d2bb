import type { L1Block } from "@phala-l2/derivation/l1-block";
import { type Address, bytesEqual, type Hash, type Hex, toHex } from "@phala-l2/protocol/bytes";
import type { BlockId } from "@phala-l2/protocol/config/rollup";
import { withoutSidecar } from "@phala-l2/protocol/wire/blob-sidecar";
import { BLOB_TYPE, decodeTransaction } from "@phala-l2/protocol/wire/transaction";
import type { L1Source } from "./l1-source.ts";

export type ReadAheadOptions = {
  /** Blocks fetched before they are asked for; 32 hide a round trip of 300 ms at 100 blocks a second. */
  readonly depth: number;
  /** Blobs of transactions to this address are fetched with their block. */
  readonly inbox: Address;
};

/** An L1Source that has the next blocks under way when derivation, which asks for one after another, comes for them. */
export interface ReadAhead extends L1Source {
  /** How far blocks exist; nothing beyond is fetched ahead. */
  setHead(number: bigint): void;
  /** Drops what was fetched ahead; after an L1 reorg it is of the wrong branch. */
  forget(): void;
}

type Blobs = ReadonlyMap<Hex, Uint8Array>;

export function readAhead(source: L1Source, options: ReadAheadOptions): ReadAhead {
  const blocks = new Map<bigint, Promise<L1Block>>();
  const blobs = new Map<Hex, Promise<Blobs>>();
  let head = 0n;

  function start(number: bigint): Promise<L1Block> {
    const pending = source.block(number);
    blocks.set(number, pending);
    pending.then(startBlobs, () => {
      // Whoever asks for the block gets this error; a later call tries afresh.
      if (blocks.get(number) === pending) blocks.delete(number);
    });
    return pending;
  }

  function startBlobs(block: L1Block): void {
    const hashes = block.transactions.flatMap((raw) => blobHashesTo(options.inbox, raw));
    if (hashes.length === 0) return;
    const key = toHex(block.hash);
    const pending = source.blobs(blobsOf(block), hashes);
    blobs.set(key, pending);
    pending.catch(() => blobs.delete(key));
  }

  function forgetBelow(number: bigint): void {
    for (const [each, pending] of blocks) {
      if (each >= number && each <= number + BigInt(options.depth)) continue;
      blocks.delete(each);
      pending.then(
        (block) => blobs.delete(toHex(block.hash)),
        () => {},
      );
    }
  }

  return {
    setHead(number) {
      head = number;
    },
    forget() {
      blocks.clear();
      blobs.clear();
    },
    head: (label) => source.head(label),
    blockRef: (numberOrHash) => source.blockRef(numberOrHash),
    header: (hash) => source.header(hash),
    async block(numberOrHash) {
      if (typeof numberOrHash !== "bigint") return source.block(numberOrHash);
      const number = numberOrHash;
      forgetBelow(number);
      const wanted = blocks.get(number) ?? start(number);
      for (let next = number + 1n; next <= number + BigInt(options.depth) && next <= head; next++) {
        if (!blocks.has(next)) start(next);
      }
      const block = await wanted;
      const following = blocks.get(number + 1n);
      // What was fetched before a reorg does not connect: drop it all, and the next call reads the new branch.
      if (following !== undefined) dropUnlessConnected(block, following);
      return block;
    },
    async blobs(block, hashes) {
      const early = await blobs.get(toHex(block.hash))?.catch(() => undefined);
      if (early !== undefined && hashes.every((hash) => early.has(toHex(hash)))) return early;
      return source.blobs(block, hashes);
    },
  };

  function dropUnlessConnected(block: L1Block, following: Promise<L1Block>): void {
    following.then(
      (next) => {
        if (!bytesEqual(next.header.parentHash, block.hash)) blocks.clear();
      },
      () => {},
    );
  }
}

function blobsOf(block: L1Block): BlockId & { readonly timestamp: bigint } {
  return { number: block.header.number, hash: block.hash, timestamp: block.header.timestamp };
}

function blobHashesTo(inbox: Address, raw: Uint8Array): readonly Hash[] {
  if (raw[0] !== BLOB_TYPE) return [];
  const decoded = decodeTransaction(withoutSidecar(raw));
  if (decoded.kind === "invalid" || decoded.transaction.type !== BLOB_TYPE) return [];
  return bytesEqual(decoded.transaction.to, inbox) ? decoded.transaction.blobVersionedHashes : [];
}
