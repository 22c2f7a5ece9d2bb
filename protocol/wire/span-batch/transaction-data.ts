import { concatBytes, EMPTY_BYTES } from "../../bytes.ts";
import { decodeRlp, encodeRlp, type RlpInput, type RlpItem, readQuantity, U256_BYTES } from "../rlp.ts";
import {
  ACCESS_LIST_TYPE,
  DEPOSIT_TYPE,
  FEE_MARKET_TYPE,
  LEGACY_TYPE,
  legacyV,
  SET_CODE_TYPE,
  type SignedTransaction,
  type Transaction,
} from "../transaction.ts";
import {
  accessListInput,
  authorizationListInput,
  readAccessTuple,
  readAuthorization,
} from "../transaction-lists.ts";

/**
 * A transaction's entry in the data column: what is left when nonce, gas limit, recipient and signature have
 * columns of their own. Source: specs/protocol/delta/span-batches.md "tx_datas"; isthmus/derivation.md for
 * type 4.
 *
 *   legacy  rlp([value, gasPrice, data])
 *   1       0x01 | rlp([value, gasPrice, data, accessList])
 *   2       0x02 | rlp([value, maxPriorityFeePerGas, maxFeePerGas, data, accessList])
 *   4       0x04 | rlp([value, maxPriorityFeePerGas, maxFeePerGas, data, accessList, authorizationList])
 */
export type TransactionRest = {
  readonly nonce: bigint;
  readonly gasLimit: bigint;
  /** Undefined creates a contract. */
  readonly to: Uint8Array | undefined;
  readonly yParity: 0 | 1;
  /** Of a legacy transaction: whether its signature covers the chain id (EIP-155). */
  readonly isProtected: boolean;
  /** 32 bytes each. */
  readonly r: Uint8Array;
  readonly s: Uint8Array;
};

export type DataFault =
  | "transaction-type-not-allowed"
  | "transaction-data-invalid"
  | "set-code-without-recipient";

export type Rebuilt =
  | { readonly kind: "ok"; readonly raw: Uint8Array }
  | { readonly kind: "invalid"; readonly reason: DataFault };

const FIRST_LIST_BYTE = 0xc0;

/**
 * Post-execution transactions (specs/protocol/lagoon/post-exec.md): unsigned, and their data entry is all of them.
 * No chain of this project may hold one yet, but op-node and kona know them in every span batch, and drop the
 * block that has one and not the blocks before it.
 */
export const POST_EXEC_TYPE = 0x7d;

/** The type that a data entry announces; a legacy one starts as the list that it is. */
export function dataType(data: Uint8Array): number {
  const first = data[0] ?? FIRST_LIST_BYTE;
  return first >= FIRST_LIST_BYTE ? LEGACY_TYPE : first;
}

/**
 * Puts a transaction together again. The data entry must have its type's fields; amounts of types 0 to 2 may be
 * of any size as in op-node, so that such a transaction reaches, and fails in, execution. Never throws.
 */
export function rebuildTransaction(data: Uint8Array, rest: TransactionRest, chainId: bigint): Rebuilt {
  const type = dataType(data);
  if (type === POST_EXEC_TYPE) return { kind: "ok", raw: data };
  const order = FIELD_ORDERS.get(type);
  if (order === undefined) return { kind: "invalid", reason: "transaction-type-not-allowed" };
  const rlp = decodeRlp(type === LEGACY_TYPE ? data : data.subarray(1));
  const items = rlp.kind === "invalid" || rlp.item instanceof Uint8Array ? [] : rlp.item;
  if (!hasFieldsOf(type, items)) return { kind: "invalid", reason: "transaction-data-invalid" };
  if (type === SET_CODE_TYPE && rest.to === undefined) {
    return { kind: "invalid", reason: "set-code-without-recipient" };
  }
  const payload = encodeRlp([...order(items, rest, chainId), trimmed(rest.r), trimmed(rest.s)]);
  return { kind: "ok", raw: type === LEGACY_TYPE ? payload : concatBytes(Uint8Array.of(type), payload) };
}

type FieldOrder = (items: readonly RlpItem[], rest: TransactionRest, chainId: bigint) => readonly RlpInput[];

/** Without leading zeros: RLP's form of a quantity. */
function trimmed(bytes: Uint8Array): Uint8Array {
  const start = bytes.findIndex((byte) => byte !== 0);
  return start < 0 ? EMPTY_BYTES : bytes.subarray(start);
}

