import { bigintToBytes, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { EMPTY_TRIE_ROOT } from "@phala-l2/protocol/trie/trie";
import { receiptsRoot, transactionsRoot } from "@phala-l2/protocol/wire/block";
import {
  BLOOM_LENGTH,
  EMPTY_OMMERS_HASH,
  EMPTY_REQUESTS_HASH,
  type Header,
  headerHash,
} from "@phala-l2/protocol/wire/header";
import type { EvmFork } from "../block/rules.ts";
import { hasEvm } from "../block/rules.ts";
import { type GenesisBlock, genesisState } from "../genesis.ts";
import { address, invalid, objectAt, parseGenesis, quantity } from "../genesis-json.ts";
import { type BlobSchedule, type EthereumConfig, rulesAt } from "./config.ts";

const U64 = 2n ** 64n;
const NONCE_LENGTH = 8;

/** geth's names of the forks that begin with a block's number. */
const BY_NUMBER: readonly (readonly [key: string, fork: EvmFork])[] = [
  ["homesteadBlock", "homestead"],
  ["eip150Block", "tangerineWhistle"],
  ["eip158Block", "spuriousDragon"],
  ["byzantiumBlock", "byzantium"],
  ["constantinopleBlock", "constantinople"],
  ["petersburgBlock", "petersburg"],
  ["istanbulBlock", "istanbul"],
  ["berlinBlock", "berlin"],
  ["londonBlock", "london"],
];
/** And of those that begin at a time. */
const BY_TIME: readonly (readonly [key: string, fork: EvmFork])[] = [
  ["shanghaiTime", "shanghai"],
  ["cancunTime", "cancun"],
  ["pragueTime", "prague"],
  ["osakaTime", "osaka"],
];
/** Each fork that may bring blob parameters: `<name>Time` says when. */
const BLOB_FORKS = ["cancun", "prague", "osaka", "bpo1", "bpo2", "bpo3", "bpo4", "bpo5"] as const;

export type EthereumGenesis = GenesisBlock & { readonly config: EthereumConfig };

/**
 * The configuration and the first block of geth's genesis.json for a plain Ethereum chain.
 * @throws RollupError GENESIS_INVALID with the path of the bad field
 */
export function parseEthereumGenesis(json: unknown): EthereumGenesis {
  const root = objectAt(json, "genesis");
  const config = parseConfig(objectAt(root.config, "config"));
  const { alloc, beneficiary, extraData, gasLimit, gasUsed, parentHash, ...rest } = parseGenesis(json);
  const { root: stateRoot, ...state } = genesisState(alloc);
  const { number, timestamp, difficulty, prevRandao, baseFee } = rest;
  const rules = rulesAt(config, { number, timestamp, difficulty });
  const nonce = bigintToBytes(quantity(root.nonce, "nonce", U64, 0n), NONCE_LENGTH);
  const isCancun = hasEvm(rules, "cancun");
  const header: Header = {
    parentHash,
    ommersHash: EMPTY_OMMERS_HASH,
    beneficiary,
    stateRoot,
    transactionsRoot: transactionsRoot([]),
    receiptsRoot: receiptsRoot([]),
    logsBloom: new Uint8Array(BLOOM_LENGTH),
    difficulty,
    number,
    gasLimit,
    gasUsed,
    timestamp,
    extraData,
    prevRandao,
    nonce,
    ...(hasEvm(rules, "london") && { baseFeePerGas: baseFee }),
    ...(hasEvm(rules, "shanghai") && { withdrawalsRoot: EMPTY_TRIE_ROOT }),
    ...(isCancun && { blobGasUsed: 0n, excessBlobGas: 0n, parentBeaconBlockRoot: ZERO_HASH }),
    ...(hasEvm(rules, "prague") && { requestsHash: EMPTY_REQUESTS_HASH }),
  };
  return { config, block: { header, transactions: [] }, hash: headerHash(header), ...state };
}

function parseConfig(json: Readonly<Record<string, unknown>>): EthereumConfig {
  return {
    chainId: quantity(json.chainId, "config.chainId", U64),
    forkBlocks: forksOf(json, BY_NUMBER),
    forkTimes: forksOf(json, BY_TIME),
    forkIdBlocks: forkPoints(json, "Block"),
    forkIdTimes: forkPoints(json, "Time"),
    blobSchedule: blobScheduleOf(json),
    depositContract: address(
      json.depositContractAddress ?? MAINNET_DEPOSIT_CONTRACT,
      "config.depositContractAddress",
    ),
  };
}

/** geth's default. */
const MAINNET_DEPOSIT_CONTRACT = "0x00000000219ab540356cbb839cbe05303d7705fa";

function forksOf(
  json: Readonly<Record<string, unknown>>,
  names: readonly (readonly [key: string, fork: EvmFork])[],
): Partial<Record<EvmFork, bigint>> {
  const forks: Partial<Record<EvmFork, bigint>> = {};
  for (const [key, fork] of names) {
    if (json[key] === undefined || json[key] === null) continue;
    forks[fork] = quantity(json[key], `config.${key}`, U64);
  }
  return forks;
}

/** The values of all `<name>Block` or `<name>Time` fields, each once. */
function forkPoints(json: Readonly<Record<string, unknown>>, suffix: "Block" | "Time"): readonly bigint[] {
  const points = new Set<bigint>();
  for (const [key, value] of Object.entries(json)) {
    if (!key.endsWith(suffix) || value === undefined || value === null) continue;
    points.add(quantity(value, `config.${key}`, U64));
  }
  return [...points].toSorted((a, b) => (a < b ? -1 : 1));
}

/** A price is divided by it. */
function updateFraction(json: unknown, path: string): bigint {
  const fraction = quantity(json, `${path}.baseFeeUpdateFraction`, U64);
  if (fraction === 0n) throw invalid(`${path}.baseFeeUpdateFraction`, "zero");
  return fraction;
}

/** Source: geth's CheckConfigForkOrder: each fork with a time has blob parameters. */
function blobScheduleOf(json: Readonly<Record<string, unknown>>): readonly BlobSchedule[] {
  if (json.blobSchedule === undefined || json.blobSchedule === null) {
    if (json.cancunTime === undefined || json.cancunTime === null) return [];
    throw invalid("config.blobSchedule", "a chain with Cancun needs blob parameters");
  }
  const schedules = objectAt(json.blobSchedule, "config.blobSchedule");
  const found = BLOB_FORKS.flatMap((fork) => {
    const since = json[`${fork}Time`];
    const schedule = schedules[fork];
    if (since === undefined || since === null) return [];
    const path = `config.blobSchedule.${fork}`;
    if (schedule === undefined || schedule === null) throw invalid(path, "missing, and the fork has a time");
    const fields = objectAt(schedule, path);
    return [
      {
        since: quantity(since, `config.${fork}Time`, U64),
        target: quantity(fields.target, `${path}.target`, U64),
        max: quantity(fields.max, `${path}.max`, U64),
        baseFeeUpdateFraction: updateFraction(fields.baseFeeUpdateFraction, path),
      },
    ];
  });
  return found.toSorted((a, b) => Number(a.since - b.since));
}
