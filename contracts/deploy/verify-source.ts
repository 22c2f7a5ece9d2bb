import { toHex } from "@phala-l2/protocol/bytes";
import { sunsetSettingsHash } from "@phala-l2/protocol/sunset-statement";
import { swapRulesHash, swapSettingsHash } from "@phala-l2/protocol/swap-release";
import { type Address, type PublicClient, parseAbi } from "viem";
import { parachainSwapAbi } from "../abi/parachain-swap.ts";
import { sunsetRegistryAbi } from "../abi/sunset-registry.ts";
import type { AddressBook } from "./address-book.ts";
import type { SourceAddresses } from "./source.ts";
import type { SourceTerms, SunsetTerms, SwapTerms } from "./source-terms.ts";
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
  "function governance() view returns (address)",
  "function claims() view returns (address)",
  "function pha() view returns (address)",
  "function vault() view returns (address)",
]);

type Getter = (typeof gettersAbi)[number]["name"];

export type SourceClients = { readonly l1: PublicClient; readonly l2: PublicClient };

/** What statements of a sunset are judged by, as the contract computed it. */
function sunsetChecks(
  client: PublicClient,
  address: Address,
  genesisHash: string,
  { settings, height, challengePeriod }: SunsetTerms,
): readonly Check[] {
  const registry = { address, abi: sunsetRegistryAbi } as const;
  const is = (
    functionName: "genesisHash" | "settingsHash" | "height" | "challengePeriod",
    wanted: string,
  ) => ({
    what: `${functionName} of ${address}`,
    found: client.readContract({ ...registry, functionName }).then(String),
    wanted,
  });
  return [
    is("genesisHash", genesisHash),
    is("settingsHash", toHex(sunsetSettingsHash(settings))),
    is("height", String(height)),
    is("challengePeriod", String(challengePeriod)),
  ];
}

/** What deposits are judged by: the rules as the contract computed them, and that it accepts these runtimes. */
function swapChecks(client: PublicClient, address: Address, { settings }: SwapTerms): readonly Check[] {
  const swap = { address, abi: parachainSwapAbi } as const;
  const hash = toHex(swapSettingsHash(settings));
  return [
    {
      what: `rulesHash of ${address}`,
      found: client.readContract({ ...swap, functionName: "rulesHash" }),
      wanted: toHex(swapRulesHash(settings)),
    },
    {
      what: `whether ${address} accepts ${hash}`,
      found: client.readContract({ ...swap, functionName: "accepts", args: [hash] }).then(String),
      wanted: "true",
    },
  ];
}

/**
 * Checks on chain that one parachain's contracts name each other and the deployment's, and were made for these terms.
 * @throws RollupError DEPLOY_MISMATCH naming each difference
 */
export async function verifySource(
  { l1, l2 }: SourceClients,
  { addresses, l2: pha }: AddressBook,
  terms: SourceTerms,
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
    ...(terms.sunset === undefined
      ? []
      : sunsetChecks(l1, sunset.SunsetRegistry, terms.genesisHash, terms.sunset)),
  ];
  const ofSwap = ParachainSwap && [
    named(l1, ParachainSwap, "token", addresses.Pha),
    named(l1, ParachainSwap, "registry", addresses.ProverRegistryProxy),
    named(l1, ParachainSwap, "systemConfig", addresses.SystemConfigProxy),
    named(l1, ParachainSwap, "governance", addresses.Timelock),
    ...(terms.swap === undefined ? [] : swapChecks(l1, ParachainSwap, terms.swap)),
    named(l1, ParachainSwap, "leftoverTo", addresses.Timelock),
  ];
  await requireAll([...(ofSunset ?? []), ...(ofSwap ?? [])]);
}
