import type { Hash } from "@phala-l2/protocol/bytes";
import { unpackScalar } from "@phala-l2/protocol/config/system-config-update";
import { RollupError } from "@phala-l2/protocol/errors";

export type FeeScalars = {
  /** Weight of L1's base fee in the L1 fee, in millionths. */
  readonly baseFeeScalar: bigint;
  /** Weight of L1's blob base fee, in millionths. */
  readonly blobBaseFeeScalar: bigint;
};

/** What stands for a version 0 scalar that does not fit 32 bits. Source: ecotone/l1-attributes.md. */
const OVERSIZE: FeeScalars = { baseFeeScalar: 0xffff_ffffn, blobBaseFeeScalar: 0n };

/**
 * The two scalars of the L1 attributes. Updates in another form are ignored when they arrive on L1, so only the
 * genesis configuration can hold one.
 * Source: specs/protocol/ecotone/l1-attributes.md, system-config.md "Ecotone scalar".
 * @throws RollupError FEE_SCALAR_VERSION_UNKNOWN
 */
export function feeScalars(scalar: Hash): FeeScalars {
  const scalars = unpackScalar(scalar);
  if (scalars !== undefined) return scalars;
  if (scalar[0] === 0) return OVERSIZE;
  throw new RollupError("FEE_SCALAR_VERSION_UNKNOWN", "the fee scalars of the genesis have an unknown form");
}
