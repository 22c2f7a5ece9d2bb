import { fromHex } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import { isRecord } from "@phala-l2/protocol/json-record";
import { isExtrinsic } from "@phala-l2/protocol/substrate/block";
import type { ShownBlock } from "@phala-l2/sunset/block-window";
import { readHeader } from "./frozen-header.ts";

export type BlocksReading =
  /** The newest first. */
  | { readonly kind: "ok"; readonly blocks: readonly ShownBlock[] }
  | { readonly kind: "invalid"; readonly reason: string };

/** A block as `chain_getBlock` answers it, or the block in it; else what is wrong with it. @throws RollupError HEX_INVALID */
export function blockOf(value: unknown): ShownBlock | string {
  if (!isRecord(value)) return "a block is an object with header and extrinsics";
  for (const name of ["result", "block"]) if (isRecord(value[name])) return blockOf(value[name]);
  const reading = readHeader(new TextEncoder().encode(JSON.stringify(value.header ?? value)));
  if (reading.kind === "invalid") return reading.reason;
  const { header } = reading;
  const { extrinsics } = value;
  if (extrinsics === undefined || extrinsics === null) return { header };
  const texts: readonly unknown[] = Array.isArray(extrinsics) ? extrinsics : [undefined];
  const whole = texts.filter((text) => typeof text === "string");
  if (whole.length !== texts.length) return `extrinsics of block ${header.number} are a list of hex`;
  const bytes = whole.map(fromHex);
  if (!bytes.every(isExtrinsic)) return `extrinsics of block ${header.number} are no byte strings`;
  return { header, extrinsics: bytes };
}

/**
 * Reads blocks from a file's text: a JSON array of blocks or headers, in any order, as `chain_getBlock` answers them.
 * Never throws.
 */
export function readBlocks(text: string): BlocksReading {
  try {
    const parsed: unknown = JSON.parse(text);
    const blocks = (Array.isArray(parsed) ? parsed : [parsed]).map(blockOf);
    const fault = blocks.find((block) => typeof block === "string");
    if (fault !== undefined) return { kind: "invalid", reason: fault };
    const known = blocks.filter((block) => typeof block !== "string");
    return { kind: "ok", blocks: known.sort((a, b) => Number(b.header.number - a.header.number)) };
  } catch (error) {
    if (!isRollupError(error) && !(error instanceof SyntaxError)) throw error;
    return { kind: "invalid", reason: error.message };
  }
}
