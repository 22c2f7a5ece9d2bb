import { phaGovernorAbi } from "@phala-l2/contracts/abi/pha-governor";
import { RollupError } from "@phala-l2/protocol/errors";
import { BaseError, ContractFunctionRevertedError } from "viem";
import type { Bridge } from "../../network.ts";
import { batchOf, type Call, type L1Batch } from "./batch.ts";
import type { Governance } from "./places.ts";

/** What a proposal does. */
export type ProposedCalls = {
  readonly calls: readonly Call[];
  /** The batches for L1 among them. */
  readonly batches: readonly L1Batch[];
};

/** Reads the proposal from the governor's storage. @throws RollupError GOVERNANCE_UNKNOWN_PROPOSAL */
export async function proposedCalls(
  bridge: Bridge,
  { governor, l1Executor }: Governance,
  proposalId: bigint,
): Promise<ProposedCalls> {
  try {
    const [targets, values, calldatas] = await bridge.l2.readContract({
      address: governor,
      abi: phaGovernorAbi,
      functionName: "proposalDetails",
      args: [proposalId],
    });
    const calls = targets.map((target, index) => ({
      target,
      value: values[index] ?? 0n,
      data: calldatas[index] ?? "0x",
    }));
    const batches = calls.map((call) => batchOf(l1Executor, call)).filter((batch) => batch !== undefined);
    return { calls, batches };
  } catch (cause) {
    const reverted =
      cause instanceof BaseError && cause.walk((error) => error instanceof ContractFunctionRevertedError);
    if (!reverted) throw cause;
    throw new RollupError("GOVERNANCE_UNKNOWN_PROPOSAL", `the governor knows no proposal ${proposalId}`, {
      data: { proposalId },
      cause,
    });
  }
}
