import { providerPledgesAbi } from "@phala-l2/contracts/abi/provider-pledges";
import { RollupError } from "@phala-l2/protocol/errors";
import { type Address, type Hash, parseEventLogs } from "viem";
import { withFaults } from "../../faults.ts";
import type { Bridge } from "../../network.ts";
import { phaText, votesText } from "../../wording.ts";
import { confirmed } from "../confirmed.ts";
import { type PledgeId, type Providers, pledgesContract } from "./contract.ts";
import { send } from "./send.ts";

/** `amount` in wei of PHA. */
export type RewardsPaid = { readonly l2Hash: Hash; readonly receiver: Address; readonly amount: bigint };

/** Pays what one of the account's pledges has earned. @throws RollupError PROVIDER_NO_EVENT, BRIDGE_… of L2 */
export async function claimRewards(
  bridge: Bridge,
  providers: Providers,
  { id, to }: PledgeId & { readonly to: Address },
): Promise<RewardsPaid> {
  return withFaults(async () => {
    const { request, result } = await bridge.l2.simulateContract({
      ...pledgesContract(providers),
      account: bridge.account,
      functionName: "claimRewards",
      args: [id, to],
    });
    bridge.tell(`Pays what pledge ${id} has earned, ${phaText(result)} or a little more, to ${to}.`);
    const l2Hash = await send(bridge, request);
    const { logs } = await confirmed(bridge.l2, l2Hash, "payment");
    const [event] = parseEventLogs({ abi: providerPledgesAbi, eventName: "RewardsPaid", logs });
    if (event === undefined) throw new RollupError("PROVIDER_NO_EVENT", `${l2Hash} paid nothing`);
    return { l2Hash, receiver: event.args.receiver, amount: event.args.amount };
  });
}

/** `amount` in wei of PHA, `shares` in vPHA's least units. */
export type RewardsRestaked = { readonly l2Hash: Hash; readonly amount: bigint; readonly shares: bigint };

/** Stakes what one of the account's pledges has earned. @throws RollupError PROVIDER_NO_EVENT, BRIDGE_… of L2 */
export async function restakeRewards(
  bridge: Bridge,
  providers: Providers,
  { id }: PledgeId,
): Promise<RewardsRestaked> {
  return withFaults(async () => {
    const { request, result } = await bridge.l2.simulateContract({
      ...pledgesContract(providers),
      account: bridge.account,
      functionName: "restakeRewards",
      args: [id],
    });
    bridge.tell(
      `Stakes what pledge ${id} has earned, for ${bridge.account.address}: ${votesText(result)} vPHA or a little more.`,
    );
    const l2Hash = await send(bridge, request);
    const { logs } = await confirmed(bridge.l2, l2Hash, "stake");
    const [event] = parseEventLogs({ abi: providerPledgesAbi, eventName: "RewardsRestaked", logs });
    if (event === undefined) throw new RollupError("PROVIDER_NO_EVENT", `${l2Hash} staked nothing`);
    return { l2Hash, amount: event.args.amount, shares: event.args.shares };
  });
}
