import { sunsetStakerAbi } from "@phala-l2/contracts/abi/sunset-staker";
import type { Address, Hex } from "viem";
import { withFaults } from "../../faults.ts";
import type { Bridge } from "../../network.ts";
import { phaText, whenText } from "../../wording.ts";
import { claimsContract, registryContract, type SunsetPlaces } from "./contract.ts";

const STATUSES = ["none", "proposed", "final"] as const;

export type ClaimStatus = {
  readonly sunset: (typeof STATUSES)[number];
  /** Zero without a proposal. */
  readonly claimsRoot: Hex;
  /** Unix seconds from which on the proposal can be made final; zero without one. */
  readonly finalAt: bigint;
  /** Wei of PHA that can be claimed now, and that ever was. */
  readonly unclaimed: bigint;
  readonly released: bigint;
  /** Unix seconds from which on what is left may leave. */
  readonly sweepsAt: bigint;
  /** Of the account that was asked for. */
  readonly claimed?: boolean;
  /** Wei of PHA on their way into the receiver's stake on L2. */
  readonly staking?: bigint;
};

/**
 * How a sunset stands, whether an account has claimed, and what is on its way into a receiver's stake.
 * @throws RollupError BRIDGE_… of the chains
 */
export async function claimStatus(
  bridge: Bridge,
  places: SunsetPlaces,
  { account, receiver }: { readonly account?: Hex; readonly receiver?: Address } = {},
): Promise<ClaimStatus> {
  const { l1, l2 } = bridge;
  return withFaults(async () => {
    const contract = claimsContract(places);
    const registry = registryContract(await l1.readContract({ ...contract, functionName: "sunset" }));
    const [status, [{ claimsRoot }], finalAt, unclaimed, released, sweepsAt] = await Promise.all([
      l1.readContract({ ...registry, functionName: "status" }),
      l1.readContract({ ...registry, functionName: "proposal" }),
      l1.readContract({ ...registry, functionName: "finalAt" }),
      l1.readContract({ ...contract, functionName: "unclaimed" }),
      l1.readContract({ ...contract, functionName: "totalReleased" }),
      l1.readContract({ ...contract, functionName: "sweepsAt" }),
    ]);
    const sunset = STATUSES[status] ?? "none";
    const facts = { sunset, claimsRoot, finalAt, unclaimed, released, sweepsAt };
    const claimed =
      account && (await l1.readContract({ ...contract, functionName: "isClaimed", args: [account] }));
    const staker = receiver && (await l1.readContract({ ...contract, functionName: "l2Staker" }));
    const staking =
      staker &&
      (await l2.readContract({
        address: staker,
        abi: sunsetStakerAbi,
        functionName: "owedTo",
        args: [receiver],
      }));
    const answer: ClaimStatus = {
      ...facts,
      ...(claimed === undefined ? {} : { claimed }),
      ...(staking === undefined ? {} : { staking }),
    };
    const { timestamp } = await l1.getBlock();
    for (const line of claimLines(answer, timestamp)) bridge.tell(line);
    return answer;
  });
}

function sunsetLine({ sunset, finalAt, unclaimed }: ClaimStatus, now: bigint): string {
  switch (sunset) {
    case "none":
      return "No sunset is proposed yet: nothing can be claimed.";
    case "proposed":
      return finalAt > now
        ? `The sunset is proposed, and can be made final from ${whenText(finalAt, now)}; then claims begin.`
        : "The sunset is proposed and can be made final now ('l2 sunset finalize', by anyone); then claims begin.";
    case "final":
      return `The sunset is final: claims are paid, ${phaText(unclaimed)} are there for them.`;
  }
}

/** No sweep: the time is not known before the sunset is final. */
const NEVER = 2n ** 64n - 1n;

/** The same in words. @param now Unix seconds on L1 */
function claimLines(status: ClaimStatus, now: bigint): readonly string[] {
  const { sweepsAt, claimed, staking } = status;
  return [
    sunsetLine(status, now),
    ...(status.sunset === "final" && sweepsAt <= NEVER
      ? [`It can be claimed until ${whenText(sweepsAt, now)} at least; after that what is left may leave.`]
      : []),
    ...(claimed === undefined
      ? []
      : [claimed ? "This account has been paid." : "This account has not been paid yet."]),
    ...(staking === undefined
      ? []
      : [
          staking === 0n
            ? "Nothing is on its way into the receiver's stake."
            : `${phaText(staking)} are on their way into the receiver's stake on L2.`,
        ]),
  ];
}
