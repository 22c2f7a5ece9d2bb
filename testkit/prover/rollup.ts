import { BEACON_ROOTS_CODE, HISTORY_STORAGE_CODE } from "@phala-l2/contracts/genesis/preinstall-code";
import { buildAttributes } from "@phala-l2/derivation/attributes";
import { type L1Epoch, openEpoch } from "@phala-l2/derivation/epoch";
import { executeAttributes } from "@phala-l2/execution/block/execute";
import { createEthereumjsEvm } from "@phala-l2/execution/evm/ethereumjs/evm";
import type { Evm } from "@phala-l2/execution/evm/evm";
import { type GenesisAccount, genesisBlock } from "@phala-l2/execution/genesis";
import type { StateReader } from "@phala-l2/execution/state/reader";
import { trieState } from "@phala-l2/execution/state/trie-state";
import {
  type Address,
  addressFromHex,
  EMPTY_BYTES,
  fromHex,
  type Hash,
  type Hex,
  toHex,
  ZERO_ADDRESS,
  ZERO_HASH,
} from "@phala-l2/protocol/bytes";
import type { L2BlockRef, RollupConfig } from "@phala-l2/protocol/config/rollup";
import {
  BEACON_ROOTS,
  HISTORY_STORAGE,
  L1_BLOCK,
  L2_TO_L1_MESSAGE_PASSER,
} from "@phala-l2/protocol/predeploys";
import type { Block } from "@phala-l2/protocol/wire/block";
import type { Header } from "@phala-l2/protocol/wire/header";
import { outputRootV0 } from "@phala-l2/protocol/wire/output-root";
import type { SingularBatch } from "@phala-l2/protocol/wire/singular-batch";
import {
  encodeTransaction,
  type FeeMarketTransaction,
  type SetCodeTransaction,
  signTransaction,
} from "@phala-l2/protocol/wire/transaction";
import { L2_USER } from "../derivation/keys.ts";
import { L1_GENESIS_TIME } from "../derivation/l1-chain.ts";
import { l1AttributesOf } from "../derivation/l2-chain.ts";
import { Scenario } from "../derivation/scenario.ts";
import { RootedL1 } from "./rooted-l1.ts";

/** Adds one to slot 0 at each call, so that a block changes storage: PUSH0 SLOAD PUSH1 1 ADD PUSH0 SSTORE. */
export const COUNTER_CODE = fromHex("0x5f546001015f5500");
/** Writes the hash of the block before the last one into slot 1: needs the chain's history. */
const HISTORY_READER_CODE = fromHex("0x600243034060015500");
export const HISTORY_READER = addressFromHex("0x00000000000000000000000000000000000000c2");
export const COUNTER = addressFromHex("0x00000000000000000000000000000000000000c1");

function account(address: Address, fields: Partial<GenesisAccount>): GenesisAccount {
  return { address, nonce: 0n, balance: 0n, code: EMPTY_BYTES, storage: new Map(), ...fields };
}

const ALLOCATION: readonly GenesisAccount[] = [
  account(L2_USER.address, { balance: 10n ** 18n }),
  account(L1_BLOCK, { nonce: 1n, code: COUNTER_CODE }),
  account(L2_TO_L1_MESSAGE_PASSER, { nonce: 1n, code: COUNTER_CODE }),
  account(BEACON_ROOTS, { nonce: 1n, code: fromHex(BEACON_ROOTS_CODE) }),
  account(HISTORY_STORAGE, { nonce: 1n, code: fromHex(HISTORY_STORAGE_CODE) }),
  account(COUNTER, { nonce: 1n, code: COUNTER_CODE }),
  account(HISTORY_READER, { nonce: 1n, code: HISTORY_READER_CODE }),
];

type Sealed = { readonly block: Block; readonly ref: L2BlockRef };

/**
 * A rollup in memory whose blocks are really executed, on an L1 with true roots: what a prover proves, together
 * with the databases that its host reads.
 */
export class Rollup {
  readonly l1 = new RootedL1();
  readonly config: RollupConfig;
  readonly genesisHash: Hash;
  readonly #evm: Promise<Evm>;
  readonly #nodes = new Map<Hex, Uint8Array>();
  readonly #codes = new Map<Hex, Uint8Array>();
  readonly #blocks: Sealed[] = [];
  readonly #byHash = new Map<Hex, Sealed>();
  #nonce = 0n;

