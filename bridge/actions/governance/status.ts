import { l1ExecutorAbi } from "@phala-l2/contracts/abi/l1-executor";
import { phaGovernorAbi } from "@phala-l2/contracts/abi/pha-governor";
import { timelockAbi } from "@phala-l2/contracts/abi/timelock";
import { RollupError } from "@phala-l2/protocol/errors";
import type { Hex } from "viem";
import { withFaults } from "../../faults.ts";
import type { Bridge } from "../../network.ts";
import { batchId, batchOf, type L1Batch } from "./batch.ts";
import { type DescribedCall, describeCall } from "./describe-call.ts";
import { statusLines } from "./in-words.ts";
import { type Governance, type Places, placesOf } from "./places.ts";
import { proposedCalls } from "./proposal.ts";
import { PROPOSAL_STATES, type ProposalState } from "./proposal-states.ts";

/** TimelockController's timestamp of what was executed. */
const DONE = 1n;

/** Where a batch for L1 stands: its message has not arrived; it waits; anyone may execute it; it was executed. */
export type L1State = "not-scheduled" | "waiting" | "ready" | "executed";

export type L1BatchStatus = {
  /** In L1's timelock. */
  readonly id: Hex;
  readonly state: L1State;
  /** Unix seconds from which anyone may execute it; zero while it is not scheduled, or once it is done. */
  readonly readyAt: bigint;
  /** Seconds until then. */
  readonly remaining: bigint;
  /** Unix seconds until which its message may arrive. */
  readonly validUntil: bigint;
  /** Unix seconds until which the guardian may cancel it. */
  readonly vetoableUntil: bigint;
  readonly calls: readonly DescribedCall[];
};

/** All times in Unix seconds, durations in seconds, votes in units (24 decimals). */
export type ProposalStatus = {
  readonly proposalId: bigint;
  readonly state: ProposalState;
  readonly voteStart: bigint;
  readonly voteEnd: bigint;
  readonly votes: {
    readonly for: bigint;
    readonly against: bigint;
    readonly abstain: bigint;
    /** For and abstain must reach it; known once the vote has started. */
    readonly quorum: bigint | undefined;
  };
  readonly guardianMayCancelUntil: bigint;
  /** When L2's timelock has it ready; zero before it is queued. */
  readonly eta: bigint;
  /** Seconds until then. */
  readonly remaining: bigint;
  readonly calls: readonly DescribedCall[];
  readonly onL1: readonly L1BatchStatus[];
};

const until = (time: bigint, now: bigint) => (time > now ? time - now : 0n);

function l1StateOf(timestamp: bigint, now: bigint): L1State {
  if (timestamp === 0n) return "not-scheduled";
  if (timestamp === DONE) return "executed";
  return timestamp > now ? "waiting" : "ready";
}

async function l1Status(bridge: Bridge, places: Places, batch: L1Batch): Promise<L1BatchStatus> {
  const id = batchId(batch);
  const [{ timestamp: now }, timestamp, vetoableUntil] = await Promise.all([
    bridge.l1.getBlock(),
    bridge.l1.readContract({
      address: places.l1Timelock,
      abi: timelockAbi,
      functionName: "getTimestamp",
      args: [id],
    }),
    bridge.l1.readContract({
      address: places.l1Executor,
      abi: l1ExecutorAbi,
      functionName: "vetoableUntil",
      args: [id],
    }),
  ]);
  const state = l1StateOf(timestamp, now);
  const readyAt = state === "waiting" || state === "ready" ? timestamp : 0n;
  const { validUntil } = batch;
  const calls = batch.calls.map(describeCall);
  return { id, state, readyAt, remaining: until(readyAt, now), validUntil, vetoableUntil, calls };
}

/**
 * Where a proposal stands on both layers, how long each timelock still holds it, and what each of its calls does.
 * @throws RollupError GOVERNANCE_UNKNOWN_PROPOSAL, GOVERNANCE_MISMATCH, BRIDGE_… of the chains
 */
export async function proposalStatus(
  bridge: Bridge,
  governance: Governance,
  { proposalId }: { readonly proposalId: bigint },
): Promise<ProposalStatus> {
  return withFaults(async () => {
    const places = await placesOf(bridge, governance);
    const { calls } = await proposedCalls(bridge, governance, proposalId);
    const contract = { address: governance.governor, abi: phaGovernorAbi } as const;
    const args = [proposalId] as const;
    const [number, voteStart, voteEnd, tally, eta, guardianMayCancelUntil, { timestamp: now }] =
      await Promise.all([
        bridge.l2.readContract({ ...contract, functionName: "state", args }),
        bridge.l2.readContract({ ...contract, functionName: "proposalSnapshot", args }),
        bridge.l2.readContract({ ...contract, functionName: "proposalDeadline", args }),
        bridge.l2.readContract({ ...contract, functionName: "proposalVotes", args }),
        bridge.l2.readContract({ ...contract, functionName: "proposalEta", args }),
        bridge.l2.readContract({ ...contract, functionName: "guardianMayCancelUntil", args }),
        bridge.l2.getBlock(),
      ]);
    const state = PROPOSAL_STATES[number];
    if (state === undefined) {
      throw new RollupError(
        "GOVERNANCE_UNKNOWN_PROPOSAL",
        `the governor tells of an unknown state ${number}`,
      );
    }
    const quorum =
      now > voteStart
        ? await bridge.l2.readContract({ ...contract, functionName: "quorum", args: [voteStart] })
        : undefined;
    const [against, inFavour, abstain] = tally;
    const batches = calls
      .map((call) => batchOf(governance.l1Executor, call))
      .filter((batch) => batch !== undefined);
    const status: ProposalStatus = {
      proposalId,
      state,
      voteStart,
      voteEnd,
      votes: { for: inFavour, against, abstain, quorum },
      guardianMayCancelUntil,
      eta,
      remaining: state === "queued" ? until(eta, now) : 0n,
      calls: calls.map(describeCall),
      onL1: await Promise.all(batches.map((batch) => l1Status(bridge, places, batch))),
    };
    for (const line of statusLines(status, governance, now)) bridge.tell(line);
    return status;
  });
}
