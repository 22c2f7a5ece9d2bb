import {
  type Address,
  addressFromHex,
  asAddress,
  asHash,
  bigintToBytes,
  concatBytes,
  fromHex,
  type Hash,
  type Hex,
  toHex,
  ZERO_ADDRESS,
  ZERO_HASH,
} from "@phala-l2/protocol/bytes";
import type { RollupConfig } from "@phala-l2/protocol/config/rollup";
import { keccak256 } from "@phala-l2/protocol/keccak";
import {
  BEACON_ROOTS,
  DEPOSITOR_ACCOUNT,
  HISTORY_STORAGE,
  L1_BLOCK,
  SEQUENCER_FEE_VAULT,
} from "@phala-l2/protocol/predeploys";
import { addressOfKey } from "@phala-l2/protocol/secp256k1";
import type { Header } from "@phala-l2/protocol/wire/header";
import type { PayloadAttributes } from "@phala-l2/protocol/wire/payload-attributes";
import {
  DEPOSIT_TYPE,
  type DepositTransaction,
  encodeTransaction,
  type FeeMarketTransaction,
  signTransaction,
} from "@phala-l2/protocol/wire/transaction";
import { executionFork, includes } from "../block/fork.ts";
import { type Application, type OpenBlock, openBlock } from "../block/open-block.ts";
import type { SealedBlock } from "../block/sealed-block.ts";
import type { Evm } from "../evm/evm.ts";
import { type GenesisAccount, genesisBlock } from "../genesis.ts";
import type { StateReader } from "../state/reader.ts";
import { trieState } from "../state/trie-state.ts";

/** A small chain in memory for tests: real rules, a genesis without the predeploys' code. */

export const ETHER = 10n ** 18n;
export const CHAIN_ID = 901n;
export const GENESIS_TIME = 1_700_000_000n;

/** Bytecode as EIP-4788 and EIP-2935 give it. */
const BEACON_ROOTS_CODE =
  "0x3373fffffffffffffffffffffffffffffffffffffffe14604d57602036146024575f5ffd5b5f35801560495762001fff810690815414603c575f5ffd5b62001fff01545f5260205ff35b5f5ffd5b62001fff42064281555f359062001fff015500";
const HISTORY_STORAGE_CODE =
  "0x3373fffffffffffffffffffffffffffffffffffffffe14604657602036036042575f35600143038111604257611fff81430311604257611fff9006545f5260205ff35b5f5ffd5b5f35611fff60014303065500";

/** A funded account. */
export function keyOf(index: number): Uint8Array {
  return keccak256(Uint8Array.of(0x6b, index));
}

export function accountOf(index: number): Address {
  return addressOfKey(keyOf(index));
}

/** An address without key or code. */
export function somewhere(index: number): Address {
  return asAddress(keccak256(Uint8Array.of(0x73, index)).subarray(12));
}

export function contract(address: Address, code: string, balance = 0n): GenesisAccount {
  return { address, nonce: 1n, balance, code: fromHex(code), storage: new Map() };
}

function slot(index: bigint): Hex {
  return toHex(bigintToBytes(index, 32));
}

export type L1Prices = {
  readonly baseFee: bigint;
  readonly blobBaseFee: bigint;
  readonly baseFeeScalar: bigint;
  readonly blobBaseFeeScalar: bigint;
  readonly operatorFeeScalar: bigint;
  readonly operatorFeeConstant: bigint;
};

export const L1_PRICES: L1Prices = {
  baseFee: 20_000_000_000n,
  blobBaseFee: 3n,
  baseFeeScalar: 5227n,
  blobBaseFeeScalar: 1_014_213n,
  operatorFeeScalar: 7n,
  operatorFeeConstant: 11n,
};

function l1BlockAccount(prices: L1Prices): GenesisAccount {
  return {
    address: L1_BLOCK,
    nonce: 1n,
    balance: 0n,
    code: new Uint8Array(0),
    storage: new Map([
      [slot(1n), prices.baseFee],
      [slot(3n), (prices.baseFeeScalar << 96n) | (prices.blobBaseFeeScalar << 64n)],
      [slot(7n), prices.blobBaseFee],
      [slot(8n), (prices.operatorFeeScalar << 64n) | prices.operatorFeeConstant],
    ]),
  };
}

export type ChainOptions = {
  readonly config: RollupConfig;
  readonly evm: Evm;
  readonly alloc?: readonly GenesisAccount[];
  readonly prices?: L1Prices;
  readonly baseFee?: bigint;
  readonly gasLimit?: bigint;
  /** Jovian: gas a byte, in the L1 attributes. */
  readonly footprintPerByte?: number;
  readonly minBaseFee?: bigint;
};

export type Built = {
  readonly sealed: SealedBlock;
  /** Of the transactions after the L1 attributes deposit. */
  readonly applications: readonly Application[];
};

export class TestChain {
  readonly nodes = new Map<Hex, Uint8Array>();
  readonly codes = new Map<Hex, Uint8Array>();
  /** Everything there is at genesis. */
  readonly alloc: readonly GenesisAccount[];
  readonly #options: ChainOptions;
  head: Header;

