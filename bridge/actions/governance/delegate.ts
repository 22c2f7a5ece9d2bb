import { type Address, type Hash, type Hex, parseAbi, parseSignature } from "viem";
import { withFaults } from "../../faults.ts";
import type { Bridge } from "../../network.ts";
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

/** The account's delegation as a signature, for somebody else to pay for. @param expiry Unix seconds. */
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
    const l2Hash = await bridge.l2.writeContract(request);
    await confirmed(bridge.l2, l2Hash, "delegation");
    return { l2Hash };
  });
}
