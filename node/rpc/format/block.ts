import { type Hash, toHex } from "@phala-l2/protocol/bytes";
import { type Block, encodeBlock } from "@phala-l2/protocol/wire/block";
import type { EthereumWithdrawal } from "@phala-l2/protocol/wire/ethereum-withdrawal";
import { type Header, headerHash } from "@phala-l2/protocol/wire/header";
import { quantityHex } from "./hex.ts";

function optionalQuantity(name: string, value: bigint | undefined): object {
  return value === undefined ? {} : { [name]: quantityHex(value) };
}

function optionalBytes(name: string, value: Uint8Array | undefined): object {
  return value === undefined ? {} : { [name]: toHex(value) };
}

/** A header as eth_subscribe's newHeads sends it. */
export function headerJson(header: Header, hash: Hash): object {
  return {
    ...optionalQuantity("baseFeePerGas", header.baseFeePerGas),
    ...optionalQuantity("blobGasUsed", header.blobGasUsed),
    difficulty: quantityHex(header.difficulty),
    ...optionalQuantity("excessBlobGas", header.excessBlobGas),
    extraData: toHex(header.extraData),
    gasLimit: quantityHex(header.gasLimit),
    gasUsed: quantityHex(header.gasUsed),
    hash: toHex(hash),
    logsBloom: toHex(header.logsBloom),
    miner: toHex(header.beneficiary),
    mixHash: toHex(header.prevRandao),
    nonce: toHex(header.nonce),
    number: quantityHex(header.number),
    ...optionalBytes("parentBeaconBlockRoot", header.parentBeaconBlockRoot),
    parentHash: toHex(header.parentHash),
    receiptsRoot: toHex(header.receiptsRoot),
    ...optionalBytes("requestsHash", header.requestsHash),
    sha3Uncles: toHex(header.ommersHash),
    stateRoot: toHex(header.stateRoot),
    timestamp: quantityHex(header.timestamp),
    transactionsRoot: toHex(header.transactionsRoot),
    ...optionalBytes("withdrawalsRoot", header.withdrawalsRoot),
  };
}

function withdrawalJson({ index, validatorIndex, address, amount }: EthereumWithdrawal): object {
  return {
    index: quantityHex(index),
    validatorIndex: quantityHex(validatorIndex),
    address: toHex(address),
    amount: quantityHex(amount),
  };
}

/**
 * A block as eth_getBlockByNumber answers it; `transactions` are hashes or whole transactions. `size` is of
 * the block's RLP. From Shanghai (Canyon) on a block has a withdrawals list, on an L2 always empty.
 */
export function blockJson(block: Block, hash: Hash, transactions: readonly unknown[]): object {
  const { header, ommers = [], withdrawals = [] } = block;
  return {
    ...headerJson(header, hash),
    size: quantityHex(encodeBlock(block).length),
    transactions,
    uncles: ommers.map((ommer) => toHex(headerHash(ommer))),
    ...(header.withdrawalsRoot === undefined ? {} : { withdrawals: withdrawals.map(withdrawalJson) }),
  };
}
