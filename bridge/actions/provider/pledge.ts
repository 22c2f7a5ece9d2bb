import { providerPledgesAbi } from "@phala-l2/contracts/abi/provider-pledges";
import { votingPhaAbi } from "@phala-l2/contracts/abi/voting-pha";
import { RollupError } from "@phala-l2/protocol/errors";
import { type Address, type Hash, type Hex, parseEventLogs, zeroAddress } from "viem";
import { withFaults } from "../../faults.ts";
import type { Bridge } from "../../network.ts";
import { phaText, votesText } from "../../wording.ts";
import { confirmed } from "../confirmed.ts";
import { className, type PledgeId, type Providers, pledgesContract } from "./contract.ts";
import { send } from "./send.ts";

const vphaText = (shares: bigint) => `${votesText(shares)} vPHA`;

export type Pledged = {
  readonly l2Hash: Hash;
  readonly id: bigint;
  readonly class: string;
  /** vPHA in its least units (24 decimals). */
  readonly shares: bigint;
  /** It earns nothing until the admitter has given it its GPU. */
  readonly state: "awaiting-admission";
};

/** Nothing was sent. */
function refused(message: string, help: string): never {
  throw new RollupError("PROVIDER_REFUSED", message, { data: { help } });
}

/** Asked before anything is approved. @throws RollupError PROVIDER_REFUSED */
async function requireFree(bridge: Bridge, vault: Address, shares: bigint): Promise<void> {
  const contract = { address: vault, abi: votingPhaAbi } as const;
  const owner = bridge.account.address;
  const free = await bridge.l2.readContract({ ...contract, functionName: "balanceOf", args: [owner] });
  if (free >= shares) return;
  const missing = await bridge.l2.readContract({
    ...contract,
    functionName: "previewMint",
    args: [shares - free],
  });
  refused(
    `${owner} has ${vphaText(free)} of ${vphaText(shares)}`,
    `stake at least ${phaText(missing)} more first ('l2 stake deposit'); vPHA grows dearer by the second`,
  );
}

/** Lets the pledges take exactly so much of the account's vPHA, where they may not yet. */
async function approve(
  bridge: Bridge,
  { pledges }: Providers,
  vault: Address,
  shares: bigint,
): Promise<void> {
  const contract = { address: vault, abi: votingPhaAbi } as const;
  const allowance = await bridge.l2.readContract({
    ...contract,
    functionName: "allowance",
    args: [bridge.account.address, pledges],
  });
  if (allowance >= shares) return;
  bridge.tell(`Approves first: ${pledges} may take exactly ${vphaText(shares)}.`);
  const hash = await bridge.l2.writeContract({
    ...contract,
    functionName: "approve",
    args: [pledges, shares],
  });
  await confirmed(bridge.l2, hash, "approval");
}

/** VotingPha, whose shares are pledged. */
export function vaultOf(bridge: Bridge, providers: Providers): Promise<Address> {
  return bridge.l2.readContract({ ...pledgesContract(providers), functionName: "vault" });
}

/**
 * Pledges the account's vPHA for one GPU of a class; as much as the class asks for when `shares` is absent. Exactly that is
 * approved first. A later change of the class's terms can ask for more.
 * @throws RollupError PROVIDER_REFUSED, PROVIDER_NO_EVENT, BRIDGE_TRANSACTION_REVERTED, BRIDGE_… of L2
 */
export async function pledge(
  bridge: Bridge,
  providers: Providers,
  order: { readonly class: Hex; readonly shares?: bigint | undefined },
): Promise<Pledged> {
  return withFaults(async () => {
    const contract = pledgesContract(providers);
    const name = className(order.class);
    const { collateral, weight } = await bridge.l2.readContract({
      ...contract,
      functionName: "classOf",
      args: [order.class],
    });
    if (weight === 0n) refused(`class ${name} takes no pledges`, "take a class that governance has opened");
    const shares = order.shares ?? collateral;
    if (shares < collateral) {
      refused(
        `class ${name} asks for ${vphaText(collateral)}, not ${vphaText(shares)}`,
        "pledge more, or leave --shares out",
      );
    }
    const vault = await vaultOf(bridge, providers);
    await requireFree(bridge, vault, shares);
    bridge.tell(`Pledges ${vphaText(shares)} of ${bridge.account.address} for one GPU of class ${name}.`);
    bridge.tell("It votes on, can be slashed, and earns once the admitter has admitted it.");
    await approve(bridge, providers, vault, shares);
    const { request } = await bridge.l2.simulateContract({
      ...contract,
      account: bridge.account,
      functionName: "pledge",
      args: [order.class, shares],
    });
    const l2Hash = await send(bridge, request);
    const { logs } = await confirmed(bridge.l2, l2Hash, "pledge");
    const [event] = parseEventLogs({ abi: providerPledgesAbi, eventName: "Pledged", logs });
    if (event === undefined) throw new RollupError("PROVIDER_NO_EVENT", `${l2Hash} pledged nothing`);
    return { l2Hash, id: event.args.id, class: name, shares, state: "awaiting-admission" };
  });
}

/** What bonds no more, or is another's, takes nothing: asked before anything is approved. @throws RollupError PROVIDER_REFUSED */
async function requireOwnBonded(bridge: Bridge, providers: Providers, { id }: PledgeId): Promise<void> {
  const { provider, unbondedAt } = await bridge.l2.readContract({
    ...pledgesContract(providers),
    functionName: "pledgeOf",
    args: [id],
  });
  const me = bridge.account.address;
  if (provider === zeroAddress)
    refused(`there is no pledge ${id}`, "'l2 provider status' lists the account's");
  if (provider !== me) refused(`pledge ${id} is ${provider}'s, not ${me}'s`, "use its provider's account");
  if (unbondedAt !== 0) refused(`pledge ${id} is withdrawn already`, "pledge anew");
}

/**
 * Adds vPHA to one of the account's pledges. Exactly that is approved first.
 * @throws RollupError PROVIDER_REFUSED, BRIDGE_TRANSACTION_REVERTED, BRIDGE_… of L2
 */
export async function addToPledge(
  bridge: Bridge,
  providers: Providers,
  { id, shares }: PledgeId & { readonly shares: bigint },
): Promise<{ readonly l2Hash: Hash; readonly shares: bigint }> {
  return withFaults(async () => {
    if (shares === 0n) refused("nothing would be added", "give more (--shares)");
    await requireOwnBonded(bridge, providers, { id });
    const vault = await vaultOf(bridge, providers);
    await requireFree(bridge, vault, shares);
    bridge.tell(`Adds ${vphaText(shares)} of ${bridge.account.address} to pledge ${id}.`);
    await approve(bridge, providers, vault, shares);
    const { request } = await bridge.l2.simulateContract({
      ...pledgesContract(providers),
      account: bridge.account,
      functionName: "topUp",
      args: [id, shares],
    });
    const l2Hash = await send(bridge, request);
    await confirmed(bridge.l2, l2Hash, "addition");
    return { l2Hash, shares };
  });
}
