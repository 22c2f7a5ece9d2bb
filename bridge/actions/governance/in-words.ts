import { durationText, votesText, whenText } from "../../wording.ts";
import { batchOf, type Call } from "./batch.ts";
import { type DescribedCall, describeCall } from "./describe-call.ts";
import type { Governance } from "./places.ts";
import type { L1BatchStatus, ProposalStatus } from "./status.ts";

const PLACES = { l1: "On L1", l2: "On L2" } as const;

function plain(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => (typeof each === "bigint" ? each.toString() : each));
}

/** One call in words: what it is, or its bytes where no contract of this system has such a function. */
export function callLine(
  { target, value, data, signature, args }: DescribedCall,
  layer: "l1" | "l2",
): string {
  const what = signature === undefined ? `unknown call ${data}` : `${signature} with ${plain(args)}`;
  const paid = value === 0n ? "" : `, paying ${value} wei of ether`;
  return `${PLACES[layer]}: ${what} at ${target}${paid}`;
}

/** What a proposal does on each layer, a line a call; the message that carries a batch to L1 is told by its content. */
export function callLines({ l1Executor }: Governance, calls: readonly Call[]): readonly string[] {
  return calls.flatMap((call) => {
    const batch = batchOf(l1Executor, call);
    return batch === undefined
      ? [callLine(describeCall(call), "l2")]
      : batch.calls.map((each) => callLine(describeCall(each), "l1"));
  });
}

function onL1Line({ state, readyAt, validUntil }: L1BatchStatus, now: bigint): string {
  switch (state) {
    case "executed":
      return "Its calls on L1 were executed.";
    case "ready":
      return "L1's timelock has it ready: 'l2 governance execute-on-l1', by anyone.";
    case "waiting":
      return `L1's timelock has it ready from ${whenText(readyAt, now)}.`;
    case "not-scheduled":
      return `L1 has not heard it; its message must arrive until ${whenText(validUntil, now)}.`;
  }
}

/** Where it stands and what comes next. @param now Unix seconds on L2 */
function nextLine({ state, voteStart, voteEnd, eta }: ProposalStatus, now: bigint): string {
  switch (state) {
    case "pending":
      return `Pending: votes can be cast from ${whenText(voteStart + 1n, now)}; what is staked by then counts.`;
    case "active":
      return `Active: votes can be cast until ${whenText(voteEnd, now)}.`;
    case "succeeded":
      return "Succeeded: 'l2 governance queue' puts it into L2's timelock; anyone may.";
    case "queued":
      return eta > now
        ? `Queued: can be executed from ${whenText(eta, now)}.`
        : "Queued and ready: 'l2 governance execute', by anyone.";
    case "executed":
      return "Executed on L2.";
    default:
      return `It is ${state}: nothing more comes of it.`;
  }
}

/** A proposal's status as a person reads it. @param now Unix seconds on L2 */
export function statusLines(status: ProposalStatus, governance: Governance, now: bigint): readonly string[] {
  const { votes, state, onL1, calls, guardianMayCancelUntil } = status;
  const quorum = votes.quorum === undefined ? "" : `; for and abstain must reach ${votesText(votes.quorum)}`;
  const isOpen = ["pending", "active", "succeeded", "queued"].includes(state);
  return [
    nextLine(status, now),
    `Votes: ${votesText(votes.for)} for, ${votesText(votes.against)} against, ${votesText(votes.abstain)} abstain${quorum}.`,
    ...(isOpen && guardianMayCancelUntil > now
      ? [`The guardian may cancel it for ${durationText(guardianMayCancelUntil - now)} more.`]
      : []),
    ...callLines(governance, calls),
    ...(state === "executed" ? onL1.map((batch) => onL1Line(batch, now)) : []),
  ];
}
