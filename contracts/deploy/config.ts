import {
  type AttestationRoots,
  DANGEROUS_DEVELOPMENT_ROOTS,
  VENDOR_ATTESTATION_ROOTS,
} from "@phala-l2/protocol/config/attestation-roots";
import {
  DEVELOPMENT_ACCOUNTS,
  DEVELOPMENT_MNEMONIC,
  isDevelopmentChain,
  mayHoldValue,
} from "@phala-l2/protocol/config/development";
import { RollupError } from "@phala-l2/protocol/errors";
import { type Address, getAddress, type Hex, numberToHex } from "viem";
import { mnemonicToAccount } from "viem/accounts";
import {
  DANGEROUS_DEVELOPMENT_GOVERNANCE,
  type GovernanceConfig,
  requireFittingGovernance,
  requireProductionGovernance,
  type TimelockConfig,
} from "./governance-config.ts";

/** Where a prover's key was born; the contract's `Kind`, in its order from 1. */
export const PROVER_KINDS = ["TDX", "SEV_SNP", "TDX_GPU", "SEV_SNP_GPU"] as const;
export type ProverKind = (typeof PROVER_KINDS)[number];

/** The contract's number of a kind. */
export function kindNumber(kind: ProverKind): number {
  return PROVER_KINDS.indexOf(kind) + 1;
}

/** See IProofPolicy. Delays in seconds, the bond in units of PHA (18 decimals). */
export type PolicyConfig = {
  readonly minHostVendors: number;
  readonly requiresGpu: boolean;
  readonly fastDelay: bigint;
  readonly slowDelay: bigint;
  readonly fallbackDelay: bigint;
  readonly challengeWindow: bigint;
  readonly fallbackBond: bigint;
};

/** See RewardDistributor and ProviderPledges. */
export type StakingConfig = {
  /** Wei of PHA a second that begin to flow to treasury, stakers and providers, out of what was given. */
  readonly rewardRate: bigint;
  /** Who admits compute providers' devices at first; L2's timelock where nobody is named. */
  readonly admitter: Address | undefined;
};

/** What ether may leave in a day while a root stands on no more vendors than it needs; see IWithdrawalQuota. In wei. */
export type EtherQuota = {
  readonly perDay: bigint;
  /** Nobody can ever lower the quota below it. */
  readonly floor: bigint;
};

/** Whose evidence is believed, and how new it must be. */
export type AttestationConfig = {
  /** The vendors' own, unless the deployment accepts simulated provers. */
  readonly roots: AttestationRoots;
  /** Lowest of Intel's evaluations of TCBs (tcbEvaluationDataNumber) by which a platform may be judged. */
  readonly minimumTcbEvaluation: number;
  /** Least TCB of AMD's platforms, as `SnpTcb` packs it. */
  readonly minimumTcb: { readonly genoa: number; readonly turin: number };
  /** Images in which keys may be born, by what `l2 measure` tells of them. */
  readonly images: readonly AcceptedImage[];
  /** Measurements of GPUs, by what `l2 measure --kind nvidia` tells of their RIMs. */
  readonly gpuMeasurements: readonly Hex[];
  /** Machines; they matter where only listed ones are accepted. */
  readonly platforms: readonly Hex[];
  readonly platformsListed: boolean;
  /** Whether images are accepted whose GPU recomputes nothing. */
  readonly acceptsPresenceOnly: boolean;
  /** Least GPUs of a kind with any; at least 1. */
  readonly minimumGpus: number;
  /** Seconds for which a key counts at most. */
  readonly keyLifetime: bigint;
  /** PHA that a registration posts, 18 decimals. */
  readonly bond: bigint;
};

/** See IAttestationPolicy. */
export type AcceptedImage = {
  readonly measurement: Hex;
  readonly kind: ProverKind;
  readonly presenceOnly: boolean;
};

