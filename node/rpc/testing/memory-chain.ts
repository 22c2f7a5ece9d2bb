import { openBlock } from "@phala-l2/execution/block/open-block";
import type { SealedBlock } from "@phala-l2/execution/block/sealed-block";
import { createEthereumjsEvm } from "@phala-l2/execution/evm/ethereumjs/evm";
import type { Evm } from "@phala-l2/execution/evm/evm";
import type { StateReader } from "@phala-l2/execution/state/reader";
import { commitChanges } from "@phala-l2/execution/state/root";
import { trieState } from "@phala-l2/execution/state/trie-state";
import {
  type Address,
  asHash,
  bigintToBytes,
  type Hash,
  type Hex,
  toHex,
  ZERO_ADDRESS,
  ZERO_HASH,
} from "@phala-l2/protocol/bytes";
import type { BlockRef, L2BlockRef } from "@phala-l2/protocol/config/rollup";
import { RollupError } from "@phala-l2/protocol/errors";
import { SEQUENCER_FEE_VAULT } from "@phala-l2/protocol/predeploys";
import { EMPTY_TRIE_ROOT } from "@phala-l2/protocol/trie/trie";
import { type Header, headerHash } from "@phala-l2/protocol/wire/header";
import { l1AttributesDeposit } from "@phala-l2/protocol/wire/l1-attributes";
import type { Receipt } from "@phala-l2/protocol/wire/receipt";
import { encodeTransaction } from "@phala-l2/protocol/wire/transaction";
import type { EngineEvent, SyncStatus } from "../../engine/engine.ts";
import type {
  ChainReader,
  ExecutedTransactions,
  Heads,
  TransactionLocation,
} from "../../store/chain-reader.ts";
import type { EngineView } from "../engine-view.ts";
import {
  BASE_FEE_SCALAR,
  BLOB_BASE_FEE_SCALAR,
  BLOCK_TIME,
  CONFIG,
  DA_FOOTPRINT_GAS_SCALAR,
  GAS_LIMIT,
  GENESIS_TIME,
  genesisChanges,
  genesisHeader,
  L1_BASE_FEE,
  L1_BLOB_BASE_FEE,
  OPERATOR_FEE_CONSTANT,
} from "./genesis.ts";

type Stored = {
  readonly block: SealedBlock["block"];
  readonly receipts: readonly Receipt[];
  readonly executed: ExecutedTransactions;
};

/**
 * A chain in memory for tests, whose blocks are really executed: reads as the node's store answers them, and
 * events as its engine sends them.
 */
export class MemoryChain implements ChainReader, EngineView {
  readonly config = CONFIG;
  readonly genesisHash: Hash;
  readonly chain = this;
  readonly #evm: Evm;
  readonly #stored = new Map<Hex, Stored>();
  readonly #nodes = new Map<Hex, Uint8Array>();
  readonly #codes = new Map<Hex, Uint8Array>();
  readonly #listeners = new Set<(event: EngineEvent) => void>();
  #canonical: Hash[] = [];
  safeNumber = 0n;

