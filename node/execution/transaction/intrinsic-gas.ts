import type { AccessList } from "@phala-l2/protocol/wire/transaction-lists";
import { hasEvm, type Rules } from "../block/rules.ts";

/** Yellow Paper, appendix G. */
const TRANSACTION_GAS = 21_000n;
const ZERO_BYTE_GAS = 4n;
const NON_ZERO_BYTE_GAS_OF_FRONTIER = 68n;
/** EIP-2028. */
const NON_ZERO_BYTE_GAS = 16n;
/** EIP-2. */
const CREATION_GAS = 32_000n;
/** EIP-2930. */
const ACCESS_LIST_ADDRESS_GAS = 2_400n;
const ACCESS_LIST_KEY_GAS = 1_900n;
/** EIP-3860. */
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

/** EIP-3860, from Shanghai. */
export function isInitcodeTooLarge(initcode: Uint8Array, rules: Rules): boolean {
  return hasEvm(rules, "shanghai") && initcode.length > MAX_INITCODE_LENGTH;
}

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

/** Gas taken before the first instruction: Yellow Paper 6.2, with the EIPs that the constants name. */
export function intrinsicGas(
  { data, isCreation, accessList, authorizations }: IntrinsicInput,
  rules: Rules,
): bigint {
  let gas = TRANSACTION_GAS + dataGas(data, rules);
  if (isCreation) gas += creationGas(data, rules);
  for (const { storageKeys } of accessList) {
    gas += ACCESS_LIST_ADDRESS_GAS + BigInt(storageKeys.length) * ACCESS_LIST_KEY_GAS;
  }
  return gas + BigInt(authorizations) * AUTHORIZATION_GAS;
}

function dataGas(data: Uint8Array, rules: Rules): bigint {
  const nonZero = countNonZero(data);
  const perNonZero = hasEvm(rules, "istanbul") ? NON_ZERO_BYTE_GAS : NON_ZERO_BYTE_GAS_OF_FRONTIER;
  return nonZero * perNonZero + (BigInt(data.length) - nonZero) * ZERO_BYTE_GAS;
}

function creationGas(initcode: Uint8Array, rules: Rules): bigint {
  if (!hasEvm(rules, "homestead")) return 0n;
  const words = hasEvm(rules, "shanghai") ? BigInt(Math.ceil(initcode.length / 32)) : 0n;
  return CREATION_GAS + words * INITCODE_WORD_GAS;
}

/** EIP-7623: the least a transaction with this data pays, whatever it runs; nothing before Prague. */
export function floorDataGas(data: Uint8Array, rules: Rules): bigint {
  if (!hasEvm(rules, "prague")) return 0n;
  const nonZero = countNonZero(data);
  const tokens = BigInt(data.length) - nonZero + nonZero * TOKENS_PER_NON_ZERO_BYTE;
  return TRANSACTION_GAS + tokens * FLOOR_GAS_PER_TOKEN;
}
