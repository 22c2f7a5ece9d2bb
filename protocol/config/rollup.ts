import type { Address, Hash } from "../bytes.ts";
import type { SystemConfig } from "./system-config.ts";

/** A block by number and hash. */
export type BlockId = { readonly number: bigint; readonly hash: Hash };

/** A block by number, hash, parent and time: enough to follow a chain. */
export type BlockRef = BlockId & { readonly parentHash: Hash; readonly timestamp: bigint };

/** An L2 block with the L1 block it took its attributes from, and its place in that epoch. */
export type L2BlockRef = BlockRef & { readonly l1Origin: BlockId; readonly sequenceNumber: bigint };

/** The upgrades of the OP Stack in their order; each includes those before it. */
export const FORKS = [
  "regolith",
  "canyon",
  "delta",
  "ecotone",
  "fjord",
  "granite",
  "holocene",
  "isthmus",
  "jovian",
  "karst",
] as const;
export type Fork = (typeof FORKS)[number];

/** EIP-7840: the blob parameters of L1 from a time on; the blob base fee in the L1 attributes needs them. */
export type BlobParameters = {
  /** L1 block time from which these hold, Unix seconds. */
  readonly since: bigint;
  /** BLOB_BASE_FEE_UPDATE_FRACTION. */
  readonly baseFeeUpdateFraction: bigint;
};

/**
 * All that must be equal in every node of one chain. It is read from op-node's rollup.json, and its hash is
 * part of each claim that provers sign.
 */
export type RollupConfig = {
  readonly l1ChainId: bigint;
  readonly l2ChainId: bigint;
  readonly genesis: {
    readonly l1: BlockId;
    readonly l2: BlockId;
    /** Timestamp of the L2 genesis block, Unix seconds. */
    readonly l2Time: bigint;
    readonly systemConfig: SystemConfig;
  };
  /** Seconds between L2 blocks. */
  readonly blockTime: bigint;
  /** Seconds that an L2 timestamp may run ahead of its L1 origin; from Fjord on the constant 1800 holds. */
  readonly maxSequencerDrift: bigint;
  /** L1 blocks within which a batch for an epoch must appear; after it empty batches follow. */
  readonly seqWindowSize: bigint;
  /** L1 blocks within which a channel must be complete. */
  readonly channelTimeout: bigint;
  /** Where the batcher sends its transactions. */
  readonly batchInboxAddress: Address;
  /** The OptimismPortal, whose TransactionDeposited events are the deposits. */
  readonly depositContractAddress: Address;
  /** The SystemConfig contract, whose ConfigUpdate events change the SystemConfig. */
  readonly l1SystemConfigAddress: Address;
  /** L2 time at which each fork becomes active; an absent fork never does. */
  readonly forks: Readonly<Partial<Record<Fork, bigint>>>;
  /** EIP-1559 parameters before Holocene, and wherever a header or SystemConfig holds zeros. */
  readonly eip1559: {
    readonly elasticity: bigint;
    readonly denominator: bigint;
    readonly denominatorCanyon: bigint;
  };
  /** L1's blob schedule in ascending order of `since`. */
  readonly l1BlobSchedule: readonly BlobParameters[];
};

/** What executing a chain's blocks depends on; the rest says how they are derived. */
export type ExecutionConfig = Pick<RollupConfig, "l2ChainId" | "forks" | "eip1559">;

/**
 * Whether a fork's rules hold for an L2 block of this time.
 * Source: each fork's `overview.md`: active from the first L2 block whose timestamp is >= the activation time.
 */
export function isActive(config: Pick<RollupConfig, "forks">, fork: Fork, timestamp: bigint): boolean {
  const activation = config.forks[fork];
  return activation !== undefined && timestamp >= activation;
}

/** Whether the L2 block of this time is the first of a fork; genesis activates nothing. */
export function isActivationBlock(config: RollupConfig, fork: Fork, timestamp: bigint): boolean {
  return (
    isActive(config, fork, timestamp) &&
    timestamp > config.genesis.l2Time &&
    !isActive(config, fork, timestamp - config.blockTime)
  );
}
