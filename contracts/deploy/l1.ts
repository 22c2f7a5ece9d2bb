import { RollupError } from "@phala-l2/protocol/errors";
import type { Address, Hex, LocalAccount, Transport } from "viem";
import { systemConfigAbi } from "../abi/system-config.ts";
import { hardhatArtifacts } from "../artifact.ts";
import {
  type AddressBook,
  type L1Addresses,
  readAddressBook,
  type StartBlock,
  writeAddressBook,
} from "./address-book.ts";
import { attestationContracts } from "./attestation.ts";
import { type DeployConfig, requireSafeConfig } from "./config.ts";
import { type CreationCode, creationCodeFrom } from "./creation-code.ts";
import { type Deterministic, openDeterministic } from "./deterministic.ts";
import { type L1Sender, l1Sender } from "./l1-client.ts";
import { bridgedPha, predictL2Addresses } from "./l2-addresses.ts";
import { firstPhase, foundations, secondPhase } from "./plan.ts";
import { proverRewards } from "./prover-rewards.ts";
import type { Phase } from "./proxies.ts";
import { verifyDeployment } from "./verify.ts";
import { verifyGovernance } from "./verify-governance.ts";
import { withdrawalQuota } from "./withdrawal-quota.ts";

/** What the L2 genesis gives back to L1. */
export type GenesisCommitment = { readonly outputRoot: Hex; readonly rollupConfigHash: Hex };

export type DeployDependencies = {
  /** Way to an L1 node, e.g. viem's `http(url)`. */
  readonly transport: Transport;
  /** Pays; afterwards it owns nothing but what the configuration names it for. */
  readonly deployer: LocalAccount;
  /** Where the address book is kept. */
  readonly addressBookFile: string;
  /**
   * Builds the L2 genesis from the addresses on L1 and the L1 block to start from. Called after the proxies stand and
   * before the anchor and the games' implementation are fixed; the same arguments must give the same result.
   */
  readonly genesis: (l1: L1Addresses, startBlock: StartBlock) => Promise<GenesisCommitment>;
  /** Hardhat's artifacts folder; this package's own by default. */
  readonly artifacts?: string;
  /** Told of each step. */
  readonly progress?: (step: string) => void;
};

/**
 * Deploys everything on L1, or whatever of it does not stand yet: each address is known beforehand, so the chain itself
 * tells what is missing. Every initialiser runs in its proxy's constructor. Ends by verifying the whole on chain.
 * @throws RollupError DEPLOY_TEST_KEY, DEPLOY_CONFIG_INVALID, DEPLOY_WRONG_CHAIN, DEPLOY_TRANSACTION_FAILED,
 *   DEPLOY_MISMATCH, ADDRESS_BOOK_INVALID, ARTIFACT_MISSING
 */
export async function deployL1(config: DeployConfig, dependencies: DeployDependencies): Promise<AddressBook> {
  const { deployer, transport, addressBookFile, genesis } = dependencies;
  const progress = dependencies.progress ?? (() => {});
  requireSafeConfig(config, deployer.address);
  const sender = l1Sender(transport, deployer);
  await requireChain(sender, config.l1ChainId);

  const code = creationCodeFrom(hardhatArtifacts(dependencies.artifacts));
  const make = await openDeterministic(sender, code, `${config.deployment}/${config.l2ChainId}`);
  const addresses = predictAddresses(config, make, code);
  const former = readAddressBook(addressBookFile);
  requireSameBook(former, addresses, addressBookFile);

  progress("portal, system configuration, bridge and prover registry");
  const first = firstPhase(config, addresses, make, code);
  await make.create(first.creations);

  progress("L2 genesis");
  const startBlock = await startBlockOf(sender, addresses.SystemConfigProxy);
  const commitment = await genesis(addresses, startBlock);

  progress("anchor state, games and their factory");
  const second = secondPhase(config, addresses, commitment, make, code);
  await make.create(second.creations);

  const book: AddressBook = {
    l1ChainId: config.l1ChainId,
    l2ChainId: config.l2ChainId,
    startBlock,
    genesisOutputRoot: commitment.outputRoot,
    rollupConfigHash: commitment.rollupConfigHash,
    addresses: { ...addresses, MultiProofGameImpl: second.game.address },
    l2: predictL2Addresses(make, bridgedPha(config, addresses.Pha), code),
    sources: former?.sources ?? [],
  };
  progress("verification");
  await verifyDeployment(sender.client, book, implementationsOf(first, second));
  await verifyGovernance(sender.client, book, config, sender.address);
  writeAddressBook(addressBookFile, book);
  return book;
}

