import type { Address, Hash } from "../bytes.ts";
import { keccak256 } from "../keccak.ts";
import { isLowS, recoverAddress, type Signature, signDigest } from "../secp256k1.ts";
import { decodeRlp, encodeRlp, RlpFields, type RlpInput, readHash, U64_BYTES, U256_BYTES } from "./rlp.ts";
import {
  type AccessList,
  type Authorization,
  accessListInput,
  authorizationListInput,
  readAccessTuple,
  readAuthorization,
} from "./transaction-lists.ts";

/** EIP-2718 types. A legacy transaction has no type byte on the wire: it starts as the list that it is. */
export const LEGACY_TYPE = 0;
export const ACCESS_LIST_TYPE = 1;
export const FEE_MARKET_TYPE = 2;
export const BLOB_TYPE = 3;
export const SET_CODE_TYPE = 4;
export const DEPOSIT_TYPE = 0x7e;

type Call = {
  readonly nonce: bigint;
  readonly gasLimit: bigint;
  /** Undefined creates a contract. */
  readonly to: Address | undefined;
  /** Wei. */
  readonly value: bigint;
  readonly data: Uint8Array;
};
type FixedPrice = { readonly gasPrice: bigint };
type FeeMarket = { readonly maxPriorityFeePerGas: bigint; readonly maxFeePerGas: bigint };
type Typed = { readonly chainId: bigint; readonly accessList: AccessList };

/** Undefined chain id: signed before EIP-155, valid on every chain. */
export type LegacyTransaction = { readonly type: 0; readonly chainId: bigint | undefined } & Call &
  FixedPrice &
  Signature;
/** EIP-2930. */
export type AccessListTransaction = { readonly type: 1 } & Typed & Call & FixedPrice & Signature;
/** EIP-1559. */
export type FeeMarketTransaction = { readonly type: 2 } & Typed & Call & FeeMarket & Signature;
/** EIP-4844, as it stands in a block: without its blobs. It cannot create a contract. */
export type BlobTransaction = {
  readonly type: 3;
  readonly to: Address;
  readonly maxFeePerBlobGas: bigint;
  readonly blobVersionedHashes: readonly Hash[];
} & Typed &
  Call &
  FeeMarket &
  Signature;
/** EIP-7702. It cannot create a contract. An empty list is well-formed but not valid: execution rejects it. */
export type SetCodeTransaction = {
  readonly type: 4;
  readonly to: Address;
  readonly authorizationList: readonly Authorization[];
} & Typed &
  Call &
  FeeMarket &
  Signature;
/** An L1-made transaction of the L2. Source: specs/protocol/deposits.md. */
export type DepositTransaction = {
  readonly type: 0x7e;
  readonly sourceHash: Hash;
  readonly from: Address;
  readonly to: Address | undefined;
  /** Wei that come into being on the L2, whether the transaction succeeds or not. */
  readonly mint: bigint;
  readonly value: bigint;
  readonly gasLimit: bigint;
  readonly isSystemTransaction: boolean;
  readonly data: Uint8Array;
};

export type SignedTransaction =
  | LegacyTransaction
  | AccessListTransaction
  | FeeMarketTransaction
  | BlobTransaction
  | SetCodeTransaction;
export type Transaction = SignedTransaction | DepositTransaction;

type WithoutSignature<T> = T extends Signature ? Omit<T, keyof Signature> : never;
/** A transaction before its signature; each signed one serves as one. */
export type UnsignedTransaction = WithoutSignature<SignedTransaction>;

export type TransactionDecoding<T extends Transaction = Transaction> =
  | { readonly kind: "ok"; readonly transaction: T }
  | { readonly kind: "invalid"; readonly reason: string };

/** Legacy v: 27 or 28, or chain id * 2 + 35 or 36 (EIP-155). */
const LEGACY_V = 27n;
const EIP155_V = 35n;
/** First byte of an RLP list; EIP-2718 keeps type bytes below 0x80. */
const FIRST_LIST_BYTE = 0xc0;

