import { providerPledgesAbi } from "@phala-l2/contracts/abi/provider-pledges";
import { votingPhaAbi } from "@phala-l2/contracts/abi/voting-pha";
import { RollupError } from "@phala-l2/protocol/errors";
import { type Address, type Hash, parseEventLogs } from "viem";
import { withFaults } from "../../faults.ts";
import type { Bridge } from "../../network.ts";
import { durationText, votesText } from "../../wording.ts";
import { confirmed } from "../confirmed.ts";
import { type PledgeId, type Providers, pledgesContract } from "./contract.ts";
import { vaultOf } from "./pledge.ts";
import { send } from "./send.ts";

/** What is still to do until the vPHA, and then the PHA, is in the wallet. */
export type WithdrawalStep = {
  readonly command: string;
  /** Seconds from the step before. */
  readonly after: bigint;
  readonly what: string;
};

/** Of a pledge that unbonds, in their order. */
export function stepsOf(id: bigint, remaining: bigint, unlockPeriod: bigint): readonly WithdrawalStep[] {
  return [
    {
      command: `provider release --pledge ${id}`,
      after: remaining,
      what: "vPHA returns; anyone may send it",
    },
    { command: "stake unlock", after: 0n, what: "asks for the PHA" },
    { command: "stake claim", after: unlockPeriod, what: "PHA is paid; anyone may send it" },
  ];
}

export type Withdrawing = {
  readonly l2Hash: Hash;
  /** Unix seconds from which the vPHA can be released. Until then it can be slashed, and it earns nothing. */
  readonly releasableAt: bigint;
  readonly steps: readonly WithdrawalStep[];
};

/**
 * Ends one of the account's pledges: it earns nothing from now on, and its vPHA is free after the unbonding. There is no
 * way back.
 * @throws RollupError PROVIDER_NO_EVENT, BRIDGE_… of L2
 */
export async function withdrawPledge(
  bridge: Bridge,
  providers: Providers,
  { id }: PledgeId,
): Promise<Withdrawing> {
  return withFaults(async () => {
    const contract = pledgesContract(providers);
    const { request } = await bridge.l2.simulateContract({
      ...contract,
      account: bridge.account,
      functionName: "unbond",
      args: [id],
    });
    const vault = { address: await vaultOf(bridge, providers), abi: votingPhaAbi } as const;
    const [unbonding, unlockPeriod] = await Promise.all([
      bridge.l2.readContract({ ...contract, functionName: "UNBONDING_PERIOD" }),
      bridge.l2.readContract({ ...vault, functionName: "unlockPeriod" }),
    ]);
    bridge.tell(`Ends pledge ${id} for good: it earns nothing from now on; what it earned stays claimable.`);
    bridge.tell(`Its vPHA can be released ${durationText(unbonding)} later; until then it can be slashed.`);
    const l2Hash = await send(bridge, request);
    const { logs } = await confirmed(bridge.l2, l2Hash, "withdrawal");
    const [event] = parseEventLogs({ abi: providerPledgesAbi, eventName: "Unbonding", logs });
    if (event === undefined) throw new RollupError("PROVIDER_NO_EVENT", `${l2Hash} withdrew nothing`);
    return { l2Hash, releasableAt: event.args.releasableAt, steps: stepsOf(id, unbonding, unlockPeriod) };
  });
}

/** Returns a pledge's vPHA to its provider after the unbonding. Anyone may. @throws RollupError PROVIDER_NO_EVENT, BRIDGE_… */
export async function releasePledge(
  bridge: Bridge,
  providers: Providers,
  { id }: PledgeId,
): Promise<{ readonly l2Hash: Hash; readonly provider: Address; readonly shares: bigint }> {
  return withFaults(async () => {
    const { request } = await bridge.l2.simulateContract({
      ...pledgesContract(providers),
      account: bridge.account,
      functionName: "release",
      args: [id],
    });
    const { provider, shares } = await bridge.l2.readContract({
      ...pledgesContract(providers),
      functionName: "pledgeOf",
      args: [id],
    });
    bridge.tell(`Returns the ${votesText(shares)} vPHA of pledge ${id} to ${provider}.`);
    const l2Hash = await send(bridge, request);
    const { logs } = await confirmed(bridge.l2, l2Hash, "release");
    const [event] = parseEventLogs({ abi: providerPledgesAbi, eventName: "Released", logs });
    if (event === undefined) throw new RollupError("PROVIDER_NO_EVENT", `${l2Hash} released nothing`);
    return { l2Hash, provider: event.args.provider, shares: event.args.shares };
  });
}