  constructor() {
    const { config } = new Scenario();
    const genesis = genesisBlock({
      forks: config.forks,
      number: 0n,
      timestamp: L1_GENESIS_TIME,
      parentHash: ZERO_HASH,
      beneficiary: ZERO_ADDRESS,
      difficulty: 0n,
      gasLimit: config.genesis.systemConfig.gasLimit,
      gasUsed: 0n,
      prevRandao: ZERO_HASH,
      extraData: fromHex("0x01000000fa000000060000000000000000"),
      baseFee: 7n,
      alloc: ALLOCATION,
    });
    const l1 = { number: this.l1.head.header.number, hash: this.l1.head.hash };
    this.genesisHash = genesis.hash;
    this.config = { ...config, genesis: { ...config.genesis, l1, l2: { number: 0n, hash: genesis.hash } } };
    this.#evm = createEthereumjsEvm(this.config);
    for (const [hash, node] of genesis.nodes) this.#nodes.set(hash, node);
    for (const [hash, code] of genesis.codes) this.#codes.set(hash, code);
    const { timestamp, parentHash } = genesis.block.header;
    this.#push(genesis.block, {
      number: 0n,
      hash: genesis.hash,
      parentHash,
      timestamp,
      l1Origin: l1,
      sequenceNumber: 0n,
    });
  }

  #push(block: Block, ref: L2BlockRef): void {
    const sealed = { block, ref };
    this.#blocks.push(sealed);
    this.#byHash.set(toHex(ref.hash), sealed);
  }

  get head(): L2BlockRef {
    const head = this.#blocks.at(-1);
    if (head === undefined) throw new Error("a rollup has a block");
    return head.ref;
  }

  /** The epoch of an L1 block; the SystemConfig does not change in these tests. */
  #epoch(number: bigint): L1Epoch {
    const block = this.l1.at(number);
    if (block === undefined) throw new Error(`L1 block ${number} is not mined yet`);
    return openEpoch(this.config, block, this.config.genesis.systemConfig).epoch;
  }

  /** Executes and puts on one block; it enters the next epoch as soon as that is not newer than the block. */
  async sequence(transactions: readonly Uint8Array[] = []): Promise<SingularBatch> {
    const parent = this.head;
    const next = this.l1.at(parent.l1Origin.number + 1n);
    const enters = next !== undefined && next.header.timestamp <= parent.timestamp + this.config.blockTime;
    const epoch = this.#epoch(parent.l1Origin.number + (enters ? 1n : 0n));
    const attributes = buildAttributes({ config: this.config, parent, epoch, transactions });
    const header = this.header(parent.number);
    const result = await executeAttributes({
      config: this.config,
      parent: header,
      attributes,
      state: this.state(parent.number),
      readNode: this.readNode,
      evm: await this.#evm,
    });
    if (result.kind === "invalid") throw new Error(`the block is invalid: ${result.reason}`);
    const { sealed } = result;
    for (const [hash, node] of sealed.nodes) this.#nodes.set(hash, node);
    for (const [hash, code] of sealed.changes.codes) this.#codes.set(hash, code);
    const { number, hash, sequenceNumber } = l1AttributesOf(sealed.block.transactions);
    const { timestamp, parentHash } = sealed.block.header;
    const l1Origin = { number, hash };
    const refNumber = parent.number + 1n;
    this.#push(sealed.block, {
      number: refNumber,
      hash: sealed.hash,
      parentHash,
      timestamp,
      l1Origin,
      sequenceNumber,
    });
    return { parentHash, epochNumber: number, epochHash: hash, timestamp, transactions };
  }

  header(number: bigint): Header {
    const sealed = this.#blocks[Number(number)];
    if (sealed === undefined) throw new Error(`no block ${number}`);
    return sealed.block.header;
  }

  state(number: bigint): StateReader {
    return trieState(this.header(number).stateRoot, this.readNode, this.readCode);
  }

  outputRoot(number: bigint): Hash {
    const { stateRoot, withdrawalsRoot } = this.header(number);
    const blockHash = this.hashByNumber(number);
    if (withdrawalsRoot === undefined || blockHash === undefined) throw new Error(`no block ${number}`);
    return outputRootV0({ stateRoot, messagePasserStorageRoot: withdrawalsRoot, blockHash });
  }

  /** A transaction of the rich user with the next nonce. */
  signed(fields: Partial<FeeMarketTransaction>): Uint8Array {
    const nonce = this.#nonce++;
    return encodeTransaction(
      signTransaction({ ...this.#call(nonce), type: 2, ...fields }, L2_USER.privateKey),
    );
  }

  /** The same with authorizations. */
  signedDelegation(authorizationList: SetCodeTransaction["authorizationList"]): Uint8Array {
    const nonce = this.#nonce++;
    const call = { ...this.#call(nonce), type: 4, to: L2_USER.address, authorizationList } as const;
    return encodeTransaction(signTransaction(call, L2_USER.privateKey));
  }

  #call(nonce: bigint) {
    const price = { maxPriorityFeePerGas: 1n, maxFeePerGas: 1000n };
    const call = { nonce, gasLimit: 200_000n, to: undefined, value: 0n, data: EMPTY_BYTES };
    return { chainId: this.config.l2ChainId, accessList: [], ...price, ...call };
  }

  // The part of a ChainReader that a witness needs.

  readonly readNode = (hash: Hash): Uint8Array | undefined => this.#nodes.get(toHex(hash));
  readonly readCode = (hash: Hash): Uint8Array | undefined => this.#codes.get(toHex(hash));

  hashByNumber(number: bigint): Hash | undefined {
    return this.#blocks[Number(number)]?.ref.hash;
  }

  headerByHash(hash: Hash): Header | undefined {
    return this.#byHash.get(toHex(hash))?.block.header;
  }

  block(hash: Hash): Block | undefined {
    return this.#byHash.get(toHex(hash))?.block;
  }

  /** Nothing is recorded: a witness then takes L1 blocks as a whole up to the head. */
  safeHeadAtL1Block(): undefined {
    return undefined;
  }

  ref(hash: Hash): L2BlockRef | undefined {
    return this.#byHash.get(toHex(hash))?.ref;
  }
}
