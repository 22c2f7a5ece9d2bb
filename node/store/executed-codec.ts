import type { ExecutedTransaction } from "@phala-l2/execution/block/sealed-block";
import { EMPTY_BYTES } from "@phala-l2/protocol/bytes";
import { decodeRlp, encodeRlp, rlpFieldsOf, U64_BYTES, U256_BYTES } from "@phala-l2/protocol/wire/rlp";
import { corrupt } from "./database.ts";

/** RLP of what execution told of each transaction of a block, in block order. */
export function encodeExecuted(transactions: readonly ExecutedTransaction[]): Uint8Array {
  return encodeRlp(
    transactions.map((each) => [
      each.hash,
      each.sender,
      each.gasUsed,
      each.contractAddress ?? EMPTY_BYTES,
      each.effectiveGasPrice,
      each.l1Fee,
      each.l1GasUsed,
      each.operatorFee,
      each.daFootprint,
    ]),
  );
}

/** @throws RollupError STORE_CORRUPT */
export function decodeExecuted(bytes: Uint8Array): readonly ExecutedTransaction[] {
  const decoding = decodeRlp(bytes);
  if (decoding.kind === "invalid" || decoding.item instanceof Uint8Array) throw malformed();
  return decoding.item.map((item) => {
    const fields = rlpFieldsOf(item);
    if (fields === undefined) throw malformed();
    const executed = {
      hash: fields.hash("hash"),
      sender: fields.address("sender"),
      gasUsed: fields.quantity("gas-used", U64_BYTES),
      contractAddress: fields.optionalAddress("contract-address"),
      effectiveGasPrice: fields.quantity("effective-gas-price", U256_BYTES),
      l1Fee: fields.quantity("l1-fee", U256_BYTES),
      l1GasUsed: fields.quantity("l1-gas-used", U256_BYTES),
      operatorFee: fields.quantity("operator-fee", U256_BYTES),
      daFootprint: fields.quantity("da-footprint", U64_BYTES),
    };
    if (fields.fault !== undefined) throw malformed();
    return executed;
  });
}

function malformed(): Error {
  return corrupt("a record of a block's execution is malformed", {});
}
