import type { AccessList } from "@phala-l2/protocol/wire/transaction-lists";

/** EIP-2, EIP-2028, EIP-2930, EIP-3860, EIP-7702, EIP-7623: gas that a transaction costs before it runs. */
const TRANSACTION_GAS = 21_000n;
const CREATION_GAS = 32_000n;
const ZERO_BYTE_GAS = 4n;
const NON_ZERO_BYTE_GAS = 16n;
const ACCESS_LIST_ADDRESS_GAS = 2_400n;
const ACCESS_LIST_KEY_GAS = 1_900n;
const INITCODE_WORD_GAS = 2n;
/** EIP-7702 PER_EMPTY_ACCOUNT_COST, charged for each authorization. */
export const AUTHORIZATION_GAS = 25_000n;
/** EIP-7702: given back where the authority existed: PER_EMPTY_ACCOUNT_COST - PER_AUTH_BASE_COST. */
export const EXISTING_AUTHORITY_REFUND = 12_500n;
/** EIP-7623. */
const FLOOR_GAS_PER_TOKEN = 10n;
const TOKENS_PER_NON_ZERO_BYTE = 4n;
/** EIP-3860: bytes. */
export const MAX_INITCODE_LENGTH = 49_152;

function countNonZero(data: Uint8Array): bigint {
  let count = 0;
  for (const byte of data) if (byte !== 0) count++;
  return BigInt(count);
}

export type IntrinsicInput = {
  readonly data: Uint8Array;
  readonly isCreation: boolean;
  readonly accessList: AccessList;
  readonly authorizations: number;
};

/** Gas taken before the first instruction. */
export function intrinsicGas({ data, isCreation, accessList, authorizations }: IntrinsicInput): bigint {
  const nonZero = countNonZero(data);
  let gas = TRANSACTION_GAS + nonZero * NON_ZERO_BYTE_GAS + (BigInt(data.length) - nonZero) * ZERO_BYTE_GAS;
  if (isCreation) gas += CREATION_GAS + BigInt(Math.ceil(data.length / 32)) * INITCODE_WORD_GAS;
  for (const { storageKeys } of accessList) {
    gas += ACCESS_LIST_ADDRESS_GAS + BigInt(storageKeys.length) * ACCESS_LIST_KEY_GAS;
  }
  return gas + BigInt(authorizations) * AUTHORIZATION_GAS;
}

/** EIP-7623: the least a transaction with this data pays, whatever it runs. */
export function floorDataGas(data: Uint8Array): bigint {
  const nonZero = countNonZero(data);
  const tokens = BigInt(data.length) - nonZero + nonZero * TOKENS_PER_NON_ZERO_BYTE;
  return TRANSACTION_GAS + tokens * FLOOR_GAS_PER_TOKEN;
}
