import type { Genesis } from "@phala-l2/execution/genesis";
import { parseGenesis } from "@phala-l2/execution/genesis-json";
import type { RollupConfig } from "@phala-l2/protocol/config/rollup";
import { parseRollupConfig } from "@phala-l2/protocol/config/rollup-json";
import { RollupError } from "@phala-l2/protocol/errors";
import { readCompressible } from "./compressed-file.ts";

/** Reads a rollup.json. @throws RollupError SETTING_INVALID when it is no JSON file, CONFIG_INVALID */
export async function readRollupFile(path: string): Promise<RollupConfig> {
  return parseRollupConfig(await readJson(path));
}

/**
 * Reads a genesis.json, also one compressed by gzip or zstd; the superchain registry's need its dictionary.
 * @throws RollupError SETTING_INVALID when it is no JSON file, GENESIS_INVALID
 */
export async function readGenesisFile(path: string, dictionary?: Uint8Array): Promise<Genesis> {
  return parseGenesis(await readJson(path, dictionary));
}

async function readJson(path: string, dictionary?: Uint8Array): Promise<unknown> {
  try {
    return JSON.parse(new TextDecoder().decode(await readCompressible(path, dictionary)));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RollupError("SETTING_INVALID", `the file '${path}' can not be read as JSON: ${why}`, { cause });
  }
}
