import type { Hash, Hex } from "viem";
import { withFaults } from "../../faults.ts";
import type { Bridge } from "../../network.ts";
import { confirmed } from "../confirmed.ts";
import { type PledgeId, type Providers, pledgesContract } from "./contract.ts";
import { send } from "./send.ts";

/** `weight` in ten-thousandths: with which the pledge earns from now on. */
export type Weighed = { readonly l2Hash: Hash; readonly weight: bigint };

async function weighed(bridge: Bridge, providers: Providers, { id }: PledgeId, hash: Hash): Promise<Weighed> {
  await confirmed(bridge.l2, hash, "change of weight");
  const weight = await bridge.l2.readContract({
    ...pledgesContract(providers),
    functionName: "weightOf",
    args: [id],
  });
  return { l2Hash: hash, weight };
}

/**
 * Gives a bonded pledge its GPU, by the identity that its evidence has (`deviceIds` of `l2 provers` for a GPU that L1 knows). The
 * admitter alone.
 * @throws RollupError BRIDGE_… of L2
 */
export async function admitPledge(
  bridge: Bridge,
  providers: Providers,
  { id, device }: PledgeId & { readonly device: Hex },
): Promise<Weighed> {
  return withFaults(async () => {
    const { request } = await bridge.l2.simulateContract({
      ...pledgesContract(providers),
      account: bridge.account,
      functionName: "admit",
      args: [id, device],
    });
    bridge.tell(`Admits pledge ${id} for GPU ${device}: it earns from now on, if it holds its collateral.`);
    return weighed(bridge, providers, { id }, await send(bridge, request));
  });
}

/** Takes a pledge's GPU from it, and the weight; its vPHA is not touched. The admitter alone. @throws RollupError BRIDGE_… */
export async function removePledge(bridge: Bridge, providers: Providers, { id }: PledgeId): Promise<Weighed> {
  return withFaults(async () => {
    const { request } = await bridge.l2.simulateContract({
      ...pledgesContract(providers),
      account: bridge.account,
      functionName: "dismiss",
      args: [id],
    });
    bridge.tell(`Removes the GPU of pledge ${id}: it earns nothing from now on; its vPHA is not touched.`);
    return weighed(bridge, providers, { id }, await send(bridge, request));
  });
}

/** Weighs a pledge by its class's terms of today. Anyone may. @throws RollupError BRIDGE_… of L2 */
export async function refreshPledge(
  bridge: Bridge,
  providers: Providers,
  { id }: PledgeId,
): Promise<Weighed> {
  return withFaults(async () => {
    const { request } = await bridge.l2.simulateContract({
      ...pledgesContract(providers),
      account: bridge.account,
      functionName: "refresh",
      args: [id],
    });
    bridge.tell(`Weighs pledge ${id} by the terms that its class has today.`);
    return weighed(bridge, providers, { id }, await send(bridge, request));
  });
}
