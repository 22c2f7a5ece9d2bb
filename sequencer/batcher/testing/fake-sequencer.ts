import { asHash, bigintToBytes, type Hash, toHex, ZERO_ADDRESS, ZERO_HASH } from "@phala-l2/protocol/bytes";
import type { RollupConfig } from "@phala-l2/protocol/config/rollup";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { encodeBlock } from "@phala-l2/protocol/wire/block";
import {
  EMPTY_NONCE,
  EMPTY_OMMERS_HASH,
  EMPTY_REQUESTS_HASH,
  type Header,
  headerHash,
} from "@phala-l2/protocol/wire/header";
import { l1AttributesDeposit } from "@phala-l2/protocol/wire/l1-attributes";
import { encodeTransaction } from "@phala-l2/protocol/wire/transaction";
import type { RpcRequest } from "../l2-block.ts";

export type FakeBlock = { readonly header: Header; readonly transactions: readonly Uint8Array[] };

/** L2 blocks in an epoch. */
const EPOCH_LENGTH = 6n;

/** A sequencer's node as its RPC shows it: blocks, and heads that a test moves. */
export class FakeSequencer {
  readonly #config: RollupConfig;
  readonly #blocks: FakeBlock[] = [];
  safe = 0n;
  finalized = 0n;
  derivedL1 = 100n;
  l1Head = 100n;
  /** Calls of `debug_getRawBlock` under way at once, at most. */
  mostAtOnce = 0;
  #atOnce = 0;
  /** As long as it gives words, calls of that method fail with them. */
  failure: (method: string) => string | undefined = () => undefined;

  constructor(config: RollupConfig, genesis?: FakeBlock) {
    this.#config = config;
    this.#blocks.push(genesis ?? this.#sealed([], ""));
  }

  get unsafe(): bigint {
    return BigInt(this.#blocks.length - 1);
  }

  hashAt(number: bigint): Hash {
    const block = this.#blocks[Number(number)];
    return block === undefined ? ZERO_HASH : headerHash(block.header);
  }

  push(block: FakeBlock): void {
    this.#blocks.push(block);
  }

  /** Makes blocks; those of another salt differ. */
  extend(count: number, transactions: readonly Uint8Array[] = [], salt = ""): void {
    for (let i = 0; i < count; i++) this.#blocks.push(this.#sealed(transactions, salt));
  }

  /** Forgets the blocks after `number`. */
  rewind(number: bigint): void {
    this.#blocks.length = Number(number) + 1;
  }

  readonly request: RpcRequest = async (method, params) => {
    const words = this.failure(method);
    if (words !== undefined) throw new Error(words);
    if (method === "optimism_syncStatus") return this.#status();
    if (method !== "debug_getRawBlock") throw new Error(`the test's sequencer has no ${method}`);
    this.#atOnce += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#atOnce);
    await Promise.resolve();
    this.#atOnce -= 1;
    const block = this.#blocks[Number(params[0])];
    return block === undefined ? null : toHex(encodeBlock(block));
  };

  #status(): object {
    const l2 = (number: bigint) => ({ number: Number(number), hash: toHex(this.hashAt(number)) });
    const l1 = (number: bigint) => ({ number: Number(number), hash: toHex(ZERO_HASH) });
    return {
      safe_l2: l2(this.safe),
      unsafe_l2: l2(this.unsafe),
      finalized_l2: l2(this.finalized),
      current_l1: l1(this.derivedL1),
      head_l1: l1(this.l1Head),
    };
  }

  #sealed(transactions: readonly Uint8Array[], salt: string): FakeBlock {
    const number = BigInt(this.#blocks.length);
    const { l2Time } = this.#config.genesis;
    const timestamp = l2Time + number * this.#config.blockTime;
    const epoch = number / EPOCH_LENGTH;
    const deposit = l1AttributesDeposit(this.#config, timestamp, {
      number: epoch,
      timestamp: l2Time + epoch * EPOCH_LENGTH * this.#config.blockTime,
      baseFee: 1n,
      hash: asHash(keccak256(bigintToBytes(epoch, 8))),
      sequenceNumber: number % EPOCH_LENGTH,
      batcherAddress: ZERO_ADDRESS,
      blobBaseFee: 1n,
      baseFeeScalar: 0n,
      blobBaseFeeScalar: 0n,
      operatorFeeScalar: 0n,
      operatorFeeConstant: 0n,
      daFootprintGasScalar: 400n,
    });
    const parent = this.#blocks.at(-1);
    const header: Header = {
      parentHash: parent === undefined ? ZERO_HASH : headerHash(parent.header),
      ommersHash: EMPTY_OMMERS_HASH,
      beneficiary: ZERO_ADDRESS,
      stateRoot: asHash(keccak256(new TextEncoder().encode(salt))),
      transactionsRoot: ZERO_HASH,
      receiptsRoot: ZERO_HASH,
      logsBloom: new Uint8Array(256),
      difficulty: 0n,
      number,
      gasLimit: 60_000_000n,
      gasUsed: 0n,
      timestamp,
      extraData: new Uint8Array(17),
      prevRandao: ZERO_HASH,
      nonce: EMPTY_NONCE,
      baseFeePerGas: 1n,
      withdrawalsRoot: ZERO_HASH,
      blobGasUsed: 0n,
      excessBlobGas: 0n,
      parentBeaconBlockRoot: ZERO_HASH,
      requestsHash: EMPTY_REQUESTS_HASH,
    };
    return { header, transactions: [encodeTransaction(deposit), ...transactions] };
  }
}
