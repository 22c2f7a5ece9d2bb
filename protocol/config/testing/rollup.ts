import { ZERO_ADDRESS, ZERO_HASH } from "../../bytes.ts";
import { FORKS, type Fork, type RollupConfig } from "../rollup.ts";
import type { SystemConfig } from "../system-config.ts";

/** Where a test's rollup differs from the one of `testRollup`. */
export type RollupChanges = Partial<Omit<RollupConfig, "genesis">> & {
  readonly genesis?: Partial<Omit<RollupConfig["genesis"], "systemConfig">>;
  readonly systemConfig?: Partial<SystemConfig>;
};

/** This fork and all before it, active from one time on. */
export function forksUpTo(last: Fork, time = 0n): RollupConfig["forks"] {
  return Object.fromEntries(FORKS.slice(0, FORKS.indexOf(last) + 1).map((fork) => [fork, time]));
}

const SYSTEM_CONFIG: SystemConfig = {
  batcherAddress: ZERO_ADDRESS,
  scalar: ZERO_HASH,
  gasLimit: 60_000_000n,
  eip1559Denominator: 0n,
  eip1559Elasticity: 0n,
  operatorFeeScalar: 0n,
  operatorFeeConstant: 0n,
  minBaseFee: 0n,
  daFootprintGasScalar: 0n,
};

/** A rollup of two-second blocks with all forks up to Jovian since genesis; a test names only what it is about. */
export function testRollup({ genesis, systemConfig, ...changes }: RollupChanges = {}): RollupConfig {
  const zero = { number: 0n, hash: ZERO_HASH };
  return {
    l1ChainId: 900n,
    l2ChainId: 901n,
    genesis: {
      l1: zero,
      l2: zero,
      l2Time: 0n,
      ...genesis,
      systemConfig: { ...SYSTEM_CONFIG, ...systemConfig },
    },
    blockTime: 2n,
    maxSequencerDrift: 600n,
    seqWindowSize: 3600n,
    channelTimeout: 300n,
    batchInboxAddress: ZERO_ADDRESS,
    depositContractAddress: ZERO_ADDRESS,
    l1SystemConfigAddress: ZERO_ADDRESS,
    forks: forksUpTo("jovian"),
    eip1559: { elasticity: 6n, denominator: 50n, denominatorCanyon: 250n },
    l1BlobSchedule: [],
    ...changes,
  };
}
