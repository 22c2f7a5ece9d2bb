import { votingPhaAbi } from "@phala-l2/contracts/abi/voting-pha";
import { RollupError } from "@phala-l2/protocol/errors";
import { type Address, type Hash, parseEventLogs } from "viem";
import { withFaults } from "../../faults.ts";
import type { Bridge } from "../../network.ts";
import { phaText, votesText, whenText } from "../../wording.ts";
import { confirmed } from "../confirmed.ts";
import { type Staking, vaultContract, withMargin } from "./vault.ts";

export type UnlockRequested = {
  readonly l2Hash: Hash;
  readonly id: bigint;
  readonly receiver: Address;
  /** PHA in wei, fixed by the request. */
  readonly assets: bigint;
  /** Unix seconds from which anyone can pay it out. Until somebody does, its owner can cancel it. */
  readonly unlockAt: bigint;
  /** Until it is paid, matured or not. */
  readonly canBeCancelled: true;
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
  if (assets === worth) return all;
  if (wanted <= all) return wanted;
  throw new RollupError(
    "STAKE_FUNDS",
    `the stake in ${bridge.account.address} is worth ${phaText(worth)}, and ${phaText(assets)} are asked back`,
    {
      data: {
        worth,
        assets,
        help: "Ask for less, or leave --amount out for all of it. 'l2 stake status' shows the stake.",
      },
    },
  );
}

async function tellRequest(bridge: Bridge, staking: Staking, shares: bigint, to: Address): Promise<void> {
  const { l2, tell } = bridge;
  const contract = vaultContract(staking);
  const [assets, period, { timestamp }] = await Promise.all([
    l2.readContract({ ...contract, functionName: "previewRedeem", args: [shares] }),
    l2.readContract({ ...contract, functionName: "unlockPeriod" }),
    l2.getBlock(),
  ]);
  tell(`Asks ${phaText(assets)} back for ${to} (${votesText(shares)} vPHA of ${bridge.account.address}).`);
  tell(
    `Claimable from ${whenText(timestamp + period, timestamp)}. Until it is paid it keeps its votes and earns nothing.`,
  );
  tell(
    "It is not final: it can be cancelled ('l2 stake cancel') until it is paid, before that date and after.",
  );
}

/** A request that stands, for whoever is about to pay or cancel it; nothing of one that does not. */
async function openRequest({ l2 }: Bridge, staking: Staking, id: bigint) {
  const unlock = await l2.readContract({ ...vaultContract(staking), functionName: "unlockOf", args: [id] });
  return unlock.unlockAt === 0n ? undefined : unlock;
}

/**
 * Asks for staked PHA back. It is paid to `to` after the unlock period, and can be cancelled until it is paid.
 * @throws RollupError STAKE_FUNDS, BRIDGE_TRANSACTION_REVERTED, BRIDGE_… of the chains
 */
export async function requestUnlock(
  bridge: Bridge,
  staking: Staking,
  { to, assets }: UnlockOrder,
): Promise<UnlockRequested> {
  return withFaults(async () => {
    const shares = await sharesFor(bridge, staking, assets);
    const call = {
      ...vaultContract(staking),
      account: bridge.account,
      functionName: "requestUnlock",
      args: [shares, to],
    } as const;
    const { request } = await bridge.l2.simulateContract(call);
    const gas = withMargin(await bridge.l2.estimateContractGas(call));
    await tellRequest(bridge, staking, shares, to);
    const l2Hash = await bridge.l2.writeContract({ ...request, gas });
    const { logs } = await confirmed(bridge.l2, l2Hash, "request");
    const [event] = parseEventLogs({ abi: votingPhaAbi, eventName: "UnlockRequested", logs });
    if (event === undefined) throw new RollupError("STAKE_NO_EVENT", `${l2Hash} requested nothing`);
    const { id, receiver, assets: fixed, unlockAt } = event.args;
    bridge.tell(`It is request ${id}. To stake it again: l2 stake cancel --request ${id}`);
    return { l2Hash, id, receiver, assets: fixed, unlockAt, canBeCancelled: true };
  });
}

/** Pays out a matured request, anybody's, to its receiver. @throws RollupError BRIDGE_TRANSACTION_REVERTED, BRIDGE_… */
export async function claimUnlock(
  bridge: Bridge,
  staking: Staking,
  { id }: { readonly id: bigint },
): Promise<{ readonly l2Hash: Hash; readonly assets: bigint }> {
  return withFaults(async () => {
    const call = {
      ...vaultContract(staking),
      account: bridge.account,
      functionName: "claim",
      args: [id],
    } as const;
    const { request, result } = await bridge.l2.simulateContract(call);
    const gas = withMargin(await bridge.l2.estimateContractGas(call));
    const unlock = await openRequest(bridge, staking, id);
    if (unlock !== undefined)
      bridge.tell(`Pays request ${id}: ${phaText(unlock.assets)} to ${unlock.receiver}, for good.`);
    const l2Hash = await bridge.l2.writeContract({ ...request, gas });
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
    const call = {
      ...vaultContract(staking),
      account: bridge.account,
      functionName: "cancelUnlock",
      args: [id],
    } as const;
    const { request } = await bridge.l2.simulateContract(call);
    const gas = withMargin(await bridge.l2.estimateContractGas(call));
    const unlock = await openRequest(bridge, staking, id);
    if (unlock !== undefined) {
      bridge.tell(
        `Cancels request ${id}: ${phaText(unlock.assets)} are staked again at the price of now, and earn again.`,
      );
    }
    const l2Hash = await bridge.l2.writeContract({ ...request, gas });
    const { logs } = await confirmed(bridge.l2, l2Hash, "cancellation");
    const [event] = parseEventLogs({ abi: votingPhaAbi, eventName: "UnlockCancelled", logs });
    if (event === undefined) throw new RollupError("STAKE_NO_EVENT", `${l2Hash} cancelled nothing`);
    return { l2Hash, shares: event.args.shares };
  });
}
