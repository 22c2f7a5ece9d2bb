import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { NetworkDescription } from "@phala-l2/bridge/network";
import type { SourceAddresses } from "@phala-l2/contracts/deploy/source";
import { DEVELOPMENT_MNEMONIC } from "@phala-l2/protocol/config/development";
import { devnetAccount, ROLES, USERS } from "@phala-l2/testkit/devnet/accounts";
import type { Address } from "viem";

export type Description = {
  readonly network: NetworkDescription;
  readonly endpoints: Readonly<Record<string, string>>;
  readonly addresses: Readonly<Record<string, Address | undefined>>;
  /** PHA's contracts on L2. */
  readonly l2: Readonly<Record<string, Address>>;
  /** Contracts of the parachains that PHA comes from, as far as they stand. */
  readonly sources: readonly SourceAddresses[];
  /** The running process of each part. */
  readonly pids: Readonly<Record<string, number>>;
};

/** Everybody who has ether, by the index of the mnemonic's key. */
function accounts(): readonly object[] {
  const roles = Object.entries(ROLES).map(([role, index]) => ({ role, index }));
  return [...roles, ...USERS.map((index) => ({ role: "user", index }))].map(({ role, index }) => ({
    role,
    index,
    address: devnetAccount(index).address,
  }));
}

/** What stakers and voters need to know. */
function holders({ addresses, l2 }: Description) {
  return {
    vault: l2.VotingPha,
    pledges: l2.ProviderPledges,
    governor: l2.PhaGovernor,
    l1Executor: addresses.L1Executor,
  };
}

/** Writes what programs need to use the devnet: `devnet.json`, and a configuration of holders' commands. */
export function writeDescription(folder: string, description: Description): void {
  const write = (name: string, content: object) =>
    writeFileSync(join(folder, name), JSON.stringify(content, undefined, 2));
  write("devnet.json", { ...description, mnemonic: DEVELOPMENT_MNEMONIC, accounts: accounts() });
  write("bridge.json", {
    ...description.network,
    ...holders(description),
    account: `dev:${USERS[0]}`,
  });
}
