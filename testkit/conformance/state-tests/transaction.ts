import type { Address } from "@phala-l2/protocol/bytes";
import {
  encodeTransaction,
  signTransaction,
  type UnsignedTransaction,
} from "@phala-l2/protocol/wire/transaction";
import type { AccessList, Authorization } from "@phala-l2/protocol/wire/transaction-lists";
import { addressAt, bytesAt, hashAt, type Json, listAt, malformed, numberAt, objectAt } from "./json.ts";

/** Which of the transaction's lists of data, gas limits and values a case takes. */
export type CaseIndex = { readonly data: number; readonly gas: number; readonly value: number };

/**
 * The transaction that a test describes by fields and a key, for old tests, which do not give its bytes.
 * Undefined where no bytes can say what is described: such a transaction is refused.
 */
export function describedTransaction(
  tx: Json,
  index: CaseIndex,
  chainId: bigint,
  path: string,
): Uint8Array | undefined {
  const unsigned = unsignedTransaction(tx, index, chainId, path);
  if (unsigned === undefined) return undefined;
  return encodeTransaction(signTransaction(unsigned, hashAt(tx.secretKey, `${path}.secretKey`)));
}

function unsignedTransaction(
  tx: Json,
  index: CaseIndex,
  chainId: bigint,
  path: string,
): UnsignedTransaction | undefined {
  const to = destination(tx, path);
  const call = {
    nonce: numberAt(tx.nonce, `${path}.nonce`),
    gasLimit: numberAt(item(tx, "gasLimit", index.gas, path), `${path}.gasLimit`),
    value: numberAt(item(tx, "value", index.value, path), `${path}.value`),
    data: bytesAt(item(tx, "data", index.data, path), `${path}.data`),
  };
  const accessList = accessListOf(listAt(tx.accessLists, `${path}.accessLists`)[index.data], path);
  const typed = { chainId, accessList: accessList ?? [], ...call };
  if (!has(tx, "maxFeePerGas")) {
    const gasPrice = numberAt(tx.gasPrice, `${path}.gasPrice`);
    // Before EIP-155 no transaction names a chain, and an unprotected one is good under all rules.
    if (accessList === undefined) return { type: 0, chainId: undefined, gasPrice, to, ...call };
    return { type: 1, gasPrice, to, ...typed };
  }
  const fees = {
    maxFeePerGas: numberAt(tx.maxFeePerGas, `${path}.maxFeePerGas`),
    maxPriorityFeePerGas: numberAt(tx.maxPriorityFeePerGas, `${path}.maxPriorityFeePerGas`),
  };
  if (has(tx, "authorizationList")) {
    const authorizationList = authorizationsOf(tx, path);
    return to === undefined ? undefined : { type: 4, to, authorizationList, ...fees, ...typed };
  }
  if (!has(tx, "maxFeePerBlobGas")) return { type: 2, to, ...fees, ...typed };
  const maxFeePerBlobGas = numberAt(tx.maxFeePerBlobGas, `${path}.maxFeePerBlobGas`);
  const hashes = listAt(tx.blobVersionedHashes, `${path}.blobVersionedHashes`);
  const blobVersionedHashes = hashes.map((hash, i) => hashAt(hash, `${path}.blobVersionedHashes[${i}]`));
  return to === undefined
    ? undefined
    : { type: 3, to, maxFeePerBlobGas, blobVersionedHashes, ...fees, ...typed };
}

function has(tx: Json, field: string): boolean {
  return tx[field] !== undefined && tx[field] !== null;
}

function destination(tx: Json, path: string): Address | undefined {
  const isCreation = !has(tx, "to") || tx.to === "" || tx.to === "0x";
  return isCreation ? undefined : addressAt(tx.to, `${path}.to`);
}

function item(tx: Json, field: string, index: number, path: string): unknown {
  const found = listAt(tx[field], `${path}.${field}`)[index];
  if (found === undefined) throw malformed(`${path}.${field}[${index}]`, "a value is missing");
  return found;
}

function accessListOf(value: unknown, path: string): AccessList | undefined {
  if (value === undefined || value === null) return undefined;
  return listAt(value, `${path}.accessLists`).map((entry, i) => {
    const at = `${path}.accessLists[][${i}]`;
    const tuple = objectAt(entry, at);
    const storageKeys = listAt(tuple.storageKeys, at).map((key, k) => hashAt(key, `${at}.storageKeys[${k}]`));
    return { address: addressAt(tuple.address, `${at}.address`), storageKeys };
  });
}

function authorizationsOf(tx: Json, path: string): readonly Authorization[] {
  return listAt(tx.authorizationList, `${path}.authorizationList`).map((entry, i) => {
    const at = `${path}.authorizationList[${i}]`;
    const tuple = objectAt(entry, at);
    return {
      chainId: numberAt(tuple.chainId, `${at}.chainId`),
      address: addressAt(tuple.address, `${at}.address`),
      nonce: numberAt(tuple.nonce, `${at}.nonce`),
      yParity: Number(numberAt(tuple.yParity ?? tuple.v, `${at}.yParity`)),
      r: numberAt(tuple.r, `${at}.r`),
      s: numberAt(tuple.s, `${at}.s`),
    };
  });
}
