import type { Hash } from "../bytes.ts";
import { decodeRlp, encodeRlp, RlpFields, type RlpItem, rlpSpanAt, U64_BYTES } from "./rlp.ts";

/**
 * A batch of one L2 block. Source: specs/protocol/derivation.md "Batch Format", version 0.
 *
 * rlp([parent_hash, epoch_number, epoch_hash, timestamp, transaction_list])
 */
export type SingularBatch = {
  /** Hash of the L2 block before. */
  readonly parentHash: Hash;
  /** The L1 origin. */
  readonly epochNumber: bigint;
  readonly epochHash: Hash;
  /** L2 block time, Unix seconds. */
  readonly timestamp: bigint;
  /** Encoded transactions, without deposits. Their content is not looked at here. */
  readonly transactions: readonly Uint8Array[];
};

export type SingularBatchDecoding =
  | { readonly kind: "ok"; readonly batch: SingularBatch }
  | { readonly kind: "invalid"; readonly reason: string };

/** The batch without its version byte. @throws RollupError INTEGER_RANGE for a negative number */
export function encodeSingularBatch(batch: SingularBatch): Uint8Array {
  const { parentHash, epochNumber, epochHash, timestamp, transactions } = batch;
  return encodeRlp([parentHash, epochNumber, epochHash, timestamp, transactions]);
}

/**
 * Decodes a batch without its version byte: canonical RLP, exactly these fields, numbers u64. Bytes after the list
 * are ignored, as op-node and kona ignore them. Never throws.
 */
export function decodeSingularBatch(content: Uint8Array): SingularBatchDecoding {
  const first = rlpSpanAt(content, 0, content.length);
  if (first.fault !== undefined) return { kind: "invalid", reason: first.fault };
  const rlp = decodeRlp(content.subarray(0, first.end));
  if (rlp.kind === "invalid") return rlp;
  if (rlp.item instanceof Uint8Array) return { kind: "invalid", reason: "batch-not-a-list" };
  const fields = new RlpFields(rlp.item);
  const batch: SingularBatch = {
    parentHash: fields.hash("parent-hash"),
    epochNumber: fields.quantity("epoch-number", U64_BYTES),
    epochHash: fields.hash("epoch-hash"),
    timestamp: fields.quantity("timestamp", U64_BYTES),
    transactions: fields.listOf("transactions", readString),
  };
  return fields.fault === undefined ? { kind: "ok", batch } : { kind: "invalid", reason: fields.fault };
}

function readString(item: RlpItem): Uint8Array | undefined {
  return item instanceof Uint8Array ? item : undefined;
}
