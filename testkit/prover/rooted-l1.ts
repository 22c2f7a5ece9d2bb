import { blockRefOf, type L1Block } from "@phala-l2/derivation/l1-block";
import { nativeKzg } from "@phala-l2/node/l1/kzg";
import {
  bytesEqual,
  EMPTY_BYTES,
  type Hash,
  type Hex,
  toHex,
  ZERO_ADDRESS,
  ZERO_HASH,
} from "@phala-l2/protocol/bytes";
import type { BlockRef, RollupConfig } from "@phala-l2/protocol/config/rollup";
import { RollupError } from "@phala-l2/protocol/errors";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { versionedHash } from "@phala-l2/protocol/wire/blob";
import { receiptsRoot, transactionsRoot } from "@phala-l2/protocol/wire/block";
import { encodeFrames, type Frame } from "@phala-l2/protocol/wire/frame";
import { EMPTY_NONCE, EMPTY_OMMERS_HASH, type Header, headerHash } from "@phala-l2/protocol/wire/header";
import { type Log, mergeBlooms } from "@phala-l2/protocol/wire/receipt";
import { encodeTransaction, signTransaction } from "@phala-l2/protocol/wire/transaction";
import { BATCHER } from "../derivation/keys.ts";
import { L1_BLOCK_TIME, L1_GENESIS_NUMBER, L1_GENESIS_TIME, receiptWith } from "../derivation/l1-chain.ts";

export type RootedBlock = {
  readonly transactions?: readonly Uint8Array[];
  /** One successful receipt for each list of logs. */
  readonly logs?: readonly (readonly Log[])[];
};

/** An L1 made of values whose headers commit to transactions and receipts by true roots, and to blobs by KZG. */
export class RootedL1 {
  readonly #blocks: L1Block[] = [];
  readonly #blobs = new Map<Hex, Uint8Array>();

  constructor() {
    this.mine();
  }

  get head(): L1Block {
    const head = this.#blocks.at(-1);
    if (head === undefined) throw new Error("an L1 has a block");
    return head;
  }

  at(number: bigint): L1Block | undefined {
    return this.#blocks[Number(number - L1_GENESIS_NUMBER)];
  }

  mine({ transactions = [], logs = [] }: RootedBlock = {}): L1Block {
    const parent = this.#blocks.at(-1);
    const receipts = logs.map((each) => receiptWith(each));
    const number = parent === undefined ? L1_GENESIS_NUMBER : parent.header.number + 1n;
    const header: Header = {
      parentHash: parent?.hash ?? ZERO_HASH,
      ommersHash: EMPTY_OMMERS_HASH,
      beneficiary: ZERO_ADDRESS,
      stateRoot: ZERO_HASH,
      transactionsRoot: transactionsRoot(transactions),
      receiptsRoot: receiptsRoot(receipts),
      logsBloom: mergeBlooms(receipts.map(({ logsBloom }) => logsBloom)),
      difficulty: 0n,
      number,
      gasLimit: 30_000_000n,
      gasUsed: 0n,
      timestamp: parent === undefined ? L1_GENESIS_TIME : parent.header.timestamp + L1_BLOCK_TIME,
      extraData: EMPTY_BYTES,
      prevRandao: keccak256(new TextEncoder().encode(`randao ${number}`)),
      nonce: EMPTY_NONCE,
      baseFeePerGas: 7n,
      withdrawalsRoot: ZERO_HASH,
      blobGasUsed: 0n,
      excessBlobGas: 0n,
      parentBeaconBlockRoot: keccak256(new TextEncoder().encode(`beacon ${number}`)),
      requestsHash: ZERO_HASH,
    };
    const block = { hash: headerHash(header), header, transactions, receipts };
    this.#blocks.push(block);
    return block;
  }

  /** A signed batcher transaction with these frames as calldata. */
  calldataTransaction(config: RollupConfig, frames: readonly Frame[]): Uint8Array {
    const unsigned = { ...inboxCall(config), type: 2, data: encodeFrames(frames) } as const;
    return encodeTransaction(signTransaction(unsigned, BATCHER.privateKey));
  }

  /** A signed batcher transaction whose blobs a beacon node would serve. */
  blobTransaction(config: RollupConfig, blobs: readonly Uint8Array[]): Uint8Array {
    const blobVersionedHashes = blobs.map((blob) => {
      const hash = versionedHash(nativeKzg.blobToKzgCommitment(blob));
      this.#blobs.set(toHex(hash), blob);
      return hash;
    });
    const unsigned = { ...inboxCall(config), type: 3, maxFeePerBlobGas: 1n, blobVersionedHashes } as const;
    return encodeTransaction(signTransaction(unsigned, BATCHER.privateKey));
  }

  // The part of an L1Source that a witness needs.

  async block(which: bigint | Hash): Promise<L1Block> {
    const found =
      typeof which === "bigint" ? this.at(which) : this.#blocks.find(({ hash }) => bytesEqual(hash, which));
    if (found === undefined) throw new RollupError("L1_BLOCK_NOT_FOUND", "the test's L1 does not have it");
    return found;
  }

  async blockRef(which: bigint | Hash): Promise<BlockRef> {
    return blockRefOf(await this.block(which));
  }

  async header(hash: Hash): Promise<Header> {
    return (await this.block(hash)).header;
  }

  async blobs(_block: unknown, hashes: readonly Hash[]): Promise<ReadonlyMap<Hex, Uint8Array>> {
    const found = new Map<Hex, Uint8Array>();
    for (const hash of hashes) {
      const blob = this.#blobs.get(toHex(hash));
      if (blob === undefined) throw new RollupError("BLOBS_UNAVAILABLE", "the test's L1 does not have it");
      found.set(toHex(hash), blob);
    }
    return found;
  }
}

function inboxCall(config: RollupConfig) {
  const price = { maxPriorityFeePerGas: 1n, maxFeePerGas: 100n };
  const call = { nonce: 0n, gasLimit: 21_000n, to: config.batchInboxAddress, value: 0n, data: EMPTY_BYTES };
  return { chainId: config.l1ChainId, accessList: [], ...price, ...call };
}