/** The market for deposits' gas; see IResourceMetering. */
export type ResourceConfig = {
  readonly maxResourceLimit: number;
  readonly elasticityMultiplier: number;
  readonly baseFeeMaxChangeDenominator: number;
  readonly minimumBaseFee: number;
  readonly systemTxMaxGas: number;
  readonly maximumBaseFee: bigint;
};

/** First values of the SystemConfig contract; the L2 genesis must be made from the same. */
export type SystemConfigValues = {
  readonly batcher: Address;
  readonly batchInbox: Address;
  readonly unsafeBlockSigner: Address;
  readonly basefeeScalar: number;
  readonly blobbasefeeScalar: number;
  readonly gasLimit: bigint;
  readonly eip1559Denominator: number;
  readonly eip1559Elasticity: number;
  readonly operatorFeeScalar: number;
  readonly operatorFeeConstant: bigint;
  readonly minBaseFee: bigint;
  readonly daFootprintGasScalar: number;
  readonly resourceConfig: ResourceConfig;
};

/** Everything that a deployment on L1 depends on. Equal values give equal addresses. */
export type DeployConfig = {
  /** Names of contracts are derived from it: another name is another deployment. */
  readonly deployment: string;
  readonly l1ChainId: number;
  readonly l2ChainId: bigint;
  /** Pauses withdrawals for a bounded time, judges games, revokes provers, cancels decisions while they are new. */
  readonly guardian: Address;
  readonly timelock: TimelockConfig;
  readonly governance: GovernanceConfig;
  readonly staking: StakingConfig;
  readonly policy: PolicyConfig;
  readonly systemConfig: SystemConfigValues;
  /** Seconds between proving and finalising a withdrawal; at least fastDelay + disputeGameFinalityDelay. */
  readonly proofMaturityDelay: bigint;
  /** Seconds between resolution and finality of a game. */
  readonly disputeGameFinalityDelay: bigint;
  readonly etherQuota: EtherQuota;
  /** PHA (18 decimals) for each newly final L2 block, out of what ProverRewards was given; see IProverRewards. */
  readonly rewardPerBlock: bigint;
  readonly attestation: AttestationConfig;
  /** Whether keys without hardware may be registered. Never true in production; cannot be changed later. */
  readonly dangerouslyAcceptsSimulated: boolean;
  /** PHA on this L1, of which bonds are made; undefined where the test token stands for it. */
  readonly pha: Address | undefined;
  /** A worthless token for trying things out; undefined leaves it out. */
  readonly phaTestToken: { readonly holder: Address; readonly supply: bigint } | undefined;
};

/** The OP Stack's convention: 0xff, zeros, and the chain id in the last bytes. */
export function batchInboxOf(l2ChainId: bigint): Address {
  return getAddress(`0xff${numberToHex(l2ChainId, { size: 19 }).slice(2)}`);
}

/** The gas market of the OP Stack's chains. */
export const DEFAULT_RESOURCE_CONFIG: ResourceConfig = {
  maxResourceLimit: 20_000_000,
  elasticityMultiplier: 10,
  baseFeeMaxChangeDenominator: 8,
  minimumBaseFee: 1_000_000_000,
  systemTxMaxGas: 1_000_000,
  maximumBaseFee: 2n ** 128n - 1n,
};

/** What a devnet must say; the rest are values with which a withdrawal takes seconds. */
export type DevnetInput = {
  readonly deployer: Address;
  readonly batcher: Address;
  readonly unsafeBlockSigner: Address;
  readonly l1ChainId?: number;
  readonly l2ChainId?: bigint;
  readonly guardian?: Address;
  /** Seconds that one vendor's root waits, and with it what governance does on L1; 600 if it is not said. */
  readonly slowDelay?: bigint;
  /** Seconds in which votes are cast. */
  readonly votingPeriod?: number;
  readonly images?: readonly AcceptedImage[];
  readonly gpuMeasurements?: readonly Hex[];
};

const DAY = 86_400n;