  private constructor(evm: Evm) {
    this.#evm = evm;
    const genesis = genesisChanges();
    const state = commitChanges(EMPTY_TRIE_ROOT, () => undefined, genesis);
    this.#remember(state.nodes, genesis.codes);
    const header = genesisHeader(state.root);
    this.genesisHash = headerHash(header);
    this.#stored.set(toHex(this.genesisHash), {
      block: { header, transactions: [] },
      receipts: [],
      executed: [],
    });
    this.#canonical = [this.genesisHash];
  }

  static async create(): Promise<MemoryChain> {
    return new MemoryChain(await createEthereumjsEvm(CONFIG));
  }

  get evm(): Evm {
    return this.#evm;
  }

  #remember(nodes: ReadonlyMap<Hex, Uint8Array>, codes: ReadonlyMap<Hex, Uint8Array>): void {
    for (const [hash, node] of nodes) this.#nodes.set(hash, node);
    for (const [hash, code] of codes) this.#codes.set(hash, code);
  }

  /** Executes a block on `parent` (the head without one) and stores it; throws when a transaction is rejected. */
  async execute(
    raws: readonly Uint8Array[],
    parent: Hash = this.heads().unsafe.hash,
    salt = 0n,
  ): Promise<SealedBlock> {
    const header = this.header(parent);
    const timestamp = header.timestamp + BLOCK_TIME;
    const deposit = l1AttributesDeposit(CONFIG, timestamp, {
      number: 1n,
      timestamp: GENESIS_TIME,
      baseFee: L1_BASE_FEE,
      hash: asHash(bigintToBytes(salt, 32)),
      sequenceNumber: header.number,
      batcherAddress: ZERO_ADDRESS,
      blobBaseFee: L1_BLOB_BASE_FEE,
      baseFeeScalar: BASE_FEE_SCALAR,
      blobBaseFeeScalar: BLOB_BASE_FEE_SCALAR,
      operatorFeeScalar: 0n,
      operatorFeeConstant: OPERATOR_FEE_CONSTANT,
      daFootprintGasScalar: DA_FOOTPRINT_GAS_SCALAR,
    });
    const open = await openBlock({
      config: CONFIG,
      parent: header,
      attributes: {
        timestamp,
        prevRandao: ZERO_HASH,
        feeRecipient: SEQUENCER_FEE_VAULT,
        parentBeaconBlockRoot: ZERO_HASH,
        gasLimit: GAS_LIMIT,
        eip1559Params: new Uint8Array(8),
        minBaseFee: 0n,
        transactions: [],
      },
      state: this.state(header),
      readNode: this.readNode,
      evm: this.#evm,
    });
    for (const raw of [encodeTransaction(deposit), ...raws]) {
      const application = await open.apply(raw);
      if (application.kind === "rejected")
        throw new RollupError("TEST_TRANSACTION_REJECTED", application.reason);
    }
    const sealed = open.seal();
    this.#remember(sealed.nodes, sealed.changes.codes);
    this.#stored.set(toHex(sealed.hash), {
      block: sealed.block,
      receipts: sealed.receipts,
      executed: sealed.transactions,
    });
    return sealed;
  }

  /** Executes a block on the head and makes it the head. */
  async extend(...raws: readonly Uint8Array[]): Promise<SealedBlock> {
    const sealed = await this.execute(raws);
    this.#canonical.push(sealed.hash);
    this.#send({ kind: "unsafe", ref: this.refOf(sealed.hash) });
    return sealed;
  }

  /** Replaces the newest `depth` blocks by as many others. */
  async reorg(depth: number, raws: readonly Uint8Array[] = []): Promise<void> {
    const dropped = this.#canonical.slice(-depth).reverse();
    const ancestor = this.#canonical[this.#canonical.length - depth - 1] ?? this.genesisHash;
    const branch: Hash[] = [];
    let parent = ancestor;
    for (let i = 0; i < depth; i++) {
      parent = (await this.execute(i === 0 ? raws : [], parent, 77n)).hash;
      branch.push(parent);
    }
    this.#canonical = [...this.#canonical.slice(0, -depth), ...branch];
    this.#send({ kind: "reorg", ref: this.refOf(parent), commonAncestor: this.refOf(ancestor), dropped });
  }

  #send(event: EngineEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  get listenerCount(): number {
    return this.#listeners.size;
  }

  subscribe(listener: (event: EngineEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  syncStatus(): SyncStatus {
    const l1: BlockRef = { number: 1n, hash: ZERO_HASH, parentHash: ZERO_HASH, timestamp: GENESIS_TIME };
    const { unsafe, safe, finalized } = this.heads();
    return {
      headL1: l1,
      safeL1: l1,
      finalizedL1: l1,
      currentL1: l1,
      unsafeL2: unsafe,
      safeL2: safe,
      finalizedL2: finalized,
    };
  }

  heads(): Heads {
    const at = (number: bigint): L2BlockRef =>
      this.refOf(this.#canonical[Number(number)] ?? this.genesisHash);
    return { unsafe: at(BigInt(this.#canonical.length - 1)), safe: at(this.safeNumber), finalized: at(0n) };
  }

  header(hash: Hash): Header {
    const header = this.headerByHash(hash);
    if (header === undefined) throw new RollupError("TEST_BLOCK_UNKNOWN", toHex(hash));
    return header;
  }

  refOf(hash: Hash): L2BlockRef {
    const { number, parentHash, timestamp } = this.header(hash);
    return {
      number,
      hash,
      parentHash,
      timestamp,
      l1Origin: { number: 1n, hash: ZERO_HASH },
      sequenceNumber: number,
    };
  }

  headerByHash(hash: Hash): Header | undefined {
    return this.#stored.get(toHex(hash))?.block.header;
  }

  hashByNumber(number: bigint): Hash | undefined {
    return number < 1n << 32n ? this.#canonical[Number(number)] : undefined;
  }

  block(hash: Hash): SealedBlock["block"] | undefined {
    return this.#stored.get(toHex(hash))?.block;
  }

  receipts(hash: Hash): readonly Receipt[] | undefined {
    return this.#stored.get(toHex(hash))?.receipts;
  }

  executed(hash: Hash): ExecutedTransactions | undefined {
    return this.#stored.get(toHex(hash))?.executed;
  }

  locateTransaction(transactionHash: Hash): TransactionLocation | undefined {
    const wanted = toHex(transactionHash);
    for (const [number, blockHash] of this.#canonical.entries()) {
      const index = this.executed(blockHash)?.findIndex(({ hash }) => toHex(hash) === wanted) ?? -1;
      if (index >= 0) return { blockHash, blockNumber: BigInt(number), index };
    }
    return undefined;
  }

  ref(hash: Hash): L2BlockRef | undefined {
    return this.headerByHash(hash) === undefined ? undefined : this.refOf(hash);
  }

  state(header: Header): StateReader {
    return trieState(header.stateRoot, this.readNode, (hash) => this.readCode(hash));
  }

  readonly readNode = (hash: Hash): Uint8Array | undefined => this.#nodes.get(toHex(hash));

  readCode(codeHash: Hash): Uint8Array | undefined {
    return this.#codes.get(toHex(codeHash));
  }

  safeHeadAtL1Block(l1Number: bigint): ReturnType<ChainReader["safeHeadAtL1Block"]> {
    if (l1Number < 1n) return undefined;
    return { l1: { number: 1n, hash: ZERO_HASH }, safe: this.heads().safe };
  }

  balanceOf(account: Address): bigint {
    return this.state(this.header(this.heads().unsafe.hash)).account(account)?.balance ?? 0n;
  }
}
