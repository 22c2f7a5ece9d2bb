import { phaGovernorAbi } from "@phala-l2/contracts/abi/pha-governor";
import { timelockAbi } from "@phala-l2/contracts/abi/timelock";
import { RollupError } from "@phala-l2/protocol/errors";
import type { Hash, Hex } from "viem";
import { getWithdrawals } from "viem/op-stack";
import { withFaults } from "../../faults.ts";
import type { Bridge } from "../../network.ts";
import { whenText } from "../../wording.ts";
import { confirmed } from "../confirmed.ts";
import { batchId } from "./batch.ts";
import { describeCall } from "./describe-call.ts";
import { callLine, callLines } from "./in-words.ts";
import { type Governance, placesOf } from "./places.ts";
import { proposedCalls } from "./proposal.ts";

type Proposal = { readonly proposalId: bigint };

/** Puts a proposal that has won into L2's timelock. Anyone may. @throws RollupError BRIDGE_TRANSACTION_REVERTED, BRIDGE_… */
export async function queueProposal(
  bridge: Bridge,
  { governor }: Governance,
  { proposalId }: Proposal,
): Promise<{ readonly l2Hash: Hash; readonly eta: bigint }> {
  return withFaults(async () => {
    const contract = { address: governor, abi: phaGovernorAbi } as const;
    const { request } = await bridge.l2.simulateContract({
      ...contract,
      account: bridge.account,
      functionName: "queue",
      args: [proposalId],
    });
    bridge.tell(`Puts proposal ${proposalId} into L2's timelock.`);
    const l2Hash = await bridge.l2.writeContract(request);
    await confirmed(bridge.l2, l2Hash, "queueing");
    const eta = await bridge.l2.readContract({
      ...contract,
      functionName: "proposalEta",
      args: [proposalId],
    });
    const { timestamp } = await bridge.l2.getBlock();
    bridge.tell(`It can be executed from ${whenText(eta, timestamp)} ('l2 governance execute'), by anyone.`);
    return { l2Hash, eta };
  });
}

export type Executed = {
  readonly l2Hash: Hash;
  /** Whether a message to L1 has started with it: a withdrawal to be proven and finalised, by `l2Hash`. */
  readonly startsMessage: boolean;
};

/** Executes what L2's timelock has ready. Anyone may. @throws RollupError BRIDGE_TRANSACTION_REVERTED, BRIDGE_… */
export async function executeProposal(
  bridge: Bridge,
  governance: Governance,
  { proposalId }: Proposal,
): Promise<Executed> {
  return withFaults(async () => {
    const { request } = await bridge.l2.simulateContract({
      account: bridge.account,
      address: governance.governor,
      abi: phaGovernorAbi,
      functionName: "execute",
      args: [proposalId],
    });
    const { calls } = await proposedCalls(bridge, governance, proposalId);
    bridge.tell(`Executes proposal ${proposalId}; what is for L1 starts on its way there:`);
    for (const line of callLines(governance, calls)) bridge.tell(line);
    const l2Hash = await bridge.l2.writeContract(request);
    const receipt = await confirmed(bridge.l2, l2Hash, "execution");
    const startsMessage = getWithdrawals(receipt).length > 0;
    if (startsMessage) {
      bridge.tell(
        `L1 hears it by 'l2 bridge prove --transaction ${l2Hash}' and then 'l2 bridge finalize'; anyone may.`,
      );
    }
    return { l2Hash, startsMessage };
  });
}

/**
 * Executes on L1 what the proposal's message has scheduled there and what is ready by now. Anyone may.
 * @throws RollupError GOVERNANCE_NOTHING_ON_L1, BRIDGE_TRANSACTION_REVERTED, BRIDGE_… of the chains
 */
export async function executeOnL1(
  bridge: Bridge,
  governance: Governance,
  { proposalId }: Proposal,
): Promise<{ readonly l1Hashes: readonly Hash[]; readonly ids: readonly Hex[] }> {
  return withFaults(async () => {
    const { l1Timelock } = await placesOf(bridge, governance);
    const { batches } = await proposedCalls(bridge, governance, proposalId);
    if (batches.length === 0) {
      throw new RollupError("GOVERNANCE_NOTHING_ON_L1", `proposal ${proposalId} does nothing on L1`, {
        data: { proposalId },
      });
    }
    const l1Hashes: Hash[] = [];
    for (const { calls, predecessor, salt } of batches) {
      const { request } = await bridge.l1.simulateContract({
        account: bridge.account,
        address: l1Timelock,
        abi: timelockAbi,
        functionName: "executeBatch",
        args: [
          calls.map(({ target }) => target),
          calls.map(({ value }) => value),
          calls.map(({ data }) => data),
          predecessor,
          salt,
        ],
      });
      for (const call of calls) bridge.tell(callLine(describeCall(call), "l1"));
      const l1Hash = await bridge.l1.writeContract(request);
      await confirmed(bridge.l1, l1Hash, "execution");
      l1Hashes.push(l1Hash);
    }
    return { l1Hashes, ids: batches.map(batchId) };
  });
}
