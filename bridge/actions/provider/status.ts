import { votingPhaAbi } from "@phala-l2/contracts/abi/voting-pha";
import { RollupError } from "@phala-l2/protocol/errors";
import { type Address, type Hex, isAddressEqual, zeroAddress, zeroHash } from "viem";
import { withFaults } from "../../faults.ts";
import type { Bridge } from "../../network.ts";
import { className, type PledgeId, type Providers, pledgesContract } from "./contract.ts";
import { vaultOf } from "./pledge.ts";
import { stepsOf, type WithdrawalStep } from "./withdraw.ts";

/**
 * awaiting-admission: no GPU was given to it. short: it has no weight, because it holds less than its class asks for, or the class was
 * closed. unbonding, releasable: withdrawn. ended: nothing is held any more.
 */
export type PledgeState = "awaiting-admission" | "earning" | "short" | "unbonding" | "releasable" | "ended";

/** vPHA in its least units (24 decimals), PHA in wei, times in Unix seconds. */
export type PledgeStatus = {
  readonly id: bigint;
  readonly provider: Address;
  readonly class: string;
  readonly state: PledgeState;
  readonly shares: bigint;
  /** What the class asks for today. */
  readonly collateral: bigint;
  /** With which it earns now, in ten-thousandths, and what its class weighs today; 'refresh' where they differ. */
  readonly weight: bigint;
  readonly classWeight: bigint;
  readonly device: Hex | undefined;
  /** PHA earned up to now and not taken; stays claimable in every state. */
  readonly earned: bigint;
  readonly bondedAt: bigint;
  /** From when 'release' returns it; undefined while it is bonded. */
  readonly releasableAt: bigint | undefined;
  /** What is still to do until PHA is in the wallet; none while it is bonded, or when it ended. */
  readonly steps: readonly WithdrawalStep[];
};

export type ProviderStatus = {
  readonly pledges: readonly PledgeStatus[];
  /** Sum of what the pledges have earned. */
  readonly earned: bigint;
  /** Of all providers' pledges; each second's part is shared by weight. */
  readonly totalWeight: bigint;
  readonly admitter: Address;
};

/** What the state depends on. */
export type PledgeFacts = {
  readonly shares: bigint;
  readonly weight: bigint;
  readonly device: Hex | undefined;
  readonly releasableAt: bigint | undefined;
};

/** State of a pledge at a time. */
export function pledgeState({ shares, weight, device, releasableAt }: PledgeFacts, now: bigint): PledgeState {
  if (releasableAt !== undefined) {
    if (shares === 0n) return "ended";
    return now < releasableAt ? "unbonding" : "releasable";
  }
  if (weight !== 0n) return "earning";
  return device === undefined && shares !== 0n ? "awaiting-admission" : "short";
}

type Chain = { readonly now: bigint; readonly unlockPeriod: bigint };

async function readPledge(bridge: Bridge, providers: Providers, id: bigint) {
  return bridge.l2.readContract({ ...pledgesContract(providers), functionName: "pledgeOf", args: [id] });
}

type Pledge = Awaited<ReturnType<typeof readPledge>>;

async function pledgeStatus(
  bridge: Bridge,
  providers: Providers,
  { id, pledge, chain }: PledgeId & { readonly pledge: Pledge; readonly chain: Chain },
): Promise<PledgeStatus> {
  const contract = pledgesContract(providers);
  const [weight, earned, terms, unbondedUntil] = await Promise.all([
    bridge.l2.readContract({ ...contract, functionName: "weightOf", args: [id] }),
    bridge.l2.readContract({ ...contract, functionName: "rewardsOf", args: [id] }),
    bridge.l2.readContract({ ...contract, functionName: "classOf", args: [pledge.class] }),
    bridge.l2.readContract({ ...contract, functionName: "releasableAt", args: [id] }),
  ]);
  const device = pledge.device === zeroHash ? undefined : pledge.device;
  const releasableAt = unbondedUntil === 0n ? undefined : unbondedUntil;
  const { shares, provider } = pledge;
  const state = pledgeState({ shares, weight, device, releasableAt }, chain.now);
  const remaining = releasableAt === undefined || state !== "unbonding" ? 0n : releasableAt - chain.now;
  const isLeaving = state === "unbonding" || state === "releasable";
  return {
    id,
    provider,
    class: className(pledge.class),
    state,
    shares,
    collateral: terms.collateral,
    weight,
    classWeight: terms.weight,
    device,
    earned,
    bondedAt: BigInt(pledge.bondedAt),
    releasableAt,
    steps: isLeaving ? stepsOf(id, remaining, chain.unlockPeriod) : [],
  };
}

/** Pledges asked for at once. */
const ASKED_AT_ONCE = 64n;

/** A provider's pledges, by asking for all: state is what every node answers for, logs of years it may not. */
async function pledgesOf(bridge: Bridge, providers: Providers, provider: Address) {
  const count = await bridge.l2.readContract({
    ...pledgesContract(providers),
    functionName: "pledgeCount",
  });
  const found: { readonly id: bigint; readonly pledge: Pledge }[] = [];
  for (let first = 1n; first <= count; first += ASKED_AT_ONCE) {
    const last = first + ASKED_AT_ONCE - 1n < count ? first + ASKED_AT_ONCE - 1n : count;
    const ids = Array.from({ length: Number(last - first) + 1 }, (_, i) => first + BigInt(i));
    const pledges = await Promise.all(
      ids.map(async (id) => ({ id, pledge: await readPledge(bridge, providers, id) })),
    );
    found.push(...pledges.filter(({ pledge }) => isAddressEqual(pledge.provider, provider)));
  }
  return found;
}

/** Whose pledges, or which one. */
export type StatusQuestion = { readonly provider: Address } | PledgeId;

/** How pledges stand, what they have earned, and what is left to do of those that were withdrawn. @throws RollupError PROVIDER_REFUSED, BRIDGE_… */
export async function providerStatus(
  bridge: Bridge,
  providers: Providers,
  question: StatusQuestion,
): Promise<ProviderStatus> {
  return withFaults(async () => {
    const contract = pledgesContract(providers);
    const vault = { address: await vaultOf(bridge, providers), abi: votingPhaAbi } as const;
    const [{ timestamp }, unlockPeriod, totalWeight, admitter] = await Promise.all([
      bridge.l2.getBlock(),
      bridge.l2.readContract({ ...vault, functionName: "unlockPeriod" }),
      bridge.l2.readContract({ ...contract, functionName: "totalWeight" }),
      bridge.l2.readContract({ ...contract, functionName: "admitter" }),
    ]);
    const found =
      "id" in question
        ? [{ id: question.id, pledge: await readPledge(bridge, providers, question.id) }]
        : await pledgesOf(bridge, providers, question.provider);
    if (found.some(({ pledge }) => pledge.provider === zeroAddress)) {
      throw new RollupError("PROVIDER_REFUSED", `there is no pledge ${"id" in question ? question.id : ""}`, {
        data: { help: "'l2 provider status' without --pledge lists the account's" },
      });
    }
    const chain = { now: timestamp, unlockPeriod };
    const pledges = await Promise.all(
      found.map((each) => pledgeStatus(bridge, providers, { ...each, chain })),
    );
    const earned = pledges.reduce((sum, pledge) => sum + pledge.earned, 0n);
    return { pledges, earned, totalWeight, admitter };
  });
}
