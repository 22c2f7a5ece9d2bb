import { addressFromHex, toHex } from "@phala-l2/protocol/bytes";
import { encodeSs58, PHALA_SS58_PREFIX } from "@phala-l2/protocol/substrate/ss58";
import { swapAccount } from "@phala-l2/swap/account";
import { devnetAccount, ROLES, USERS } from "@phala-l2/testkit/devnet/accounts";
import type { Devnet } from "./start.ts";

type Rows = readonly (readonly [string, string])[];

function section(title: string, rows: Rows): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return [`\n${title}`, ...rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`)].join("\n");
}

/** The line of the seed's end, which no other line begins as. */
export const SEEDED = "seed: everything is there";

/** What a holder needs of the parachains; they come after everything else, in the background. */
export function describeParachains({ endpoints, sources }: Devnet): string {
  const rows = sources().flatMap(
    ({ sunset, ParachainSwap }): Rows => [
      ...(ParachainSwap === undefined ? [] : swapRows(ParachainSwap)),
      ...Object.entries(sunset ?? {}).map(([name, address]): [string, string] => [
        `${name} (ended)`,
        address,
      ]),
    ],
  );
  return section("Parachains of PHA: one lives, one has ended", [
    ["node of the live one", endpoints.parachain ?? ""],
    ...rows,
  ]);
}

function swapRows(contract: string): Rows {
  const account = swapAccount(addressFromHex(contract));
  return [
    ["ParachainSwap (live)", contract],
    ["swap account (live)", `${encodeSs58(account, PHALA_SS58_PREFIX)} ${toHex(account)}`],
  ];
}

/** What somebody needs to use the devnet. */
export function describeDevnet(devnet: Devnet): string {
  const { endpoints, network, chain } = devnet;
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
    describeParachains(devnet),
    'Holders, stake and the parachains come in the background: wait until "seed" says that they are there.',
    "\nThe provers are SIMULATED: no TEE hardware stands behind their keys.",
    "Ctrl-C stops everything; the next start goes on from here, `--fresh` from nothing.\n",
  ].join("\n");
}
