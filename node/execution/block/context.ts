import type { Address, Hash } from "@phala-l2/protocol/bytes";
import type { Rules } from "./rules.ts";

/** EIP-4844's price without blob transactions. Source: specs/protocol/ecotone/exec-engine.md: BLOBBASEFEE is 1. */
export const ROLLUP_BLOB_BASE_FEE = 1n;

/** What code can ask about its block, and the rules it runs under. */
export type BlockContext = {
  readonly chainId: bigint;
  readonly rules: Rules;
  readonly number: bigint;
  /** Unix seconds. */
  readonly timestamp: bigint;
  readonly beneficiary: Address;
  /** Zero from Paris on, when code sees `prevRandao` in its place (EIP-4399). */
  readonly difficulty: bigint;
  readonly prevRandao: Hash;
  readonly gasLimit: bigint;
  /** Wei per gas; zero before London. */
  readonly baseFee: bigint;
  /** Wei per blob gas (EIP-7516); zero before Cancun, 1 on a rollup (ecotone/exec-engine.md). */
  readonly blobBaseFee: bigint;
  /**
   * The hash of one of the 256 blocks before this one (BLOCKHASH).
   * @throws RollupError BLOCK_HASH_UNKNOWN
   */
  readonly blockHash: (number: bigint) => Hash;
};