function at(items: readonly RlpItem[], index: number): RlpInput {
  return items[index] ?? EMPTY_BYTES;
}

/** All fields before r and s, in the order of each type's signed form. */
const FIELD_ORDERS: ReadonlyMap<number, FieldOrder> = new Map<number, FieldOrder>([
  [
    LEGACY_TYPE,
    (items, { nonce, gasLimit, to, yParity, isProtected }, chainId) => [
      ...[nonce, at(items, 1), gasLimit, to ?? EMPTY_BYTES, at(items, 0), at(items, 2)],
      legacyV({ chainId: isProtected ? chainId : undefined, yParity }),
    ],
  ],
  [
    ACCESS_LIST_TYPE,
    (items, { nonce, gasLimit, to, yParity }, chainId) => [
      ...[chainId, nonce, at(items, 1), gasLimit, to ?? EMPTY_BYTES],
      ...[at(items, 0), at(items, 2), at(items, 3), BigInt(yParity)],
    ],
  ],
  [
    FEE_MARKET_TYPE,
    (items, { nonce, gasLimit, to, yParity }, chainId) => [
      ...[chainId, nonce, at(items, 1), at(items, 2), gasLimit, to ?? EMPTY_BYTES],
      ...[at(items, 0), at(items, 3), at(items, 4), BigInt(yParity)],
    ],
  ],
  [
    SET_CODE_TYPE,
    (items, { nonce, gasLimit, to, yParity }, chainId) => [
      ...[chainId, nonce, at(items, 1), at(items, 2), gasLimit, to ?? EMPTY_BYTES],
      ...[at(items, 0), at(items, 3), at(items, 4), at(items, 5), BigInt(yParity)],
    ],
  ],
]);

function isAmount(item: RlpItem): boolean {
  return item instanceof Uint8Array && item[0] !== 0;
}

function isAmount256(item: RlpItem): boolean {
  return readQuantity(item, U256_BYTES) !== undefined;
}

function isBytes(item: RlpItem): boolean {
  return item instanceof Uint8Array;
}

function isListOf(isElement: (item: RlpItem) => boolean): (item: RlpItem) => boolean {
  return (item) => !(item instanceof Uint8Array) && item.every(isElement);
}

const isAccessList = isListOf((item) => readAccessTuple(item) !== undefined);
const isAuthorizationList = isListOf((item) => readAuthorization(item) !== undefined);

const FIELDS: ReadonlyMap<number, readonly ((item: RlpItem) => boolean)[]> = new Map([
  [LEGACY_TYPE, [isAmount, isAmount, isBytes]],
  [ACCESS_LIST_TYPE, [isAmount, isAmount, isBytes, isAccessList]],
  [FEE_MARKET_TYPE, [isAmount, isAmount, isAmount, isBytes, isAccessList]],
  [SET_CODE_TYPE, [isAmount256, isAmount256, isAmount256, isBytes, isAccessList, isAuthorizationList]],
]);

function hasFieldsOf(type: number, items: readonly RlpItem[]): boolean {
  const fields = FIELDS.get(type) ?? [];
  return items.length === fields.length && items.every((item, i) => fields[i]?.(item));
}

/** Whether a transaction can stand in a span batch: blob transactions and deposits cannot. */
export function isBatchable(tx: Transaction): tx is Exclude<SignedTransaction, { type: 3 }> {
  return tx.type !== DEPOSIT_TYPE && FIELD_ORDERS.has(tx.type);
}

/** A transaction's entry in the data column. */
export function transactionData(tx: Exclude<SignedTransaction, { type: 3 }>): Uint8Array {
  if (tx.type === LEGACY_TYPE) return encodeRlp([tx.value, tx.gasPrice, tx.data]);
  const accessList = accessListInput(tx.accessList);
  const type = Uint8Array.of(tx.type);
  if (tx.type === ACCESS_LIST_TYPE) {
    return concatBytes(type, encodeRlp([tx.value, tx.gasPrice, tx.data, accessList]));
  }
  const fields = [tx.value, tx.maxPriorityFeePerGas, tx.maxFeePerGas, tx.data, accessList];
  if (tx.type === FEE_MARKET_TYPE) return concatBytes(type, encodeRlp(fields));
  return concatBytes(type, encodeRlp([...fields, authorizationListInput(tx.authorizationList)]));
}
