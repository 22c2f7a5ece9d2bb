import { concatBytes } from "@phala-l2/protocol/bytes";
import { decodeRlp, encodeRlp } from "@phala-l2/protocol/wire/rlp";
import {
  ACCESS_LIST_TYPE,
  BLOB_TYPE,
  encodeTransaction,
  FEE_MARKET_TYPE,
  LEGACY_TYPE,
  SET_CODE_TYPE,
  type SignedTransaction,
} from "@phala-l2/protocol/wire/transaction";
import type { AccessList, Authorization } from "@phala-l2/protocol/wire/transaction-lists";
import { invalidL1Data } from "./json-rpc.ts";
import { RpcFields } from "./rpc-fields.ts";

/** A transaction of a block as its bytes, or, for a type that this program does not know, only its hash. */
export type RpcTransaction =
  | {
      readonly kind: "known";
      readonly raw: Uint8Array;
      /** A blob transaction with its sidecar, when the server's object has it. */
      readonly pooled: Uint8Array | undefined;
    }
  | { readonly kind: "unknown-type"; readonly hash: Uint8Array };

/**
 * Re-encodes a transaction object of eth_getBlockBy…; the caller compares the root over all of them.
 * @throws RollupError L1_DATA_INVALID
 */
export function readRpcTransaction(value: unknown): RpcTransaction {
  const fields = new RpcFields(value, "transaction");
  const type = fields.has("type") ? Number(fields.quantity("type")) : LEGACY_TYPE;
  const read = READERS.get(type);
  if (read === undefined) return { kind: "unknown-type", hash: fields.hash("hash") };
  const raw = encodeTransaction(read(fields));
  return { kind: "known", raw, pooled: type === BLOB_TYPE ? pooledForm(raw, fields) : undefined };
}

/** EIP-7594: version of the wrapper that carries cell proofs. */
const CELL_PROOF_WRAPPER = 1n;

/** The form in which blob transactions travel between pools (EIP-4844 and EIP-7594, "Networking"). */
function pooledForm(raw: Uint8Array, fields: RpcFields): Uint8Array | undefined {
  if (!fields.has("blobs")) return undefined;
  const payload = decodeRlp(raw.subarray(1));
  if (payload.kind === "invalid") return undefined;
  const blobs = fields.bytesList("blobs");
  const commitments = fields.bytesList("commitments");
  const wrapped = fields.has("cellProofs")
    ? [payload.item, CELL_PROOF_WRAPPER, blobs, commitments, fields.bytesList("cellProofs")]
    : [payload.item, blobs, commitments, fields.bytesList("proofs")];
  return concatBytes(Uint8Array.of(BLOB_TYPE), encodeRlp(wrapped));
}

const READERS: ReadonlyMap<number, (fields: RpcFields) => SignedTransaction> = new Map([
  [LEGACY_TYPE, readLegacy],
  [
    ACCESS_LIST_TYPE,
    (fields: RpcFields) => ({ ...typed(fields), ...fixedPrice(fields), type: ACCESS_LIST_TYPE }),
  ],
  [
    FEE_MARKET_TYPE,
    (fields: RpcFields) => ({ ...typed(fields), ...feeMarket(fields), type: FEE_MARKET_TYPE }),
  ],
  [BLOB_TYPE, readBlob],
  [SET_CODE_TYPE, readSetCode],
] as const);

function call(fields: RpcFields) {
  return {
    nonce: fields.quantity("nonce"),
    gasLimit: fields.quantity("gas"),
    to: fields.optional("to", (from, name) => from.address(name)),
    value: fields.quantity("value"),
    data: fields.bytes("input"),
    r: fields.quantity("r"),
    s: fields.quantity("s"),
  };
}

function fixedPrice(fields: RpcFields) {
  return { gasPrice: fields.quantity("gasPrice") };
}

function feeMarket(fields: RpcFields) {
  return {
    maxPriorityFeePerGas: fields.quantity("maxPriorityFeePerGas"),
    maxFeePerGas: fields.quantity("maxFeePerGas"),
  };
}

function parity(value: bigint): 0 | 1 {
  if (value === 0n) return 0;
  if (value === 1n) return 1;
  throw invalidL1Data(`transaction: ${value} is not the parity of a point`, {});
}

function typed(fields: RpcFields) {
  return {
    ...call(fields),
    chainId: fields.quantity("chainId"),
    accessList: accessList(fields),
    // Older servers name the parity of a typed transaction `v`.
    yParity: parity(fields.quantity(fields.has("yParity") ? "yParity" : "v")),
  };
}

/** Lowest legacy v under EIP-155: 35 + 2 * chain id + parity. */
const EIP155_V = 35n;
const LEGACY_V = 27n;

function readLegacy(fields: RpcFields): SignedTransaction {
  const v = fields.quantity("v");
  const isProtected = v >= EIP155_V;
  return {
    ...call(fields),
    ...fixedPrice(fields),
    type: LEGACY_TYPE,
    chainId: isProtected ? (v - EIP155_V) / 2n : undefined,
    yParity: parity(isProtected ? (v - EIP155_V) % 2n : v - LEGACY_V),
  };
}

function readBlob(fields: RpcFields): SignedTransaction {
  return {
    ...typed(fields),
    ...feeMarket(fields),
    type: BLOB_TYPE,
    to: fields.address("to"),
    maxFeePerBlobGas: fields.quantity("maxFeePerBlobGas"),
    blobVersionedHashes: fields.hashes("blobVersionedHashes"),
  };
}

function readSetCode(fields: RpcFields): SignedTransaction {
  return {
    ...typed(fields),
    ...feeMarket(fields),
    type: SET_CODE_TYPE,
    to: fields.address("to"),
    authorizationList: fields.list("authorizationList").map(readAuthorization),
  };
}

function accessList(fields: RpcFields): AccessList {
  if (!fields.has("accessList")) return [];
  return fields.list("accessList").map((value) => {
    const tuple = new RpcFields(value, "access list");
    return { address: tuple.address("address"), storageKeys: tuple.hashes("storageKeys") };
  });
}

function readAuthorization(value: unknown): Authorization {
  const fields = new RpcFields(value, "authorization");
  return {
    chainId: fields.quantity("chainId"),
    address: fields.address("address"),
    nonce: fields.quantity("nonce"),
    // Any byte is well-formed here; only 0 and 1 can recover an authority (EIP-7702).
    yParity: Number(fields.quantity(fields.has("yParity") ? "yParity" : "v")),
    r: fields.quantity("r"),
    s: fields.quantity("s"),
  };
}
