import { rewardDistributorAbi } from "@phala-l2/contracts/abi/reward-distributor";
import { RollupError } from "@phala-l2/protocol/errors";
import { type Address, erc20Abi, type Hash, parseEventLogs } from "viem";
import { withFaults } from "../../faults.ts";
import type { Bridge } from "../../network.ts";
import { phaText } from "../../wording.ts";
import { confirmed } from "../confirmed.ts";
import { type Providers, pledgesContract } from "./contract.ts";
import { send } from "./send.ts";

/** Where rewards flow from. PHA in wei. */
export type Reserve = {
  readonly distributor: Address;
  /** What has not flowed out. */
  readonly reserve: bigint;
  /** What flows out per second while something is in reserve. */
  readonly rate: bigint;
  /** Ten-thousandths of what flows out. */
  readonly split: { readonly treasury: number; readonly stakers: number; readonly providers: number };
  /** What has flowed out and was not collected yet; it counts for those whose it is all the same. */
  readonly due: { readonly treasury: bigint; readonly stakers: bigint; readonly providers: bigint };
  readonly totalFunded: bigint;
  readonly totalPaid: bigint;
};

async function distributorOf(bridge: Bridge, providers: Providers) {
  const address = await bridge.l2.readContract({
    ...pledgesContract(providers),
    functionName: "distributor",
  });
  return { address, abi: rewardDistributorAbi } as const;
}

/** How the reward reserve stands. @throws RollupError BRIDGE_… of L2 */
export async function reserveStatus(bridge: Bridge, providers: Providers): Promise<Reserve> {
  return withFaults(async () => {
    const contract = await distributorOf(bridge, providers);
    const [reserve, rate, split, treasury, stakers, others, totalFunded, totalPaid] = await Promise.all([
      bridge.l2.readContract({ ...contract, functionName: "reserve" }),
      bridge.l2.readContract({ ...contract, functionName: "rate" }),
      bridge.l2.readContract({ ...contract, functionName: "split" }),
      bridge.l2.readContract({ ...contract, functionName: "treasuryDue" }),
      bridge.l2.readContract({ ...contract, functionName: "stakersDue" }),
      bridge.l2.readContract({ ...contract, functionName: "providersDue" }),
      bridge.l2.readContract({ ...contract, functionName: "totalFunded" }),
      bridge.l2.readContract({ ...contract, functionName: "totalPaid" }),
    ]);
    const due = { treasury, stakers, providers: others };
    return { distributor: contract.address, reserve, rate, split, due, totalFunded, totalPaid };
  });
}

export type RewardsFunded = { readonly l2Hash: Hash; readonly amount: bigint; readonly reserve: bigint };

/**
 * Gives `amount` wei of the account's PHA to the rewards, for nothing; approves exactly that first when the allowance is lower.
 * @throws RollupError PROVIDER_REFUSED, PROVIDER_NO_EVENT, BRIDGE_TRANSACTION_REVERTED, BRIDGE_… of L2
 */
export async function fundRewards(
  bridge: Bridge,
  providers: Providers,
  { amount }: { readonly amount: bigint },
): Promise<RewardsFunded> {
  return withFaults(async () => {
    const { l2, account } = bridge;
    const contract = await distributorOf(bridge, providers);
    const token = {
      address: await l2.readContract({ ...contract, functionName: "token" }),
      abi: erc20Abi,
    } as const;
    const owner = account.address;
    const [held, allowance] = await Promise.all([
      l2.readContract({ ...token, functionName: "balanceOf", args: [owner] }),
      l2.readContract({ ...token, functionName: "allowance", args: [owner, contract.address] }),
    ]);
    if (amount === 0n || held < amount) {
      const message = `${owner} has ${phaText(held)}, and ${phaText(amount)} shall be given`;
      throw new RollupError("PROVIDER_REFUSED", message, {
        data: { help: "give what there is, more than nothing" },
      });
    }
    bridge.tell(`Gives ${phaText(amount)} of ${owner} to the rewards, for nothing. There is no way back.`);
    if (allowance < amount) {
      bridge.tell(`Approves first: ${contract.address} may take exactly that much PHA.`);
      const hash = await l2.writeContract({
        ...token,
        functionName: "approve",
        args: [contract.address, amount],
      });
      await confirmed(l2, hash, "approval");
    }
    const { request } = await l2.simulateContract({
      ...contract,
      account,
      functionName: "fund",
      args: [amount],
    });
    const l2Hash = await send(bridge, request);
    const { logs } = await confirmed(l2, l2Hash, "funding");
    const [event] = parseEventLogs({ abi: rewardDistributorAbi, eventName: "Funded", logs });
    if (event === undefined) throw new RollupError("PROVIDER_NO_EVENT", `${l2Hash} funded nothing`);
    const reserve = await l2.readContract({ ...contract, functionName: "reserve" });
    return { l2Hash, amount: event.args.amount, reserve };
  });
}

export type Poked = {
  readonly l2Hash: Hash;
  readonly treasury: Address;
  /** Wei of PHA that the treasury was paid. */
  readonly paid: bigint;
};

/**
 * Pays the treasury its part, the one that nobody else's call collects. Anyone may. Stakers' and providers' parts are theirs from
 * the second in which they flow, poked or not.
 * @throws RollupError PROVIDER_REFUSED, PROVIDER_NO_EVENT, BRIDGE_… of L2
 */
export async function pokeRewards(bridge: Bridge, providers: Providers): Promise<Poked> {
  return withFaults(async () => {
    const { l2, account } = bridge;
    const contract = await distributorOf(bridge, providers);
    const due = await l2.readContract({ ...contract, functionName: "treasuryDue" });
    if (due === 0n) {
      throw new RollupError("PROVIDER_REFUSED", "nothing is due to the treasury", {
        data: { help: "rewards flow only while something is in reserve ('l2 provider reserve')" },
      });
    }
    const { request, result } = await l2.simulateContract({
      ...contract,
      account,
      functionName: "payTreasury",
    });
    bridge.tell(`Pays the treasury its part of the rewards: ${phaText(result)} or a little more.`);
    const l2Hash = await send(bridge, request);
    const { logs } = await confirmed(l2, l2Hash, "payment");
    const [event] = parseEventLogs({ abi: rewardDistributorAbi, eventName: "Paid", logs });
    if (event === undefined) throw new RollupError("PROVIDER_NO_EVENT", `${l2Hash} paid nothing`);
    return { l2Hash, treasury: event.args.to, paid: event.args.amount };
  });
}
