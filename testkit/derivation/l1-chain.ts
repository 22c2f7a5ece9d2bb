import type { L1Block } from "@phala-l2/derivation/l1-block";
import {
  type Address,
  concatBytes,
  EMPTY_BYTES,
  type Hash,
  type Hex,
  ZERO_ADDRESS,
  ZERO_HASH,
} from "@phala-l2/protocol/bytes";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { EMPTY_NONCE, EMPTY_OMMERS_HASH, type Header, headerHash } from "@phala-l2/protocol/wire/header";
import { type Log, logsBloom, mergeBlooms, type Receipt } from "@phala-l2/protocol/wire/receipt";

/** Seconds between L1 blocks, unless a test says otherwise. */
export const L1_BLOCK_TIME = 12n;
export const L1_GENESIS_NUMBER = 100n;
export const L1_GENESIS_TIME = 1_700_000_000n;

export type MineOptions = {
  readonly transactions?: readonly Uint8Array[];
  /** One successful receipt for each list of logs. */
  readonly logs?: readonly (readonly Log[])[];
  /** Receipts as they are, after those of `logs`. */
  readonly receipts?: readonly Receipt[];
  readonly timestamp?: bigint;
  readonly baseFee?: bigint;
  readonly excessBlobGas?: bigint;
  /** Makes blocks of another branch differ. */
  readonly salt?: Uint8Array;
};

/** A receipt with these logs. */
export function receiptWith(logs: readonly Log[], status: 0 | 1 = 1): Receipt {
  return { type: 2, status, cumulativeGasUsed: 21_000n, logsBloom: logsBloom(logs), logs };
}

/** An L1 chain made of values: real headers and hashes, with a digest in place of the transactions' root. */
export class L1Chain {
  readonly blocks: L1Block[];
  /** What a beacon node would hold. */
  readonly blobs = new Map<Hex, Uint8Array>();

  constructor(blocks?: readonly L1Block[]) {
    this.blocks = blocks === undefined ? [blockOn(undefined, {})] : [...blocks];
  }

  get head(): L1Block {
    const head = this.blocks.at(-1);
    if (head === undefined) throw new Error("an L1 chain has a block");
    return head;
  }

  at(number: bigint): L1Block | undefined {
    return this.blocks[Number(number - L1_GENESIS_NUMBER)];
  }

  mine(options: MineOptions = {}): L1Block {
    const block = blockOn(this.head, options);
    this.blocks.push(block);
    return block;
  }

  mineEmpty(count: number): void {
    for (let i = 0; i < count; i++) this.mine();
  }

  /** A chain with the same blocks up to and including `number`. */
  forkAt(number: bigint): L1Chain {
    const fork = new L1Chain(this.blocks.slice(0, Number(number - L1_GENESIS_NUMBER) + 1));
    for (const [hash, blob] of this.blobs) fork.blobs.set(hash, blob);
    return fork;
  }
}

function blockOn(parent: L1Block | undefined, options: MineOptions): L1Block {
  const transactions = options.transactions ?? [];
  const receipts = [...(options.logs ?? []).map((logs) => receiptWith(logs)), ...(options.receipts ?? [])];
  const number = parent === undefined ? L1_GENESIS_NUMBER : parent.header.number + 1n;
  const nextTime = parent === undefined ? L1_GENESIS_TIME : parent.header.timestamp + L1_BLOCK_TIME;
  const header: Header = {
    parentHash: parent?.hash ?? ZERO_HASH,
    ommersHash: EMPTY_OMMERS_HASH,
    beneficiary: ZERO_ADDRESS,
    stateRoot: ZERO_HASH,
    transactionsRoot: keccak256(concatBytes(...transactions)),
    receiptsRoot: ZERO_HASH,
    logsBloom: mergeBlooms(receipts.map((receipt) => receipt.logsBloom)),
    difficulty: 0n,
    number,
    gasLimit: 30_000_000n,
    gasUsed: 0n,
    timestamp: options.timestamp ?? nextTime,
    extraData: options.salt ?? EMPTY_BYTES,
    prevRandao: keccak256(new TextEncoder().encode(`randao ${number}`)),
    nonce: EMPTY_NONCE,
    baseFeePerGas: options.baseFee ?? 7n,
    withdrawalsRoot: ZERO_HASH,
    blobGasUsed: 0n,
    excessBlobGas: options.excessBlobGas ?? 0n,
    parentBeaconBlockRoot: keccak256(new TextEncoder().encode(`beacon ${number}`)),
    requestsHash: ZERO_HASH,
  };
  return { hash: headerHash(header), header, transactions, receipts };
}

/** A log as a contract emits it. */
export function logOf(address: Address, topics: readonly Hash[], data: Uint8Array): Log {
  return { address, topics, data };
}
