import { phaGovernorAbi } from "@phala-l2/contracts/abi/pha-governor";
import type { Address, Hash, Hex } from "viem";
import { withFaults } from "../../faults.ts";
import type { Bridge } from "../../network.ts";
import { timeText, votesText } from "../../wording.ts";
import { confirmed } from "../confirmed.ts";
import type { Governance } from "./places.ts";

/** What can be said to a proposal, in the order of GovernorCountingSimple's numbers. */
export const SUPPORTS = ["against", "for", "abstain"] as const;
export type Support = (typeof SUPPORTS)[number];

export type Ballot = { readonly proposalId: bigint; readonly support: Support };

/** A vote that its voter has signed; anyone may bring it to L2 while the vote runs. */
export type SignedBallot = Ballot & { readonly voter: Address; readonly signature: Hex };

/** EIP-712 type of OpenZeppelin's Governor. */
const BALLOT = {
  Ballot: [
    { name: "proposalId", type: "uint256" },
    { name: "support", type: "uint8" },
    { name: "voter", type: "address" },
    { name: "nonce", type: "uint256" },
  ],
} as const;

const numberOf = (support: Support) => SUPPORTS.indexOf(support);

/** Votes with all votes that the account had at the proposal's snapshot. @throws RollupError BRIDGE_… of the chains */
export async function castVote(
  bridge: Bridge,
  { governor }: Governance,
  { proposalId, support, reason = "" }: Ballot & { readonly reason?: string },
): Promise<{ readonly l2Hash: Hash }> {
  return withFaults(async () => {
    const { request } = await bridge.l2.simulateContract({
      account: bridge.account,
      address: governor,
      abi: phaGovernorAbi,
      functionName: "castVoteWithReason",
      args: [proposalId, numberOf(support), reason],
    });
    await tellVote(bridge, governor, { proposalId, support });
    const l2Hash = await bridge.l2.writeContract(request);
    await confirmed(bridge.l2, l2Hash, "vote");
    return { l2Hash };
  });
}

async function tellVote({ l2, account, tell }: Bridge, governor: Address, ballot: Ballot): Promise<void> {
  const { proposalId, support } = ballot;
  const contract = { address: governor, abi: phaGovernorAbi } as const;
  const snapshot = await l2.readContract({
    ...contract,
    functionName: "proposalSnapshot",
    args: [proposalId],
  });
  const votes = await l2.readContract({
    ...contract,
    functionName: "getVotes",
    args: [account.address, snapshot],
  });
  tell(
    `Votes '${support}' on proposal ${proposalId} with all votes of ${account.address}: ${votesText(votes)}, as of ${timeText(snapshot)}.`,
  );
  tell("A vote cannot be changed.");
  if (votes === 0n) tell("Warning: the account had no votes then; this vote weighs nothing.");
}

/** The account's vote as a signature, for somebody else to pay for. */
export async function signVote(
  bridge: Bridge,
  { governor }: Governance,
  { proposalId, support }: Ballot,
): Promise<SignedBallot> {
  return withFaults(async () => {
    const contract = { address: governor, abi: phaGovernorAbi } as const;
    const voter = bridge.account.address;
    const [nonce, [, name, version, chainId]] = await Promise.all([
      bridge.l2.readContract({ ...contract, functionName: "nonces", args: [voter] }),
      bridge.l2.readContract({ ...contract, functionName: "eip712Domain" }),
    ]);
    bridge.tell(
      `Signs and sends nothing. Whoever has this signature can bring it to L2 while the vote runs ('l2 governance submit-vote').`,
    );
    bridge.tell(
      `Brought there it votes '${support}' on proposal ${proposalId} with all votes of ${voter}, and cannot be changed.`,
    );
    const signature = await bridge.l2.signTypedData({
      domain: { name, version, chainId: Number(chainId), verifyingContract: governor },
      types: BALLOT,
      primaryType: "Ballot",
      message: { proposalId, support: numberOf(support), voter, nonce },
    });
    return { proposalId, support, voter, signature };
  });
}

/** Brings somebody's signed vote to L2. @throws RollupError BRIDGE_TRANSACTION_REVERTED, BRIDGE_… of the chains */
export async function voteBySignature(
  bridge: Bridge,
  { governor }: Governance,
  { proposalId, support, voter, signature }: SignedBallot,
): Promise<{ readonly l2Hash: Hash }> {
  return withFaults(async () => {
    const { request } = await bridge.l2.simulateContract({
      account: bridge.account,
      address: governor,
      abi: phaGovernorAbi,
      functionName: "castVoteBySig",
      args: [proposalId, numberOf(support), voter, signature],
    });
    bridge.tell(`Brings ${voter}'s signed vote '${support}' on proposal ${proposalId} to L2.`);
    const l2Hash = await bridge.l2.writeContract(request);
    await confirmed(bridge.l2, l2Hash, "vote");
    return { l2Hash };
  });
}
