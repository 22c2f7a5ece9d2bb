import { votingPhaAbi } from "@phala-l2/contracts/abi/voting-pha";
import { RollupError } from "@phala-l2/protocol/errors";
import { type Address, type Hash, parseEventLogs } from "viem";
import { withFaults } from "../../faults.ts";
import type { Bridge } from "../../network.ts";
import { confirmed } from "../confirmed.ts";
import { type Staking, vaultContract } from "./vault.ts";

export type UnlockRequested = {
  readonly l2Hash: Hash;
  readonly id: bigint;
  readonly receiver: Address;
  /** PHA in wei, fixed by the request. */
  readonly assets: bigint;
  /** Unix seconds from which anyone can pay it out. Until somebody does, its owner can cancel it. */
  readonly unlockAt: bigint;
};

/** `assets` in wei of PHA that the request shall be worth; all that is staked in the wallet when it is absent. */
type UnlockOrder = { readonly to: Address; readonly assets?: bigint | undefined };

async function sharesFor(bridge: Bridge, staking: Staking, assets: bigint | undefined): Promise<bigint> {
  const contract = vaultContract(staking);
  const all = await bridge.l2.readContract({
    ...contract,
    functionName: "balanceOf",
    args: [bridge.account.address],
  });
  if (assets === undefined) return all;
  const wanted = await bridge.l2.readContract({
    ...contract,
    functionName: "previewWithdraw",
    args: [assets],
  });
  const worth = await bridge.l2.readContract({
    ...contract,
    functionName: "previewRedeem",
    args: [all],
  });
  // Who asks for all that his stake is worth means all of it: the last unit of rounding is no reason to refuse.
  return assets === worth ? all : wanted;
}

/**
 * Asks for staked PHA back. It is paid to `to` after the unlock period, and can be cancelled until it is paid.
 * @throws RollupError BRIDGE_TRANSACTION_REVERTED, BRIDGE_… of the chains
 */
export async function requestUnlock(
  bridge: Bridge,
  staking: Staking,
  { to, assets }: UnlockOrder,
): Promise<UnlockRequested> {
  return withFaults(async () => {
    const shares = await sharesFor(bridge, staking, assets);
    const { request } = await bridge.l2.simulateContract({
      ...vaultContract(staking),
      account: bridge.account,
      functionName: "requestUnlock",
      args: [shares, to],
    });
    const l2Hash = await bridge.l2.writeContract(request);
    const { logs } = await confirmed(bridge.l2, l2Hash, "request");
    const [event] = parseEventLogs({ abi: votingPhaAbi, eventName: "UnlockRequested", logs });
    if (event === undefined) throw new RollupError("STAKE_NO_EVENT", `${l2Hash} requested nothing`);
    const { id, receiver, assets: fixed, unlockAt } = event.args;
    return { l2Hash, id, receiver, assets: fixed, unlockAt };
  });
}

/** Pays out a matured request, anybody's, to its receiver. @throws RollupError BRIDGE_TRANSACTION_REVERTED, BRIDGE_… */
export async function claimUnlock(
  bridge: Bridge,
  staking: Staking,
  { id }: { readonly id: bigint },
): Promise<{ readonly l2Hash: Hash; readonly assets: bigint }> {
  return withFaults(async () => {
    const { request, result } = await bridge.l2.simulateContract({
      ...vaultContract(staking),
      account: bridge.account,
      functionName: "claim",
      args: [id],
    });
    const l2Hash = await bridge.l2.writeContract(request);
    await confirmed(bridge.l2, l2Hash, "claim");
    return { l2Hash, assets: result };
  });
}

/** Stakes one of the account's requests again, at the price of now. @throws RollupError BRIDGE_TRANSACTION_REVERTED, BRIDGE_… */
export async function cancelUnlock(
  bridge: Bridge,
  staking: Staking,
  { id }: { readonly id: bigint },
): Promise<{ readonly l2Hash: Hash; readonly shares: bigint }> {
  return withFaults(async () => {
    const { request } = await bridge.l2.simulateContract({
      ...vaultContract(staking),
      account: bridge.account,
      functionName: "cancelUnlock",
      args: [id],
    });
    const l2Hash = await bridge.l2.writeContract(request);
    const { logs } = await confirmed(bridge.l2, l2Hash, "cancellation");
    const [event] = parseEventLogs({ abi: votingPhaAbi, eventName: "UnlockCancelled", logs });
    if (event === undefined) throw new RollupError("STAKE_NO_EVENT", `${l2Hash} cancelled nothing`);
    return { l2Hash, shares: event.args.shares };
  });
}
