import { RollupError } from "@phala-l2/protocol/errors";
import { type Address, getAddress, type Hex, type PublicClient, parseAbi, slice } from "viem";
import { anchorStateRegistryAbi } from "../abi/anchor-state-registry.ts";
import { disputeGameFactoryAbi } from "../abi/dispute-game-factory.ts";
import { l1CrossDomainMessengerAbi } from "../abi/l1-cross-domain-messenger.ts";
import { l1StandardBridgeAbi } from "../abi/l1-standard-bridge.ts";
import { multiProofGameAbi } from "../abi/multi-proof-game.ts";
import { optimismPortalAbi } from "../abi/optimism-portal.ts";
import { proofPolicyAbi } from "../abi/proof-policy.ts";
import { proverRegistryAbi } from "../abi/prover-registry.ts";
import { proverRewardsAbi } from "../abi/prover-rewards.ts";
import { systemConfigAbi } from "../abi/system-config.ts";
import type { AddressBook } from "./address-book.ts";
import { GAME_TYPE } from "./game-type.ts";
import type { Phase } from "./proxies.ts";
import { attestationChecks, type Check } from "./verify-attestation.ts";

/** EIP-1967. */
const IMPLEMENTATION_SLOT: Hex = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc";
const ADMIN_SLOT: Hex = "0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103";
const ownableAbi = parseAbi(["function owner() view returns (address)"]);

/**
 * Checks on chain that every proxy has the expected code and owner, and that the contracts name each other.
 * @throws RollupError DEPLOY_MISMATCH naming each difference
 */
export async function verifyDeployment(
  client: PublicClient,
  book: AddressBook,
  implementations: Phase["implementations"],
): Promise<void> {
  const checks = [
    ...implementations.flatMap(([proxy, logic]) =>
      proxyChecks(client, proxy, logic, book.addresses.Timelock),
    ),
    ...ownerChecks(client, book),
    ...wiringChecks(client, book),
    ...attestationChecks(client, book),
  ];
  await requireAll(checks);
}

/** A check that does not hold, with what is there. */
type Difference = { readonly what: string; readonly wanted: string; readonly found: string | undefined };

/** @throws RollupError DEPLOY_MISMATCH naming each check that does not hold */
export async function requireAll(checks: readonly Check[]): Promise<void> {
  requireNone(await differencesOf(checks));
}

/**
 * The same of groups of checks, each begun when those before it are answered: nodes refuse too many calls at once.
 * @throws RollupError DEPLOY_MISMATCH naming each check that does not hold
 */
export async function requireAllInTurn(groups: readonly (() => readonly Check[])[]): Promise<void> {
  const wrong: Difference[] = [];
  for (const checks of groups) wrong.push(...(await differencesOf(checks())));
  requireNone(wrong);
}

async function differencesOf(checks: readonly Check[]): Promise<readonly Difference[]> {
  const found = await Promise.all(checks.map((check) => check.found));
  return checks
    .map(({ what, wanted }, index) => ({ what, wanted, found: found[index] }))
    .filter((check) => check.found?.toLowerCase() !== check.wanted.toLowerCase());
}

function requireNone(wrong: readonly Difference[]): void {
  if (wrong.length === 0) return;
  const list = wrong.map((check) => `${check.what} is ${check.found}, not ${check.wanted}`).join("; ");
  throw new RollupError("DEPLOY_MISMATCH", `the contracts on chain are not those expected: ${list}`, {
    data: { wrong },
  });
}

async function addressInSlot(client: PublicClient, address: Address, slot: Hex): Promise<Address> {
  const word = await client.getStorageAt({ address, slot });
  return getAddress(slice(word ?? `0x${"0".repeat(64)}`, 12));
}

function proxyChecks(client: PublicClient, proxy: Address, logic: Address, timelock: Address): Check[] {
  const adminOwner = async () => {
    const admin = await addressInSlot(client, proxy, ADMIN_SLOT);
    return client.readContract({ address: admin, abi: ownableAbi, functionName: "owner" });
  };
  return [
    {
      what: `implementation of ${proxy}`,
      found: addressInSlot(client, proxy, IMPLEMENTATION_SLOT),
      wanted: logic,
    },
    { what: `owner of the ProxyAdmin of ${proxy}`, found: adminOwner(), wanted: timelock },
  ];
}

