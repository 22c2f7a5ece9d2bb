import { ZERO_ADDRESS, ZERO_HASH } from "@phala-l2/protocol/bytes";
import type { Fork, RollupConfig } from "@phala-l2/protocol/config/rollup";

/** A rollup configuration of which execution reads only the chain id, the forks and the fee market. */
export function executionConfig(l2ChainId: bigint, forks: RollupConfig["forks"]): RollupConfig {
  return {
    l1ChainId: 11155111n,
    l2ChainId,
    genesis: {
      l1: { number: 0n, hash: ZERO_HASH },
      l2: { number: 0n, hash: ZERO_HASH },
      l2Time: 0n,
      systemConfig: {
        batcherAddress: ZERO_ADDRESS,
        scalar: ZERO_HASH,
        gasLimit: 60_000_000n,
        eip1559Denominator: 0n,
        eip1559Elasticity: 0n,
        operatorFeeScalar: 0n,
        operatorFeeConstant: 0n,
        minBaseFee: 0n,
        daFootprintGasScalar: 0n,
      },
    },
    blockTime: 2n,
    maxSequencerDrift: 600n,
    seqWindowSize: 3600n,
    channelTimeout: 300n,
    batchInboxAddress: ZERO_ADDRESS,
    depositContractAddress: ZERO_ADDRESS,
    l1SystemConfigAddress: ZERO_ADDRESS,
    forks,
    eip1559: { elasticity: 6n, denominator: 50n, denominatorCanyon: 250n },
    l1BlobSchedule: [],
  };
}

/** Every fork up to this one active since time zero. */
function activeUpTo(last: Fork): RollupConfig["forks"] {
  const order: readonly Fork[] = [
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
  ];
  return Object.fromEntries(order.slice(0, order.indexOf(last) + 1).map((fork) => [fork, 0n]));
}

export function holoceneConfig(l2ChainId: bigint): RollupConfig {
  return executionConfig(l2ChainId, activeUpTo("holocene"));
}

export function isthmusConfig(l2ChainId: bigint): RollupConfig {
  return executionConfig(l2ChainId, activeUpTo("isthmus"));
}

export function jovianConfig(l2ChainId: bigint): RollupConfig {
  return executionConfig(l2ChainId, activeUpTo("jovian"));
}

export function karstConfig(l2ChainId: bigint): RollupConfig {
  return executionConfig(l2ChainId, activeUpTo("karst"));
}
