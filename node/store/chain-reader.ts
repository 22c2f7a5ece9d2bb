import type { SealedBlock } from "@phala-l2/execution/block/sealed-block";
import type { ChainConfig } from "@phala-l2/execution/chain-config";
import type { StateReader } from "@phala-l2/execution/state/reader";
import type { Hash } from "@phala-l2/protocol/bytes";
import type { BlockId, BlockRef, L2BlockRef, RollupConfig } from "@phala-l2/protocol/config/rollup";
import type { NodeReader } from "@phala-l2/protocol/trie/trie";
import type { Block } from "@phala-l2/protocol/wire/block";
import type { Header } from "@phala-l2/protocol/wire/header";
import type { Receipt } from "@phala-l2/protocol/wire/receipt";

/**
 * `unsafe`: the newest block known; `safe`: the newest that L1 data confirms; `finalized`: the newest whose
 * L1 data is final. finalized <= safe <= unsafe in number, and all are on one chain.
 */
export type Heads = {
  readonly unsafe: L2BlockRef;
  readonly safe: L2BlockRef;
  readonly finalized: L2BlockRef;
};

/** The same heads as Ethereum's clients name them. */
export type EthereumHeads = Readonly<Record<keyof Heads, BlockRef>>;

/** What execution tells of each transaction beside its receipt. */
export type ExecutedTransactions = SealedBlock["transactions"];

export type TransactionLocation = {
  readonly blockHash: Hash;
  readonly blockNumber: bigint;
  /** Place in the block, from 0. */
  readonly index: number;
};

/**
 * The read side of a chain, a rollup or a plain Ethereum chain. All reads are synchronous.
 * An object handed out never changes; `undefined` always means "this node does not have it".
 */
export interface ChainView {
  readonly config: ChainConfig;
  readonly genesisHash: Hash;
  heads(): EthereumHeads;
  headerByHash(hash: Hash): Header | undefined;
  /** Hash of the canonical block of that number, up to the unsafe head. */
  hashByNumber(number: bigint): Hash | undefined;
  block(hash: Hash): Block | undefined;
  receipts(hash: Hash): readonly Receipt[] | undefined;
  executed(hash: Hash): ExecutedTransactions | undefined;
  /** Where a transaction stands in the canonical chain. */
  locateTransaction(transactionHash: Hash): TransactionLocation | undefined;
  ref(hash: Hash): BlockRef | undefined;
  /**
   * State after the block. The returned reader is of that block for ever, also when the head moves on.
   * Reading state that was never stored throws RollupError TRIE_NODE_MISSING.
   */
  state(header: Header): StateReader;
  readonly readNode: NodeReader;
  readCode(codeHash: Hash): Uint8Array | undefined;
}

/** The same of a rollup, with what derivation knows of it. */
export interface ChainReader extends ChainView {
  readonly config: RollupConfig;
  heads(): Heads;
  ref(hash: Hash): L2BlockRef | undefined;
  /** The safe head as it was once derivation had read L1 up to that block. */
  safeHeadAtL1Block(l1Number: bigint): { readonly l1: BlockId; readonly safe: BlockId } | undefined;
}
