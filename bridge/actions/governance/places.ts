import { l1ExecutorAbi } from "@phala-l2/contracts/abi/l1-executor";
import { phaGovernorAbi } from "@phala-l2/contracts/abi/pha-governor";
import { RollupError } from "@phala-l2/protocol/errors";
import { type Address, isAddressEqual } from "viem";
import type { Bridge } from "../../network.ts";

/** What must be known of governance; the rest is asked of the two. */
export type Governance = {
  /** PhaGovernor on L2. */
  readonly governor: Address;
  /** L1Executor on L1. */
  readonly l1Executor: Address;
};

/** All places that a decision passes. */
export type Places = Governance & {
  /** vPHA on L2: whose votes count. */
  readonly votes: Address;
  readonly l2Timelock: Address;
  readonly l1Timelock: Address;
};

/**
 * Asks both contracts for the rest, and whether they belong together: what another governor decides, L1 would never hear.
 * @throws RollupError GOVERNANCE_MISMATCH
 */
export async function placesOf(bridge: Bridge, governance: Governance): Promise<Places> {
  const governor = { address: governance.governor, abi: phaGovernorAbi } as const;
  const executor = { address: governance.l1Executor, abi: l1ExecutorAbi } as const;
  const [votes, l2Timelock, heard, l1Timelock] = await Promise.all([
    bridge.l2.readContract({ ...governor, functionName: "token" }),
    bridge.l2.readContract({ ...governor, functionName: "timelock" }),
    bridge.l1.readContract({ ...executor, functionName: "l2Timelock" }),
    bridge.l1.readContract({ ...executor, functionName: "timelock" }),
  ]);
  if (!isAddressEqual(l2Timelock, heard)) {
    throw new RollupError(
      "GOVERNANCE_MISMATCH",
      `L1 hears the timelock ${heard}, this governor's is ${l2Timelock}: give governor and l1Executor of one deployment`,
      { data: { heard, l2Timelock } },
    );
  }
  return { ...governance, votes, l2Timelock, l1Timelock };
}
