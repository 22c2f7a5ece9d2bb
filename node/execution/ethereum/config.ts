import type { Address } from "@phala-l2/protocol/bytes";
import { EVM_FORKS, type EvmFork, ethereumRules, type Rules } from "../block/rules.ts";

/** EIP-7840: the blob parameters of a chain from a time on. */
export type BlobSchedule = {
  /** Unix seconds. */
  readonly since: bigint;
  /** Blobs a block should and may have. */
  readonly target: bigint;
  readonly max: bigint;
  readonly baseFeeUpdateFraction: bigint;
};

/** A plain Ethereum chain, as geth's genesis.json describes it. */
export type EthereumConfig = {
  readonly chainId: bigint;
  /** Forks before the Merge by the number of their first block; an absent one never comes. */
  readonly forkBlocks: Readonly<Partial<Record<EvmFork, bigint>>>;
  /** Forks after it by the time from which they hold, Unix seconds. */
  readonly forkTimes: Readonly<Partial<Record<EvmFork, bigint>>>;
  /** All numbers and times at which the chain forked, those that change no rule too, ascending (EIP-2124). */
  readonly forkIdBlocks: readonly bigint[];
  readonly forkIdTimes: readonly bigint[];
  /** In ascending order of `since`. */
  readonly blobSchedule: readonly BlobSchedule[];
  /** EIP-6110: whose logs are deposits to the consensus layer. */
  readonly depositContract: Address;
};

/** What rules depend on. */
export type EthereumBlockTime = {
  readonly number: bigint;
  /** Unix seconds. */
  readonly timestamp: bigint;
  readonly difficulty: bigint;
};

/**
 * The rules of a block. The Merge is where difficulty becomes zero (EIP-3675): which block that is, the chain's
 * proof of work decided, which is not verified here.
 */
export function rulesAt(config: EthereumConfig, block: EthereumBlockTime): Rules {
  const isActive = (fork: EvmFork): boolean => {
    if (fork === "frontier") return true;
    if (fork === "paris") return block.difficulty === 0n && block.number > 0n;
    const [byNumber, byTime] = [config.forkBlocks[fork], config.forkTimes[fork]];
    if (byNumber !== undefined) return block.number >= byNumber;
    return byTime !== undefined && block.timestamp >= byTime;
  };
  return ethereumRules(EVM_FORKS.findLast(isActive) ?? "frontier");
}

/** The blob parameters at a time; undefined before Cancun. */
export function blobScheduleAt(config: EthereumConfig, timestamp: bigint): BlobSchedule | undefined {
  return config.blobSchedule.findLast(({ since }) => since <= timestamp);
}