/**
 * Decodes a transaction as it stands in a block, type byte included. Canonical: encoding the result gives the
 * same bytes. Fields are bounded as execution needs them (nonce and gas u64, amounts u256). A blob transaction
 * with its sidecar (the network's form) is invalid here. Byte fields are views of `raw`. Never throws.
 */
export function decodeTransaction(raw: Uint8Array): TransactionDecoding {
  const first = raw[0];
  if (first === undefined) return invalid("transaction-empty");
  if (first >= FIRST_LIST_BYTE) return decodePayload(raw, readLegacy);
  const payload = raw.subarray(1);
  switch (first) {
    case ACCESS_LIST_TYPE:
      return decodePayload(payload, readAccessListTransaction);
    case FEE_MARKET_TYPE:
      return decodePayload(payload, readFeeMarketTransaction);
    case BLOB_TYPE:
      return decodePayload(payload, readBlobTransaction);
    case SET_CODE_TYPE:
      return decodePayload(payload, readSetCodeTransaction);
    case DEPOSIT_TYPE:
      return decodePayload(payload, readDeposit);
    default:
      return invalid("transaction-type-unknown");
  }
}

function invalid(reason: string): { readonly kind: "invalid"; readonly reason: string } {
  return { kind: "invalid", reason };
}

function decodePayload<T extends Transaction>(
  payload: Uint8Array,
  read: (fields: RlpFields) => T,
): TransactionDecoding<T> {
  const rlp = decodeRlp(payload);
  if (rlp.kind === "invalid") return rlp;
  if (rlp.item instanceof Uint8Array) return invalid("transaction-not-a-list");
  const fields = new RlpFields(rlp.item);
  const transaction = read(fields);
  return fields.fault === undefined ? { kind: "ok", transaction } : invalid(fields.fault);
}

function readLegacy(fields: RlpFields): LegacyTransaction {
  const nonce = fields.quantity("nonce", U64_BYTES);
  const gasPrice = fields.quantity("gas-price", U256_BYTES);
  const gasLimit = fields.quantity("gas-limit", U64_BYTES);
  const call = { to: fields.optionalAddress("to"), ...readValueAndData(fields) };
  const v = fields.quantity("v", U256_BYTES);
  if (v < LEGACY_V || (v > LEGACY_V + 1n && v < EIP155_V)) fields.fail("v", v);
  const protectedByChain = v >= EIP155_V;
  const chainId = protectedByChain ? (v - EIP155_V) / 2n : undefined;
  const yParity = (v - (protectedByChain ? EIP155_V : LEGACY_V)) % 2n === 1n ? 1 : 0;
  return { type: 0, chainId, nonce, gasPrice, gasLimit, ...call, yParity, ...readScalars(fields) };
}

function readValueAndData(fields: RlpFields): { value: bigint; data: Uint8Array } {
  return { value: fields.quantity("value", U256_BYTES), data: fields.bytes("data") };
}

function readScalars(fields: RlpFields): { r: bigint; s: bigint } {
  return { r: fields.quantity("r", U256_BYTES), s: fields.quantity("s", U256_BYTES) };
}

function readSignature(fields: RlpFields): Signature {
  return { yParity: fields.bit("y-parity"), ...readScalars(fields) };
}

function readChainIdAndNonce(fields: RlpFields): { chainId: bigint; nonce: bigint } {
  return { chainId: fields.quantity("chain-id", U256_BYTES), nonce: fields.quantity("nonce", U64_BYTES) };
}

function readFees(fields: RlpFields): FeeMarket & { gasLimit: bigint } {
  return {
    maxPriorityFeePerGas: fields.quantity("max-priority-fee", U256_BYTES),
    maxFeePerGas: fields.quantity("max-fee", U256_BYTES),
    gasLimit: fields.quantity("gas-limit", U64_BYTES),
  };
}

