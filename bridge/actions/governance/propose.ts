import { phaGovernorAbi } from "@phala-l2/contracts/abi/pha-governor";
import { RollupError } from "@phala-l2/protocol/errors";
import { type Address, type Hash, keccak256, parseEventLogs, stringToHex } from "viem";
import { withFaults } from "../../faults.ts";
import type { Bridge } from "../../network.ts";
import { whenText } from "../../wording.ts";
import { confirmed } from "../confirmed.ts";
import { batchFor, type Call, callForL1 } from "./batch.ts";
import { callLines } from "./in-words.ts";
import type { Governance } from "./places.ts";

export type Draft = {
  /** What the proposal says in words; with the calls it makes the proposal's number. */
  readonly description: string;
  /** Calls of L2's timelock. */
  readonly onL2?: readonly Call[];
  /** Calls of L1's timelock; they travel in one message, and are executed there at once or not at all. */
  readonly onL1?: readonly Call[];
};

export type Proposed = {
  readonly l2Hash: Hash;
  readonly proposalId: bigint;
  /** Unix seconds: votes are those of this moment, and may be cast from then on. */
  readonly voteStart: bigint;
  /** Unix seconds; a late quorum extends it. */
  readonly voteEnd: bigint;
};

/**
 * The description with the end that OpenZeppelin's Governor reads: nobody else may submit it. Otherwise whoever sees a
 * proposal on its way submits a copy first, is its proposer, and cancels it for ever.
 */
export function ownedBy(description: string, proposer: Address): string {
  const end = `#proposer=${proposer.toLowerCase()}`;
  return description.toLowerCase().endsWith(end) ? description : `${description}${end}`;
}

/**
 * Proposes calls on both layers. Only the bridge's account may propose this text, which ends with its address.
 * @throws RollupError GOVERNANCE_EMPTY, BRIDGE_TRANSACTION_REVERTED, BRIDGE_… of the chains
 */
export async function propose(
  bridge: Bridge,
  { governor, l1Executor }: Governance,
  { description, onL2 = [], onL1 = [] }: Draft,
): Promise<Proposed> {
  return withFaults(async () => {
    if (onL1.length + onL2.length === 0) throw new RollupError("GOVERNANCE_EMPTY", "a proposal needs a call");
    const { timestamp: now } = await bridge.l1.getBlock();
    const text = ownedBy(description, bridge.account.address);
    const batch = batchFor(onL1, keccak256(stringToHex(text)), now);
    const calls = [...onL2, ...(onL1.length === 0 ? [] : [callForL1(l1Executor, batch)])];
    const { request } = await bridge.l2.simulateContract({
      account: bridge.account,
      address: governor,
      abi: phaGovernorAbi,
      functionName: "propose",
      args: [
        calls.map(({ target }) => target),
        calls.map(({ value }) => value),
        calls.map(({ data }) => data),
        text,
      ],
    });
    bridge.tell(`Proposes as ${bridge.account.address}, who alone may propose this text: ${description}`);
    for (const line of callLines({ governor, l1Executor }, calls)) bridge.tell(line);
    const l2Hash = await bridge.l2.writeContract(request);
    const { logs } = await confirmed(bridge.l2, l2Hash, "proposal");
    const [created] = parseEventLogs({ abi: phaGovernorAbi, eventName: "ProposalCreated", logs });
    if (created === undefined) {
      throw new RollupError("GOVERNANCE_UNKNOWN_PROPOSAL", `transaction ${l2Hash} proposes nothing`, {
        data: { l2Hash },
      });
    }
    const { proposalId, voteStart, voteEnd } = created.args;
    const { timestamp } = await bridge.l2.getBlock();
    bridge.tell(
      `Votes can be cast from ${whenText(voteStart + 1n, timestamp)}, until ${whenText(voteEnd, timestamp)}.`,
    );
    return { l2Hash, proposalId, voteStart, voteEnd };
  });
}
