import type { Address, Hash } from "../bytes.ts";

/**
 * The parameters that the SystemConfig contract on L1 controls, as derivation follows them.
 * Source: specs/protocol/system-config.md and the Holocene, Isthmus and Jovian pages.
 */
export type SystemConfig = {
  /** The account whose transactions to the inbox count. */
  readonly batcherAddress: Address;
  /** Packed L1 fee scalars: version 1 | … | blobBaseFeeScalar u32 | baseFeeScalar u32. */
  readonly scalar: Hash;
  /** Gas limit of each L2 block. */
  readonly gasLimit: bigint;
  /** EIP-1559 denominator and elasticity (Holocene); both zero mean the chain's defaults. */
  readonly eip1559Denominator: bigint;
  readonly eip1559Elasticity: bigint;
  /** Operator fee (Isthmus). */
  readonly operatorFeeScalar: bigint;
  readonly operatorFeeConstant: bigint;
  /** Lowest base fee in wei (Jovian). */
  readonly minBaseFee: bigint;
  /** Gas per byte of estimated compressed transaction data (Jovian); zero means the default of 400. */
  readonly daFootprintGasScalar: bigint;
};
