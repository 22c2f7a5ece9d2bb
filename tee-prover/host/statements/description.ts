import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type Address, fromHex, type Hash } from "@phala-l2/protocol/bytes";
import { configInvalid, JsonObject } from "@phala-l2/protocol/config/json-reader";
import { fileSetting, urlSetting } from "@phala-l2/protocol/config/settings";
import { isRollupError, RollupError } from "@phala-l2/protocol/errors";
import {
  type FinalityDescription,
  parseFinalityDescriptions,
} from "@phala-l2/protocol/substrate/finality-json";
import type { TrieLayout } from "@phala-l2/protocol/substrate/trie/node";
import { parseSwapDescription, type SwapDescription } from "@phala-l2/swap/settings-json";

/** What a prover states of Substrate chains. Files may come while it runs: heights are decided long after it was started. */
export const statementSettings = {
  sunset: fileSetting({
    help: "which frozen parachain this prover counts (JSON: contract, finalityAnchor, header, state, registrationsFrom, blocks, node); read when it is asked for",
    optional: true,
  }),
  swap: fileSetting({
    help: "which swap's deposits this prover judges (JSON, as the relayer takes it); read when it is asked for",
    optional: true,
  }),
  parachainRpcUrl: urlSetting({
    help: "this prover's own node of the swap's parachain; where the swap's finality anchor is zero, a deposit's block must be final there",
    optional: true,
  }),
  finality: fileSetting({
    help: "authorities that finality starts from, and hand-overs since (JSON); needed where a finality anchor is not zero",
    optional: true,
  }),
};

export type StatementFiles = {
  readonly sunset: string | undefined;
  readonly swap: string | undefined;
  readonly finality: string | undefined;
};

export type SunsetDescription = {
  /** `SunsetRegistry` on L1. */
  readonly contract: Address;
  readonly finalityAnchor: Hash;
  /** SCALE header of the frozen block. */
  readonly header: Uint8Array;
  /** Its whole state: see `state-file.ts`. */
  readonly stateFile: string;
  /** Height of the first block whose remarks register receivers; zero where no remark does. */
  readonly registrationsFrom: bigint;
  /** The blocks from the frozen one down to that one: see `blocks-file.ts`. Absent where no remark counts. */
  readonly blocksFile: string | undefined;
  readonly layout: TrieLayout | undefined;
  readonly finality: Uint8Array | undefined;
  /** This prover's own node of that parachain: where the anchor is zero, the block must be final there. */
  readonly node: string | undefined;
};

/** The largest of these files: a swap's has metadata of several runtimes in hex, a year of hand-overs is larger. */
const MAX_FILE_BYTES = 512 * 2 ** 20;

function bytesOf(object: JsonObject, name: string): Uint8Array {
  const text = object.text(name);
  try {
    return fromHex(text);
  } catch (error) {
    if (isRollupError(error, "HEX_INVALID")) throw configInvalid(object.pathOf(name), "0x hex is wanted");
    throw error;
  }
}

function layoutOf(object: JsonObject): TrieLayout | undefined {
  if (!object.has("layout")) return undefined;
  return object.integer("layout", 1n) === 0n ? 0 : 1;
}

function urlOf(object: JsonObject, name: string): string {
  const text = object.text(name);
  if (/^https?:$/.test(URL.parse(text)?.protocol ?? "")) return text;
  throw configInvalid(object.pathOf(name), "an http(s) URL is wanted");
}

/** Both, or none. @throws RollupError CONFIG_INVALID */
function registrationsOf(root: JsonObject, folder: string) {
  const registrationsFrom = root.integerOr("registrationsFrom", 0n);
  if (root.has("blocks") !== registrationsFrom > 0n) {
    throw configInvalid(
      root.pathOf("blocks"),
      "it is wanted where registrationsFrom is above zero, and only there",
    );
  }
  const blocksFile = root.has("blocks") ? resolve(folder, root.text("blocks")) : undefined;
  return { registrationsFrom, blocksFile };
}

/** @param folder What paths are relative to. @throws RollupError CONFIG_INVALID */
export function parseSunsetDescription(json: unknown, folder: string): SunsetDescription {
  const root = new JsonObject(json, "");
  return {
    ...registrationsOf(root, folder),
    contract: root.address("contract"),
    finalityAnchor: root.hash("finalityAnchor"),
    header: bytesOf(root, "header"),
    stateFile: resolve(folder, root.text("state")),
    layout: layoutOf(root),
    finality: root.has("finality") ? bytesOf(root, "finality") : undefined,
    node: root.has("node") ? urlOf(root, "node") : undefined,
  };
}

function readJson(file: string): unknown {
  try {
    if (statSync(file).size > MAX_FILE_BYTES) throw new RangeError("it is too large");
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new RollupError("SETTING_INVALID", `${file} cannot be read as JSON`, { data: { file }, cause });
  }
}

/** What a file describes; undefined where there is none (yet). */
function readIfThere<Value>(
  file: string | undefined,
  parse: (json: unknown, folder: string) => Value,
): Value | undefined {
  return file === undefined || !existsSync(file) ? undefined : parse(readJson(file), dirname(resolve(file)));
}

export type Descriptions = {
  /** @throws RollupError SETTING_INVALID, CONFIG_INVALID */
  sunset(): SunsetDescription | undefined;
  swap(): SwapDescription | undefined;
  finality(): readonly FinalityDescription[];
};

/** What tells that a file is another than it was: it is replaced whole, so that its place on the disk is another. */
function stampOf(file: string | undefined): string | undefined {
  if (file === undefined || !existsSync(file)) return undefined;
  const { ino, size, mtimeMs } = statSync(file);
  return [ino, size, mtimeMs].join();
}

/**
 * Reads once for each state of the file: strangers have it read, and hand-overs of a year have some hundred megabytes, a swap's
 * metadata some.
 */
function readOnce<Value>(
  file: string | undefined,
  parse: (json: unknown, folder: string) => Value,
): () => Value | undefined {
  let known: { readonly stamp: string | undefined; readonly value: Value | undefined } | undefined;
  return () => {
    const stamp = stampOf(file);
    if (known !== undefined && known.stamp === stamp) return known.value;
    const value = readIfThere(file, parse);
    known = { stamp, value };
    return value;
  };
}

const NO_CHAINS: readonly FinalityDescription[] = [];

/** Reads a sunset's file anew each time; those that every question needs when they have changed. */
export function descriptionsOf(files: StatementFiles): Descriptions {
  const finality = readOnce(files.finality, parseFinalityDescriptions);
  return {
    sunset: () => readIfThere(files.sunset, parseSunsetDescription),
    swap: readOnce(files.swap, parseSwapDescription),
    finality: () => finality() ?? NO_CHAINS,
  };
}
