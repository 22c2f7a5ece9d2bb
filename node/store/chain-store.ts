import type { SealedBlock } from "@phala-l2/execution/block/sealed-block";
import type { StateReader } from "@phala-l2/execution/state/reader";
import { trieState } from "@phala-l2/execution/state/trie-state";
import { bytesEqual, type Hash } from "@phala-l2/protocol/bytes";
import type { BlockId, L2BlockRef, RollupConfig } from "@phala-l2/protocol/config/rollup";
import { RollupError } from "@phala-l2/protocol/errors";
import { keccak256 } from "@phala-l2/protocol/keccak";
import type { Block } from "@phala-l2/protocol/wire/block";
import { encodeHeader, type Header, headerHash } from "@phala-l2/protocol/wire/header";
import type { Receipt } from "@phala-l2/protocol/wire/receipt";
import type { ChainReader, ExecutedTransactions, Heads, TransactionLocation } from "./chain-reader.ts";
import {
  decodeBody,
  decodeLocation,
  decodeReceipts,
  decodeRef,
  decodeSafeHead,
  encodeBody,
  encodeHeads,
  encodeLocation,
  encodeReceipts,
  encodeRef,
  encodeSafeHead,
  readHash,
  readHeader,
} from "./codec.ts";
import { corrupt, type Database } from "./database.ts";
import { decodeExecuted, encodeExecuted } from "./executed-codec.ts";
import { FlatState, putFlatChanges, takeBackFlatChanges } from "./flat-state.ts";
import { canonicalKey, hashKey, hexHashKey, metaKey, safeHeadKey, safeHeadRange } from "./keys.ts";
import { Lru } from "./lru.ts";
import { textOfHex, textOfKey, WriteSet } from "./write-set.ts";

/** One step of the chain, written in one batch. Its parts happen in this order. */
export type Transition = {
  /** The canonical block to go back to first; the unsafe head itself when no block is taken back. */
  readonly base: L2BlockRef;
  /** Then this block is put on. */
  readonly append?: { readonly sealed: SealedBlock; readonly ref: L2BlockRef } | undefined;
  readonly safe?: { readonly ref: L2BlockRef; readonly derivedFrom: BlockId } | undefined;
  readonly finalized?: { readonly ref: L2BlockRef; readonly from: BlockId } | undefined;
  /** Safe heads recorded for L1 blocks above this number are forgotten: an L1 reorg undid them. */
  readonly forgetSafeHeadsAbove?: bigint | undefined;
  /** Records the safe head as what derivation has reached with this L1 block. */
  readonly safeHeadAt?: BlockId | undefined;
  /** Whether the promise waits until the disk has the batch. */
  readonly durable: boolean;
};

/** The heads, and the L1 blocks that justify them. */
export type ChainHeads = Heads & { readonly safeDerivedFrom: BlockId; readonly finalizedFrom: BlockId };

/** Trie nodes near the root are read for every historical call and every commit; 64k are some 30 MB. */
const CACHED_NODES = 65_536;
/** Headers answer most questions about blocks; 2,048 are 2 MB and cover BLOCKHASH's 256. */
const CACHED_HEADERS = 2048;
/** Decoded blocks: clients ask for many receipts of one recent block, one after another. */
const CACHED_BLOCKS = 32;

/**
 * The chain on disk: all its reads, and `commit`, its only write. Nothing is ever half done: a transition is
 * one batch, and the heads in memory move when the batch is on disk. History is an archive: state of every
 * block that was ever put on stays readable; only reverse diffs of final blocks are dropped.
 */
