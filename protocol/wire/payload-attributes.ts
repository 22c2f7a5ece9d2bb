import type { Address, Hash } from "../bytes.ts";

/**
 * Everything that determines the next L2 block on a given parent: what derivation hands to execution, and what
 * a sequencer starts a block from.
 * Source: specs/protocol/derivation.md "Building Individual Payload Attributes", with the additions of Ecotone,
 * Holocene (`eip1559Params`) and Jovian (`minBaseFee`); withdrawals are always an empty list.
 */
export type PayloadAttributes = {
  /** L2 block time, Unix seconds. */
  readonly timestamp: bigint;
  /** `prevRandao` of the L1 origin. */
  readonly prevRandao: Hash;
  /** The SequencerFeeVault; it becomes the block's beneficiary. */
  readonly feeRecipient: Address;
  /** `parentBeaconBlockRoot` of the L1 origin; zero where the L1 header has none. */
  readonly parentBeaconBlockRoot: Hash;
  readonly gasLimit: bigint;
  /** Denominator u32 and elasticity u32, big-endian; 8 zero bytes stand for the chain's defaults. */
  readonly eip1559Params: Uint8Array;
  /** Wei. */
  readonly minBaseFee: bigint;
  /** Encoded transactions in block order; the first is the L1 attributes deposit, user deposits follow. */
  readonly transactions: readonly Uint8Array[];
};
