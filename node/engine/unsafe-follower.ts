import { bytesEqual, type Hash, toHex } from "@phala-l2/protocol/bytes";
import type { L2BlockRef } from "@phala-l2/protocol/config/rollup";
import { isRollupError } from "@phala-l2/protocol/errors";
import type { Log } from "@phala-l2/protocol/log";
import { type Block, transactionsRoot } from "@phala-l2/protocol/wire/block";
import { headerHash } from "@phala-l2/protocol/wire/header";
import type { Engine } from "./engine.ts";
import { createSerial } from "./serial.ts";

/** Fetches a block of that hash and number from any node; the answer is not trusted. Undefined when there is none. */
export type FetchBlock = (hash: Hash, number: bigint) => Promise<Block | undefined>;

/** What the follower needs of an engine. */
export type FollowedEngine = Pick<Engine, "insertUnsafe" | "subscribe"> & {
  heads(): { readonly unsafe: L2BlockRef };
};

export type UnsafeFollowerDependencies = {
  readonly engine: FollowedEngine;
  /** Absent: blocks that were missed come from L1 alone. */
  readonly fetchBlock: FetchBlock | undefined;
  readonly log: Log;
};

export interface UnsafeFollower {
  /** Takes a block whose signature has been checked. Never throws for what the block is. */
  offer(block: Block): Promise<void>;
  /** Stops to listen to the engine, and waits for work under way. */
  stop(): Promise<void>;
}

/** Blocks that wait for their parent: half an hour of them at one a second. Older ones come from L1. */
const MAX_WAITING_BLOCKS = 2048;
/** Bytes of transactions in them together. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;
/** Most blocks that are fetched to close one gap; a longer one is derived from L1 first. */
const MAX_BACKFILL = 512n;

type Waiting = { readonly block: Block; readonly size: number };

/**
 * Brings the unsafe head to the newest signed block. A block whose parent is missing waits until derivation has
 * caught up to it, or until the blocks between have been fetched: each is the parent that a signed descendant
 * names by hash, so that it does not matter who gave it.
 */
export function createUnsafeFollower(dependencies: UnsafeFollowerDependencies): UnsafeFollower {
  const { engine, log } = dependencies;
  const serial = createSerial();
  const waiting = new WaitingBlocks();

  const head = () => engine.heads().unsafe;

  async function insertChildren(): Promise<void> {
    waiting.dropUpTo(head().number);
    for (let next = waiting.take(head().hash); next !== undefined; next = waiting.take(head().hash)) {
      const result = await engine.insertUnsafe(next);
      if (result.kind === "invalid") {
        log.warn({ number: next.header.number, reason: result.reason }, "an unsafe block is invalid");
      }
      if (result.kind !== "inserted") return;
    }
  }

  async function take(block: Block): Promise<void> {
    const result = await engine.insertUnsafe(block);
    const facts = { number: block.header.number, hash: toHex(headerHash(block.header)) };
    if (result.kind === "invalid") {
      log.warn({ ...facts, reason: result.reason }, "an unsafe block is invalid");
    } else if (result.kind === "gap" && block.header.number > result.head.number) {
      for (const missing of await fetchMissing(dependencies, block)) waiting.add(missing);
      waiting.add(block);
    }
    await insertChildren();
  }

  /** The engine may halt or stop while blocks still arrive. */
  async function tolerant(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!isRollupError(error)) throw error;
      log.debug({ code: error.code }, "an unsafe block can not be taken now");
    }
  }

  const unsubscribe = engine.subscribe((event) => {
    // Derivation may just have reached the parent of a block that waits.
    if (event.kind === "safe" && waiting.has(event.ref.hash)) void serial(() => tolerant(insertChildren));
  });
  return {
    offer: (block) => serial(() => tolerant(() => take(block))),
    stop: async () => {
      unsubscribe();
      await serial(async () => {});
    },
  };
}

/** The blocks between the head and `block`, as far as they can be had and fit. */
async function fetchMissing({ engine, fetchBlock, log }: UnsafeFollowerDependencies, block: Block) {
  const head = engine.heads().unsafe;
  const gap = block.header.number - head.number - 1n;
  if (fetchBlock === undefined || gap <= 0n || gap > MAX_BACKFILL) return [];
  const found: Block[] = [];
  for (let child = block; child.header.number > head.number + 1n; ) {
    const hash = child.header.parentHash;
    const parent = await fetchBlock(hash, child.header.number - 1n);
    if (parent === undefined || !isBlockOf(parent, hash)) {
      log.debug({ hash: toHex(hash) }, "a missing unsafe block can not be fetched");
      return [];
    }
    found.push(parent);
    child = parent;
  }
  return found;
}

function isBlockOf({ header, transactions }: Block, hash: Hash): boolean {
  return (
    bytesEqual(headerHash(header), hash) &&
    bytesEqual(transactionsRoot(transactions), header.transactionsRoot)
  );
}

/** Blocks by the hash of their parent; of two with one parent the first stays. */
class WaitingBlocks {
  readonly #byParent = new Map<string, Waiting>();
  #bytes = 0;

  has(parent: Hash): boolean {
    return this.#byParent.has(toHex(parent));
  }

  add(block: Block): void {
    const key = toHex(block.header.parentHash);
    if (this.#byParent.has(key)) return;
    const size = block.transactions.reduce((sum, raw) => sum + raw.length, 0);
    if (this.#byParent.size >= MAX_WAITING_BLOCKS || this.#bytes + size > MAX_WAITING_BYTES) return;
    this.#byParent.set(key, { block, size });
    this.#bytes += size;
  }

  take(parent: Hash): Block | undefined {
    const found = this.#byParent.get(toHex(parent));
    if (found !== undefined) this.#remove(toHex(parent), found);
    return found?.block;
  }

  dropUpTo(number: bigint): void {
    for (const [key, waiting] of this.#byParent) {
      if (waiting.block.header.number <= number) this.#remove(key, waiting);
    }
  }

  #remove(key: string, { size }: Waiting): void {
    this.#byParent.delete(key);
    this.#bytes -= size;
  }
}