/** Simulated provers, of any TCB. */
function devnetAttestation({ images = [], gpuMeasurements = [] }: DevnetInput): AttestationConfig {
  return {
    roots: DANGEROUS_DEVELOPMENT_ROOTS,
    minimumTcbEvaluation: 0,
    minimumTcb: { genoa: 0, turin: 0 },
    images,
    gpuMeasurements,
    platforms: [],
    platformsListed: false,
    acceptsPresenceOnly: true,
    minimumGpus: 1,
    keyLifetime: 30n * DAY,
    bond: 100n * 10n ** 18n,
  };
}

/** A devnet: votes, simulated provers and finality within seconds; the deployer governs beside the votes. */
export function devnetDeployConfig(input: DevnetInput): DeployConfig {
  const l2ChainId = input.l2ChainId ?? 2035n;
  return {
    deployment: "phala-l2",
    l1ChainId: input.l1ChainId ?? 900,
    l2ChainId,
    guardian: input.guardian ?? input.deployer,
    timelock: { minDelay: 0n, dangerouslyDevelopmentProposers: [input.deployer] },
    governance: {
      ...DANGEROUS_DEVELOPMENT_GOVERNANCE,
      ...(input.votingPeriod !== undefined && { votingPeriod: input.votingPeriod }),
    },
    staking: { rewardRate: 10n ** 17n, admitter: input.deployer },
    policy: {
      minHostVendors: 2,
      requiresGpu: false,
      fastDelay: 1n,
      slowDelay: input.slowDelay ?? 600n,
      fallbackDelay: 300n,
      challengeWindow: 1200n,
      fallbackBond: 1_000n * 10n ** 18n,
    },
    systemConfig: {
      batcher: input.batcher,
      batchInbox: batchInboxOf(l2ChainId),
      unsafeBlockSigner: input.unsafeBlockSigner,
      basefeeScalar: 1368,
      blobbasefeeScalar: 810_949,
      gasLimit: 60_000_000n,
      eip1559Denominator: 250,
      eip1559Elasticity: 6,
      operatorFeeScalar: 0,
      operatorFeeConstant: 0n,
      minBaseFee: 0n,
      daFootprintGasScalar: 400,
      resourceConfig: DEFAULT_RESOURCE_CONFIG,
    },
    // Room for the second vendor's proof: wallets count this delay alone.
    proofMaturityDelay: 6n,
    disputeGameFinalityDelay: 1n,
    attestation: devnetAttestation(input),
    rewardPerBlock: 10n ** 18n,
    etherQuota: { perDay: 10_000n * 10n ** 18n, floor: 100n * 10n ** 18n },
    dangerouslyAcceptsSimulated: true,
    pha: undefined,
    phaTestToken: { holder: input.deployer, supply: 1_000_000n * 10n ** 18n },
  };
}

/**
 * Refuses what must never be deployed: numbers that the contracts would refuse later, provers without hardware and
 * governance without delay where value may be held, roots of attestation that are not the vendors', and keys that
 * everybody knows on a chain that is not for development.
 * @throws RollupError DEPLOY_CONFIG_INVALID, DEPLOY_SIMULATED_PROVERS, DEPLOY_FOREIGN_ROOT, DEPLOY_TEST_KEY
 */
export function requireSafeConfig(config: DeployConfig, deployer: Address): void {
  requireFittingNumbers(config);
  if (!config.dangerouslyAcceptsSimulated) requireVendorRoots(config.attestation.roots);
  if (mayHoldValue(BigInt(config.l1ChainId))) requireProductionRules(config);
  if (!isDevelopmentChain(BigInt(config.l1ChainId))) requireOwnKeys(config, deployer);
}

