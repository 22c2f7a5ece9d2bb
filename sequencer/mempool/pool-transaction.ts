import type { SubmittedTransaction } from "@phala-l2/node/rpc/eth/submission";
import type { Hex } from "@phala-l2/protocol/bytes";

/** A transaction in the pool, with what was worked out when it came in. */
export type PoolTransaction = SubmittedTransaction & {
  /** Hash and sender as keys of maps. */
  readonly hashKey: Hex;
  readonly senderKey: Hex;
  /** Place in the order of arrival: the older of two equal tips goes first. */
  readonly arrival: number;
  /** Wei that it may take from its sender at most: gas at the fee cap, value, L1 and operator fee. */
  readonly cost: bigint;
};
