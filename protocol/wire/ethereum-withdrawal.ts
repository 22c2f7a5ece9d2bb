import type { Address } from "../bytes.ts";
import { type RlpInput, type RlpItem, rlpFieldsOf, U64_BYTES } from "./rlp.ts";

/** Ether that L1's consensus layer pays out to an account (EIP-4895). No L2 block has any. */
export type EthereumWithdrawal = {
  readonly index: bigint;
  readonly validatorIndex: bigint;
  readonly address: Address;
  /** Gwei. */
  readonly amount: bigint;
};

/** Its RLP's fields. Source: EIP-4895 "New field in the execution payload: withdrawals". */
export function withdrawalFields(withdrawal: EthereumWithdrawal): RlpInput {
  const { index, validatorIndex, address, amount } = withdrawal;
  return [index, validatorIndex, address, amount];
}

/** Undefined when the item is no withdrawal. */
export function readWithdrawal(item: RlpItem): EthereumWithdrawal | undefined {
  const fields = rlpFieldsOf(item);
  if (fields === undefined) return undefined;
  const withdrawal = {
    index: fields.quantity("index", U64_BYTES),
    validatorIndex: fields.quantity("validator-index", U64_BYTES),
    address: fields.address("address"),
    amount: fields.quantity("amount", U64_BYTES),
  };
  return fields.fault === undefined && fields.remaining === 0 ? withdrawal : undefined;
}