export class ChainStore implements ChainReader {
  readonly config: RollupConfig;
  readonly genesisHash: Hash;
  readonly #database: Database;
  readonly #flat: FlatState;
  readonly #nodes = new Lru<string, Uint8Array>(CACHED_NODES);
  readonly #headers = new Lru<string, Header>(CACHED_HEADERS);
  readonly #blocks = new Lru<string, Block>(CACHED_BLOCKS);
  readonly #receipts = new Lru<string, readonly Receipt[]>(CACHED_BLOCKS);
  readonly #executed = new Lru<string, ExecutedTransactions>(CACHED_BLOCKS);
  #heads: ChainHeads;
  /** The block at which the flat tables stand; undefined while a batch is on its way. */
  #flatBlock: Hash | undefined;
  #failure: unknown;

  constructor(database: Database, chain: { config: RollupConfig; genesisHash: Hash; heads: ChainHeads }) {
    this.config = chain.config;
    this.genesisHash = chain.genesisHash;
    this.#database = database;
    this.#flat = new FlatState(database);
    this.#heads = chain.heads;
    this.#flatBlock = chain.heads.unsafe.hash;
  }

  heads(): ChainHeads {
    return this.#heads;
  }

  headerByHash(hash: Hash): Header | undefined {
    return cached(this.#headers, hash, () => {
      const stored = this.#database.get(hashKey("header", hash));
      return stored === undefined ? undefined : readHeader(stored);
    });
  }

  hashByNumber(number: bigint): Hash | undefined {
    if (number < 0n || number > this.#heads.unsafe.number) return undefined;
    const stored = this.#database.get(canonicalKey(number));
    return stored === undefined ? undefined : readHash(stored, "a canonical hash");
  }

  block(hash: Hash): Block | undefined {
    return cached(this.#blocks, hash, () => {
      const header = this.headerByHash(hash);
      const body = this.#database.get(hashKey("body", hash));
      return header === undefined || body === undefined
        ? undefined
        : { header, transactions: decodeBody(body) };
    });
  }

  receipts(hash: Hash): readonly Receipt[] | undefined {
    return cached(this.#receipts, hash, () => {
      const stored = this.#database.get(hashKey("receipts", hash));
      return stored === undefined ? undefined : decodeReceipts(stored);
    });
  }

  executed(hash: Hash): ExecutedTransactions | undefined {
    return cached(this.#executed, hash, () => {
      const stored = this.#database.get(hashKey("executed", hash));
      return stored === undefined ? undefined : decodeExecuted(stored);
    });
  }

  locateTransaction(transactionHash: Hash): TransactionLocation | undefined {
    const stored = this.#database.get(hashKey("transaction", transactionHash));
    if (stored === undefined) return undefined;
    const { blockHash, index } = decodeLocation(stored);
    const header = this.headerByHash(blockHash);
    return header === undefined ? undefined : { blockHash, blockNumber: header.number, index };
  }

  ref(hash: Hash): L2BlockRef | undefined {
    const stored = this.#database.get(hashKey("ref", hash));
    return stored === undefined ? undefined : decodeRef(stored);
  }

  /** The canonical block's reference. */
  refByNumber(number: bigint): L2BlockRef | undefined {
    const hash = this.hashByNumber(number);
    return hash === undefined ? undefined : this.ref(hash);
  }

  state(header: Header): StateReader {
    const flat = this.#flat;
    const hash = headerHash(header);
    const isHead = () => this.#flatBlock !== undefined && bytesEqual(this.#flatBlock, hash);
    let opened: StateReader | undefined;
    const trie = () => {
      opened ??= trieState(header.stateRoot, this.readNode, (codeHash) => this.readCode(codeHash));
      return opened;
    };
    // `isHead` is asked at each read: when the head has moved on, the tries still have this block's state.
    return {
      account(address) {
        const inTries = () => trie().account(address);
        return isHead() ? flat.account(address, inTries) : inTries();
      },
      storage(address, slot) {
        const inTries = () => trie().storage(address, slot);
        return isHead() ? flat.storage(address, slot, inTries) : inTries();
      },
      code: (codeHash) => trie().code(codeHash),
    };
  }

  readonly readNode = (hash: Hash): Uint8Array | undefined =>
    cached(this.#nodes, hash, () => this.#database.get(hashKey("node", hash)));

  readCode(codeHash: Hash): Uint8Array | undefined {
    return this.#database.get(hashKey("code", codeHash));
  }

  /** Undefined when derivation has not read that L1 block yet, or began after it. */
  safeHeadAtL1Block(l1Number: bigint): { readonly l1: BlockId; readonly safe: BlockId } | undefined {
    const stored = this.#database.get(safeHeadKey(l1Number));
    if (stored === undefined) return undefined;
    const { l1, safe } = decodeSafeHead(stored);
    return { l1: { number: l1Number, hash: l1 }, safe };
  }

  /**
   * Makes one transition; gives the hashes of the blocks taken back, newest first. Only one may run at a time.
   * @throws RollupError STORE_TRANSITION_INVALID (nothing is written), STORE_WRITE_FAILED (then the store takes
   * no more transitions: what the disk has is known only after it is opened again)
   */
  async commit(transition: Transition): Promise<readonly Hash[]> {
    if (this.#failure !== undefined) throw this.#failure;
    const heads = headsAfter(this.#heads, transition);
    const writes = new WriteSet(this.#database);
    const dropped = this.#takeBack(writes, transition.base);
    if (transition.append !== undefined) await putBlock(writes, transition.append);
    await putSafeHeads(writes, transition, heads);
    this.#dropReverseDiffs(writes, heads.finalized.number);
    writes.put(metaKey("heads"), encodeHeads(storedHeads(heads)));
    writes.put(metaKey("flat"), heads.unsafe.hash);
    const flatMoves = !bytesEqual(heads.unsafe.hash, this.#heads.unsafe.hash);
    if (flatMoves) this.#flatBlock = undefined;
    try {
      await this.#database.write(writes.values(), { durable: transition.durable });
    } catch (error) {
      this.#failure = error;
      throw error;
    }
    this.#updateCaches(transition, dropped.length > 0);
    this.#heads = heads;
    this.#flatBlock = heads.unsafe.hash;
    return dropped;
  }

  async close(): Promise<void> {
    this.#failure ??= new RollupError("STORE_CLOSED", "the database is closed");
    await this.#database.close();
  }

  #takeBack(writes: WriteSet, base: L2BlockRef): readonly Hash[] {
    const canonical = this.hashByNumber(base.number);
    if (canonical === undefined || !bytesEqual(canonical, base.hash)) {
      throw invalidTransition("the block to go back to is not canonical", base);
    }
    const dropped: Hash[] = [];
    for (let number = this.#heads.unsafe.number; number > base.number; number--) {
      const hash = this.hashByNumber(number);
      const block = hash === undefined ? undefined : this.block(hash);
      if (hash === undefined || block === undefined)
        throw corrupt("a canonical block is missing", { number });
      takeBackFlatChanges(writes, hash);
      writes.delete(canonicalKey(number));
      for (const raw of block.transactions) writes.delete(hashKey("transaction", keccak256(raw)));
      dropped.push(hash);
    }
    return dropped;
  }

  /** What became final is never taken back. */
  #dropReverseDiffs(writes: WriteSet, finalized: bigint): void {
    for (let number = this.#heads.finalized.number + 1n; number <= finalized; number++) {
      const stored = writes.get(canonicalKey(number));
      if (stored !== undefined) writes.delete(hashKey("reverseDiff", readHash(stored, "a canonical hash")));
    }
  }

  #updateCaches({ append }: Transition, tookBack: boolean): void {
    if (tookBack) this.#flat.clearCache();
    if (append === undefined) return;
    const { sealed, ref } = append;
    const key = textOfKey(ref.hash);
    this.#flat.updateCache({ accounts: sealed.accounts, storage: sealed.changes.storage });
    for (const [hash, node] of sealed.nodes) this.#nodes.set(textOfHex(hash), node);
    this.#headers.set(key, sealed.block.header);
    this.#blocks.set(key, sealed.block);
    this.#receipts.set(key, sealed.receipts);
    this.#executed.set(key, sealed.transactions);
  }
}

function cached<Value>(
  cache: Lru<string, Value>,
  hash: Hash,
  read: () => Value | undefined,
): Value | undefined {
  const key = textOfKey(hash);
  const hit = cache.get(key);
  if (hit !== undefined) return hit;
  const value = read();
  if (value !== undefined) cache.set(key, value);
  return value;
}

function invalidTransition(what: string, data: object): RollupError<"STORE_TRANSITION_INVALID"> {
  return new RollupError("STORE_TRANSITION_INVALID", what, { data });
}

/** The heads that a transition leads to, when they are in order: finalized <= safe <= unsafe. */
function headsAfter(heads: ChainHeads, transition: Transition): ChainHeads {
  const { base, append, safe, finalized } = transition;
  if (append !== undefined && !bytesEqual(append.ref.parentHash, base.hash)) {
    throw invalidTransition("the block to put on is not a child of the base", append.ref);
  }
  const after: ChainHeads = {
    unsafe: append?.ref ?? base,
    safe: safe?.ref ?? heads.safe,
    finalized: finalized?.ref ?? heads.finalized,
    safeDerivedFrom: safe?.derivedFrom ?? heads.safeDerivedFrom,
    finalizedFrom: finalized?.from ?? heads.finalizedFrom,
  };
  if (after.finalized.number < heads.finalized.number || base.number < heads.finalized.number) {
    throw invalidTransition("a final block would be taken back", { finalized: heads.finalized, base });
  }
  if (after.safe.number < after.finalized.number || after.unsafe.number < after.safe.number) {
    throw invalidTransition("the heads would be out of order", after);
  }
  return after;
}

function storedHeads(heads: ChainHeads) {
  const { unsafe, safe, finalized, safeDerivedFrom, finalizedFrom } = heads;
  return { unsafe: unsafe.hash, safe: safe.hash, finalized: finalized.hash, safeDerivedFrom, finalizedFrom };
}

/** Adds a block, its effects and its indexes to a batch. */
export async function putBlock(
  writes: WriteSet,
  { sealed, ref }: { readonly sealed: SealedBlock; readonly ref: L2BlockRef },
): Promise<void> {
  const { block, hash } = sealed;
  writes.add(hashKey("header", hash), encodeHeader(block.header));
  writes.add(hashKey("body", hash), encodeBody(block.transactions));
  writes.add(hashKey("receipts", hash), encodeReceipts(sealed.receipts));
  writes.add(hashKey("executed", hash), encodeExecuted(sealed.transactions));
  writes.add(hashKey("ref", hash), encodeRef(ref));
  writes.put(canonicalKey(ref.number), hash);
  for (const [index, transaction] of sealed.transactions.entries()) {
    writes.put(hashKey("transaction", transaction.hash), encodeLocation({ blockHash: hash, index }));
  }
  for (const [nodeHash, node] of sealed.nodes) writes.add(hexHashKey("node", nodeHash), node);
  for (const [codeHash, code] of sealed.changes.codes) writes.add(hexHashKey("code", codeHash), code);
  await putFlatChanges(writes, hash, { accounts: sealed.accounts, storage: sealed.changes.storage });
}

async function putSafeHeads(writes: WriteSet, transition: Transition, heads: ChainHeads): Promise<void> {
  if (transition.forgetSafeHeadsAbove !== undefined) {
    const gone = await writes.keys(safeHeadRange(transition.forgetSafeHeadsAbove + 1n));
    for (const key of gone) writes.delete(key);
  }
  const l1 = transition.safeHeadAt;
  if (l1 === undefined) return;
  const safe = { number: heads.safe.number, hash: heads.safe.hash };
  writes.put(safeHeadKey(l1.number), encodeSafeHead({ l1: l1.hash, safe }));
}
