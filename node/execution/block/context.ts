import type { Address, Hash } from "@phala-l2/protocol/bytes";
import type { ExecutionFork } from "./fork.ts";

/** What code can ask about its block, and the rules it runs under. */
export type BlockContext = {
  readonly chainId: bigint;
  readonly fork: ExecutionFork;
  readonly number: bigint;
  /** Unix seconds. */
  readonly timestamp: bigint;
  readonly beneficiary: Address;
  readonly prevRandao: Hash;
  readonly gasLimit: bigint;
  /** Wei per gas. */
  readonly baseFee: bigint;
  /**
   * The hash of one of the 256 blocks before this one (BLOCKHASH).
   * @throws RollupError BLOCK_HASH_UNKNOWN
   */
  readonly blockHash: (number: bigint) => Hash;
};
