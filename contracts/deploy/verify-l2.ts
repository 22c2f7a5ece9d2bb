import { type Address, type PublicClient, parseAbi, zeroAddress } from "viem";
import { phaGovernorAbi } from "../abi/pha-governor.ts";
import { rewardDistributorAbi } from "../abi/reward-distributor.ts";
import type { AddressBook } from "./address-book.ts";
import type { DeployConfig } from "./config.ts";
import { requireAll } from "./verify.ts";
import type { Check } from "./verify-attestation.ts";
import { delayCheck, roleChecks } from "./verify-governance.ts";

const gettersAbi = parseAbi([
  "function owner() view returns (address)",
  "function asset() view returns (address)",
  "function token() view returns (address)",
  "function vault() view returns (address)",
  "function distributor() view returns (address)",
  "function pledges() view returns (address)",
  "function REMOTE_TOKEN() view returns (address)",
  "function treasury() view returns (address)",
  "function admitter() view returns (address)",
]);

type Getter = (typeof gettersAbi)[number]["name"];

/**
 * Checks on chain that PHA's contracts on L2 name each other, that the timelock owns what has an owner, that nobody but the
 * votes has a say in the timelock, and that votes and rewards have each parameter of the configuration. Whoever deploys
 * again after a vote has changed one puts it into the configuration first.
 * @param deployer Has no say.
 * @throws RollupError DEPLOY_MISMATCH naming each difference
 */
export async function verifyL2(
  client: PublicClient,
  config: DeployConfig,
  book: AddressBook,
  deployer: Address,
): Promise<void> {
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
    named("RewardDistributor", "treasury", l2.GovernanceTimelock),
    named("ProviderPledges", "admitter", config.staking.admitter ?? l2.GovernanceTimelock),
    {
      what: "rate of RewardDistributor on L2",
      found: client
        .readContract({ address: l2.RewardDistributor, abi: rewardDistributorAbi, functionName: "rate" })
        .then(String),
      wanted: String(config.staking.rewardRate),
    },
    ...owned.map((name) => named(name, "owner", l2.GovernanceTimelock)),
    ...governorChecks(client, config, book),
    delayCheck(client, l2.GovernanceTimelock, config.governance.l2Delay),
    ...roleChecks(client, l2.GovernanceTimelock, {
      proposers: [l2.PhaGovernor],
      executors: [zeroAddress],
      strangers: [deployer, config.guardian, zeroAddress],
    }),
  ]);
}

/** What decides, and by which numbers: those that are for ever, and those that votes may change. */
function governorChecks(
  client: PublicClient,
  { guardian, governance }: DeployConfig,
  { l2 }: AddressBook,
): Check[] {
  const governor = { address: l2.PhaGovernor, abi: phaGovernorAbi } as const;
  const wanted = [
    ["token", l2.VotingPha],
    ["timelock", l2.GovernanceTimelock],
    ["proposalGuardian", guardian],
    ["votingDelay", governance.votingDelay],
    ["votingPeriod", governance.votingPeriod],
    ["proposalThreshold", governance.proposalThreshold],
    ["quorumDenominator", 100n],
    ["quorumFloor", governance.quorumFloor],
    ["lateQuorumVoteExtension", governance.lateQuorumExtension],
    ["guardianWindow", governance.guardianWindow],
  ] as const;
  return [
    ...wanted.map(([functionName, value]) => ({
      what: `the governor's ${functionName}`,
      found: client.readContract({ ...governor, functionName }).then(String),
      wanted: String(value),
    })),
    {
      what: "the governor's quorumNumerator",
      found: client.readContract({ ...governor, functionName: "quorumNumerator" }).then(String),
      wanted: String(governance.quorumPercent),
    },
  ];
}
