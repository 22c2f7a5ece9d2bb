import { type FileHandle, open } from "node:fs/promises";
import { MAX_BLOCK_BYTES } from "@phala-l2/enclave/statements";
import { concatBytes } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { encodeBlock, type SubstrateBlock } from "@phala-l2/protocol/substrate/block";

/**
 * Blocks back from a frozen one as a file: that one first, each followed by its parent, each `u32 length | SCALE block`, the length
 * big-endian. `l2 pack-blocks` writes it. Nothing in it is believed.
 */
const U32 = 4;
/** What is read at once: hundreds of usual blocks. */
const READ_BYTES = 2 ** 20;

/** A block as the file has it. */
export function blockItem(block: SubstrateBlock): Uint8Array {
  const bytes = encodeBlock(block);
  const length = new Uint8Array(U32);
  new DataView(length.buffer).setUint32(0, bytes.length);
  return concatBytes(length, bytes);
}

/** A file's bytes in the order they lie in, of which there are never more than one item and one read at hand. */
class ItemReader {
  readonly #handle: FileHandle;
  #buffer = Buffer.allocUnsafe(READ_BYTES);
  #at = 0;
  #end = 0;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** The next so many bytes, a view until the next call; fewer where the file ends. */
  async take(length: number): Promise<Buffer> {
    if (this.#end - this.#at < length) await this.#fill(length);
    const taken = this.#buffer.subarray(this.#at, Math.min(this.#at + length, this.#end));
    this.#at += taken.length;
    return taken;
  }

  async #fill(length: number): Promise<void> {
    const held = this.#buffer.subarray(this.#at, this.#end);
    const buffer = length > this.#buffer.length ? Buffer.allocUnsafe(length) : this.#buffer;
    held.copy(buffer);
    [this.#buffer, this.#at, this.#end] = [buffer, 0, held.length];
    while (this.#end < length) {
      const { bytesRead } = await this.#handle.read(buffer, this.#end, buffer.length - this.#end, null);
      if (bytesRead === 0) return;
      this.#end += bytesRead;
    }
  }
}

/**
 * The file's blocks, as they are encoded.
 * @throws RollupError BLOCKS_FILE_INVALID when it ends within a block, or has one larger than any; errors of the file system
 */
export async function* blockItems(file: string): AsyncGenerator<Uint8Array> {
  const handle = await open(file, "r");
  try {
    const reader = new ItemReader(handle);
    for (;;) {
      const head = await reader.take(U32);
      if (head.length === 0) return;
      const length = head.length < U32 ? U32 : head.readUInt32BE();
      if (length > MAX_BLOCK_BYTES) {
        throw blocksFileInvalid(file, `it has a block of more than ${MAX_BLOCK_BYTES} bytes`);
      }
      const block = Uint8Array.from(head.length < U32 ? [] : await reader.take(length));
      if (block.length < length) throw blocksFileInvalid(file, "it ends within a block");
      yield block;
    }
  } finally {
    await handle.close();
  }
}

function blocksFileInvalid(file: string, reason: string): RollupError<"BLOCKS_FILE_INVALID"> {
  const message = `${file} holds no blocks as l2 pack-blocks writes them: ${reason}`;
  return new RollupError("BLOCKS_FILE_INVALID", message, { data: { file, reason } });
}
