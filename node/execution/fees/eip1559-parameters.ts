import {
  decodeEip1559Params,
  decodeExtraData,
  type ExtraDataFormat,
  encodeExtraData,
  type HeaderFeeParams,
} from "@phala-l2/protocol/config/eip1559-params";
import { isActive, type RollupConfig } from "@phala-l2/protocol/config/rollup";
import { RollupError } from "@phala-l2/protocol/errors";
import type { Header } from "@phala-l2/protocol/wire/header";
import type { PayloadAttributes } from "@phala-l2/protocol/wire/payload-attributes";
import { type ExecutionFork, includes } from "../block/fork.ts";

function formatOf(fork: ExecutionFork): ExtraDataFormat {
  return includes(fork, "jovian") ? "jovian" : "holocene";
}

/**
 * The extraData that payload attributes ask for; all-zero parameters stand for the chain's defaults.
 * Source: specs/protocol/holocene/exec-engine.md "Encoding".
 * @throws RollupError ATTRIBUTES_INVALID when the parameters are not 8 bytes
 */
export function extraDataOf(
  config: Pick<RollupConfig, "eip1559">,
  attributes: Pick<PayloadAttributes, "eip1559Params" | "minBaseFee">,
  fork: ExecutionFork,
): Uint8Array {
  const asked = decodeEip1559Params(attributes.eip1559Params);
  if (asked === undefined) throw new RollupError("ATTRIBUTES_INVALID", "eip1559Params has 8 bytes");
  const isDefault = asked.denominator === 0n && asked.elasticity === 0n;
  const { denominatorCanyon: denominator, elasticity } = config.eip1559;
  const params = isDefault ? { denominator, elasticity } : asked;
  return encodeExtraData({ ...params, minBaseFee: attributes.minBaseFee }, formatOf(fork));
}

/** The parameters in a block's extraData; undefined when it is not of the fork's format, or divides by zero. */
export function parametersOfExtraData(
  extraData: Uint8Array,
  fork: ExecutionFork,
): HeaderFeeParams | undefined {
  const decoding = decodeExtraData(extraData, formatOf(fork));
  return decoding.kind === "ok" ? decoding.params : undefined;
}

/**
 * The parameters that a block's child is priced by: those of its own extraData, from Holocene.
 * @throws RollupError EXTRA_DATA_INVALID for a parent that could not have become a block
 */
export function parametersOfParent(
  config: Pick<RollupConfig, "eip1559" | "forks">,
  parent: Pick<Header, "extraData" | "timestamp">,
): HeaderFeeParams {
  if (!isActive(config, "holocene", parent.timestamp)) {
    const { denominatorCanyon: denominator, elasticity } = config.eip1559;
    return { denominator, elasticity, minBaseFee: 0n };
  }
  const format = isActive(config, "jovian", parent.timestamp) ? "jovian" : "holocene";
  const decoding = decodeExtraData(parent.extraData, format);
  if (decoding.kind === "ok") return decoding.params;
  throw new RollupError("EXTRA_DATA_INVALID", "the parent block's extraData holds no EIP-1559 parameters", {
    data: { reason: decoding.reason },
  });
}
