import { executionFork, includes } from "@phala-l2/execution/block/fork";
import { toHex } from "@phala-l2/protocol/bytes";
import { areValidEip1559Params, decodeEip1559Params } from "@phala-l2/protocol/config/eip1559-params";
import { isActive, type RollupConfig } from "@phala-l2/protocol/config/rollup";
import type { PayloadAttributes } from "@phala-l2/protocol/wire/payload-attributes";
import { quantityHex } from "../rpc/format/hex.ts";
import { objectWith, type ValueOf } from "../rpc/json-object.ts";
import { address, bool, data, hash, uint64 } from "../rpc/parameters.ts";
import { transactionList, withdrawalList } from "./execution-payload.ts";

/**
 * PayloadAttributesV1 to V3 with the OP Stack's fields.
 * Source: specs/protocol/exec-engine.md "Extended PayloadAttributesV3", holocene and jovian exec-engine.md.
 */
export const givenAttributes = objectWith(
  "engine.PayloadAttributes",
  { timestamp: uint64, prevRandao: hash, suggestedFeeRecipient: address },
  {
    withdrawals: withdrawalList,
    parentBeaconBlockRoot: hash,
    transactions: transactionList,
    noTxPool: bool,
    gasLimit: uint64,
    eip1559Params: data,
    minBaseFee: uint64,
  },
);

/** Attributes as a consensus client gives them. */
export type GivenAttributes = ValueOf<typeof givenAttributes>;

export type AttributesReading =
  | { readonly kind: "ok"; readonly attributes: PayloadAttributes }
  | { readonly kind: "unsupported-fork"; readonly reason: string }
  | { readonly kind: "invalid"; readonly reason: string };

/**
 * Checks attributes against the rules of their fork, in the order of op-geth: version and fork first, then what
 * the OP Stack adds (checkOptimismPayloadAttributes). Their transactions are judged by execution.
 * @param version of engine_forkchoiceUpdated
 */
export function readAttributes(
  config: Pick<RollupConfig, "forks">,
  given: GivenAttributes,
  version: 1 | 2 | 3,
): AttributesReading {
  const { withdrawals, parentBeaconBlockRoot, gasLimit, timestamp } = given;
  if (!isActive(config, "holocene", timestamp)) {
    return { kind: "unsupported-fork", reason: "blocks before Holocene are not built here" };
  }
  if (version < 3) {
    const reason = `forkchoiceUpdatedV${version} can not be used for a block of Ecotone or later`;
    return { kind: "unsupported-fork", reason };
  }
  if (withdrawals === undefined) return invalid("missing withdrawals");
  if (parentBeaconBlockRoot === undefined) return invalid("missing beacon root");
  if (gasLimit === undefined) return invalid("gasLimit parameter is required");
  if (withdrawals.length > 0) return invalid("non-empty withdrawals post-Canyon");
  const fees = readFees(config, given);
  if (typeof fees === "string") return invalid(fees);
  return {
    kind: "ok",
    attributes: {
      timestamp,
      prevRandao: given.prevRandao,
      feeRecipient: given.suggestedFeeRecipient,
      parentBeaconBlockRoot,
      gasLimit,
      ...fees,
      transactions: given.transactions ?? [],
    },
  };
}

function invalid(reason: string): AttributesReading {
  return { kind: "invalid", reason };
}

/** The fee market's parameters, or what is wrong with them. */
function readFees(
  config: Pick<RollupConfig, "forks">,
  { eip1559Params, minBaseFee, timestamp }: GivenAttributes,
): Pick<PayloadAttributes, "eip1559Params" | "minBaseFee"> | string {
  const params = eip1559Params && decodeEip1559Params(eip1559Params);
  // holocene/exec-engine.md: null after Holocene is invalid.
  if (eip1559Params === undefined || params === undefined)
    return "eip1559Params must be 8 bytes from Holocene";
  if (!areValidEip1559Params(params)) return "eip1559Params must be both zero or both non-zero";
  const isJovian = includes(executionFork(config, timestamp), "jovian");
  // jovian/exec-engine.md: null before Jovian, not null after.
  if (isJovian && minBaseFee === undefined) return "minBaseFee is required from Jovian";
  if (!isJovian && minBaseFee !== undefined) return "minBaseFee must be null before Jovian";
  return { eip1559Params, minBaseFee: minBaseFee ?? 0n };
}

/** Attributes of a derived block for another engine: nothing is added to their transactions. */
export function attributesJson(config: Pick<RollupConfig, "forks">, attributes: PayloadAttributes): object {
  const { timestamp, parentBeaconBlockRoot, gasLimit, eip1559Params, minBaseFee } = attributes;
  return {
    timestamp: quantityHex(timestamp),
    prevRandao: toHex(attributes.prevRandao),
    suggestedFeeRecipient: toHex(attributes.feeRecipient),
    withdrawals: [],
    parentBeaconBlockRoot: toHex(parentBeaconBlockRoot),
    transactions: attributes.transactions.map(toHex),
    noTxPool: true,
    gasLimit: quantityHex(gasLimit),
    eip1559Params: toHex(eip1559Params),
    ...(isActive(config, "jovian", timestamp) && { minBaseFee: quantityHex(minBaseFee) }),
  };
}
