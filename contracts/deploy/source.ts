import { toHex } from "@phala-l2/protocol/bytes";
import type { Address, Hex, LocalAccount, Transport } from "viem";
import { hardhatArtifacts } from "../artifact.ts";
import type { AddressBook } from "./address-book.ts";
import { type DeployConfig, requireSafeConfig } from "./config.ts";
import { type CreationCode, creationCodeFrom } from "./creation-code.ts";
import { type Creation, type Deterministic, openDeterministic } from "./deterministic.ts";
import { requireChain } from "./l1.ts";
import { l1Sender } from "./l1-client.ts";
import { requireSafeTerms, type SourceTerms, type SunsetTerms, type SwapTerms } from "./source-terms.ts";
import { requireHeightsFit, standingSource } from "./standing-source.ts";
import { verifySource } from "./verify-source.ts";

export type SunsetAddresses = Readonly<
  Record<"SubstrateSignatures" | "SunsetRegistry" | "SunsetClaims" | "SunsetStaker", Address>
>;

/** Where the contracts of one parachain are: all on L1, but for SunsetStaker on L2. */
export type SourceAddresses = {
  readonly genesisHash: Hex;
  readonly sunset: SunsetAddresses | undefined;
  readonly ParachainSwap: Address | undefined;
};

export type DeploySourceDependencies = {
  readonly l1: Transport;
  readonly l2: Transport;
  /** The account that deployed L1. */
  readonly deployer: LocalAccount;
  readonly artifacts?: string;
};

type Plan = {
  readonly addresses: SourceAddresses;
  readonly onL1: readonly Creation[];
  readonly onL2: readonly Creation[];
};

/**
 * Creates the contracts of one parachain on both layers, or whatever of them does not stand yet, and verifies them.
 * @param book Of the deployment that they belong to; where its vPHA stands already. The contracts of the same parachain that it
 *   names are asked for their heights.
 * @throws RollupError DEPLOY_CONFIG_INVALID, DEPLOY_TEST_KEY, DEPLOY_WRONG_CHAIN, DEPLOY_TRANSACTION_FAILED,
 *   DEPLOY_MISMATCH, ARTIFACT_MISSING
 */
export async function deploySource(
  config: DeployConfig,
  book: AddressBook,
  terms: SourceTerms,
  { l1, l2, deployer, artifacts }: DeploySourceDependencies,
): Promise<SourceAddresses> {
  requireSafeConfig(config, deployer.address);
  requireSafeTerms(config, book, terms);
  const [onL1, onL2] = [l1Sender(l1, deployer), l1Sender(l2, deployer)];
  await requireChain(onL1, config.l1ChainId);
  await requireChain(onL2, Number(config.l2ChainId));
  await requireHeightsFit(onL1.client, book.sources, terms);

  const code = creationCodeFrom(hardhatArtifacts(artifacts));
  const deployment = `${config.deployment}/${config.l2ChainId}`;
  const makeL1 = await openDeterministic(onL1, code, deployment);
  const makeL2 = await openDeterministic(onL2, code, deployment);
  const plan = planOf(config, book, terms, { makeL1, makeL2, code });
  await Promise.all([makeL1.create(plan.onL1), makeL2.create(plan.onL2)]);
  await verifySource({ l1: onL1.client, l2: onL2.client }, book, terms, plan.addresses);
  return plan.addresses;
}

/** The book with one parachain's contracts in it, beside those of it that the book named before. */
export function withSource(
  book: AddressBook,
  { genesisHash, sunset, ParachainSwap }: SourceAddresses,
): AddressBook {
  const known = standingSource(book.sources, genesisHash);
  const merged = {
    genesisHash,
    sunset: sunset ?? known?.sunset,
    ParachainSwap: ParachainSwap ?? known?.ParachainSwap,
  };
  return { ...book, sources: [...book.sources.filter((source) => source !== known), merged] };
}

type Makers = {
  readonly makeL1: Deterministic;
  readonly makeL2: Deterministic;
  readonly code: CreationCode;
};

function planOf(config: DeployConfig, book: AddressBook, terms: SourceTerms, makers: Makers): Plan {
  const sunset = terms.sunset && sunsetPlan(config, book, terms.genesisHash, terms.sunset, makers);
  const swap = terms.swap && swapCreation(config, book, terms.swap, makers);
  return {
    addresses: {
      genesisHash: terms.genesisHash,
      sunset: sunset?.addresses,
      ParachainSwap: swap?.address,
    },
    onL1: [...(sunset?.onL1 ?? []), ...(swap === undefined ? [] : [swap])],
    onL2: sunset?.onL2 ?? [],
  };
}

/** The claims name the staker on L2, whose name is known; the staker names the claims, whose code is known. */
function sunsetPlan(
  { policy }: DeployConfig,
  { addresses, l2 }: AddressBook,
  genesisHash: Hex,
  terms: SunsetTerms,
  { makeL1, makeL2, code }: Makers,
) {
  const signatures = makeL1.code(code("pha/keys/SubstrateSignatures", []));
  const registry = makeL1.code(
    code("pha/sunset/SunsetRegistry", [
      {
        proverRegistry: addresses.ProverRegistryProxy,
        systemConfig: addresses.SystemConfigProxy,
        minHostVendors: policy.minHostVendors,
        genesisHash,
        finalityAnchor: toHex(terms.settings.finalityAnchor),
        rules: terms.settings.rules,
        registrationsFrom: terms.settings.registrationsFrom,
        height: terms.height,
        challengePeriod: terms.challengePeriod,
      },
    ]),
  );
  const stakerName = `l2/SunsetStaker/${registry.address}`;
  const claims = makeL1.code(
    code("pha/sunset/SunsetClaims", [
      {
        sunset: registry.address,
        signatures: signatures.address,
        token: addresses.Pha,
        bridge: addresses.L1StandardBridgeProxy,
        messenger: addresses.L1CrossDomainMessengerProxy,
        l2Token: l2.Pha,
        l2Staker: makeL2.addressOf(stakerName),
        secondsPerBlock: terms.secondsPerBlock,
        closesAt: terms.closesAt,
        leftoverTo: addresses.Timelock,
      },
    ]),
  );
  const staker = makeL2.named(
    stakerName,
    code("pha/sunset/SunsetStaker", [claims.address, l2.Pha, l2.VotingPha]),
  );
  return {
    addresses: {
      SubstrateSignatures: signatures.address,
      SunsetRegistry: registry.address,
      SunsetClaims: claims.address,
      SunsetStaker: staker.address,
    },
    onL1: [signatures, registry, claims],
    onL2: [staker],
  };
}

function swapCreation(
  { policy }: DeployConfig,
  { addresses }: AddressBook,
  { settings, perDay, closesAt }: SwapTerms,
  { makeL1, code }: Makers,
): Creation {
  const { firstHeight, lastHeight, minimum } = settings;
  return makeL1.code(
    code("pha/swap/ParachainSwap", [
      {
        token: addresses.Pha,
        registry: addresses.ProverRegistryProxy,
        systemConfig: addresses.SystemConfigProxy,
        governance: addresses.Timelock,
        minHostVendors: policy.minHostVendors,
        genesisHash: toHex(settings.genesisHash),
        firstHeight,
        lastHeight,
        minimum,
        finalityAnchor: toHex(settings.finalityAnchor),
        runtimes: settings.runtimes.map(({ specVersion, metadataHash }) => ({
          specVersion,
          metadataHash: toHex(metadataHash),
        })),
        perDay,
        closesAt,
        leftoverTo: addresses.Timelock,
      },
    ]),
  );
}
