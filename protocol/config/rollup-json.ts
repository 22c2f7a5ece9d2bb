import { bytesEqual, type Hash, toHex } from "../bytes.ts";
import { keccak256 } from "../keccak.ts";
import { encodeRlp, type RlpInput } from "../wire/rlp.ts";
import { configInvalid, JsonObject, type JsonValue, jsonInteger } from "./json-reader.ts";
import { delayPrague, L1_BLOB_SCHEDULES } from "./l1-blob-schedules.ts";
import {
  type BlobParameters,
  type BlockId,
  type ExecutionConfig,
  FORKS,
  type Fork,
  type RollupConfig,
} from "./rollup.ts";
import type { SystemConfig } from "./system-config.ts";
import { formatSystemConfig, readSystemConfig } from "./system-config-json.ts";

const U32_MAX = 0xffff_ffffn;
const U256_MAX = 2n ** 256n - 1n;

/** op-node's defaults of the EIP-1559 parameters, where a file has no chain_op_config. */
const DEFAULT_EIP1559 = { elasticity: 6n, denominator: 50n, denominatorCanyon: 250n } as const;

/** Channel timeout from Granite on; derivation has it as a constant. Source: granite/derivation.md. */
const GRANITE_CHANNEL_TIMEOUT = 50n;

/** Fields whose names end like a fork's, and are none. */
const TIMES_OF_NO_FORK = new Set(["block_time", "pectra_blob_schedule_time"]);

/** Alternative data availability, under its present and its first name. */
const ALT_DA = ["alt_da", "plasma_config"] as const;
/** Its oldest form; op-node writes the zero address where there is none. */
const DA_CHALLENGE = "da_challenge_contract_address";

/**
 * Reads op-node's rollup.json. Unknown fields are ignored, but one that would change the chain's rules in a way
 * unknown here (another fork, alternative data availability, another Granite channel timeout) is refused.
 * A fork without a time that a later fork includes becomes active with that one. `l1_blob_schedule`
 * ([{ since, base_fee_update_fraction }]) is this project's addition; the public L1 chains need none.
 * @throws RollupError CONFIG_INVALID with the path of the bad field
 */
export function parseRollupConfig(json: unknown): RollupConfig {
  const root = new JsonObject(json, "");
  refuseUnsupported(root);
  const l1ChainId = root.integer("l1_chain_id", U256_MAX);
  const config: RollupConfig = {
    l1ChainId,
    l2ChainId: root.integer("l2_chain_id", U256_MAX),
    genesis: readGenesis(root.object("genesis")),
    blockTime: root.integer("block_time"),
    maxSequencerDrift: root.integer("max_sequencer_drift"),
    seqWindowSize: root.integer("seq_window_size"),
    channelTimeout: root.integer("channel_timeout"),
    batchInboxAddress: root.address("batch_inbox_address"),
    depositContractAddress: root.address("deposit_contract_address"),
    l1SystemConfigAddress: root.address("l1_system_config_address"),
    forks: readForks(root),
    eip1559: readEip1559(root),
    l1BlobSchedule: readBlobSchedule(root, l1ChainId),
  };
  checkSense(config);
  return config;
}

/**
 * Reads what executing a block of this time needs of a rollup.json, and nothing else: a chain whose derivation is not
 * supported has blocks that are.
 * @throws RollupError CONFIG_INVALID with the path of the bad field, also for an unknown fork that the block is in
 */
export function readExecutionConfig(root: JsonObject, timestamp: bigint): ExecutionConfig {
  for (const name of unknownForkTimes(root)) {
    if (root.integer(name) <= timestamp) throw configInvalid(root.pathOf(name), "this fork is not known");
  }
  return {
    l2ChainId: root.integer("l2_chain_id", U256_MAX),
    forks: readForks(root),
    eip1559: readEip1559(root),
  };
}