function requireProductionRules(config: DeployConfig): void {
  const { l1ChainId, dangerouslyAcceptsSimulated, pha } = config;
  if (dangerouslyAcceptsSimulated) {
    throw new RollupError(
      "DEPLOY_SIMULATED_PROVERS",
      `chain ${l1ChainId} may hold value: provers without hardware must not settle there`,
      { data: { l1ChainId } },
    );
  }
  if (pha === undefined) {
    throw new RollupError(
      "DEPLOY_CONFIG_INVALID",
      `chain ${l1ChainId} may hold value: name its PHA token, bonds of a worthless one hold nobody back`,
      { data: { l1ChainId } },
    );
  }
  requireProductionEvidence(config);
  requireProductionGovernance(config);
}

/** A bond that holds somebody back, and firmware that AMD has not mended since: the contracts know no such minimum. */
function requireProductionEvidence({ l1ChainId, attestation }: DeployConfig): void {
  const { bond, minimumTcb, minimumTcbEvaluation } = attestation;
  const least = { bond, "minimumTcb.genoa": minimumTcb.genoa, "minimumTcb.turin": minimumTcb.turin };
  for (const [field, value] of Object.entries({ ...least, minimumTcbEvaluation })) {
    if (BigInt(value) > 0n) continue;
    throw new RollupError(
      "DEPLOY_CONFIG_INVALID",
      `chain ${l1ChainId} may hold value: attestation.${field} is zero, which accepts anything`,
      { data: { l1ChainId, field } },
    );
  }
}

/** A root of somebody else's is a key with which somebody else admits provers. */
function requireVendorRoots(roots: AttestationRoots): void {
  const fields = ["intel", "intelKey", "amdGenoa", "amdTurin", "nvidiaDevice"] as const;
  for (const field of fields) {
    const [wanted, found] = [VENDOR_ATTESTATION_ROOTS[field], roots[field]];
    if (wanted === found) continue;
    throw new RollupError(
      "DEPLOY_FOREIGN_ROOT",
      `attestation.roots.${field} is ${found}, not the vendor's ${wanted}: only a deployment that dangerouslyAcceptsSimulated may have others`,
      { data: { field, wanted, found } },
    );
  }
}

function requireFittingNumbers(config: DeployConfig): void {
  if (config.proofMaturityDelay < config.policy.fastDelay + config.disputeGameFinalityDelay) {
    throw new RollupError(
      "DEPLOY_CONFIG_INVALID",
      "proofMaturityDelay must be at least policy.fastDelay + disputeGameFinalityDelay: raise it",
      { data: { proofMaturityDelay: config.proofMaturityDelay } },
    );
  }
  requireFittingGovernance(config);
  const { perDay, floor } = config.etherQuota;
  if (floor === 0n || perDay < floor) {
    throw new RollupError("DEPLOY_CONFIG_INVALID", "etherQuota must be 0 < floor <= perDay", {
      data: { perDay, floor },
    });
  }
}

function requireOwnKeys(config: DeployConfig, deployer: Address): void {
  const known = new Set(
    Array.from({ length: DEVELOPMENT_ACCOUNTS }, (_, addressIndex) =>
      mnemonicToAccount(DEVELOPMENT_MNEMONIC, { addressIndex }).address.toLowerCase(),
    ),
  );
  for (const [role, address] of poweredAddresses(config, deployer)) {
    if (!known.has(address.toLowerCase())) continue;
    throw new RollupError(
      "DEPLOY_TEST_KEY",
      `${role} ${address} is an account of the well-known test mnemonic: use a key of your own on chain ${config.l1ChainId}`,
      { data: { role, address, l1ChainId: config.l1ChainId } },
    );
  }
}

function poweredAddresses(config: DeployConfig, deployer: Address): (readonly [string, Address])[] {
  return [
    ["deployer", deployer],
    ["guardian", config.guardian],
    ["batcher", config.systemConfig.batcher],
    ["unsafe block signer", config.systemConfig.unsafeBlockSigner],
    ...(config.staking.admitter === undefined ? [] : [["admitter", config.staking.admitter] as const]),
    ...config.timelock.dangerouslyDevelopmentProposers.map(
      (address) => ["timelock proposer", address] as const,
    ),
  ];
}
