import { executionFork } from "@phala-l2/execution/block/fork";
import { extraDataOf } from "@phala-l2/execution/fees/eip1559-parameters";
import { bytesEqual, type Hash, ZERO_HASH } from "@phala-l2/protocol/bytes";
import type { RollupConfig } from "@phala-l2/protocol/config/rollup";
import type { Block } from "@phala-l2/protocol/wire/block";
import type { PayloadAttributes } from "@phala-l2/protocol/wire/payload-attributes";

/** The first part of a block that differs from derived attributes. */
export type AttributesMismatch =
  | "parent-hash"
  | "timestamp"
  | "prev-randao"
  | "parent-beacon-block-root"
  | "transactions"
  | "gas-limit"
  | "fee-recipient"
  | "extra-data";

export type AttributesComparison = {
  readonly attributes: PayloadAttributes;
  readonly parentHash: Hash;
  /** A block that was executed before, so that equal inputs mean an equal block. */
  readonly block: Block;
};

/**
 * Compares an unsafe block with derived attributes; undefined when the block is what they describe. No
 * execution is needed for that. The same comparisons as op-node's AttributesMatchBlock.
 * Source: specs/protocol/derivation.md "L1-consolidation: payload attributes matching"; Holocene and Jovian add
 * the EIP-1559 parameters and the minimum base fee, which stand in extraData.
 */
export function attributesMismatch(
  config: RollupConfig,
  { attributes, parentHash, block: { header, transactions } }: AttributesComparison,
): AttributesMismatch | undefined {
  if (!bytesEqual(header.parentHash, parentHash)) return "parent-hash";
  if (header.timestamp !== attributes.timestamp) return "timestamp";
  if (!bytesEqual(header.prevRandao, attributes.prevRandao)) return "prev-randao";
  if (!bytesEqual(header.parentBeaconBlockRoot ?? ZERO_HASH, attributes.parentBeaconBlockRoot)) {
    return "parent-beacon-block-root";
  }
  if (!sameList(transactions, attributes.transactions)) return "transactions";
  if (header.gasLimit !== attributes.gasLimit) return "gas-limit";
  if (!bytesEqual(header.beneficiary, attributes.feeRecipient)) return "fee-recipient";
  const extraData = extraDataOf(config, attributes, executionFork(config, attributes.timestamp));
  return bytesEqual(header.extraData, extraData) ? undefined : "extra-data";
}

function sameList(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return a.length === b.length && a.every((bytes, index) => bytesEqual(bytes, b[index] ?? new Uint8Array(0)));
}
