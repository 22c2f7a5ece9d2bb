import { existsSync } from "node:fs";
import { type FileHandle, open, rename } from "node:fs/promises";
import { concatBytes } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import { decodeBlock } from "@phala-l2/protocol/substrate/block";
import type { SubstrateHeader } from "@phala-l2/protocol/substrate/header";
import {
  BlockWindow,
  type NamedBlock,
  type ShownBlock,
  type WindowFault,
} from "@phala-l2/sunset/block-window";
import { blockItem, blockItems } from "./blocks-file.ts";

export type PackRequest = {
  readonly output: string;
  readonly frozen: SubstrateHeader;
  /** Height of the window's first block, at least 1. */
  readonly from: bigint;
  /** Blocks from that one back, as long as they are asked for. Each is checked by the one before. */
  readonly source: (newest: NamedBlock) => AsyncIterable<ShownBlock> | Iterable<ShownBlock>;
  /** Told after each block: how many lie in the file. What it throws ends the work, which can be gone on with. */
  readonly onBlock?: (blocks: number) => void;
};

export type Packing =
  | { readonly kind: "ok"; readonly blocks: number; readonly bytes: number }
  | { readonly kind: "invalid"; readonly reason: WindowFault };

/** What is gathered before it is written. */
const WRITE_BYTES = 2 ** 20;

/** Where a file that is not whole yet lies: nobody takes it for one that is. */
export function unfinishedFile(output: string): string {
  return `${output}.part`;
}

type Part = { readonly blocks: number; readonly bytes: number; readonly fault: WindowFault | undefined };

/** What an earlier run left, as far as it is whole; each block is checked again. */
async function readPart(file: string, window: BlockWindow): Promise<Part> {
  let [blocks, bytes] = [0, 0];
  if (!existsSync(file)) return { blocks, bytes, fault: undefined };
  try {
    for await (const item of blockItems(file)) {
      const decoded = decodeBlock(item);
      // A machine that lost its power may leave anything behind the last whole block.
      if (decoded.kind === "invalid") break;
      const fault = window.add(decoded.value);
      if (fault !== undefined) return { blocks, bytes, fault };
      blocks += 1;
      bytes += 4 + item.length;
    }
  } catch (error) {
    if (!isRollupError(error, "BLOCKS_FILE_INVALID")) throw error;
  }
  return { blocks, bytes, fault: undefined };
}

/**
 * Writes a window's blocks as provers read them. The chain of hashes and the extrinsics' roots are checked as they come, so that a
 * source that lies is found at its first lie. A run that ended early is gone on with.
 * @throws what the source and `onBlock` throw; errors of the file system
 */
export async function packBlocks({ output, frozen, from, source, onBlock }: PackRequest): Promise<Packing> {
  const window = new BlockWindow(frozen, from);
  const unfinished = unfinishedFile(output);
  const part = await readPart(unfinished, window);
  if (part.fault !== undefined) return { kind: "invalid", reason: part.fault };
  const handle = await open(unfinished, existsSync(unfinished) ? "r+" : "w");
  try {
    await handle.truncate(part.bytes);
    const file = new GatheredFile(handle, part.bytes);
    let { blocks } = part;
    try {
      const { wanted } = window;
      for await (const block of wanted === undefined ? [] : source(wanted)) {
        if (window.add(block) !== undefined) break;
        const { header, extrinsics = [] } = block;
        await file.add(blockItem({ header, extrinsics }));
        blocks += 1;
        onBlock?.(blocks);
        if (window.wanted === undefined) break;
      }
    } finally {
      await file.flush();
    }
    const reason = window.finish();
    if (reason !== undefined) return { kind: "invalid", reason };
    await handle.sync();
    await rename(unfinished, output);
    return { kind: "ok", blocks, bytes: file.length };
  } finally {
    await handle.close();
  }
}

/** A file that is written in large steps. */
class GatheredFile {
  readonly #handle: FileHandle;
  #written: number;
  #items: Uint8Array[] = [];
  #held = 0;

  constructor(handle: FileHandle, written: number) {
    this.#handle = handle;
    this.#written = written;
  }

  get length(): number {
    return this.#written + this.#held;
  }

  async add(item: Uint8Array): Promise<void> {
    this.#items.push(item);
    this.#held += item.length;
    if (this.#held >= WRITE_BYTES) await this.flush();
  }

  async flush(): Promise<void> {
    await this.#handle.write(concatBytes(...this.#items), 0, this.#held, this.#written);
    this.#written += this.#held;
    this.#items = [];
    this.#held = 0;
  }
}
