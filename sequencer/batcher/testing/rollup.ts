import { testRollup } from "@phala-l2/protocol/config/testing/rollup";

/** A chain of two-second blocks with all forks up to Jovian active. */
export const TEST_ROLLUP = testRollup({
  l1ChainId: 31_337n,
  genesis: { l2Time: 1_700_000_000n },
  systemConfig: { eip1559Denominator: 250n, eip1559Elasticity: 6n },
});
