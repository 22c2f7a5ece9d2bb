import { daFootprint, footprintScalar } from "@phala-l2/execution/fees/da-footprint";
import { estimatedSizeScaled, l1Fee, l1GasUsed } from "@phala-l2/execution/fees/l1-cost";
import { decodeL1Attributes, type L1Attributes } from "@phala-l2/protocol/wire/l1-attributes";
import { DEPOSIT_TYPE, type Transaction } from "@phala-l2/protocol/wire/transaction";
import { quantityHex } from "./hex.ts";

/** What a block's first transaction says of L1's prices; undefined on a chain without it. */
export function attributesOf(first: Transaction | undefined): L1Attributes | undefined {
  if (first?.type !== DEPOSIT_TYPE) return undefined;
  const decoding = decodeL1Attributes(first.data);
  return decoding.kind === "ok" ? decoding.attributes : undefined;
}

/**
 * The L1 and operator fee fields of a receipt, as op-geth derives them: from the block's L1 attributes and the
 * transaction's own bytes (specs/protocol/fjord, isthmus and jovian exec-engine.md). Deposits have none.
 */
export function l1FeeJson(first: Transaction | undefined, transaction: Transaction, raw: Uint8Array): object {
  const attributes = attributesOf(first);
  if (first === undefined || attributes === undefined || transaction.type === DEPOSIT_TYPE) return {};
  const size = estimatedSizeScaled(raw);
  const footprint = footprintScalar(first);
  return {
    l1Fee: quantityHex(l1Fee(size, attributes)),
    l1GasPrice: quantityHex(attributes.baseFee),
    l1GasUsed: quantityHex(l1GasUsed(size)),
    l1BaseFeeScalar: quantityHex(attributes.baseFeeScalar),
    l1BlobBaseFee: quantityHex(attributes.blobBaseFee),
    l1BlobBaseFeeScalar: quantityHex(attributes.blobBaseFeeScalar),
    operatorFeeScalar: quantityHex(attributes.operatorFeeScalar),
    operatorFeeConstant: quantityHex(attributes.operatorFeeConstant),
    ...(footprint.kind === "ok" && {
      daFootprintGasScalar: quantityHex(footprint.gasPerByte),
      blobGasUsed: quantityHex(daFootprint(size, footprint.gasPerByte)),
    }),
  };
}
