import { sunsetStakerAbi } from "@phala-l2/contracts/abi/sunset-staker";
import type { Address, Hex } from "viem";
import { withFaults } from "../../faults.ts";
import type { Bridge } from "../../network.ts";
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
  { l1, l2 }: Bridge,
  places: SunsetPlaces,
  { account, receiver }: { readonly account?: Hex; readonly receiver?: Address } = {},
): Promise<ClaimStatus> {
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
    return {
      ...facts,
      ...(claimed === undefined ? {} : { claimed }),
      ...(staking === undefined ? {} : { staking }),
    };
  });
}
