import { ZERO_ADDRESS, ZERO_HASH } from "@phala-l2/protocol/bytes";
import type { RollupConfig } from "@phala-l2/protocol/config/rollup";

/** A chain of two-second blocks with all forks up to Jovian active. */
export const TEST_ROLLUP: RollupConfig = {
  l1ChainId: 31_337n,
  l2ChainId: 901n,
  genesis: {
    l1: { number: 0n, hash: ZERO_HASH },
    l2: { number: 0n, hash: ZERO_HASH },
    l2Time: 1_700_000_000n,
    systemConfig: {
      batcherAddress: ZERO_ADDRESS,
      scalar: ZERO_HASH,
      gasLimit: 60_000_000n,
      eip1559Denominator: 250n,
      eip1559Elasticity: 6n,
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
  forks: {
    regolith: 0n,
    canyon: 0n,
    delta: 0n,
    ecotone: 0n,
    fjord: 0n,
    granite: 0n,
    holocene: 0n,
    isthmus: 0n,
    jovian: 0n,
  },
  eip1559: { elasticity: 6n, denominator: 50n, denominatorCanyon: 250n },
  l1BlobSchedule: [],
};
