import { ZERO_HASH } from "@phala-l2/protocol/bytes";
import type { ExecutionConfig, RollupConfig } from "@phala-l2/protocol/config/rollup";
import type { Header } from "@phala-l2/protocol/wire/header";
import type { PayloadAttributes } from "@phala-l2/protocol/wire/payload-attributes";
import { extraDataOf, parametersOfExtraData } from "../fees/eip1559-parameters.ts";
import { executionFork } from "./fork.ts";

export type { PayloadAttributes } from "@phala-l2/protocol/wire/payload-attributes";

/** Why no block with these attributes can follow its parent. */
export type AttributesFault =
  | "timestamp-not-after-parent"
  | "eip1559-parameters-invalid"
  | "gas-limit-too-low";

/** Checks attributes against the parent. Sources: Yellow Paper 4.4.4; holocene/exec-engine.md. */
export function attributesFault(
  config: ExecutionConfig,
  parent: Pick<Header, "timestamp">,
  attributes: PayloadAttributes,
): AttributesFault | undefined {
  if (attributes.timestamp <= parent.timestamp) return "timestamp-not-after-parent";
  if (attributes.eip1559Params.length !== 8) return "eip1559-parameters-invalid";
  const fork = executionFork(config, attributes.timestamp);
  const parameters = parametersOfExtraData(extraDataOf(config, attributes, fork), fork);
  if (parameters === undefined) return "eip1559-parameters-invalid";
  // The gas target, limit / elasticity, divides in the next base fee.
  return attributes.gasLimit < parameters.elasticity ? "gas-limit-too-low" : undefined;
}

/**
 * The attributes that a given block must have come from; undefined when its extraData is not of its fork's
 * format. What they leave out, the comparison of the hashes checks.
 */
export function attributesOfBlock(
  config: Pick<RollupConfig, "forks">,
  header: Header,
  transactions: readonly Uint8Array[],
): PayloadAttributes | undefined {
  const parameters = parametersOfExtraData(header.extraData, executionFork(config, header.timestamp));
  if (parameters === undefined) return undefined;
  return {
    timestamp: header.timestamp,
    prevRandao: header.prevRandao,
    feeRecipient: header.beneficiary,
    parentBeaconBlockRoot: header.parentBeaconBlockRoot ?? ZERO_HASH,
    gasLimit: header.gasLimit,
    eip1559Params: header.extraData.subarray(1, 9),
    minBaseFee: parameters.minBaseFee,
    transactions,
  };
}
