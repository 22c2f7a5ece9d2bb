import { fromHex } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import type { ChainBlock } from "@phala-l2/sunset/registrations";
import { readHeader } from "./frozen-header.ts";

export type BlocksReading =
  /** The newest first. */
  | { readonly kind: "ok"; readonly blocks: readonly ChainBlock[] }
  | { readonly kind: "invalid"; readonly reason: string };

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A block as `chain_getBlock` answers it, or the block in it. */
function blockOf(value: unknown): ChainBlock | string {
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
  return { header, extrinsics: whole.map(fromHex) };
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