/** Fields that are named as forks' times are, of forks that are not known. */
function unknownForkTimes(root: JsonObject): readonly string[] {
  const known = new Set<string>(FORKS.map((fork) => `${fork}_time`));
  return root
    .names()
    .filter((name) => name.endsWith("_time") && !known.has(name) && !TIMES_OF_NO_FORK.has(name));
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

function refuseUnsupported(root: JsonObject): void {
  const hasChallenge = root.has(DA_CHALLENGE) && !isZero(root.address(DA_CHALLENGE));
  const altDa = ALT_DA.find((name) => root.has(name)) ?? (hasChallenge ? DA_CHALLENGE : undefined);
  if (altDa !== undefined) throw configInvalid(altDa, "alternative data availability is not supported");
  const [unknown] = unknownForkTimes(root);
  if (unknown !== undefined) throw configInvalid(unknown, "this fork is not known");
  if (root.integerOr("granite_channel_timeout", GRANITE_CHANNEL_TIMEOUT) !== GRANITE_CHANNEL_TIMEOUT) {
    throw configInvalid("granite_channel_timeout", `${GRANITE_CHANNEL_TIMEOUT} is the only supported value`);
  }
  refuseKeptUpgradeGas(root);
}

/** op-node's switch for chains on which Karst's one-time gas stayed in the limit. */
function refuseKeptUpgradeGas(root: JsonObject): void {
  const name = "keep_karst_upgrade_gas";
  if (root.has(name) && root.flag(name)) throw configInvalid(name, "only false is supported");
}

function readGenesis(genesis: JsonObject): RollupConfig["genesis"] {
  const blockId = (name: string): BlockId => {
    const block = genesis.object(name);
    return { number: block.integer("number"), hash: block.hash("hash") };
  };
  return {
    l1: blockId("l1"),
    l2: blockId("l2"),
    l2Time: genesis.integer("l2_time"),
    systemConfig: readSystemConfig(genesis.object("system_config")),
  };
}

function readForks(root: JsonObject): RollupConfig["forks"] {
  const times: [Fork, bigint][] = [];
  let later: bigint | undefined;
  for (const fork of FORKS.toReversed()) {
    const name = `${fork}_time`;
    const time = root.has(name) ? root.integer(name) : later;
    if (time === undefined) continue;
    if (later !== undefined && time > later)
      throw configInvalid(name, "a fork is not active after a later one");
    times.unshift([fork, time]);
    later = time;
  }
  return Object.fromEntries(times);
}

function readEip1559(root: JsonObject): RollupConfig["eip1559"] {
  if (!root.has("chain_op_config")) return DEFAULT_EIP1559;
  const json = root.object("chain_op_config");
  const positive = (name: string, fallback: bigint): bigint => {
    const value = json.integerOr(name, fallback, U32_MAX);
    if (value === 0n) throw configInvalid(json.pathOf(name), "a divisor is not zero");
    return value;
  };
  return {
    elasticity: positive("eip1559Elasticity", DEFAULT_EIP1559.elasticity),
    denominator: positive("eip1559Denominator", DEFAULT_EIP1559.denominator),
    denominatorCanyon: positive("eip1559DenominatorCanyon", DEFAULT_EIP1559.denominatorCanyon),
  };
}

function readBlobSchedule(root: JsonObject, l1ChainId: bigint): readonly BlobParameters[] {
  const given = root.has("l1_blob_schedule")
    ? root.objects("l1_blob_schedule").map((entry) => ({
        since: entry.integer("since"),
        baseFeeUpdateFraction: entry.integer("base_fee_update_fraction"),
      }))
    : L1_BLOB_SCHEDULES.get(l1ChainId);
  if (given === undefined || given.length === 0) {
    throw configInvalid(
      "l1_blob_schedule",
      `L1 chain ${l1ChainId} is not a public one: give its blob schedule`,
    );
  }
  given.forEach(({ since, baseFeeUpdateFraction }, i) => {
    const before = given[i - 1]?.since;
    if (baseFeeUpdateFraction === 0n || (before !== undefined && before >= since)) {
      throw configInvalid(`l1_blob_schedule[${i}]`, "times ascend, and no fraction is zero");
    }
  });
  const prague = "pectra_blob_schedule_time";
  return root.has(prague) ? delayPrague(given, root.integer(prague)) : given;
}

/** What op-node's Config.Check asks, as far as the types above leave it open. */
function checkSense(config: RollupConfig): void {
  const { genesis } = config;
  const faults: readonly (readonly [fault: boolean, path: string, wanted: string])[] = [
    [config.blockTime === 0n, "block_time", "blocks take at least a second"],
    [config.channelTimeout === 0n, "channel_timeout", "at least one L1 block is wanted"],
    [config.seqWindowSize < 2n, "seq_window_size", "at least two L1 blocks are wanted"],
    [isZero(genesis.l1.hash), "genesis.l1.hash", "it is not zero"],
    [isZero(genesis.l2.hash), "genesis.l2.hash", "it is not zero"],
    [
      bytesEqual(genesis.l1.hash, genesis.l2.hash),
      "genesis.l2.hash",
      "L1 and L2 begin with different blocks",
    ],
    [isZero(genesis.systemConfig.batcherAddress), "genesis.system_config.batcherAddr", "it is not zero"],
    [genesis.systemConfig.gasLimit === 0n, "genesis.system_config.gasLimit", "it is not zero"],
    [isZero(config.batchInboxAddress), "batch_inbox_address", "it is not zero"],
    [isZero(config.depositContractAddress), "deposit_contract_address", "it is not zero"],
    [isZero(config.l1SystemConfigAddress), "l1_system_config_address", "it is not zero"],
    [config.l1ChainId === 0n, "l1_chain_id", "it is not zero"],
    [config.l2ChainId === 0n, "l2_chain_id", "it is not zero"],
    [config.l1ChainId === config.l2ChainId, "l2_chain_id", "L1 and L2 have different chain ids"],
  ];
  for (const [fault, path, wanted] of faults) if (fault) throw configInvalid(path, wanted);
}

/** The configuration as rollup.json: parseRollupConfig gives the same configuration back. */
export function formatRollupConfig(config: RollupConfig): { readonly [name: string]: JsonValue } {
  const { genesis, eip1559 } = config;
  const blockId = ({ hash, number }: BlockId) => ({ hash: toHex(hash), number: jsonInteger(number) });
  const forks = FORKS.flatMap((fork) => {
    const time = config.forks[fork];
    return time === undefined ? [] : [[`${fork}_time`, jsonInteger(time)] as const];
  });
  return {
    genesis: {
      l1: blockId(genesis.l1),
      l2: blockId(genesis.l2),
      l2_time: jsonInteger(genesis.l2Time),
      system_config: formatSystemConfig(genesis.systemConfig),
    },
    block_time: jsonInteger(config.blockTime),
    max_sequencer_drift: jsonInteger(config.maxSequencerDrift),
    seq_window_size: jsonInteger(config.seqWindowSize),
    channel_timeout: jsonInteger(config.channelTimeout),
    l1_chain_id: jsonInteger(config.l1ChainId),
    l2_chain_id: jsonInteger(config.l2ChainId),
    ...Object.fromEntries(forks),
    batch_inbox_address: toHex(config.batchInboxAddress),
    deposit_contract_address: toHex(config.depositContractAddress),
    l1_system_config_address: toHex(config.l1SystemConfigAddress),
    chain_op_config: {
      eip1559Elasticity: jsonInteger(eip1559.elasticity),
      eip1559Denominator: jsonInteger(eip1559.denominator),
      eip1559DenominatorCanyon: jsonInteger(eip1559.denominatorCanyon),
    },
    l1_blob_schedule: config.l1BlobSchedule.map(({ since, baseFeeUpdateFraction }) => ({
      since: jsonInteger(since),
      base_fee_update_fraction: jsonInteger(baseFeeUpdateFraction),
    })),
  };
}

/** First item of the encoding: no other RLP that anyone hashes begins with it. */
const TAG = "phala-l2 rollup config 1";

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

/**
 * Types do not hold across an enclave's border, and RLP writes a number and its bytes alike: bytes in a number's place
 * would have its hash, and order otherwise.
 */
function quantity(value: bigint): bigint {
  if (typeof value === "bigint") return value;
  throw configInvalid("config", "bytes or another type stand for a number");
}

/** The other way round: a number would have the hash of bytes, and equal none. */
function octets(value: Uint8Array): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw configInvalid("config", "another type stands for bytes");
}

