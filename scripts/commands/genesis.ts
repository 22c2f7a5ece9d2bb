import { readFileSync } from "node:fs";
import { genesisBlock } from "@phala-l2/execution/genesis";
import { readGenesisFile } from "@phala-l2/node/chain-files";
import { bytesEqual, hashFromHex, toHex } from "@phala-l2/protocol/bytes";
import { FORKS, type Fork } from "@phala-l2/protocol/config/rollup";
import { fileSetting } from "@phala-l2/protocol/config/settings";
import { RollupError } from "@phala-l2/protocol/errors";
import { parse as parseToml } from "smol-toml";
import { DOES_NOT_HOLD, defineCommand, HOLDS } from "./command.ts";

type Table = Readonly<Record<string, unknown>>;

/** What a superchain-registry file says that decides or checks a genesis. */
type ChainFile = { readonly forks: Partial<Record<Fork, bigint>>; readonly l2Hash: string | undefined };

function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function tableAt(table: Table, name: string): Table {
  const value = table[name];
  return isTable(value) ? value : {};
}

function readChainFile(file: string): ChainFile {
  const root: unknown = parseToml(readFileSync(file, "utf8"), { integersAsBigInt: true });
  if (!isTable(root)) throw new RollupError("SETTING_INVALID", `${file} is no TOML table`);
  const hardforks = tableAt(root, "hardforks");
  const forks: Partial<Record<Fork, bigint>> = { regolith: 0n };
  for (const fork of FORKS) {
    const time = hardforks[`${fork}_time`];
    if (typeof time === "bigint") forks[fork] = time;
  }
  const hash = tableAt(tableAt(root, "genesis"), "l2").hash;
  return { forks, l2Hash: typeof hash === "string" ? hash : undefined };
}

export const genesisCommand = defineCommand({
  name: "genesis",
  summary: "computes state root and hash of a genesis block",
  settings: {
    genesis: fileSetting({ help: "geth's genesis.json" }),
    config: fileSetting({
      help: "chain.toml of the superchain registry: fork times, and the hash to compare",
      optional: true,
    }),
  },
  run: async ({ genesis: genesisFile, config: chainFile }, { print, log }) => {
    const genesis = await readGenesisFile(genesisFile);
    const chain = chainFile === undefined ? undefined : readChainFile(chainFile);
    const forks = chain === undefined ? genesis.forks : { ...genesis.forks, ...chain.forks };
    const { block, hash } = genesisBlock({ ...genesis, forks });
    print({ stateRoot: toHex(block.header.stateRoot), hash: toHex(hash) });
    const wanted = chain?.l2Hash;
    if (wanted === undefined || bytesEqual(hashFromHex(wanted), hash)) return HOLDS;
    log.error({ wanted, found: toHex(hash) }, "the genesis hash is not the chain file's");
    return DOES_NOT_HOLD;
  },
});
