import { phaGovernorAbi } from "@phala-l2/contracts/abi/pha-governor";
import type { Address, Hash, Hex } from "viem";
import { withFaults } from "../../faults.ts";
import type { Bridge } from "../../network.ts";
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
    const l2Hash = await bridge.l2.writeContract(request);
    await confirmed(bridge.l2, l2Hash, "vote");
    return { l2Hash };
  });
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
    const l2Hash = await bridge.l2.writeContract(request);
    await confirmed(bridge.l2, l2Hash, "vote");
    return { l2Hash };
  });
}
