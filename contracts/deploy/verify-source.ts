import { type Address, type PublicClient, parseAbi } from "viem";
import type { AddressBook } from "./address-book.ts";
import type { SourceAddresses } from "./source.ts";
import { requireAll } from "./verify.ts";
import type { Check } from "./verify-attestation.ts";

const gettersAbi = parseAbi([
  "function proverRegistry() view returns (address)",
  "function systemConfig() view returns (address)",
  "function sunset() view returns (address)",
  "function token() view returns (address)",
  "function bridge() view returns (address)",
  "function l2Token() view returns (address)",
  "function l2Staker() view returns (address)",
  "function leftoverTo() view returns (address)",
  "function registry() view returns (address)",
  "function claims() view returns (address)",
  "function pha() view returns (address)",
  "function vault() view returns (address)",
]);

type Getter = (typeof gettersAbi)[number]["name"];

/**
 * Checks on chain that one parachain's contracts name each other and the deployment's.
 * @throws RollupError DEPLOY_MISMATCH naming each difference
 */
export async function verifySource(
  l1: PublicClient,
  l2: PublicClient,
  { addresses, l2: pha }: AddressBook,
  { sunset, ParachainSwap }: SourceAddresses,
): Promise<void> {
  const named = (client: PublicClient, address: Address, functionName: Getter, wanted: Address): Check => ({
    what: `${functionName} of ${address}`,
    found: client.readContract({ address, abi: gettersAbi, functionName }),
    wanted,
  });
  const ofSunset = sunset && [
    named(l1, sunset.SunsetRegistry, "proverRegistry", addresses.ProverRegistryProxy),
    named(l1, sunset.SunsetRegistry, "systemConfig", addresses.SystemConfigProxy),
    named(l1, sunset.SunsetClaims, "sunset", sunset.SunsetRegistry),
    named(l1, sunset.SunsetClaims, "token", addresses.Pha),
    named(l1, sunset.SunsetClaims, "bridge", addresses.L1StandardBridgeProxy),
    named(l1, sunset.SunsetClaims, "l2Token", pha.Pha),
    named(l1, sunset.SunsetClaims, "l2Staker", sunset.SunsetStaker),
    named(l1, sunset.SunsetClaims, "leftoverTo", addresses.Timelock),
    named(l2, sunset.SunsetStaker, "claims", sunset.SunsetClaims),
    named(l2, sunset.SunsetStaker, "pha", pha.Pha),
    named(l2, sunset.SunsetStaker, "vault", pha.VotingPha),
  ];
  const ofSwap = ParachainSwap && [
    named(l1, ParachainSwap, "token", addresses.Pha),
    named(l1, ParachainSwap, "registry", addresses.ProverRegistryProxy),
    named(l1, ParachainSwap, "leftoverTo", addresses.Timelock),
  ];
  await requireAll([...(ofSunset ?? []), ...(ofSwap ?? [])]);
}