  constructor(options: ChainOptions) {
    this.#options = options;
    const isJovian = includes(executionFork(options.config, GENESIS_TIME), "jovian");
    const funded = [0, 1, 2, 3].map((index) => ({
      address: accountOf(index),
      nonce: 0n,
      balance: 100n * ETHER,
      code: new Uint8Array(0),
      storage: new Map<Hex, bigint>(),
    }));
    this.alloc = [
      ...funded,
      l1BlockAccount(options.prices ?? L1_PRICES),
      contract(BEACON_ROOTS, BEACON_ROOTS_CODE),
      contract(HISTORY_STORAGE, HISTORY_STORAGE_CODE),
      ...(options.alloc ?? []),
    ];
    const genesis = genesisBlock({
      forks: options.config.forks,
      number: 0n,
      timestamp: GENESIS_TIME,
      parentHash: ZERO_HASH,
      beneficiary: ZERO_ADDRESS,
      difficulty: 0n,
      gasLimit: options.gasLimit ?? 30_000_000n,
      gasUsed: 0n,
      prevRandao: ZERO_HASH,
      extraData: fromHex(isJovian ? "0x01000000fa000000060000000000000000" : "0x00000000fa00000006"),
      baseFee: options.baseFee ?? 1_000_000n,
      alloc: this.alloc,
    });
    for (const [hash, node] of genesis.nodes) this.nodes.set(hash, node);
    for (const [hash, code] of genesis.codes) this.codes.set(hash, code);
    this.head = genesis.block.header;
  }

  readonly readNode = (hash: Hash): Uint8Array | undefined => this.nodes.get(toHex(hash));
  readonly readCode = (hash: Hash): Uint8Array | undefined => this.codes.get(toHex(hash));

  state(): StateReader {
    return trieState(this.head.stateRoot, this.readNode, this.readCode);
  }

  balance(address: Address): bigint {
    return this.state().account(address)?.balance ?? 0n;
  }

  nonce(address: Address): bigint {
    return this.state().account(address)?.nonce ?? 0n;
  }

  code(address: Address): Uint8Array {
    const account = this.state().account(address);
    return account === undefined ? new Uint8Array(0) : this.state().code(account.codeHash);
  }

  attributes(transactions: readonly Uint8Array[] = []): PayloadAttributes {
    const { config } = this.#options;
    const isJovian = includes(executionFork(config, this.head.timestamp + config.blockTime), "jovian");
    return {
      timestamp: this.head.timestamp + config.blockTime,
      prevRandao: keccak256(bigintToBytes(this.head.number, 8)),
      feeRecipient: SEQUENCER_FEE_VAULT,
      parentBeaconBlockRoot: keccak256(bigintToBytes(this.head.timestamp, 8)),
      gasLimit: this.#options.gasLimit ?? 30_000_000n,
      eip1559Params: new Uint8Array(8),
      minBaseFee: this.#options.minBaseFee ?? 0n,
      transactions: [
        l1AttributesDeposit(isJovian ? (this.#options.footprintPerByte ?? 400) : undefined),
        ...transactions,
      ],
    };
  }

  /** An open block with the L1 attributes deposit applied. */
  async open(): Promise<OpenBlock> {
    const attributes = this.attributes();
    const block = await openBlock({
      config: this.#options.config,
      parent: this.head,
      attributes,
      state: this.state(),
      readNode: this.readNode,
      evm: this.#options.evm,
    });
    for (const raw of attributes.transactions) await block.apply(raw);
    return block;
  }

  /** Builds a block of these transactions, leaving out what is rejected, and makes it the head. */
  async build(transactions: readonly Uint8Array[]): Promise<Built> {
    const block = await this.open();
    const applications: Application[] = [];
    for (const raw of transactions) applications.push(await block.apply(raw));
    const sealed = block.seal();
    this.insert(sealed);
    return { sealed, applications };
  }

  insert(sealed: SealedBlock): void {
    for (const [hash, node] of sealed.nodes) this.nodes.set(hash, node);
    for (const [hash, code] of sealed.changes.codes) this.codes.set(hash, code);
    this.head = sealed.block.header;
  }
}

/** A deposit to the L1Block predeploy: with Jovian's calldata when a scalar is given, else Isthmus'. */
function l1AttributesDeposit(footprintPerByte: number | undefined): Uint8Array {
  const data =
    footprintPerByte === undefined
      ? concatBytes(fromHex("0x098999be"), new Uint8Array(172))
      : concatBytes(fromHex("0x3db6be2b"), new Uint8Array(172), bigintToBytes(BigInt(footprintPerByte), 2));
  return deposit({ from: DEPOSITOR_ACCOUNT, to: L1_BLOCK, data, gasLimit: 1_000_000n });
}

export function deposit(fields: Partial<DepositTransaction>): Uint8Array {
  return encodeTransaction({
    type: DEPOSIT_TYPE,
    sourceHash: asHash(keccak256(Uint8Array.of(1))),
    from: addressFromHex("0x00000000000000000000000000000000000000aa"),
    to: undefined,
    mint: 0n,
    value: 0n,
    gasLimit: 200_000n,
    isSystemTransaction: false,
    data: new Uint8Array(0),
    ...fields,
  });
}

/** A signed EIP-1559 transaction of a funded account. */
export function signed(
  from: number,
  fields: Partial<Omit<FeeMarketTransaction, "r" | "s" | "yParity">>,
): Uint8Array {
  return encodeTransaction(
    signTransaction(
      {
        type: 2,
        chainId: CHAIN_ID,
        nonce: 0n,
        maxPriorityFeePerGas: 1_000n,
        maxFeePerGas: 10_000_000n,
        gasLimit: 100_000n,
        to: undefined,
        value: 0n,
        data: new Uint8Array(0),
        accessList: [],
        ...fields,
      },
      keyOf(from),
    ),
  );
}
