import type { Address, Hash } from "@phala-l2/protocol/bytes";
import { bytesEqual, EMPTY_BYTES, toHex, ZERO_ADDRESS } from "@phala-l2/protocol/bytes";
import { isRecord } from "@phala-l2/protocol/json-record";
import type { AccessList, Authorization } from "@phala-l2/protocol/wire/transaction-lists";
import { getAddress } from "viem";
import {
  address,
  arrayOf,
  data,
  hash,
  invalid,
  ok,
  type Parse,
  type Parsed,
  quantity,
  uint64,
} from "../parameters.ts";

/** What eth_call and its kin are asked to run: geth's ethapi.TransactionArgs. */
export type CallRequest = {
  readonly from: Address | undefined;
  readonly to: Address | undefined;
  readonly gas: bigint | undefined;
  /** Wei; undefined runs at no price, as geth does. */
  readonly gasPrice: bigint | undefined;
  readonly maxFeePerGas: bigint | undefined;
  readonly maxPriorityFeePerGas: bigint | undefined;
  readonly maxFeePerBlobGas: bigint | undefined;
  readonly blobHashes: readonly Hash[] | undefined;
  readonly value: bigint;
  readonly nonce: bigint | undefined;
  readonly data: Uint8Array;
  readonly accessList: AccessList;
  readonly authorizationList: readonly Authorization[];
};

/** Entries in an access or authorization list: each costs gas that no block has for more. */
const MAX_LIST = 10_000;
/** EIP-4844 VERSIONED_HASH_VERSION_KZG. */
const VERSION_KZG = 1;

type Fields = Readonly<Record<string, unknown>>;

/** Reads one optional field; Go names the struct and the field in its words. */
function field<T>(fields: Fields, name: string, parse: Parse<T>): Parsed<T | undefined> {
  const value = fields[name];
  if (value === undefined || value === null) return ok(undefined);
  const read = parse(value);
  if (read.kind === "ok") return read;
  return invalid(
    read.words.replace(/ into Go value of type /, ` into Go struct field TransactionArgs.${name} of type `),
  );
}

const storageKeys = arrayOf(hash, MAX_LIST, "[]common.Hash");

const accessTuple: Parse<AccessList[number]> = (value) => {
  if (!isRecord(value)) return invalid("json: cannot unmarshal into Go value of type types.AccessTuple");
  const account = address(value.address);
  if (account.kind === "invalid") return account;
  const keys = storageKeys(value.storageKeys ?? []);
  return keys.kind === "invalid" ? keys : ok({ address: account.value, storageKeys: keys.value });
};

const authorization: Parse<Authorization> = (value) => {
  if (!isRecord(value))
    return invalid("json: cannot unmarshal into Go value of type types.SetCodeAuthorization");
  const account = address(value.address);
  if (account.kind === "invalid") return account;
  const numbers: Record<string, bigint> = {};
  for (const name of ["chainId", "nonce", "yParity", "r", "s"]) {
    const read = name === "nonce" || name === "yParity" ? uint64(value[name]) : looseQuantity(value[name]);
    if (read.kind === "invalid") return read;
    numbers[name] = read.value;
  }
  const { chainId = 0n, nonce = 0n, yParity = 0n, r = 0n, s = 0n } = numbers;
  return ok({ address: account.value, chainId, nonce, yParity: Number(yParity & 0xffn), r, s });
};

/** uint256's own parser, which allows what hexutil does not: leading zeros of signatures. */
const looseQuantity: Parse<bigint> = (value) =>
  typeof value === "string" && /^0x[0-9a-fA-F]{1,64}$/.test(value) ? ok(BigInt(value)) : quantity(value);

type Fees = Pick<
  CallRequest,
  "gasPrice" | "maxFeePerGas" | "maxPriorityFeePerGas" | "maxFeePerBlobGas" | "blobHashes"
>;

function readFees(fields: Fields): Parsed<Fees> {
  const gasPrice = field(fields, "gasPrice", quantity);
  if (gasPrice.kind === "invalid") return gasPrice;
  const maxFee = field(fields, "maxFeePerGas", quantity);
  if (maxFee.kind === "invalid") return maxFee;
  const maxTip = field(fields, "maxPriorityFeePerGas", quantity);
  if (maxTip.kind === "invalid") return maxTip;
  const maxBlobFee = field(fields, "maxFeePerBlobGas", quantity);
  if (maxBlobFee.kind === "invalid") return maxBlobFee;
  const blobHashes = field(fields, "blobVersionedHashes", arrayOf(hash, MAX_LIST, "[]common.Hash"));
  if (blobHashes.kind === "invalid") return blobHashes;
  return ok({
    gasPrice: gasPrice.value,
    maxFeePerGas: maxFee.value,
    maxPriorityFeePerGas: maxTip.value,
    maxFeePerBlobGas: maxBlobFee.value,
    blobHashes: blobHashes.value,
  });
}

