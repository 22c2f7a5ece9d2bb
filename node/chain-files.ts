import { readFile } from "node:fs/promises";
import type { Genesis } from "@phala-l2/execution/genesis";
import { parseGenesis } from "@phala-l2/execution/genesis-json";
import type { RollupConfig } from "@phala-l2/protocol/config/rollup";
import { parseRollupConfig } from "@phala-l2/protocol/config/rollup-json";
import { RollupError } from "@phala-l2/protocol/errors";

/** Reads a rollup.json. @throws RollupError SETTING_INVALID when it is no JSON file, CONFIG_INVALID */
export async function readRollupFile(path: string): Promise<RollupConfig> {
  return parseRollupConfig(await readJson(path));
}

/** Reads a genesis.json. @throws RollupError SETTING_INVALID when it is no JSON file, GENESIS_INVALID */
export async function readGenesisFile(path: string): Promise<Genesis> {
  return parseGenesis(await readJson(path));
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RollupError("SETTING_INVALID", `the file '${path}' can not be read as JSON: ${why}`, { cause });
  }
}
