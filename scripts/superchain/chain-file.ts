import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Genesis } from "@phala-l2/execution/genesis";
import { type Hash, hashFromHex } from "@phala-l2/protocol/bytes";
import { FORKS, type Fork } from "@phala-l2/protocol/config/rollup";
import { RollupError } from "@phala-l2/protocol/errors";
import { parse as parseToml } from "smol-toml";

type Table = Readonly<Record<string, unknown>>;
type Forks = Partial<Record<Fork, bigint>>;

/** What a superchain-registry file says that decides or checks a genesis. */
export type ChainFile = {
  readonly chainId: bigint | undefined;
  /** Undefined where the file names no fork: the genesis file's own hold. */
  readonly forks: Forks | undefined;
  /** The block from which the chain is an OP Stack one. */
  readonly start: { readonly number: bigint; readonly hash: Hash } | undefined;
};

/** In older files of the registry what a chain's file leaves out stands in this one beside it. */
const SHARED_FILE = "superchain.toml";

/**
 * OP Mainnet is older than Bedrock: its genesis is another block than the one that its file names, and of the state there
 * is only the root. Source: op-geth, core/superchain.go and params/superchain.go.
 */
const OP_MAINNET = {
  chainId: 10n,
  bedrock: 105_235_063n,
  stateRoot: hashFromHex("0xeddb4c1786789419153a27c4c80ff44a2226b6eda04f7e22ce5bae892ea568eb"),
  hash: hashFromHex("0x7ca38a1916c42007829c55e69d3e9a73265554b586a499015373241b8a3fa48b"),
} as const;

/**
 * Reads a chain's file of the superchain registry, of any of its forms: forks in `[hardforks]`, or beside `chain_id`
 * and inherited from superchain.toml.
 * @throws RollupError SETTING_INVALID with file and field
 */
export function readChainFile(file: string): ChainFile {
  const root = readTable(file);
  const l2 = tableAt(tableAt(root, "genesis"), "l2");
  const time = integerAt(tableAt(root, "genesis"), "l2_time", file);
  return {
    chainId: integerAt(root, "chain_id", file),
    forks: forksOf(root, file, time),
    start: startOf(l2, file),
  };
}

function readTable(file: string): Table {
  try {
    const root: unknown = parseToml(readFileSync(file, "utf8"), { integersAsBigInt: true });
    if (isTable(root)) return root;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RollupError("SETTING_INVALID", `the file '${file}' can not be read as TOML: ${why}`, { cause });
  }
  throw fieldInvalid(file, "(root)", "a table");
}

function forksOf(root: Table, file: string, l2Time: bigint | undefined): Forks | undefined {
  const own = timesIn(root, file);
  const since = integerAt(root, "superchain_time", file);
  const shared = join(dirname(file), SHARED_FILE);
  const inherited = since !== undefined && existsSync(shared) ? timesIn(readTable(shared), shared) : {};
  const forks: Forks = {};
  for (const fork of FORKS) {
    const time = inherited[fork];
    // The registry's docs/hardfork-activation-inheritance.md: nothing from before the chain joined; 0 up to its genesis.
    if (time !== undefined && since !== undefined && time >= since) {
      forks[fork] = l2Time !== undefined && time <= l2Time ? 0n : time;
    }
  }
  const all = { ...forks, ...own };
  return Object.keys(all).length === 0 ? undefined : { regolith: 0n, ...all };
}

function timesIn(root: Table, file: string): Forks {
  const times: Forks = {};
  const table = { ...root, ...tableAt(root, "hardforks") };
  for (const fork of FORKS) {
    const time = integerAt(table, `${fork}_time`, file);
    if (time !== undefined) times[fork] = time;
  }
  return times;
}

function startOf(l2: Table, file: string): ChainFile["start"] {
  const { hash } = l2;
  if (hash === undefined) return undefined;
  if (typeof hash !== "string" || !/^0x[0-9a-fA-F]{64}$/.test(hash)) {
    throw fieldInvalid(file, "genesis.l2.hash", "32 bytes as 0x hex");
  }
  return { number: integerAt(l2, "number", file) ?? 0n, hash: hashFromHex(hash) };
}

function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function tableAt(table: Table, name: string): Table {
  const value = table[name];
  return isTable(value) ? value : {};
}

function integerAt(table: Table, name: string, file: string): bigint | undefined {
  const value = table[name];
  if (value === undefined || (typeof value === "bigint" && value >= 0n)) return value;
  throw fieldInvalid(file, name, "a whole number");
}

function fieldInvalid(file: string, field: string, wanted: string): RollupError {
  return new RollupError("SETTING_INVALID", `the file '${file}' has no ${wanted} as ${field}`);
}

/** A genesis under a chain's file, with the hash that it must have, as far as the file tells one. */
export function genesisUnder(
  chain: ChainFile,
  genesis: Genesis,
): { readonly genesis: Genesis; readonly expected: Hash | undefined } {
  const ofChain = { ...genesis, forks: chain.forks ?? genesis.forks };
  if (chain.chainId === OP_MAINNET.chainId && genesis.number < OP_MAINNET.bedrock) {
    const known = genesis.alloc.length === 0 ? OP_MAINNET.stateRoot : undefined;
    const stateRoot = genesis.stateRoot ?? known;
    return { genesis: { ...ofChain, stateRoot, isBeforeLondon: true }, expected: OP_MAINNET.hash };
  }
  const { start } = chain;
  return { genesis: ofChain, expected: start?.number === genesis.number ? start.hash : undefined };
}
