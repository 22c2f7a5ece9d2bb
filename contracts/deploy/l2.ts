import { toHex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { OPTIMISM_MINTABLE_ERC20_FACTORY } from "@phala-l2/protocol/predeploys";
import { encodeFunctionData, type LocalAccount, type Transport } from "viem";
import { optimismMintableERC20FactoryAbi } from "../abi/optimism-mintable-erc20-factory.ts";
import { hardhatArtifacts } from "../artifact.ts";
import type { AddressBook } from "./address-book.ts";
import { type DeployConfig, requireSafeConfig } from "./config.ts";
import { type CreationCode, creationCodeFrom } from "./creation-code.ts";
import { type Creation, type Deterministic, openDeterministic } from "./deterministic.ts";
import { requireChain } from "./l1.ts";
import { type L1Sender, l1Sender } from "./l1-client.ts";
import { type BridgedPha, bridgedPha, l2Creation, predictL2Addresses } from "./l2-addresses.ts";
import { verifyL2 } from "./verify-l2.ts";

export type DeployL2Dependencies = {
  /** Way to a node of L2. */
  readonly transport: Transport;
  /** The account that deployed L1: names are its own, and L1 knows L2's contracts by them. It pays in ether of L2. */
  readonly deployer: LocalAccount;
  /** Hardhat's artifacts folder; this package's own by default. */
  readonly artifacts?: string;
  /** Told of each step. */
  readonly progress?: (step: string) => void;
};

/** Gas of the creation of a bridged token. */
const TOKEN_GAS = 3_000_000n;

/**
 * Creates PHA's contracts on L2, or whatever of them does not stand yet: the bridged token, staking, and the votes that
 * govern. After a stop at any point it goes on from there. Ends by verifying all of it on chain.
 * @param book Of the deployment on L1 by the same configuration and deployer.
 * @throws RollupError DEPLOY_TEST_KEY, DEPLOY_CONFIG_INVALID, DEPLOY_WRONG_CHAIN, DEPLOY_TRANSACTION_FAILED,
 *   DEPLOY_MISMATCH, DEPLOY_UNFUNDED, ARTIFACT_MISSING
 */
export async function deployL2(
  config: DeployConfig,
  book: AddressBook,
  dependencies: DeployL2Dependencies,
): Promise<void> {
  const { deployer, transport } = dependencies;
  const progress = dependencies.progress ?? (() => {});
  requireSafeConfig(config, deployer.address);
  const sender = l1Sender(transport, deployer);
  await requireChain(sender, Number(config.l2ChainId));

  const code = creationCodeFrom(hardhatArtifacts(dependencies.artifacts));
  await requireFunds(sender);
  const make = await openDeterministic(sender, code, `${config.deployment}/${config.l2ChainId}`);
  const pha = bridgedPha(config, book.addresses.Pha);
  requireSamePlaces(book, predictL2Addresses(make, pha, code));

  progress("PHA on L2");
  await createToken(sender, pha, book);
  progress("staking and governance");
  await make.create(creationsOf(config, book, make, code));
  progress("verification");
  await verifyL2(sender.client, config, book, deployer.address);
}

/** Each after what its constructor looks at: the token, then the vault. */
function creationsOf(
  config: DeployConfig,
  { l2 }: AddressBook,
  make: Deterministic,
  code: CreationCode,
): readonly Creation[] {
  const { governance, staking } = config;
  const owner = l2.GovernanceTimelock;
  const admitter = staking.admitter ?? owner;
  const governor = {
    token: l2.VotingPha,
    timelock: owner,
    guardian: config.guardian,
    ...governance,
  };
  return [
    l2Creation(
      make,
      "RewardDistributor",
      code("pha/staking/RewardDistributor", [
        ...[l2.Pha, l2.VotingPha, l2.ProviderPledges],
        ...[owner, owner, staking.rewardRate],
      ]),
    ),
    l2Creation(
      make,
      "VotingPha",
      code("pha/staking/VotingPha", [l2.Pha, l2.RewardDistributor, l2.ProviderPledges, owner]),
    ),
    l2Creation(
      make,
      "ProviderPledges",
      code("pha/staking/ProviderPledges", [l2.VotingPha, l2.RewardDistributor, owner, admitter]),
    ),
    l2Creation(
      make,
      "GovernanceTimelock",
      code("governance/GovernanceTimelock", [governance.l2Delay, l2.PhaGovernor]),
    ),
    l2Creation(make, "PhaGovernor", code("governance/PhaGovernor", [governor])),
  ];
}

async function createToken(sender: L1Sender, pha: BridgedPha, { l2 }: AddressBook): Promise<void> {
  if ((await sender.client.getCode({ address: l2.Pha })) !== undefined) return;
  const data = encodeFunctionData({
    abi: optimismMintableERC20FactoryAbi,
    functionName: "createOptimismMintableERC20",
    args: [pha.remote, pha.name, pha.symbol],
  });
  await sender.send([{ to: toHex(OPTIMISM_MINTABLE_ERC20_FACTORY), data, gas: TOKEN_GAS }]);
}

async function requireFunds({ client, address }: L1Sender): Promise<void> {
  if ((await client.getBalance({ address })) > 0n) return;
  throw new RollupError(
    "DEPLOY_UNFUNDED",
    `${address} has no ether on L2: deposit some from L1, then deploy again`,
    { data: { address } },
  );
}

/** L1 has been told these addresses; contracts elsewhere would never be heard. */
function requireSamePlaces({ l2 }: AddressBook, places: AddressBook["l2"]): void {
  const wrong = Object.entries(places).filter(
    ([name, place]) => !Object.entries(l2).some(([known, address]) => known === name && address === place),
  );
  if (wrong.length === 0) return;
  throw new RollupError(
    "DEPLOY_MISMATCH",
    "L1 knows L2's contracts by other addresses: deploy with the account and the configuration that L1 was deployed with",
    { data: { wrong, known: l2 } },
  );
}
