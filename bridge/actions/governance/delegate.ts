import { votingPhaAbi } from "@phala-l2/contracts/abi/voting-pha";
import { RollupError } from "@phala-l2/protocol/errors";
import { type Address, type Hash, type Hex, isAddressEqual, parseAbi, parseSignature } from "viem";
import { withFaults } from "../../faults.ts";
import type { Bridge } from "../../network.ts";
import { votesText, whenText } from "../../wording.ts";
import { confirmed } from "../confirmed.ts";
import { type Governance, placesOf } from "./places.ts";

const votesAbi = parseAbi([
  "function delegate(address delegatee)",
  "function delegateBySig(address delegatee, uint256 nonce, uint256 expiry, uint8 v, bytes32 r, bytes32 s)",
  "function nonces(address owner) view returns (uint256)",
  "function eip712Domain() view returns (bytes1 fields, string name, string version, uint256 chainId, address verifyingContract, bytes32 salt, uint256[] extensions)",
]);

/** A delegation that its giver has signed; anyone may bring it to L2 until `expiry` (Unix seconds). */
export type SignedDelegation = {
  readonly delegatee: Address;
  readonly nonce: bigint;
  readonly expiry: bigint;
  readonly signature: Hex;
};

/** EIP-712 type of OpenZeppelin's Votes. */
const DELEGATION = {
  Delegation: [
    { name: "delegatee", type: "address" },
    { name: "nonce", type: "uint256" },
    { name: "expiry", type: "uint256" },
  ],
} as const;

/** Lets `to` vote with all votes of the account; they stay its own. @throws RollupError BRIDGE_… of the chains */
export async function delegateVotes(
  bridge: Bridge,
  governance: Governance,
  { to }: { readonly to: Address },
): Promise<{ readonly l2Hash: Hash }> {
  return withFaults(async () => {
    const { votes } = await placesOf(bridge, governance);
    const { address } = bridge.account;
    const own = await ownVotes(bridge, votes);
    const isBack = isAddressEqual(to, address);
    bridge.tell(
      isBack
        ? `${address} casts its own votes again: ${own}, and those of what it stakes later.`
        : `Lets ${to} cast all votes of ${address}: ${own}, and those of what it stakes later.`,
    );
    bridge.tell(
      "No PHA moves. It holds for proposals whose vote begins after now, until the account delegates anew (to itself: it votes again).",
    );
    const l2Hash = await bridge.l2.writeContract({
      address: votes,
      abi: votesAbi,
      functionName: "delegate",
      args: [to],
    });
    await confirmed(bridge.l2, l2Hash, "delegation");
    return { l2Hash };
  });
}

/** What the account's stake weighs, wherever it is. */
async function ownVotes({ l2, account }: Bridge, votes: Address): Promise<string> {
  const read = { address: votes, abi: votingPhaAbi, args: [account.address] } as const;
  const parts = await Promise.all([
    l2.readContract({ ...read, functionName: "balanceOf" }),
    l2.readContract({ ...read, functionName: "pledgedOf" }),
    l2.readContract({ ...read, functionName: "unlockingSharesOf" }),
  ]);
  return votesText(parts.reduce((sum, part) => sum + part, 0n));
}

/** @throws RollupError GOVERNANCE_EXPIRED */
function requireFuture(expiry: bigint, now: bigint): void {
  if (expiry >= now) return;
  throw new RollupError("GOVERNANCE_EXPIRED", `--expiry is past: ${whenText(expiry, now)}`, {
    data: { expiry, now, help: "Such a signature is good for nothing: give a later Unix second." },
  });
}

/**
 * The account's delegation as a signature, for somebody else to pay for.
 * @param expiry Unix seconds
 * @throws RollupError GOVERNANCE_EXPIRED, BRIDGE_… of the chains
 */
export async function signDelegation(
  bridge: Bridge,
  governance: Governance,
  { to, expiry }: { readonly to: Address; readonly expiry: bigint },
): Promise<SignedDelegation> {
  return withFaults(async () => {
    const { votes } = await placesOf(bridge, governance);
    const contract = { address: votes, abi: votesAbi } as const;
    const [nonce, [, name, version, chainId]] = await Promise.all([
      bridge.l2.readContract({ ...contract, functionName: "nonces", args: [bridge.account.address] }),
      bridge.l2.readContract({ ...contract, functionName: "eip712Domain" }),
    ]);
    const { timestamp } = await bridge.l2.getBlock();
    requireFuture(expiry, timestamp);
    const { address } = bridge.account;
    bridge.tell(
      `Signs and sends nothing. Whoever has this signature can bring it to L2 until ${whenText(expiry, timestamp)} ('l2 governance submit-delegation').`,
    );
    bridge.tell(
      `Brought there, ${to} casts all votes of ${address} (${await ownVotes(bridge, votes)} now) until the account delegates anew. No PHA moves.`,
    );
    bridge.tell(`It is void once another signature with nonce ${nonce} of the account was brought.`);
    const message = { delegatee: to, nonce, expiry };
    const signature = await bridge.l2.signTypedData({
      domain: { name, version, chainId: Number(chainId), verifyingContract: votes },
      types: DELEGATION,
      primaryType: "Delegation",
      message,
    });
    return { ...message, signature };
  });
}

/** Brings somebody's signed delegation to L2. @throws RollupError BRIDGE_TRANSACTION_REVERTED, BRIDGE_… of the chains */
export async function delegateBySignature(
  bridge: Bridge,
  governance: Governance,
  { delegatee, nonce, expiry, signature }: SignedDelegation,
): Promise<{ readonly l2Hash: Hash }> {
  return withFaults(async () => {
    const { votes } = await placesOf(bridge, governance);
    const { r, s, yParity } = parseSignature(signature);
    const { request } = await bridge.l2.simulateContract({
      account: bridge.account,
      address: votes,
      abi: votesAbi,
      functionName: "delegateBySig",
      args: [delegatee, nonce, expiry, yParity + 27, r, s],
    });
    bridge.tell(`Brings a signed delegation to L2: ${delegatee} then casts all votes of who signed it.`);
    const l2Hash = await bridge.l2.writeContract(request);
    await confirmed(bridge.l2, l2Hash, "delegation");
    return { l2Hash };
  });
}
