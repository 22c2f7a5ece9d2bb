import { type Address, type PublicClient, parseAbi, zeroAddress } from "viem";
import { governanceTimelockAbi } from "../abi/governance-timelock.ts";
import { phaGovernorAbi } from "../abi/pha-governor.ts";
import { rewardDistributorAbi } from "../abi/reward-distributor.ts";
import type { AddressBook } from "./address-book.ts";
import type { DeployConfig } from "./config.ts";
import { requireAllInTurn } from "./verify.ts";
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
  "function treasury() view returns (address)",
  "function admitter() view returns (address)",
]);

type Getter = (typeof gettersAbi)[number]["name"];

type Reading = {
  readonly client: PublicClient;
  readonly config: DeployConfig;
  readonly l2: AddressBook["l2"];
};

/**
 * Checks on chain that PHA's contracts on L2 name each other, that the timelock owns what has an owner, that nobody but the
 * votes has a say in the timelock, and that each parameter is as configured: what votes may change, as long as nobody has
 * proposed anything.
 * @param deployer Has no say.
 * @throws RollupError DEPLOY_MISMATCH naming each difference
 */
export async function verifyL2(
  client: PublicClient,
  config: DeployConfig,
  { l2, addresses }: AddressBook,
  deployer: Address,
): Promise<void> {
  const reading = { client, config, l2 };
  const proposals = await client.readContract({
    address: l2.PhaGovernor,
    abi: phaGovernorAbi,
    functionName: "proposalCount",
  });
  await requireAllInTurn([
    () => neighbourChecks(reading, addresses.Pha),
    () => fixedChecks(reading),
    () => (proposals === 0n ? governedChecks(reading) : []),
    () =>
      roleChecks(client, l2.GovernanceTimelock, {
        proposers: [l2.PhaGovernor],
        executors: [zeroAddress],
        strangers: [deployer, config.guardian, zeroAddress],
      }),
  ]);
}

function named(
  { client, l2 }: Reading,
  name: keyof AddressBook["l2"],
  functionName: Getter,
  wanted: Address,
) {
  return {
    what: `${functionName} of ${name} on L2`,
    found: client.readContract({ address: l2[name], abi: gettersAbi, functionName }),
    wanted,
  };
}

function neighbourChecks(reading: Reading, remoteToken: Address): readonly Check[] {
  const { l2 } = reading;
  const owned = ["VotingPha", "RewardDistributor", "ProviderPledges"] as const;
  return [
    named(reading, "Pha", "REMOTE_TOKEN", remoteToken),
    named(reading, "VotingPha", "asset", l2.Pha),
    named(reading, "VotingPha", "distributor", l2.RewardDistributor),
    named(reading, "VotingPha", "pledges", l2.ProviderPledges),
    named(reading, "RewardDistributor", "token", l2.Pha),
    named(reading, "RewardDistributor", "vault", l2.VotingPha),
    named(reading, "RewardDistributor", "pledges", l2.ProviderPledges),
    named(reading, "ProviderPledges", "vault", l2.VotingPha),
    named(reading, "ProviderPledges", "distributor", l2.RewardDistributor),
    ...owned.map((name) => named(reading, name, "owner", l2.GovernanceTimelock)),
  ];
}

/** What decides, and what of it is for ever. */
function fixedChecks({ client, config, l2 }: Reading): readonly Check[] {
  const governor = { address: l2.PhaGovernor, abi: phaGovernorAbi } as const;
  const wanted = [
    ["token", l2.VotingPha],
    ["timelock", l2.GovernanceTimelock],
    ["quorumDenominator", 100n],
    ["quorumFloor", config.governance.quorumFloor],
    ["guardianWindow", config.governance.guardianWindow],
  ] as const;
  return wanted.map(([functionName, value]) => ({
    what: `the governor's ${functionName}`,
    found: client.readContract({ ...governor, functionName }).then(String),
    wanted: String(value),
  }));
}

/** What votes may change, as it was when nobody had voted. */
function governedChecks(reading: Reading): readonly Check[] {
  const { client, config, l2 } = reading;
  const { governance, guardian, staking } = config;
  const governor = { address: l2.PhaGovernor, abi: phaGovernorAbi } as const;
  const wanted = [
    ["proposalGuardian", guardian],
    ["votingDelay", governance.votingDelay],
    ["votingPeriod", governance.votingPeriod],
    ["proposalThreshold", governance.proposalThreshold],
    ["lateQuorumVoteExtension", governance.lateQuorumExtension],
  ] as const;
  const number = (what: string, found: Promise<bigint>, value: bigint): Check => ({
    what,
    found: found.then(String),
    wanted: String(value),
  });
  const rewards = { address: l2.RewardDistributor, abi: rewardDistributorAbi } as const;
  const timelock = { address: l2.GovernanceTimelock, abi: governanceTimelockAbi } as const;
  return [
    ...wanted.map(([functionName, value]) => ({
      what: `the governor's ${functionName}`,
      found: client.readContract({ ...governor, functionName }).then(String),
      wanted: String(value),
    })),
    number(
      "the governor's quorumNumerator",
      client.readContract({ ...governor, functionName: "quorumNumerator" }),
      governance.quorumPercent,
    ),
    number(
      "the delay of L2's timelock",
      client.readContract({ ...timelock, functionName: "getMinDelay" }),
      governance.l2Delay,
    ),
    number(
      "rate of RewardDistributor on L2",
      client.readContract({ ...rewards, functionName: "rate" }),
      staking.rewardRate,
    ),
    named(reading, "RewardDistributor", "treasury", l2.GovernanceTimelock),
    named(reading, "ProviderPledges", "admitter", staking.admitter ?? l2.GovernanceTimelock),
  ];
}