function readAccessList(fields: RlpFields): AccessList {
  return fields.listOf("access-list", readAccessTuple);
}

function readAccessListTransaction(fields: RlpFields): AccessListTransaction {
  return {
    type: 1,
    ...readChainIdAndNonce(fields),
    gasPrice: fields.quantity("gas-price", U256_BYTES),
    gasLimit: fields.quantity("gas-limit", U64_BYTES),
    to: fields.optionalAddress("to"),
    ...readValueAndData(fields),
    accessList: readAccessList(fields),
    ...readSignature(fields),
  };
}

function readFeeMarketTransaction(fields: RlpFields): FeeMarketTransaction {
  return {
    type: 2,
    ...readChainIdAndNonce(fields),
    ...readFees(fields),
    to: fields.optionalAddress("to"),
    ...readValueAndData(fields),
    accessList: readAccessList(fields),
    ...readSignature(fields),
  };
}

function readBlobTransaction(fields: RlpFields): BlobTransaction {
  return {
    type: 3,
    ...readChainIdAndNonce(fields),
    ...readFees(fields),
    to: fields.address("to"),
    ...readValueAndData(fields),
    accessList: readAccessList(fields),
    maxFeePerBlobGas: fields.quantity("max-blob-fee", U256_BYTES),
    blobVersionedHashes: fields.listOf("blob-hashes", readHash),
    ...readSignature(fields),
  };
}

function readSetCodeTransaction(fields: RlpFields): SetCodeTransaction {
  return {
    type: 4,
    ...readChainIdAndNonce(fields),
    ...readFees(fields),
    to: fields.address("to"),
    ...readValueAndData(fields),
    accessList: readAccessList(fields),
    authorizationList: fields.listOf("authorizations", readAuthorization),
    ...readSignature(fields),
  };
}

function readDeposit(fields: RlpFields): DepositTransaction {
  return {
    type: DEPOSIT_TYPE,
    sourceHash: fields.hash("source-hash"),
    from: fields.address("from"),
    to: fields.optionalAddress("to"),
    mint: fields.quantity("mint", U256_BYTES),
    value: fields.quantity("value", U256_BYTES),
    gasLimit: fields.quantity("gas-limit", U64_BYTES),
    isSystemTransaction: fields.bit("is-system") === 1,
    data: fields.bytes("data"),
  };
}

/** The fields before the signature, in their wire order. */
function unsignedFields(tx: UnsignedTransaction): readonly RlpInput[] {
  const to = tx.to ?? NO_ADDRESS;
  if (tx.type === LEGACY_TYPE) return [tx.nonce, tx.gasPrice, tx.gasLimit, to, tx.value, tx.data];
  const head = [tx.chainId, tx.nonce];
  const tail = [to, tx.value, tx.data, accessListInput(tx.accessList)];
  if (tx.type === ACCESS_LIST_TYPE) return [...head, tx.gasPrice, tx.gasLimit, ...tail];
  const fields = [...head, tx.maxPriorityFeePerGas, tx.maxFeePerGas, tx.gasLimit, ...tail];
  if (tx.type === BLOB_TYPE) return [...fields, tx.maxFeePerBlobGas, tx.blobVersionedHashes];
  return tx.type === SET_CODE_TYPE ? [...fields, authorizationListInput(tx.authorizationList)] : fields;
}

const NO_ADDRESS = new Uint8Array(0);

function withType(type: number, fields: readonly RlpInput[]): Uint8Array {
  const payload = encodeRlp(fields);
  const raw = new Uint8Array(1 + payload.length);
  raw[0] = type;
  raw.set(payload, 1);
  return raw;
}