function predictAddresses(config: DeployConfig, make: Deterministic, code: CreationCode): L1Addresses {
  const base = foundations(config, make, code);
  const governance = {
    Timelock: base.timelock.address,
    SystemConfigProxy: make.addressOf("SystemConfigProxy"),
    AttestationPolicyProxy: make.addressOf("AttestationPolicyProxy"),
  };
  const exits = {
    OptimismPortalProxy: make.addressOf("OptimismPortalProxy"),
    L1StandardBridgeProxy: make.addressOf("L1StandardBridgeProxy"),
  };
  const judges = {
    AnchorStateRegistryProxy: make.addressOf("AnchorStateRegistryProxy"),
    ProverRegistryProxy: make.addressOf("ProverRegistryProxy"),
  };
  const attestation = attestationContracts(config, governance, make, code);
  return {
    ...governance,
    ...exits,
    ...judges,
    DisputeGameFactoryProxy: make.addressOf("DisputeGameFactoryProxy"),
    L1CrossDomainMessengerProxy: make.addressOf("L1CrossDomainMessengerProxy"),
    OptimismMintableERC20FactoryProxy: make.addressOf("OptimismMintableERC20FactoryProxy"),
    SignatureVerifier: attestation.signatureVerifier.address,
    CertificateCache: attestation.certificateCache.address,
    IntelCollateral: attestation.intelCollateral.address,
    TdxQuoteVerifier: attestation.tdxQuoteVerifier.address,
    SnpReportVerifier: attestation.snpReportVerifier.address,
    NvidiaReportVerifier: attestation.nvidiaReportVerifier.address,
    WithdrawalQuota: withdrawalQuota(config, { ...governance, ...exits }, make, code).address,
    ProverRewards: proverRewards(config, base.pha, { ...governance, ...judges }, make, code).address,
    L1Executor: make.addressOf("L1Executor"),
    ProofPolicy: base.policy.address,
    Multicall3: base.multicall3.address,
    Pha: base.pha,
    PhaTestToken: base.phaTestToken?.address,
  };
}

function implementationsOf(...phases: readonly Phase[]): Phase["implementations"] {
  return phases.flatMap(({ implementations }) => implementations);
}

/** @throws RollupError DEPLOY_WRONG_CHAIN */
export async function requireChain(sender: L1Sender, wanted: number): Promise<void> {
  const found = await sender.client.getChainId();
  if (found === wanted) return;
  throw new RollupError("DEPLOY_WRONG_CHAIN", `the node is of chain ${found}, not ${wanted}`, {
    data: { found, wanted },
  });
}

/** A book of another deployment must not be overwritten. */
function requireSameBook(book: AddressBook | undefined, addresses: L1Addresses, file: string): void {
  if (book === undefined || book.addresses.SystemConfigProxy === addresses.SystemConfigProxy) return;
  throw new RollupError(
    "DEPLOY_MISMATCH",
    `${file} is of another deployment: name another file, or use the deployer and configuration it was made with`,
    { data: { found: book.addresses.SystemConfigProxy, wanted: addresses.SystemConfigProxy } },
  );
}

async function startBlockOf(sender: L1Sender, systemConfig: Address): Promise<StartBlock> {
  const initialized = await sender.client.readContract({
    address: systemConfig,
    abi: systemConfigAbi,
    functionName: "startBlock",
  });
  const block = await sender.client.getBlock({ blockNumber: initialized - 1n });
  return { number: block.number, hash: block.hash, timestamp: block.timestamp };
}
