import type { L2BlockFacts, L2ChainReader } from "@phala-l2/derivation/l2-chain-reader";
import { bigintToBytes, concatBytes, type Hash, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { type BlockId, isActive, type RollupConfig } from "@phala-l2/protocol/config/rollup";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { SEQUENCER_FEE_VAULT } from "@phala-l2/protocol/predeploys";
import {
  EMPTY_NONCE,
  EMPTY_OMMERS_HASH,
  EMPTY_REQUESTS_HASH,
  type Header,
  headerHash,
} from "@phala-l2/protocol/wire/header";
import { decodeL1Attributes, type L1Attributes } from "@phala-l2/protocol/wire/l1-attributes";
import type { PayloadAttributes } from "@phala-l2/protocol/wire/payload-attributes";
import { decodeTransaction } from "@phala-l2/protocol/wire/transaction";

/** The L1 attributes in a block's first transaction. */
export function l1AttributesOf(transactions: readonly Uint8Array[]): L1Attributes {
  const decoded = transactions[0] === undefined ? undefined : decodeTransaction(transactions[0]);
  if (decoded?.kind !== "ok") throw new Error("a block begins with the L1 attributes deposit");
  const values = decodeL1Attributes(decoded.transaction.data);
  if (values.kind !== "ok") throw new Error(`the L1 attributes do not decode: ${values.reason}`);
  return values.attributes;
}

type SealingConfig = Pick<RollupConfig, "eip1559" | "forks">;

/**
 * An L2 chain whose blocks are sealed without being executed: the header commits to everything in the
 * attributes, so equal attributes on equal parents, and only these, give equal hashes.
 */
export class L2Chain implements L2ChainReader {
  readonly #config: SealingConfig;
  readonly blocks: L2BlockFacts[];

  constructor(config: SealingConfig, genesis: L2BlockFacts) {
    this.#config = config;
    this.blocks = [genesis];
  }

  get head(): L2BlockFacts {
    const head = this.blocks.at(-1);
    if (head === undefined) throw new Error("an L2 chain has a block");
    return head;
  }

  block(number: bigint): L2BlockFacts | undefined {
    return this.blocks[Number(number)];
  }

  append(attributes: PayloadAttributes): L2BlockFacts {
    const block = sealOn(this.head, attributes, this.#config);
    this.blocks.push(block);
    return block;
  }

  /** Forgets the blocks after `number`. */
  rewind(number: bigint): void {
    this.blocks.length = Number(number) + 1;
  }
}

export function genesisL2Block(l1: BlockId, time: bigint, gasLimit: bigint): L2BlockFacts {
  const header = headerWith({
    parentHash: ZERO_HASH,
    transactionsRoot: ZERO_HASH,
    number: 0n,
    gasLimit,
    timestamp: time,
    extraData: new Uint8Array(17),
    prevRandao: ZERO_HASH,
    parentBeaconBlockRoot: ZERO_HASH,
  });
  const hash = headerHash(header);
  const ref = { number: 0n, hash, parentHash: ZERO_HASH, timestamp: time, l1Origin: l1, sequenceNumber: 0n };
  return { ref, header, transactions: [] };
}

function sealOn(parent: L2BlockFacts, attributes: PayloadAttributes, config: SealingConfig): L2BlockFacts {
  const { eip1559 } = config;
  const { transactions, eip1559Params, minBaseFee, gasLimit, timestamp, prevRandao } = attributes;
  // Holocene: zero parameters mean the chain's defaults, which the header then names.
  const defaults = concatBytes(
    bigintToBytes(eip1559.denominatorCanyon, 4),
    bigintToBytes(eip1559.elasticity, 4),
  );
  const parameters = eip1559Params.every((byte) => byte === 0) ? defaults : eip1559Params;
  const header = headerWith({
    parentHash: parent.ref.hash,
    transactionsRoot: digest(transactions),
    number: parent.ref.number + 1n,
    gasLimit,
    timestamp,
    extraData: isActive(config, "jovian", timestamp)
      ? concatBytes(Uint8Array.of(1), parameters, bigintToBytes(minBaseFee, 8))
      : concatBytes(Uint8Array.of(0), parameters),
    prevRandao,
    parentBeaconBlockRoot: attributes.parentBeaconBlockRoot,
  });
  const { number, hash, sequenceNumber } = l1AttributesOf(transactions);
  const ref = {
    number: header.number,
    hash: headerHash(header),
    parentHash: parent.ref.hash,
    timestamp,
    l1Origin: { number, hash },
    sequenceNumber,
  };
  return { ref, header, transactions };
}

function digest(transactions: readonly Uint8Array[]): Hash {
  return keccak256(concatBytes(...transactions.map((transaction) => keccak256(transaction))));
}

type Varying = Pick<
  Header,
  "parentHash" | "transactionsRoot" | "number" | "gasLimit" | "timestamp" | "extraData"
> & {
  readonly prevRandao: Hash;
  readonly parentBeaconBlockRoot: Hash;
};

function headerWith(varying: Varying): Header {
  return {
    ...varying,
    ommersHash: EMPTY_OMMERS_HASH,
    beneficiary: SEQUENCER_FEE_VAULT,
    stateRoot: ZERO_HASH,
    receiptsRoot: ZERO_HASH,
    logsBloom: new Uint8Array(256),
    difficulty: 0n,
    gasUsed: 0n,
    nonce: EMPTY_NONCE,
    baseFeePerGas: 1n,
    withdrawalsRoot: ZERO_HASH,
    blobGasUsed: 0n,
    excessBlobGas: 0n,
    requestsHash: EMPTY_REQUESTS_HASH,
  };
}
