import { openBlock } from "@phala-l2/execution/block/open-block";
import type { SealedBlock } from "@phala-l2/execution/block/sealed-block";
import { createEthereumjsEvm } from "@phala-l2/execution/evm/ethereumjs/evm";
import type { Evm } from "@phala-l2/execution/evm/evm";
import type { StateChanges } from "@phala-l2/execution/state/changes";
import type { StateReader } from "@phala-l2/execution/state/reader";
import { commitChanges } from "@phala-l2/execution/state/root";
import { trieState } from "@phala-l2/execution/state/trie-state";
import {
  type Address,
  addressFromHex,
  asAddress,
  asHash,
  bigintToBytes,
  fromHex,
  type Hash,
  type Hex,
  toHex,
  ZERO_ADDRESS,
  ZERO_HASH,
} from "@phala-l2/protocol/bytes";
import { encodeExtraData } from "@phala-l2/protocol/config/eip1559-params";
import type { BlockRef, L2BlockRef, RollupConfig } from "@phala-l2/protocol/config/rollup";
import { RollupError } from "@phala-l2/protocol/errors";
import { EMPTY_CODE_HASH, keccak256 } from "@phala-l2/protocol/keccak";
import { L1_BLOCK, SEQUENCER_FEE_VAULT } from "@phala-l2/protocol/predeploys";
import { EMPTY_TRIE_ROOT } from "@phala-l2/protocol/trie/trie";
import { receiptsRoot, transactionsRoot } from "@phala-l2/protocol/wire/block";
import {
  EMPTY_NONCE,
  EMPTY_OMMERS_HASH,
  EMPTY_REQUESTS_HASH,
  type Header,
  headerHash,
} from "@phala-l2/protocol/wire/header";
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

export const CHAIN_ID = 901n;
export const BLOCK_TIME = 2n;
/** The first account of the mnemonic that every development tool knows. */
export const ALICE_KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
export const ALICE = addressFromHex("0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266");
export const ALICE_BALANCE = 10n ** 21n;
/** Stores its first word in slot 0, logs it as topic and data, returns it. */
export const LOGGER = addressFromHex("0x00000000000000000000000000000000000c0de1");
const LOGGER_CODE = fromHex("0x5f35805f55805f5260205fa160205ff3");
/** Reverts with Error("user error"). */
export const REVERTER = addressFromHex("0x00000000000000000000000000000000000c0de2");
const REVERTER_CODE = fromHex(
  `0x6064600a5f3960645ffd08c379a0${"20".padStart(64, "0")}${"0a".padStart(64, "0")}${Buffer.from("user error").toString("hex").padEnd(64, "0")}`,
);
/** Never ends: takes all the gas it gets. */
export const LOOPER = addressFromHex("0x00000000000000000000000000000000000c0de3");
const LOOPER_CODE = fromHex("0x5b5f56");

const GENESIS_TIME = 1_700_000_000n;
const GAS_LIMIT = 30_000_000n;
const L1_BASE_FEE = 7_000_000_000n;
const L1_BLOB_BASE_FEE = 3n;
const BASE_FEE_SCALAR = 1_368n;
const BLOB_BASE_FEE_SCALAR = 810_949n;
const OPERATOR_FEE_CONSTANT = 5n;
const DA_FOOTPRINT_GAS_SCALAR = 400n;

/** Where the rules want some value and no test looks at it. */
const FILLER_HASH = asHash(new Uint8Array(32).fill(0x11));
const FILLER_ADDRESS = asAddress(new Uint8Array(20).fill(0x22));
/** Version 1 | blobBaseFeeScalar | baseFeeScalar (ecotone/l1-attributes.md). */
const SCALAR = asHash(bigintToBytes((1n << 248n) | (BLOB_BASE_FEE_SCALAR << 32n) | BASE_FEE_SCALAR, 32));

