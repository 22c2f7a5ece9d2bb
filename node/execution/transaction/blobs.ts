import { GAS_PER_BLOB } from "@phala-l2/protocol/blob-gas";
import type { Hash } from "@phala-l2/protocol/bytes";
import { BLOB_TYPE, type SignedTransaction } from "@phala-l2/protocol/wire/transaction";
import { hasEvm } from "../block/rules.ts";
import type { Scope } from "./outcome.ts";
import type { TransactionRejection } from "./rejection.ts";

/** VERSIONED_HASH_VERSION_KZG: the first byte of a blob's hash. */
const VERSION_KZG = 1;
/** EIP-7594, from Osaka: blobs of one transaction. Before, the block's own bound. */
const MAX_BLOBS_PER_TRANSACTION = 6;

const NO_BLOBS: readonly Hash[] = [];

/** The versioned hashes, none where the type has none. */
export function blobHashes(tx: SignedTransaction): readonly Hash[] {
  return tx.type === BLOB_TYPE ? tx.blobVersionedHashes : NO_BLOBS;
}

/** Blob gas that the transaction buys. Source: EIP-4844 `get_total_blob_gas`. */
export function blobGas(tx: SignedTransaction): bigint {
  return BigInt(blobHashes(tx).length) * GAS_PER_BLOB;
}

/** Wei that the blobs may cost at most. */
export function mostBlobFee(tx: SignedTransaction): bigint {
  return tx.type === BLOB_TYPE ? blobGas(tx) * tx.maxFeePerBlobGas : 0n;
}

/** EIP-4844 "Execution layer validation", as far as it looks at the blobs. */
export function brokenBlobRule(
  tx: SignedTransaction,
  { block, blobGasLeft }: Scope,
): TransactionRejection | undefined {
  if (tx.type !== BLOB_TYPE) return undefined;
  const count = tx.blobVersionedHashes.length;
  if (count === 0) return "blobs-missing";
  if (tx.blobVersionedHashes.some(([version]) => version !== VERSION_KZG)) return "blob-version-unknown";
  if (hasEvm(block.rules, "osaka") && count > MAX_BLOBS_PER_TRANSACTION) return "blobs-above-limit";
  if (tx.maxFeePerBlobGas < block.blobBaseFee) return "blob-fee-cap-below-base-fee";
  return blobGas(tx) > blobGasLeft ? "block-blob-gas-limit" : undefined;
}
