import { type Hash, toHex } from "@phala-l2/protocol/bytes";
import {
  type DepositTransaction,
  effectiveGasPrice,
  gasFeeCap,
  legacyV,
  type SignedTransaction,
  type Transaction,
} from "@phala-l2/protocol/wire/transaction";
import type { AccessList, Authorization } from "@phala-l2/protocol/wire/transaction-lists";
import { quantityHex } from "./hex.ts";

/** Where a transaction stands; a pending one stands nowhere. */
export type TransactionPlace = {
  readonly blockHash: Hash;
  readonly blockNumber: bigint;
  readonly blockTimestamp: bigint;
  readonly index: number;
  /** Wei; of that block. */
  readonly baseFee: bigint | undefined;
};

/** What a transaction's own bytes do not tell. */
export type TransactionFacts = {
  readonly hash: Hash;
  readonly from: Uint8Array;
  readonly place: TransactionPlace | undefined;
  /** Of a deposit: the sender's nonce before it, from its receipt. */
  readonly depositNonce?: bigint | undefined;
  readonly depositReceiptVersion?: bigint | undefined;
};

export function accessListJson(list: AccessList): readonly object[] {
  return list.map(({ address, storageKeys }) => ({
    address: toHex(address),
    storageKeys: storageKeys.map(toHex),
  }));
}

function authorizationJson(authorization: Authorization): object {
  return {
    chainId: quantityHex(authorization.chainId),
    address: toHex(authorization.address),
    nonce: quantityHex(authorization.nonce),
    yParity: quantityHex(authorization.yParity),
    r: quantityHex(authorization.r),
    s: quantityHex(authorization.s),
  };
}

function placeJson(place: TransactionPlace | undefined): object {
  if (place === undefined) return { blockHash: null, blockNumber: null, transactionIndex: null };
  return {
    blockHash: toHex(place.blockHash),
    blockNumber: quantityHex(place.blockNumber),
    blockTimestamp: quantityHex(place.blockTimestamp),
    transactionIndex: quantityHex(place.index),
  };
}

function feeJson(tx: SignedTransaction, baseFee: bigint | undefined): object {
  const price = {
    gasPrice: quantityHex(baseFee === undefined ? gasFeeCap(tx) : effectiveGasPrice(tx, baseFee)),
  };
  if (tx.type === 0 || tx.type === 1) return price;
  const fees = {
    ...price,
    maxFeePerGas: quantityHex(tx.maxFeePerGas),
    maxPriorityFeePerGas: quantityHex(tx.maxPriorityFeePerGas),
  };
  if (tx.type !== 3) return fees;
  return {
    ...fees,
    maxFeePerBlobGas: quantityHex(tx.maxFeePerBlobGas),
    blobVersionedHashes: tx.blobVersionedHashes.map(toHex),
  };
}

function typedJson(tx: SignedTransaction): object {
  if (tx.type === 0) return tx.chainId === undefined ? {} : { chainId: quantityHex(tx.chainId) };
  const typed = { accessList: accessListJson(tx.accessList), chainId: quantityHex(tx.chainId) };
  return tx.type === 4 ? { ...typed, authorizationList: tx.authorizationList.map(authorizationJson) } : typed;
}

function signatureJson(tx: SignedTransaction): object {
  const v = tx.type === 0 ? legacyV(tx) : BigInt(tx.yParity);
  const signature = { v: quantityHex(v), r: quantityHex(tx.r), s: quantityHex(tx.s) };
  return tx.type === 0 ? signature : { ...signature, yParity: quantityHex(tx.yParity) };
}

function signedJson(tx: SignedTransaction, facts: TransactionFacts): object {
  return {
    ...placeJson(facts.place),
    from: toHex(facts.from),
    gas: quantityHex(tx.gasLimit),
    ...feeJson(tx, facts.place?.baseFee),
    hash: toHex(facts.hash),
    input: toHex(tx.data),
    nonce: quantityHex(tx.nonce),
    to: tx.to === undefined ? null : toHex(tx.to),
    value: quantityHex(tx.value),
    type: quantityHex(tx.type),
    ...typedJson(tx),
    ...signatureJson(tx),
  };
}

/** As op-geth: no fee, no signature (zeros), the nonce that the receipt recorded. */
function depositJson(tx: DepositTransaction, facts: TransactionFacts): object {
  const version = facts.depositReceiptVersion;
  return {
    ...placeJson(facts.place),
    from: toHex(tx.from),
    gas: quantityHex(tx.gasLimit),
    gasPrice: "0x0",
    hash: toHex(facts.hash),
    input: toHex(tx.data),
    nonce: quantityHex(facts.depositNonce ?? 0n),
    to: tx.to === undefined ? null : toHex(tx.to),
    value: quantityHex(tx.value),
    type: quantityHex(tx.type),
    v: "0x0",
    r: "0x0",
    s: "0x0",
    sourceHash: toHex(tx.sourceHash),
    mint: quantityHex(tx.mint),
    isSystemTx: tx.isSystemTransaction,
    ...(version === undefined ? {} : { depositReceiptVersion: quantityHex(version) }),
  };
}

/** A transaction as eth_getTransactionByHash answers it. */
export function transactionJson(tx: Transaction, facts: TransactionFacts): object {
  return tx.type === 0x7e ? depositJson(tx, facts) : signedJson(tx, facts);
}
