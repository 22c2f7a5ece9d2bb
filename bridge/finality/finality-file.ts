import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { type Hash, toHex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { finalityAnchor } from "@phala-l2/protocol/substrate/finality";
import {
  type FinalityDescription,
  formatFinalityDescriptions,
  parseFinalityDescriptions,
} from "@phala-l2/protocol/substrate/finality-json";

/** The chains of a `finality` file; none where there is no file. @throws RollupError SETTING_INVALID, CONFIG_INVALID */
export function readFinalityFile(file: string): readonly FinalityDescription[] {
  if (!existsSync(file)) return [];
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new RollupError("SETTING_INVALID", `${file} can not be read as JSON`, { data: { file }, cause });
  }
  return parseFinalityDescriptions(json);
}

/** Whole or not at all: a prover may be reading it. */
export function writeFinalityFile(file: string, chains: readonly FinalityDescription[]): void {
  const next = `${file}.next`;
  writeFileSync(next, `${JSON.stringify(formatFinalityDescriptions(chains))}\n`);
  renameSync(next, file);
}

/** With a chain that is followed from a new start; one that it has already stays as far as it was followed. */
export function withSource(
  chains: readonly FinalityDescription[],
  start: FinalityDescription,
): readonly FinalityDescription[] {
  const anchor = anchorOf(start);
  return chains.some((chain) => anchorOf(chain) === anchor) ? chains : [...chains, start];
}

/** With one hand-over more for the chain of an anchor. */
export function withHandOver(
  chains: readonly FinalityDescription[],
  anchor: string,
  handOver: Uint8Array,
): readonly FinalityDescription[] {
  return chains.map((chain) =>
    anchorOf(chain) === anchor ? { ...chain, handOvers: [...chain.handOvers, handOver] } : chain,
  );
}

/** The anchor that settings name a chain by. */
export function anchorOf({ source }: FinalityDescription): string {
  return toHex(finalityAnchor(source));
}

/** The file's chain of an anchor; its only one where none is named. @throws RollupError SETTING_INVALID */
export function chainOf(
  chains: readonly FinalityDescription[],
  anchor: Hash | undefined,
): FinalityDescription {
  const found = anchor === undefined ? chains : chains.filter((chain) => anchorOf(chain) === toHex(anchor));
  const [first] = found;
  if (first !== undefined && found.length === 1) return first;
  const known = chains.map(anchorOf).join(", ") || "none";
  throw new RollupError(
    "SETTING_INVALID",
    `--anchor: one of the file's chains is wanted, which are ${known}`,
  );
}
