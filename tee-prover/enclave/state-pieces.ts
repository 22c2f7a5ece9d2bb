import { concatBytes } from "@phala-l2/protocol/bytes";

/**
 * A whole state comes into the enclave in pieces, each with whole entries in the order of their keys:
 *
 *   (u32 length | key | u32 length | value)*      integers big-endian
 *
 * So a state of many gigabytes never lies in memory at once. Whether it is whole, the state's root tells.
 */
export type StateEntry = { readonly key: Uint8Array; readonly value: Uint8Array };

/** The largest piece: it has to hold the largest entry, a runtime's code of some megabytes. */
export const MAX_PIECE_BYTES = 32 * 2 ** 20;
/** Storage keys are paths of hashes and short keys: some hundred bytes. */
export const MAX_KEY_BYTES = 4096;
/** All pieces of one state: tens of gigabytes are the largest parachains'. */
export const MAX_STATE_BYTES = 256 * 2 ** 30;
/** What a host fills a piece up to. */
export const PIECE_BYTES = 2 ** 20;

const U32 = 4;

export type PieceFault = "piece-too-large" | "piece-truncated" | "key-too-long";

export type PieceReading =
  | { readonly kind: "ok"; readonly entries: readonly StateEntry[] }
  | { readonly kind: "invalid"; readonly reason: PieceFault };

function invalid(reason: PieceFault): PieceReading {
  return { kind: "invalid", reason };
}

/** Entries of a piece of any origin, as views of it. Never throws. */
export function readPiece(piece: Uint8Array): PieceReading {
  if (piece.length > MAX_PIECE_BYTES) return invalid("piece-too-large");
  const view = new DataView(piece.buffer, piece.byteOffset, piece.byteLength);
  const entries: StateEntry[] = [];
  let at = 0;
  const take = (): Uint8Array | undefined => {
    if (piece.length - at < U32) return undefined;
    const start = at + U32;
    const end = start + view.getUint32(at);
    if (end > piece.length) return undefined;
    at = end;
    return piece.subarray(start, end);
  };
  while (at < piece.length) {
    const key = take();
    const value = key && take();
    if (key === undefined || value === undefined) return invalid("piece-truncated");
    if (key.length > MAX_KEY_BYTES) return invalid("key-too-long");
    entries.push({ key, value });
  }
  return { kind: "ok", entries };
}

function lengthOf(bytes: Uint8Array): Uint8Array {
  const length = new Uint8Array(U32);
  new DataView(length.buffer).setUint32(0, bytes.length);
  return length;
}

/** Pieces of a state, each of about `size` bytes, as long as they are asked for. */
export async function* piecesOf(
  entries: AsyncIterable<StateEntry> | Iterable<StateEntry>,
  size: number = PIECE_BYTES,
): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = [];
  let held = 0;
  for await (const { key, value } of entries) {
    parts.push(lengthOf(key), key, lengthOf(value), value);
    held += 2 * U32 + key.length + value.length;
    if (held < size) continue;
    yield concatBytes(...parts);
    [parts, held] = [[], 0];
  }
  if (held > 0) yield concatBytes(...parts);
}
