import { type Address, type Hex, keccak256, type PublicClient, toHex, zeroAddress, zeroHash } from "viem";
import { l1ExecutorAbi } from "../abi/l1-executor.ts";
import { timelockAbi } from "../abi/timelock.ts";
import type { AddressBook } from "./address-book.ts";
import type { DeployConfig } from "./config.ts";
import { requireAll } from "./verify.ts";
import type { Check } from "./verify-attestation.ts";

const PROPOSER = keccak256(toHex("PROPOSER_ROLE"));
const CANCELLER = keccak256(toHex("CANCELLER_ROLE"));
const EXECUTOR = keccak256(toHex("EXECUTOR_ROLE"));
/** AccessControl.DEFAULT_ADMIN_ROLE. */
const ADMIN = zeroHash;

/** Who may do what in a timelock. */
export type Roles = { readonly proposers: readonly Address[]; readonly executors: readonly Address[] };

/** Those named hold their roles, and the timelock administers itself. */
export function roleChecks(client: PublicClient, timelock: Address, roles: Roles): Check[] {
  const held = (role: Hex, name: string, account: Address): Check => ({
    what: `whether ${account} is ${name} of the timelock ${timelock}`,
    found: client
      .readContract({ address: timelock, abi: timelockAbi, functionName: "hasRole", args: [role, account] })
      .then(String),
    wanted: "true",
  });
  return [
    ...roles.proposers.flatMap((account) => [
      held(PROPOSER, "proposer", account),
      held(CANCELLER, "canceller", account),
    ]),
    ...roles.executors.map((account) => held(EXECUTOR, "executor", account)),
    held(ADMIN, "administrator", timelock),
  ];
}

/**
 * Checks on chain that the votes of L2 reach L1, and that the timelock hears the executor.
 * @throws RollupError DEPLOY_MISMATCH naming each difference
 */
export async function verifyGovernance(
  client: PublicClient,
  { addresses, l2 }: AddressBook,
  { governance, timelock }: DeployConfig,
): Promise<void> {
  const executor = { address: addresses.L1Executor, abi: l1ExecutorAbi } as const;
  const named = [
    ["messenger", addresses.L1CrossDomainMessengerProxy],
    ["l2Timelock", l2.GovernanceTimelock],
    ["timelock", addresses.Timelock],
    ["systemConfig", addresses.SystemConfigProxy],
  ] as const;
  const numbers = [
    ["margin", governance.exitMargin],
    ["vetoWindow", governance.vetoWindow],
  ] as const;
  await requireAll([
    ...named.map(([functionName, wanted]) => ({
      what: `the executor's ${functionName}`,
      found: client.readContract({ ...executor, functionName }),
      wanted,
    })),
    ...numbers.map(([functionName, wanted]) => ({
      what: `the executor's ${functionName}`,
      found: client.readContract({ ...executor, functionName }).then(String),
      wanted: String(wanted),
    })),
    ...roleChecks(client, addresses.Timelock, {
      proposers: [addresses.L1Executor, ...timelock.dangerouslyDevelopmentProposers],
      executors: [zeroAddress],
    }),
  ]);
}
