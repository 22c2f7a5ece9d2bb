import type { Address, Hash, Hex } from "@phala-l2/protocol/bytes";
import type { Transaction } from "@phala-l2/protocol/wire/transaction";

/** A signed transaction that is well-formed by itself; deposits and blob transactions never are one. */
export type SignedTransaction = Exclude<Transaction, { type: 3 } | { type: 0x7e }>;

/** A transaction in the pool, with what was worked out when it came in. */
export type PoolTransaction = {
  readonly raw: Uint8Array;
  readonly hash: Hash;
  readonly transaction: SignedTransaction;
  readonly sender: Address;
  /** The sender as the key of maps. */
  readonly senderKey: Hex;
  /** Place in the order of arrival: the older of two equal tips goes first. */
  readonly arrival: number;
};

/** Wei per gas the sender pays at most. */
export function feeCap(transaction: SignedTransaction): bigint {
  return "gasPrice" in transaction ? transaction.gasPrice : transaction.maxFeePerGas;
}

/** Wei per gas the sender gives the sequencer at most. */
export function tipCap(transaction: SignedTransaction): bigint {
  return "gasPrice" in transaction ? transaction.gasPrice : transaction.maxPriorityFeePerGas;
}

/** Wei per gas the sequencer gets at this base fee; negative when the transaction can't pay it. */
export function tipAt(transaction: SignedTransaction, baseFee: bigint): bigint {
  const rest = feeCap(transaction) - baseFee;
  const tip = tipCap(transaction);
  return rest < tip ? rest : tip;
}

/** Wei that execution may take from the sender on L2, without the L1 and operator fees. */
export function executionCost(transaction: SignedTransaction): bigint {
  return transaction.gasLimit * feeCap(transaction) + transaction.value;
}
