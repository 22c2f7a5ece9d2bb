import { concatBytes } from "../bytes.ts";
import { BLOB_SIZE } from "./blob.ts";
import { decodeRlp, encodeRlp } from "./rlp.ts";
import { BLOB_TYPE } from "./transaction.ts";

/**
 * A transaction as it stands in a block, of either of its forms: a blob transaction in the form in which it is
 * sent between nodes (`0x03 || rlp([fields, …sidecar])`, EIP-4844 and EIP-7594) is cut down to `0x03 || rlp(fields)`.
 * All other bytes come back as they are, readable or not.
 *
 * Ethereum's blocks hold no sidecars, so on a real L1 this changes nothing. anvil, on which development chains
 * run, keeps the form that was sent in the blocks' transaction tries.
 */
export function withoutSidecar(raw: Uint8Array): Uint8Array {
  if (raw[0] !== BLOB_TYPE) return raw;
  const decoded = decodeRlp(raw.subarray(1));
  if (decoded.kind === "invalid" || decoded.item instanceof Uint8Array) return raw;
  const [fields] = decoded.item;
  if (fields === undefined || fields instanceof Uint8Array) return raw;
  return concatBytes(Uint8Array.of(BLOB_TYPE), encodeRlp(fields));
}

/**
 * The blobs that travel with a blob transaction, in their order; none for any other bytes. They are not checked
 * against the versioned hashes. Source: EIP-4844 and EIP-7594, "Networking":
 *
 *   0x03 || rlp([fields, blobs, commitments, proofs])   or   0x03 || rlp([fields, 1, blobs, commitments, proofs])
 */
export function blobsOfSidecar(raw: Uint8Array): readonly Uint8Array[] {
  if (raw[0] !== BLOB_TYPE) return [];
  const decoded = decodeRlp(raw.subarray(1));
  if (decoded.kind === "invalid" || decoded.item instanceof Uint8Array) return [];
  const [fields, ...sidecar] = decoded.item;
  if (fields === undefined || fields instanceof Uint8Array) return [];
  const lists = sidecar.filter((item) => !(item instanceof Uint8Array));
  const blobs: Uint8Array[] = [];
  for (const blob of lists[0] ?? []) {
    if (blob instanceof Uint8Array && blob.length === BLOB_SIZE) blobs.push(blob);
  }
  return blobs;
}
