import type { RollupConfig } from "@phala-l2/protocol/config/rollup";
import { type Header, headerHash } from "@phala-l2/protocol/wire/header";
import { ROLLUP_BLOB_BASE_FEE } from "./block/context.ts";
import { executionFork } from "./block/fork.ts";
import { type Rules, rollupRules } from "./block/rules.ts";
import { ethereumBaseFee } from "./ethereum/base-fee.ts";
import { ethereumBlobBaseFee, excessBlobGas } from "./ethereum/blob-gas.ts";
import { type EthereumConfig, rulesAt } from "./ethereum/config.ts";
import { nextBaseFee } from "./fees/base-fee.ts";

/** A rollup, or a plain Ethereum chain: both are read, called and traced by the same code. */
export type ChainConfig = RollupConfig | EthereumConfig;

/** Seconds between blocks of proof of stake; between others, what a caller of "pending" is shown. */
const ETHEREUM_SLOT = 12n;

export function isRollup(config: ChainConfig): config is RollupConfig {
  return "l2ChainId" in config;
}

export function chainIdOf(config: ChainConfig): bigint {
  return isRollup(config) ? config.l2ChainId : config.chainId;
}

/** The rules that a block with this header runs under. @throws RollupError FORK_UNSUPPORTED */
export function rulesOf(
  config: ChainConfig,
  header: Pick<Header, "number" | "timestamp" | "difficulty">,
): Rules {
  return isRollup(config) ? rollupRules(executionFork(config, header.timestamp)) : rulesAt(config, header);
}

/** Wei per blob gas in the block with this header. */
export function blobBaseFeeOf(
  config: ChainConfig,
  header: Pick<Header, "timestamp" | "excessBlobGas">,
): bigint {
  return isRollup(config) ? ROLLUP_BLOB_BASE_FEE : ethereumBlobBaseFee(config, header);
}

/** The fields of the header after `parent` that follow from it. */
export type NextHeader = Pick<Header, "number" | "parentHash" | "timestamp" | "difficulty"> & {
  readonly baseFeePerGas: bigint | undefined;
  readonly excessBlobGas: bigint | undefined;
};

/** What the block after `parent` begins with, at the chain's pace or at a given time. */
export function nextHeader(config: ChainConfig, parent: Header, at?: bigint): NextHeader {
  const next = {
    number: parent.number + 1n,
    parentHash: headerHash(parent),
    timestamp: at ?? parent.timestamp + (isRollup(config) ? config.blockTime : ETHEREUM_SLOT),
    difficulty: parent.difficulty,
  };
  return {
    ...next,
    baseFeePerGas: isRollup(config) ? nextBaseFee(config, parent) : ethereumBaseFee(config, parent, next),
    excessBlobGas: isRollup(config) ? 0n : excessBlobGas(config, parent, next),
  };
}