/** A transaction's bytes as they stand in a block. @throws RollupError INTEGER_RANGE for a negative quantity */
export function encodeTransaction(tx: Transaction): Uint8Array {
  switch (tx.type) {
    case LEGACY_TYPE:
      return encodeRlp([...unsignedFields(tx), legacyV(tx), tx.r, tx.s]);
    case DEPOSIT_TYPE:
      return withType(tx.type, [
        tx.sourceHash,
        tx.from,
        tx.to ?? NO_ADDRESS,
        tx.mint,
        tx.value,
        tx.gasLimit,
        tx.isSystemTransaction ? 1n : 0n,
        tx.data,
      ]);
    default:
      return withType(tx.type, [...unsignedFields(tx), BigInt(tx.yParity), tx.r, tx.s]);
  }
}

/** A legacy transaction's v. Source: EIP-155. */
export function legacyV({ chainId, yParity }: Pick<LegacyTransaction, "chainId" | "yParity">): bigint {
  return BigInt(yParity) + (chainId === undefined ? LEGACY_V : EIP155_V + 2n * chainId);
}

/** The hash that names a transaction, of its bytes as they stand in a block. */
export function transactionHash(raw: Uint8Array): Hash {
  return keccak256(raw);
}

/** What the sender signs. Sources: EIP-155, 2930, 1559, 4844, 7702. */
export function signingHash(tx: UnsignedTransaction): Hash {
  const fields = unsignedFields(tx);
  if (tx.type !== LEGACY_TYPE) return keccak256(withType(tx.type, fields));
  return keccak256(encodeRlp(tx.chainId === undefined ? fields : [...fields, tx.chainId, 0n, 0n]));
}

/** Signs a transaction with a 32-byte key. */
export function signTransaction<T extends UnsignedTransaction>(
  unsigned: T,
  privateKey: Uint8Array,
): T & Signature {
  return { ...unsigned, ...signDigest(signingHash(unsigned), privateKey) };
}

/**
 * The account that sent a transaction: `from` of a deposit, else whose key signed it. Undefined when the
 * signature is none, or its s is high (EIP-2), which only Ethereum's first blocks allow.
 */
export function recoverSender(
  tx: Transaction,
  highS: "refused" | "allowed" = "refused",
): Address | undefined {
  if (tx.type === DEPOSIT_TYPE) return tx.from;
  return highS === "allowed" || isLowS(tx.s) ? recoverAddress(signingHash(tx), tx) : undefined;
}

const NO_ACCESS_LIST: AccessList = [];

/** The access list, empty where the type has none. */
export function accessListOf(tx: Transaction): AccessList {
  return tx.type === LEGACY_TYPE || tx.type === DEPOSIT_TYPE ? NO_ACCESS_LIST : tx.accessList;
}

/** The most wei a gas unit may cost the sender; zero for a deposit. */
export function gasFeeCap(tx: Transaction): bigint {
  if (tx.type === DEPOSIT_TYPE) return 0n;
  return "gasPrice" in tx ? tx.gasPrice : tx.maxFeePerGas;
}

/** The most wei a gas unit may give the block's producer; zero for a deposit. */
export function gasTipCap(tx: Transaction): bigint {
  if (tx.type === DEPOSIT_TYPE) return 0n;
  return "gasPrice" in tx ? tx.gasPrice : tx.maxPriorityFeePerGas;
}

/** Wei a gas unit costs at this base fee (EIP-1559); zero for a deposit, which paid on L1. */
export function effectiveGasPrice(tx: Transaction, baseFee: bigint): bigint {
  const cap = gasFeeCap(tx);
  const wanted = baseFee + gasTipCap(tx);
  return tx.type === DEPOSIT_TYPE || cap < wanted ? cap : wanted;
}

/** Wei a gas unit gives the block's producer; negative when the fee cap is below the base fee (not includable). */
export function effectiveTip(tx: Transaction, baseFee: bigint): bigint {
  return tx.type === DEPOSIT_TYPE ? 0n : effectiveGasPrice(tx, baseFee) - baseFee;
}