export const CONFIG: RollupConfig = {
  l1ChainId: 900n,
  l2ChainId: CHAIN_ID,
  genesis: {
    l1: { number: 0n, hash: asHash(new Uint8Array(32).fill(0x10)) },
    l2: { number: 0n, hash: FILLER_HASH },
    l2Time: GENESIS_TIME,
    systemConfig: {
      batcherAddress: FILLER_ADDRESS,
      scalar: SCALAR,
      gasLimit: GAS_LIMIT,
      eip1559Denominator: 0n,
      eip1559Elasticity: 0n,
      operatorFeeScalar: 0n,
      operatorFeeConstant: OPERATOR_FEE_CONSTANT,
      minBaseFee: 0n,
      daFootprintGasScalar: DA_FOOTPRINT_GAS_SCALAR,
    },
  },
  blockTime: BLOCK_TIME,
  maxSequencerDrift: 600n,
  seqWindowSize: 3600n,
  channelTimeout: 50n,
  batchInboxAddress: FILLER_ADDRESS,
  depositContractAddress: FILLER_ADDRESS,
  l1SystemConfigAddress: FILLER_ADDRESS,
  forks: {
    regolith: 0n,
    canyon: 0n,
    delta: 0n,
    ecotone: 0n,
    fjord: 0n,
    granite: 0n,
    holocene: 0n,
    isthmus: 0n,
    jovian: 0n,
  },
  eip1559: { elasticity: 6n, denominator: 50n, denominatorCanyon: 250n },
  l1BlobSchedule: [{ since: 0n, baseFeeUpdateFraction: 5_007_716n }],
};

function word(value: bigint): Hex {
  return toHex(bigintToBytes(value, 32));
}

function genesisChanges(): StateChanges {
  const codes = new Map<Hex, Uint8Array>();
  const accounts = new Map<Hex, { nonce: bigint; balance: bigint; codeHash: Hash }>();
  accounts.set(toHex(ALICE), { nonce: 0n, balance: ALICE_BALANCE, codeHash: EMPTY_CODE_HASH });
  accounts.set(toHex(L1_BLOCK), { nonce: 1n, balance: 0n, codeHash: EMPTY_CODE_HASH });
  for (const [address, code] of [
    [LOGGER, LOGGER_CODE],
    [REVERTER, REVERTER_CODE],
    [LOOPER, LOOPER_CODE],
  ] as const) {
    const codeHash = keccak256(code);
    codes.set(toHex(codeHash), code);
    accounts.set(toHex(address), { nonce: 1n, balance: 0n, codeHash });
  }
  // What the L1Block predeploy would store of the attributes below: execution prices transactions by it.
  const slots = new Map<Hex, bigint>([
    [word(1n), L1_BASE_FEE],
    [word(3n), (BASE_FEE_SCALAR << 96n) | (BLOB_BASE_FEE_SCALAR << 64n)],
    [word(7n), L1_BLOB_BASE_FEE],
    [word(8n), (DA_FOOTPRINT_GAS_SCALAR << 96n) | OPERATOR_FEE_CONSTANT],
  ]);
  return { accounts, storage: new Map([[toHex(L1_BLOCK), { cleared: false, slots }]]), codes };
}

function genesisHeader(stateRoot: Hash): Header {
  return {
    parentHash: ZERO_HASH,
    ommersHash: EMPTY_OMMERS_HASH,
    beneficiary: SEQUENCER_FEE_VAULT,
    stateRoot,
    transactionsRoot: transactionsRoot([]),
    receiptsRoot: receiptsRoot([]),
    logsBloom: new Uint8Array(256),
    difficulty: 0n,
    number: 0n,
    gasLimit: GAS_LIMIT,
    gasUsed: 0n,
    timestamp: GENESIS_TIME,
    extraData: encodeExtraData({ denominator: 250n, elasticity: 6n, minBaseFee: 0n }, "jovian"),
    prevRandao: ZERO_HASH,
    nonce: EMPTY_NONCE,
    baseFeePerGas: 1_000_000_000n,
    withdrawalsRoot: EMPTY_TRIE_ROOT,
    blobGasUsed: 0n,
    excessBlobGas: 0n,
    parentBeaconBlockRoot: ZERO_HASH,
    requestsHash: EMPTY_REQUESTS_HASH,
  };
}

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