/** `input` is the field's name today; `data` is accepted for older clients. */
function readInput(fields: Fields): Parsed<Uint8Array> {
  const input = field(fields, "input", data);
  if (input.kind === "invalid") return input;
  const older = field(fields, "data", data);
  if (older.kind === "invalid") return older;
  if (input.value !== undefined && older.value !== undefined && !bytesEqual(input.value, older.value)) {
    return invalid(
      'both "data" and "input" are set and not equal. Please use "input" to pass transaction call data',
    );
  }
  return ok(input.value ?? older.value ?? EMPTY_BYTES);
}

function readLists(fields: Fields): Parsed<Pick<CallRequest, "accessList" | "authorizationList">> {
  const accessList = field(fields, "accessList", arrayOf(accessTuple, MAX_LIST, "types.AccessList"));
  if (accessList.kind === "invalid") return accessList;
  const authorizations = field(
    fields,
    "authorizationList",
    arrayOf(authorization, MAX_LIST, "[]types.SetCodeAuthorization"),
  );
  if (authorizations.kind === "invalid") return authorizations;
  return ok({ accessList: accessList.value ?? [], authorizationList: authorizations.value ?? [] });
}

function readParties(fields: Fields): Parsed<Pick<CallRequest, "from" | "to" | "gas" | "value" | "nonce">> {
  const from = field(fields, "from", address);
  if (from.kind === "invalid") return from;
  const to = field(fields, "to", address);
  if (to.kind === "invalid") return to;
  const gas = field(fields, "gas", uint64);
  if (gas.kind === "invalid") return gas;
  const value = field(fields, "value", quantity);
  if (value.kind === "invalid") return value;
  const nonce = field(fields, "nonce", uint64);
  if (nonce.kind === "invalid") return nonce;
  return ok({ from: from.value, to: to.value, gas: gas.value, value: value.value ?? 0n, nonce: nonce.value });
}

/** A call's shape; whether its fees make sense is `callFault`'s matter. */
export const callRequest: Parse<CallRequest> = (value) => {
  if (!isRecord(value)) return invalid("json: cannot unmarshal into Go value of type ethapi.TransactionArgs");
  const parties = readParties(value);
  if (parties.kind === "invalid") return parties;
  const fees = readFees(value);
  if (fees.kind === "invalid") return fees;
  const lists = readLists(value);
  if (lists.kind === "invalid") return lists;
  const input = readInput(value);
  if (input.kind === "invalid") return input;
  return ok({ ...parties.value, ...fees.value, ...lists.value, data: input.value });
};

/** geth's words for a request whose fields contradict each other; undefined when none do. */
export function callFault(request: CallRequest): string | undefined {
  return feesFault(request) ?? typeFault(request);
}

/** Of its fees. */
export function feesFault(request: CallRequest): string | undefined {
  const { gasPrice, maxFeePerGas, maxPriorityFeePerGas } = request;
  if (gasPrice !== undefined && (maxFeePerGas !== undefined || maxPriorityFeePerGas !== undefined)) {
    return "both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified";
  }
  if (
    maxFeePerGas !== undefined &&
    maxPriorityFeePerGas !== undefined &&
    maxFeePerGas < maxPriorityFeePerGas
  ) {
    return `maxFeePerGas (0x${maxFeePerGas.toString(16)}) < maxPriorityFeePerGas (0x${maxPriorityFeePerGas.toString(16)})`;
  }
  return undefined;
}

/** Of what only a transaction to somebody may have: EIP-4844's blobs, EIP-7702's authorizations. */
export function typeFault({ from, to, blobHashes, authorizationList }: CallRequest): string | undefined {
  if (blobHashes !== undefined) {
    if (to === undefined) return "blob transaction of type create";
    if (blobHashes.length === 0) return "blob transaction missing blob hashes";
    const unknown = blobHashes.findIndex(([version]) => version !== VERSION_KZG);
    if (unknown >= 0) return `blob ${unknown} has invalid hash version`;
  }
  if (authorizationList.length === 0 || to !== undefined) return undefined;
  const sender = getAddress(toHex(from ?? ZERO_ADDRESS));
  return `EIP-7702 transaction cannot be used to create contract (sender ${sender})`;
}
