import type { Address } from "viem";
import { withFaults } from "../../faults.ts";
import type { Bridge } from "../../network.ts";
import { phaText, votesText, whenText } from "../../wording.ts";
import { type Staking, vaultContract } from "./vault.ts";

export type UnlockStatus = {
  readonly id: bigint;
  readonly receiver: Address;
  /** PHA in wei. */
  readonly assets: bigint;
  /** Unix seconds. */
  readonly unlockAt: bigint;
  /** Seconds until anyone can pay it out; zero = now. */
  readonly remaining: bigint;
  readonly state: "unlocking" | "claimable";
  /** Always, until it is paid. */
  readonly canBeCancelled: true;
};

/** PHA in wei; shares and votes in vPHA's least units (24 decimals). */
export type StakingStatus = {
  readonly holder: Address;
  /** Free to transfer, unlock or pledge, and what it is worth now. */
  readonly shares: bigint;
  readonly assets: bigint;
  /** Collateral, and what it is worth now. */
  readonly pledgedShares: bigint;
  readonly pledgedAssets: bigint;
  /** The requests that the holder made, the earliest first. */
  readonly unlocks: readonly UnlockStatus[];
  /** Of the holder's stake, wherever it is. */
  readonly ownVotes: bigint;
  readonly delegate: Address;
  /** That the holder casts: others' delegations included, its own if it has kept them. */
  readonly votes: bigint;
  /** Wei of PHA that one whole vPHA is worth. */
  readonly price: bigint;
  /** Seconds that a request of now would take. */
  readonly unlockPeriod: bigint;
};

const ONE_SHARE = 10n ** 24n;

async function unlockStatus(
  bridge: Bridge,
  staking: Staking,
  id: bigint,
  now: bigint,
): Promise<UnlockStatus> {
  const { receiver, assets, unlockAt } = await bridge.l2.readContract({
    ...vaultContract(staking),
    functionName: "unlockOf",
    args: [id],
  });
  const remaining = unlockAt > now ? unlockAt - now : 0n;
  const state = remaining === 0n ? "claimable" : "unlocking";
  return { id, receiver, assets, unlockAt, remaining, state, canBeCancelled: true };
}

/** All that a holder has in the vault. @throws RollupError BRIDGE_… of the chains */
export async function stakingStatus(
  bridge: Bridge,
  staking: Staking,
  { holder }: { readonly holder: Address },
): Promise<StakingStatus> {
  return withFaults(async () => {
    const contract = vaultContract(staking);
    const read = { ...contract, args: [holder] } as const;
    const [shares, pledgedShares, unlockingShares, ids, delegate, votes, price, unlockPeriod, { timestamp }] =
      await Promise.all([
        bridge.l2.readContract({ ...read, functionName: "balanceOf" }),
        bridge.l2.readContract({ ...read, functionName: "pledgedOf" }),
        bridge.l2.readContract({ ...read, functionName: "unlockingSharesOf" }),
        bridge.l2.readContract({ ...read, functionName: "unlocksOf" }),
        bridge.l2.readContract({ ...read, functionName: "delegates" }),
        bridge.l2.readContract({ ...read, functionName: "getVotes" }),
        bridge.l2.readContract({ ...contract, functionName: "convertToAssets", args: [ONE_SHARE] }),
        bridge.l2.readContract({ ...contract, functionName: "unlockPeriod" }),
        bridge.l2.getBlock(),
      ]);
    const worth = (part: bigint) =>
      bridge.l2.readContract({ ...contract, functionName: "convertToAssets", args: [part] });
    const [assets, pledgedAssets] = await Promise.all([worth(shares), worth(pledgedShares)]);
    const unlocks = await Promise.all(ids.map((id) => unlockStatus(bridge, staking, id, timestamp)));
    const status: StakingStatus = {
      holder,
      shares,
      assets,
      pledgedShares,
      pledgedAssets,
      unlocks: unlocks.toSorted((a, b) => Number(a.unlockAt - b.unlockAt)),
      ownVotes: shares + pledgedShares + unlockingShares,
      delegate,
      votes,
      price,
      unlockPeriod,
    };
    for (const line of stakingLines(status, timestamp)) bridge.tell(line);
    return status;
  });
}

/** The same in words. @param now Unix seconds */
function stakingLines(status: StakingStatus, now: bigint): readonly string[] {
  const { holder, shares, assets, pledgedShares, pledgedAssets, unlocks, votes, delegate } = status;
  const isOwn = delegate.toLowerCase() === holder.toLowerCase();
  return [
    `${holder} has staked ${phaText(assets)}: ${votesText(shares)} vPHA.`,
    ...(pledgedShares === 0n ? [] : [`Pledged as collateral besides: ${phaText(pledgedAssets)}.`]),
    isOwn
      ? `It casts ${votesText(votes)} votes.`
      : `Its votes are cast by ${delegate}; itself it casts ${votesText(votes)}.`,
    ...unlocks.map(
      ({ id, receiver, assets: asked, unlockAt }) =>
        `Request ${id}: ${phaText(asked)} for ${receiver}, claimable from ${whenText(unlockAt, now)}; can be cancelled until it is paid.`,
    ),
  ];
}
