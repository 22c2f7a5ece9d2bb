import { readFile } from "node:fs/promises";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { toHex } from "@phala-l2/protocol/bytes";

const GZIP_MAGIC = "0x1f8b";
const ZSTD_MAGIC = "0x28b52ffd";
/** The largest files of public chains have some 100 MB; what unpacks to more is none. */
const MOST_BYTES = 2 ** 30;

/** A file's content, unpacked where it is compressed by gzip or zstd, the latter perhaps with a dictionary. */
export async function readCompressible(path: string, dictionary?: Uint8Array): Promise<Uint8Array> {
  return unpacked(await readFile(path), dictionary);
}

/** The same of bytes; those of no known compression stay as they are. Throws what zlib throws. */
export function unpacked(bytes: Uint8Array, dictionary?: Uint8Array): Uint8Array {
  const magic = toHex(bytes.subarray(0, 4));
  const limit = { maxOutputLength: MOST_BYTES };
  if (magic.startsWith(GZIP_MAGIC)) return gunzipSync(bytes, limit);
  if (magic !== ZSTD_MAGIC) return bytes;
  return zstdDecompressSync(bytes, dictionary === undefined ? limit : { ...limit, dictionary });
}
