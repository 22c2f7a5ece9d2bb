import { bigintFromBytes, type Hash } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";

export type FeeScalars = {
  /** Weight of L1's base fee in the L1 fee, in millionths. */
  readonly baseFeeScalar: bigint;
  /** Weight of L1's blob base fee, in millionths. */
  readonly blobBaseFeeScalar: bigint;
};

/** What stands for a version 0 scalar that does not fit 32 bits. */
const MAX_U32 = 0xffff_ffffn;

/**
 * Reads the SystemConfig's packed scalar: version 0 is one number of 32 bits for the base fee; version 1 has
 * the blob base fee's before it. Updates with any other version are ignored when they arrive on L1, so only
 * the genesis configuration can hold one.
 * Source: specs/protocol/ecotone/l1-attributes.md, system-config.md "Ecotone scalar".
 * @throws RollupError FEE_SCALAR_VERSION_UNKNOWN
 */
export function feeScalars(scalar: Hash): FeeScalars {
  const version = scalar[0];
  const baseFeeScalar = bigintFromBytes(scalar.subarray(28, 32));
  if (version === 1) return { baseFeeScalar, blobBaseFeeScalar: bigintFromBytes(scalar.subarray(24, 28)) };
  if (version !== 0) {
    throw new RollupError(
      "FEE_SCALAR_VERSION_UNKNOWN",
      `no meaning is known for fee scalars of version ${version}`,
    );
  }
  const isPadded = scalar.subarray(1, 28).every((byte) => byte === 0);
  return { baseFeeScalar: isPadded ? baseFeeScalar : MAX_U32, blobBaseFeeScalar: 0n };
}