function ownerChecks(client: PublicClient, { addresses }: AddressBook): Check[] {
  const owned = [
    ...(["SystemConfigProxy", "ProverRegistryProxy", "DisputeGameFactoryProxy"] as const),
    ...(["WithdrawalQuota", "ProverRewards"] as const),
    ...(["AttestationPolicyProxy", "CertificateCache", "IntelCollateral"] as const),
  ];
  return owned.map((name) => ({
    what: `owner of ${name}`,
    found: client.readContract({ address: addresses[name], abi: ownableAbi, functionName: "owner" }),
    wanted: addresses.Timelock,
  }));
}

function wiringChecks(client: PublicClient, book: AddressBook): Check[] {
  const { addresses } = book;
  const portal = { address: addresses.OptimismPortalProxy, abi: optimismPortalAbi } as const;
  const bridge = { address: addresses.L1StandardBridgeProxy, abi: l1StandardBridgeAbi } as const;
  const config = { address: addresses.SystemConfigProxy, abi: systemConfigAbi } as const;
  const anchors = { address: addresses.AnchorStateRegistryProxy, abi: anchorStateRegistryAbi } as const;
  const factory = { address: addresses.DisputeGameFactoryProxy, abi: disputeGameFactoryAbi } as const;
  const registry = { address: addresses.ProverRegistryProxy, abi: proverRegistryAbi } as const;
  const game = { address: addresses.MultiProofGameImpl, abi: multiProofGameAbi } as const;
  const rewards = { address: addresses.ProverRewards, abi: proverRewardsAbi } as const;
  const policy = { address: addresses.ProofPolicy, abi: proofPolicyAbi } as const;
  const messenger = {
    address: addresses.L1CrossDomainMessengerProxy,
    abi: l1CrossDomainMessengerAbi,
  } as const;
  const start = client.readContract({ ...anchors, functionName: "getStartingAnchorRoot" });
  return [
    {
      what: "the portal's system configuration",
      found: client.readContract({ ...portal, functionName: "systemConfig" }),
      wanted: addresses.SystemConfigProxy,
    },
    {
      what: "the portal's anchor state registry",
      found: client.readContract({ ...portal, functionName: "anchorStateRegistry" }),
      wanted: addresses.AnchorStateRegistryProxy,
    },
    {
      what: "the portal's withdrawal quota",
      found: client.readContract({ ...portal, functionName: "withdrawalQuota" }),
      wanted: addresses.WithdrawalQuota,
    },
    {
      what: "the bridge's withdrawal quota",
      found: client.readContract({ ...bridge, functionName: "withdrawalQuota" }),
      wanted: addresses.WithdrawalQuota,
    },
    {
      what: "the configured portal",
      found: client.readContract({ ...config, functionName: "optimismPortal" }),
      wanted: addresses.OptimismPortalProxy,
    },
    {
      what: "the configured L2 chain id",
      found: client.readContract({ ...config, functionName: "l2ChainId" }).then(String),
      wanted: String(book.l2ChainId),
    },
    {
      what: "the anchors' factory",
      found: client.readContract({ ...anchors, functionName: "disputeGameFactory" }),
      wanted: addresses.DisputeGameFactoryProxy,
    },
    {
      what: "the first anchor",
      found: start.then(({ root }) => root),
      wanted: book.genesisOutputRoot,
    },
    {
      what: "the factory's game",
      found: client.readContract({ ...factory, functionName: "gameImpls", args: [GAME_TYPE] }),
      wanted: addresses.MultiProofGameImpl,
    },
    {
      what: "the game's rollup configuration",
      found: client.readContract({ ...game, functionName: "rollupConfigHash" }),
      wanted: book.rollupConfigHash,
    },
    {
      what: "the game's rewards",
      found: client.readContract({ ...game, functionName: "proverRewards" }),
      wanted: addresses.ProverRewards,
    },
    {
      what: "the token of rewards",
      found: client.readContract({ ...rewards, functionName: "token" }),
      wanted: addresses.Pha,
    },
    {
      what: "the token of bonds",
      found: client.readContract({ ...policy, functionName: "bondToken" }),
      wanted: addresses.Pha,
    },
    {
      what: "the registry's system configuration",
      found: client.readContract({ ...registry, functionName: "systemConfig" }),
      wanted: addresses.SystemConfigProxy,
    },
    {
      what: "the messenger's portal",
      found: client.readContract({ ...messenger, functionName: "portal" }),
      wanted: addresses.OptimismPortalProxy,
    },
  ];
}
