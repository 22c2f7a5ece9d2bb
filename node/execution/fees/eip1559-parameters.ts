import { bigintFromBytes, bigintToBytes, concatBytes } from "@phala-l2/protocol/bytes";
import { isActive, type RollupConfig } from "@phala-l2/protocol/config/rollup";
import { RollupError } from "@phala-l2/protocol/errors";
import type { Header } from "@phala-l2/protocol/wire/header";
import type { PayloadAttributes } from "@phala-l2/protocol/wire/payload-attributes";
import { type ExecutionFork, includes } from "../block/fork.ts";

/**
 * The fee market's parameters in a header's extraData.
 *   Holocene: version 0 | denominator u32 | elasticity u32
 *   Jovian:   version 1 | denominator u32 | elasticity u32 | minBaseFee u64 (wei)
 * Sources: specs/protocol/holocene/exec-engine.md "Dynamic EIP-1559 Parameters", jovian/exec-engine.md
 * "Minimum Base Fee".
 */
export type FeeMarketParameters = {
  readonly denominator: bigint;
  readonly elasticity: bigint;
  readonly minBaseFee: bigint;
};

const HOLOCENE_VERSION = 0;
const HOLOCENE_LENGTH = 9;
const JOVIAN_VERSION = 1;
const JOVIAN_LENGTH = 17;

/** The extraData that payload attributes ask for; all-zero parameters stand for the chain's defaults. */
export function extraDataOf(
  config: Pick<RollupConfig, "eip1559">,
  attributes: Pick<PayloadAttributes, "eip1559Params" | "minBaseFee">,
  fork: ExecutionFork,
): Uint8Array {
  const isDefault = attributes.eip1559Params.every((byte) => byte === 0);
  const parameters = isDefault
    ? concatBytes(
        bigintToBytes(config.eip1559.denominatorCanyon, 4),
        bigintToBytes(config.eip1559.elasticity, 4),
      )
    : attributes.eip1559Params;
  if (!includes(fork, "jovian")) return concatBytes(Uint8Array.of(HOLOCENE_VERSION), parameters);
  return concatBytes(Uint8Array.of(JOVIAN_VERSION), parameters, bigintToBytes(attributes.minBaseFee, 8));
}

/** The attributes' part of a block's extraData; undefined when it is not of the fork's format, or divides by zero. */
export function parametersOfExtraData(
  extraData: Uint8Array,
  fork: ExecutionFork,
): FeeMarketParameters | undefined {
  const isJovian = includes(fork, "jovian");
  if (extraData.length !== (isJovian ? JOVIAN_LENGTH : HOLOCENE_LENGTH)) return undefined;
  if (extraData[0] !== (isJovian ? JOVIAN_VERSION : HOLOCENE_VERSION)) return undefined;
  const denominator = bigintFromBytes(extraData.subarray(1, 5));
  const elasticity = bigintFromBytes(extraData.subarray(5, 9));
  if (denominator === 0n || elasticity === 0n) return undefined;
  return { denominator, elasticity, minBaseFee: isJovian ? bigintFromBytes(extraData.subarray(9)) : 0n };
}

/**
 * The parameters that a block's child is priced by.
 * @throws RollupError EXTRA_DATA_INVALID for a parent that could not have become a block
 */
export function parametersOfParent(
  config: Pick<RollupConfig, "eip1559" | "forks">,
  parent: Pick<Header, "extraData" | "timestamp">,
): FeeMarketParameters {
  if (!isActive(config, "holocene", parent.timestamp)) {
    return {
      denominator: config.eip1559.denominatorCanyon,
      elasticity: config.eip1559.elasticity,
      minBaseFee: 0n,
    };
  }
  const fork = isActive(config, "jovian", parent.timestamp) ? "jovian" : "holocene";
  const parameters = parametersOfExtraData(parent.extraData, fork);
  if (parameters !== undefined) return parameters;
  throw new RollupError("EXTRA_DATA_INVALID", "the parent block's extraData holds no EIP-1559 parameters");
}