function blockIdItems({ number, hash }: BlockId): RlpInput {
  return [quantity(number), octets(hash)];
}

function systemConfigItems(config: SystemConfig): RlpInput {
  return [
    octets(config.batcherAddress),
    octets(config.scalar),
    quantity(config.gasLimit),
    quantity(config.eip1559Denominator),
    quantity(config.eip1559Elasticity),
    quantity(config.operatorFeeScalar),
    quantity(config.operatorFeeConstant),
    quantity(config.minBaseFee),
    quantity(config.daFootprintGasScalar),
  ];
}

/**
 * The one number that stands for a rollup configuration in claims and contracts: keccak256 of the RLP of
 *
 *   [ "phala-l2 rollup config 1", l1ChainId, l2ChainId,
 *     [ [l1 number, l1 hash], [l2 number, l2 hash], l2Time,
 *       [ batcher, scalar, gasLimit, eip1559Denominator, eip1559Elasticity, operatorFeeScalar,
 *         operatorFeeConstant, minBaseFee, daFootprintGasScalar ] ],
 *     blockTime, maxSequencerDrift, seqWindowSize, channelTimeout,
 *     batchInbox, depositContract, l1SystemConfig,
 *     [ [fork name, time] … ],                        forks that have a time, in their order
 *     [ elasticity, denominator, denominatorCanyon ],
 *     [ [since, baseFeeUpdateFraction] … ] ]          L1's blob schedule
 *
 * Numbers are RLP quantities. It covers every field, so two configurations with one hash are one chain; a fork
 * without a time adds nothing, so a release that knows one more fork leaves the hash as it is.
 * @throws RollupError CONFIG_INVALID for a field that is of another type than its own
 */
export function rollupConfigHash(config: RollupConfig): Hash {
  const { genesis, eip1559 } = config;
  const forks = FORKS.flatMap((fork) => {
    const time = config.forks[fork];
    return time === undefined ? [] : [[text(fork), quantity(time)]];
  });
  return keccak256(
    encodeRlp([
      text(TAG),
      quantity(config.l1ChainId),
      quantity(config.l2ChainId),
      [
        blockIdItems(genesis.l1),
        blockIdItems(genesis.l2),
        quantity(genesis.l2Time),
        systemConfigItems(genesis.systemConfig),
      ],
      quantity(config.blockTime),
      quantity(config.maxSequencerDrift),
      quantity(config.seqWindowSize),
      quantity(config.channelTimeout),
      octets(config.batchInboxAddress),
      octets(config.depositContractAddress),
      octets(config.l1SystemConfigAddress),
      forks,
      [eip1559.elasticity, eip1559.denominator, eip1559.denominatorCanyon].map(quantity),
      config.l1BlobSchedule.map(({ since, baseFeeUpdateFraction }) => [
        quantity(since),
        quantity(baseFeeUpdateFraction),
      ]),
    ]),
  );
}
