import { bytesEqual, type Hash } from "@phala-l2/protocol/bytes";
import { blake2b256 } from "@phala-l2/protocol/substrate/hash";
import { ScaleReader } from "@phala-l2/protocol/substrate/scale";

/** Bytes that are hashed in search of one text; an ordinary extrinsic takes some thousand. */
const MAX_HASHED = 64 * 1024 * 1024;

/**
 * The text of a remark in an extrinsic, by its hash. Where it stands depends on what the call is wrapped in (batches, proxies,
 * multisigs), so every place where a byte string could stand is tried: what hashes to the wanted hash is the text.
 * @returns undefined when it is in none, as with calls that were kept elsewhere, or when there is too much to try
 */
export function findRemark(extrinsic: Uint8Array, hash: Hash): Uint8Array | undefined {
  let hashed = 0;
  for (let at = 0; at < extrinsic.length && hashed <= MAX_HASHED; at++) {
    const reader = new ScaleReader(extrinsic, at);
    const text = reader.byteString();
    if (reader.fault !== undefined) continue;
    hashed += text.length;
    if (bytesEqual(blake2b256(text), hash)) return text;
  }
  return undefined;
}
