import { type Address, type Hex, keccak256, type PublicClient, toHex, zeroAddress, zeroHash } from "viem";
import { l1ExecutorAbi } from "../abi/l1-executor.ts";
import { timelockAbi } from "../abi/timelock.ts";
import type { AddressBook } from "./address-book.ts";
import type { DeployConfig } from "./config.ts";
import { GAME_TYPE } from "./game-type.ts";
import { requireAll } from "./verify.ts";
import type { Check } from "./verify-attestation.ts";

const PROPOSER = keccak256(toHex("PROPOSER_ROLE"));
const CANCELLER = keccak256(toHex("CANCELLER_ROLE"));
const EXECUTOR = keccak256(toHex("EXECUTOR_ROLE"));
/** AccessControl.DEFAULT_ADMIN_ROLE. */
const ADMIN = zeroHash;

/** Who may do what in a timelock. */
export type Roles = {
  readonly proposers: readonly Address[];
  /** Zero stands for anyone. */
  readonly executors: readonly Address[];
  /** Who might have kept a say, and must have none: whoever deployed, the guardian. Those who propose are passed over. */
  readonly strangers: readonly Address[];
};

/** Those named hold their roles, strangers hold none, and nobody but the timelock administers it. */
export function roleChecks(client: PublicClient, timelock: Address, roles: Roles): Check[] {
  const { proposers, executors } = roles;
  const strangers = roles.strangers.filter((stranger) => !proposers.includes(stranger));
  const held = (role: Hex, name: string, account: Address, wanted: boolean): Check => ({
    what: `whether ${account} is ${name} of the timelock ${timelock}`,
    found: client
      .readContract({ address: timelock, abi: timelockAbi, functionName: "hasRole", args: [role, account] })
      .then(String),
    wanted: String(wanted),
  });
  const proposes = (account: Address, wanted: boolean) => [
    held(PROPOSER, "proposer", account, wanted),
    held(CANCELLER, "canceller", account, wanted),
  ];
  return [
    ...proposers.flatMap((account) => proposes(account, true)),
    ...strangers.flatMap((account) => proposes(account, false)),
    ...executors.map((account) => held(EXECUTOR, "executor", account, true)),
    held(ADMIN, "administrator", timelock, true),
    ...[...proposers, ...strangers].map((account) => held(ADMIN, "administrator", account, false)),
  ];
}

/**
 * Checks on chain that the votes of L2 reach L1 and nobody else does: whom the executor hears, where it schedules, what it
 * waits for and until when it can be vetoed, each parameter as configured; and who has a say in the timelock. The timelock's
 * first delay needs no look: its address is made of that, too.
 * @param deployer Has no say, unless the configuration names it as a development proposer.
 * @throws RollupError DEPLOY_MISMATCH naming each difference
 */
export async function verifyGovernance(
  client: PublicClient,
  { addresses, l2 }: AddressBook,
  config: DeployConfig,
  deployer: Address,
): Promise<void> {
  const { timelock, guardian } = config;
  await requireAll([
    ...executorChecks(client, addresses, l2.GovernanceTimelock, config),
    ...roleChecks(client, addresses.Timelock, {
      proposers: [addresses.L1Executor, ...timelock.dangerouslyDevelopmentProposers],
      executors: [zeroAddress],
      strangers: [deployer, guardian, zeroAddress],
    }),
  ]);
}

/** Whom it hears and asks, and the numbers that it reads there, in seconds. */
function executorChecks(
  client: PublicClient,
  addresses: AddressBook["addresses"],
  l2Timelock: Address,
  { governance, proofMaturityDelay, disputeGameFinalityDelay, policy }: DeployConfig,
): Check[] {
  const executor = { address: addresses.L1Executor, abi: l1ExecutorAbi } as const;
  const wanted = [
    ["messenger", addresses.L1CrossDomainMessengerProxy],
    ["l2Timelock", l2Timelock],
    ["timelock", addresses.Timelock],
    ["systemConfig", addresses.SystemConfigProxy],
    ["portal", addresses.OptimismPortalProxy],
    ["gameFactory", addresses.DisputeGameFactoryProxy],
    ["gameType", GAME_TYPE],
    ["margin", governance.exitMargin],
    ["vetoWindow", governance.vetoWindow],
    ["exitWindow", proofMaturityDelay + disputeGameFinalityDelay + policy.slowDelay + governance.exitMargin],
  ] as const;
  return wanted.map(([functionName, value]) => ({
    what: `the executor's ${functionName}`,
    found: client.readContract({ ...executor, functionName }).then(String),
    wanted: String(value),
  }));
}
