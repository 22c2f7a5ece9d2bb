import assert from "node:assert/strict";
import { asAddress, asHash, toHex, ZERO_ADDRESS, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { receiptsRoot, transactionsRoot } from "@phala-l2/protocol/wire/block";
import { EMPTY_NONCE, EMPTY_OMMERS_HASH, type Header, headerHash } from "@phala-l2/protocol/wire/header";
import { logsBloom, type Receipt } from "@phala-l2/protocol/wire/receipt";
import {
  decodeTransaction,
  encodeTransaction,
  legacyV,
  type SignedTransaction,
  signTransaction,
  transactionHash,
  type UnsignedTransaction,
} from "@phala-l2/protocol/wire/transaction";

const KEY = keccak256(Uint8Array.of(7));
const PORTAL = asAddress(new Uint8Array(20).fill(0x42));
const LOGS = [
  { address: PORTAL, topics: [asHash(new Uint8Array(32).fill(9))], data: Uint8Array.of(1, 2, 3) },
];

const call = { nonce: 1n, gasLimit: 21_000n, to: ZERO_ADDRESS, value: 5n, data: Uint8Array.of(1, 2) };
const fees = { maxPriorityFeePerGas: 1n, maxFeePerGas: 9n };
const accessList = [{ address: PORTAL, storageKeys: [ZERO_HASH] }];
const authorization = { chainId: 1n, address: PORTAL, nonce: 0n, yParity: 1, r: 5n, s: 6n };
/** One of each type, and a creation and one from before EIP-155. */
const UNSIGNED: readonly UnsignedTransaction[] = [
  { type: 0, chainId: undefined, gasPrice: 9n, ...call },
  { type: 0, chainId: 900n, gasPrice: 9n, ...call, to: undefined },
  { type: 1, chainId: 900n, gasPrice: 9n, ...call, accessList },
  { type: 2, chainId: 900n, ...fees, ...call, accessList: [] },
  {
    type: 3,
    chainId: 900n,
    ...fees,
    ...call,
    accessList,
    maxFeePerBlobGas: 1n,
    blobVersionedHashes: [ZERO_HASH],
  },
  { type: 4, chainId: 900n, ...fees, ...call, accessList, authorizationList: [authorization] },
];
export const RAWS = UNSIGNED.map((unsigned) => encodeTransaction(signTransaction(unsigned, KEY)));
export const RECEIPTS: readonly Receipt[] = UNSIGNED.map(({ type }, index) => {
  const logs = index === 2 ? LOGS : [];
  return {
    type,
    status: index === 3 ? 0 : 1,
    cumulativeGasUsed: BigInt(index),
    logsBloom: logsBloom(logs),
    logs,
  };
});

export function headerOf(raws: readonly Uint8Array[], receipts: readonly Receipt[]): Header {
  return {
    parentHash: ZERO_HASH,
    ommersHash: EMPTY_OMMERS_HASH,
    beneficiary: ZERO_ADDRESS,
    stateRoot: ZERO_HASH,
    transactionsRoot: transactionsRoot(raws),
    receiptsRoot: receiptsRoot(receipts),
    logsBloom: logsBloom(receipts.flatMap(({ logs }) => logs)),
    difficulty: 0n,
    number: 16n,
    gasLimit: 30_000_000n,
    gasUsed: 100n,
    timestamp: 1_700_000_000n,
    extraData: Uint8Array.of(1),
    prevRandao: ZERO_HASH,
    nonce: EMPTY_NONCE,
    baseFeePerGas: 7n,
  };
}

const quantity = (value: bigint | number) => `0x${value.toString(16)}`;

export function transactionJson(raw: Uint8Array) {
  const decoded = decodeTransaction(raw);
  assert.ok(decoded.kind === "ok" && decoded.transaction.type !== 0x7e);
  const tx: SignedTransaction = decoded.transaction;
  return {
    hash: toHex(transactionHash(raw)),
    type: quantity(tx.type),
    nonce: quantity(tx.nonce),
    gas: quantity(tx.gasLimit),
    to: tx.to === undefined ? null : toHex(tx.to),
    value: quantity(tx.value),
    input: toHex(tx.data),
    r: quantity(tx.r),
    s: quantity(tx.s),
    ...("gasPrice" in tx && { gasPrice: quantity(tx.gasPrice) }),
    ...("maxFeePerGas" in tx && {
      maxFeePerGas: quantity(tx.maxFeePerGas),
      maxPriorityFeePerGas: quantity(tx.maxPriorityFeePerGas),
    }),
    ...(tx.type === 0
      ? { v: quantity(legacyV(tx)) }
      : {
          chainId: quantity(tx.chainId),
          yParity: quantity(tx.yParity),
          accessList: tx.accessList.map(({ address, storageKeys }) => ({
            address: toHex(address),
            storageKeys: storageKeys.map(toHex),
          })),
        }),
    ...(tx.type === 3 && {
      maxFeePerBlobGas: quantity(tx.maxFeePerBlobGas),
      blobVersionedHashes: tx.blobVersionedHashes.map(toHex),
    }),
    ...(tx.type === 4 && {
      authorizationList: tx.authorizationList.map((each) => ({
        chainId: quantity(each.chainId),
        address: toHex(each.address),
        nonce: quantity(each.nonce),
        yParity: quantity(each.yParity),
        r: quantity(each.r),
        s: quantity(each.s),
      })),
    }),
  };
}

export function blockJson(
  header: Header,
  raws: readonly Uint8Array[],
  withTransactions: boolean,
): Record<string, unknown> {
  return {
    hash: toHex(headerHash(header)),
    parentHash: toHex(header.parentHash),
    sha3Uncles: toHex(header.ommersHash),
    miner: toHex(header.beneficiary),
    stateRoot: toHex(header.stateRoot),
    transactionsRoot: toHex(header.transactionsRoot),
    receiptsRoot: toHex(header.receiptsRoot),
    logsBloom: toHex(header.logsBloom),
    difficulty: quantity(header.difficulty),
    number: quantity(header.number),
    gasLimit: quantity(header.gasLimit),
    gasUsed: quantity(header.gasUsed),
    timestamp: quantity(header.timestamp),
    extraData: toHex(header.extraData),
    mixHash: toHex(header.prevRandao),
    nonce: toHex(header.nonce),
    baseFeePerGas: quantity(header.baseFeePerGas ?? 0n),
    transactions: withTransactions
      ? raws.map(transactionJson)
      : raws.map((raw) => toHex(transactionHash(raw))),
  };
}

export const receiptJson = (receipt: Receipt) => ({
  type: quantity(receipt.type),
  status: quantity(receipt.status),
  cumulativeGasUsed: quantity(receipt.cumulativeGasUsed),
  logsBloom: toHex(receipt.logsBloom),
  logs: receipt.logs.map(({ address, topics, data }) => ({
    address: toHex(address),
    topics: topics.map(toHex),
    data: toHex(data),
  })),
});

export const HEADER = headerOf(RAWS, RECEIPTS);
export const HASH = headerHash(HEADER);
