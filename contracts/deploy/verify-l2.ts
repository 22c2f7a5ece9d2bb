import { type Address, type PublicClient, parseAbi, zeroAddress } from "viem";
import { governanceTimelockAbi } from "../abi/governance-timelock.ts";
import { phaGovernorAbi } from "../abi/pha-governor.ts";
import type { AddressBook } from "./address-book.ts";
import type { DeployConfig } from "./config.ts";
import { requireAll } from "./verify.ts";
import type { Check } from "./verify-attestation.ts";
import { roleChecks } from "./verify-governance.ts";

const gettersAbi = parseAbi([
  "function owner() view returns (address)",
  "function asset() view returns (address)",
  "function token() view returns (address)",
  "function vault() view returns (address)",
  "function distributor() view returns (address)",
  "function pledges() view returns (address)",
  "function REMOTE_TOKEN() view returns (address)",
]);

type Getter = (typeof gettersAbi)[number]["name"];

/**
 * Checks on chain that PHA's contracts on L2 name each other, that the timelock owns what has an owner, and that nobody
 * but the votes has a say in the timelock.
 * @throws RollupError DEPLOY_MISMATCH naming each difference
 */
export async function verifyL2(client: PublicClient, config: DeployConfig, book: AddressBook): Promise<void> {
  const { l2, addresses } = book;
  const named = (name: keyof AddressBook["l2"], functionName: Getter, wanted: Address): Check => ({
    what: `${functionName} of ${name} on L2`,
    found: client.readContract({ address: l2[name], abi: gettersAbi, functionName }),
    wanted,
  });
  const owned = ["VotingPha", "RewardDistributor", "ProviderPledges"] as const;
  await requireAll([
    named("Pha", "REMOTE_TOKEN", addresses.Pha),
    named("VotingPha", "asset", l2.Pha),
    named("VotingPha", "distributor", l2.RewardDistributor),
    named("VotingPha", "pledges", l2.ProviderPledges),
    named("RewardDistributor", "token", l2.Pha),
    named("RewardDistributor", "vault", l2.VotingPha),
    named("RewardDistributor", "pledges", l2.ProviderPledges),
    named("ProviderPledges", "vault", l2.VotingPha),
    named("ProviderPledges", "distributor", l2.RewardDistributor),
    ...owned.map((name) => named(name, "owner", l2.GovernanceTimelock)),
    ...governorChecks(client, config, book),
    ...roleChecks(client, l2.GovernanceTimelock, { proposers: [l2.PhaGovernor], executors: [zeroAddress] }),
    {
      what: "the delay of L2's timelock",
      found: client
        .readContract({
          address: l2.GovernanceTimelock,
          abi: governanceTimelockAbi,
          functionName: "getMinDelay",
        })
        .then(String),
      wanted: String(config.governance.l2Delay),
    },
  ]);
}

/** The governor's numbers are checked once they are as configured; later they are the votes' to change. */
function governorChecks(client: PublicClient, { guardian }: DeployConfig, { l2 }: AddressBook): Check[] {
  const governor = { address: l2.PhaGovernor, abi: phaGovernorAbi } as const;
  return [
    {
      what: "the governor's votes",
      found: client.readContract({ ...governor, functionName: "token" }),
      wanted: l2.VotingPha,
    },
    {
      what: "the governor's timelock",
      found: client.readContract({ ...governor, functionName: "timelock" }),
      wanted: l2.GovernanceTimelock,
    },
    {
      what: "the governor's guardian",
      found: client.readContract({ ...governor, functionName: "proposalGuardian" }),
      wanted: guardian,
    },
  ];
}
