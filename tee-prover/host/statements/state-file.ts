import { type FileHandle, open } from "node:fs/promises";
import { MAX_PIECE_BYTES, PIECE_BYTES, piecesOf, type StateEntry } from "@phala-l2/enclave/state-pieces";
import { RollupError } from "@phala-l2/protocol/errors";

/**
 * A state as a file: entries in the order of their keys, each `u32 length | key | u32 length | value`, big-endian; pieces for the
 * enclave lie in it one behind the other. `l2 pack-state` writes it from a dump. Nothing in it is believed.
 */
const U32 = 4;

/** Where the last whole entry of a buffer ends. */
function endOfEntries(buffer: Buffer, length: number): number {
  let end = 0;
  for (let at = 0; ; end = at) {
    for (let part = 0; part < 2; part++) {
      if (at + U32 > length) return end;
      at += U32 + buffer.readUInt32BE(at);
      if (at > length) return end;
    }
  }
}

/** Reads until the buffer is full or the file ends. */
async function fill(handle: FileHandle, buffer: Buffer, from: number): Promise<number> {
  let length = from;
  while (length < buffer.length) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length, null);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return length;
}

/**
 * The file's pieces, each with whole entries.
 * @throws RollupError STATE_FILE_INVALID when it ends within an entry, or has one larger than a piece
 */
export async function* statePieces(file: string): AsyncGenerator<Uint8Array> {
  const handle = await open(file, "r");
  try {
    let buffer = Buffer.allocUnsafe(PIECE_BYTES);
    for (let held = 0; ; ) {
      const length = await fill(handle, buffer, held);
      const end = endOfEntries(buffer, length);
      if (end > 0) {
        yield Uint8Array.from(buffer.subarray(0, end));
        buffer.copy(buffer, 0, end, length);
        held = length - end;
      } else if (length < buffer.length) {
        if (length === 0) return;
        throw stateFileInvalid(file, "it ends within an entry");
      } else if (length >= MAX_PIECE_BYTES) {
        throw stateFileInvalid(file, `it has an entry of more than ${MAX_PIECE_BYTES} bytes`);
      } else {
        const larger = Buffer.allocUnsafe(Math.min(2 * length, MAX_PIECE_BYTES));
        buffer.copy(larger, 0, 0, length);
        [buffer, held] = [larger, length];
      }
    }
  } finally {
    await handle.close();
  }
}

function stateFileInvalid(file: string, reason: string): RollupError<"STATE_FILE_INVALID"> {
  return new RollupError("STATE_FILE_INVALID", `${file} is no state: ${reason}`, { data: { file, reason } });
}

/** What such a file holds, from entries that come in the order of their keys. */
export function packEntries(
  entries: Iterable<readonly [key: Uint8Array, value: Uint8Array]>,
): AsyncGenerator<Uint8Array> {
  return piecesOf(named(entries));
}

function* named(entries: Iterable<readonly [key: Uint8Array, value: Uint8Array]>): Generator<StateEntry> {
  for (const [key, value] of entries) yield { key, value };
}
