import { devnetAccount, ROLES, USERS } from "@phala-l2/testkit/devnet/accounts";
import type { Devnet } from "./start.ts";

type Rows = readonly (readonly [string, string])[];

function section(title: string, rows: Rows): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return [`\n${title}`, ...rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`)].join("\n");
}

/** What a newcomer needs to use the devnet. */
export function describeDevnet({ endpoints, network, chain }: Devnet): string {
  const addresses = Object.entries(chain.book.addresses).filter(
    (row): row is [string, `0x${string}`] => row[1] !== undefined,
  );
  return [
    section("Endpoints", Object.entries(endpoints)),
    section("Chains", [
      ["L1 chain id", String(network.l1ChainId)],
      ["L2 chain id", String(network.l2ChainId)],
    ]),
    section('Accounts of the mnemonic "test … junk" (public keys of nobody: never use them elsewhere)', [
      ...USERS.map((index): [string, string] => [
        `${index}: yours, funded on L1 and L2`,
        devnetAccount(index).address,
      ]),
      ...Object.entries(ROLES).map(([role, index]): [string, string] => [
        `${index}: ${role}`,
        devnetAccount(index).address,
      ]),
    ]),
    section("Contracts on L1", addresses),
    section("PHA on L2", Object.entries(chain.book.l2)),
    "\nThe provers are SIMULATED: no TEE hardware stands behind their keys.",
    "Ctrl-C stops everything; the next start goes on from here, `--fresh` from nothing.\n",
  ].join("\n");
}
