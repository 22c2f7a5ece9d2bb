import type { ProverKind } from "@phala-l2/contracts/deploy/config";
import { type Hex, toHex } from "@phala-l2/protocol/bytes";
import {
  AbiDecodingDataSizeTooSmallError,
  AbiDecodingZeroDataError,
  BaseError,
  ContractFunctionRevertedError,
  ContractFunctionZeroDataError,
  formatUnits,
  type PublicClient,
} from "viem";
import type { Evidence } from "../attest/evidence.ts";
import { classOf } from "../attest/kind.ts";
import { platformIdOf } from "../attest/platform.ts";
import type { EvidenceRoots } from "../attest/trust.ts";
import { piecesOf } from "../host/registration/pieces.ts";
import { planRounds } from "../host/registration/plan.ts";
import { type RegistryContracts, readRegistryContracts } from "../host/registration/registry.ts";
import { readStanding } from "../host/registration/standing.ts";
import { type Funds, type PolicyView, readFunds, readPolicyView } from "../registry/policy-view.ts";
import { goldenOf } from "../verify/nvidia/golden.ts";
import { type Rim, verifyRim } from "../verify/nvidia/rim.ts";
import { compared, type DoctorCheck, failed, held } from "./check.ts";

const CHECK = "policy on L1";
const FUNDS = "account on L1";
/** Of ether and of PHA. */
const DECIMALS = 18;
/** Registration of a key by the dearest evidence, each GPU's, and certificates and collateral that L1 may lack. */
const HOST_GAS = 5_000_000n;
const GPU_GAS = 4_000_000n;
const PIECES_GAS = 20_000_000n;

/** What a prover would be registered as. */
export type Applicant = {
  readonly kind: ProverKind;
  readonly evidence: Evidence;
  readonly measurement: Hex;
  /** Whether its GPUs will compute every proof again. */
  readonly recomputes: boolean;
};

function checkImage({ kind, measurement }: Applicant, facts: PolicyView): DoctorCheck {
  const remedy = `have the owner accept the image (acceptMeasurement ${measurement}), or start the accepted one`;
  return compared(CHECK, "measurement", kind, facts.acceptedKind ?? "not accepted", remedy);
}

function checkVendor({ kind }: Applicant, { isVendorNullified }: PolicyView): DoctorCheck {
  const name = classOf(kind).vendor === 1 ? "Intel" : "AMD";
  const remedy =
    "wait until the owner restores the vendor: its hardware has signed two outputs for one input";
  return compared(CHECK, `vendor ${name}`, "accepted", isVendorNullified ? "nullified" : "accepted", remedy);
}

function checkPlatform(platformId: Hex | undefined, facts: PolicyView): DoctorCheck {
  const field = "platform";
  const { platformsListed, isPlatformListed, isPlatformDenied } = facts;
  if (platformId === undefined) {
    const remedy = "give the certificates that name the machine (vcek)";
    return compared(CHECK, field, "known", "the evidence does not say which machine it is", remedy);
  }
  const allowed = `${platformId} allowed`;
  if (isPlatformDenied) {
    const remedy = "take another machine: this one is denied until the owner ends that";
    return compared(CHECK, field, allowed, `${platformId} denied`, remedy);
  }
  const isMissing = platformsListed && !isPlatformListed;
  const remedy = `have the owner list the machine (setPlatformListed ${platformId})`;
  return compared(CHECK, field, allowed, isMissing ? `${platformId} not listed` : allowed, remedy);
}

/** An image says whether its GPUs work; one that only has them needs a policy that accepts that. */
function checkGpuWork({ recomputes }: Applicant, facts: PolicyView): DoctorCheck {
  const field = "GPU's work";
  if (facts.acceptedKind === undefined) return held(CHECK, field, "told by an accepted image alone");
  const { isPresenceOnly, acceptsPresenceOnly } = facts;
  if (isPresenceOnly) {
    const found = acceptsPresenceOnly ? "presence accepted" : "presence not accepted";
    const remedy = "take an image whose GPU computes proofs again, or have the owner accept presence";
    return compared(CHECK, field, "presence accepted", found, remedy);
  }
  const found = recomputes ? "recomputation" : "presence";
  const remedy = "set requireGpuWork: the image was accepted as one whose GPU computes proofs again";
  return compared(CHECK, field, "recomputation", found, remedy);
}

/** What the GPUs' RIMs say they measure; a finding where they say nothing. */
function gpuMeasurementsOf(
  { gpus }: Evidence,
  trust: { readonly roots: EvidenceRoots; readonly at: bigint },
): readonly (Hex | DoctorCheck)[] {
  return gpus.map(({ index, rims }) => {
    const field = `GPU ${index}: RIMs`;
    const remedy = "give NVIDIA's RIMs of this driver and VBIOS (gpuRims)";
    const verified: Rim[] = [];
    for (const text of rims) {
      const rim = verifyRim(text, { roots: trust.roots.nvidiaRim, at: trust.at });
      if (rim.kind === "refused") return compared(CHECK, field, rim.wanted, rim.found, rim.remedy);
      verified.push(rim);
    }
    const golden = goldenOf(verified);
    if (golden.kind === "golden") return toHex(golden.measurement);
    return compared(CHECK, field, golden.wanted, golden.found, remedy);
  });
}

function checkGpus(
  applicant: Applicant,
  measurements: readonly (Hex | DoctorCheck)[],
  facts: PolicyView,
): readonly DoctorCheck[] {
  const { minimumGpus, gpuMeasurementsAccepted } = facts;
  const known = measurements.filter((each) => typeof each === "string");
  const each = measurements.map((measurement, index) => {
    if (typeof measurement !== "string") return measurement;
    const found = gpuMeasurementsAccepted[known.indexOf(measurement)] === true ? "accepted" : "not accepted";
    const remedy = `have the owner accept it (acceptGpuMeasurement ${measurement}), or take an accepted driver and VBIOS`;
    return compared(CHECK, `GPU ${index}: measurement`, "accepted", found, remedy);
  });
  const enough = `at least ${minimumGpus}`;
  const count = applicant.evidence.gpus.length;
  const remedy = "give the prover more GPUs";
  const counted = compared(CHECK, "GPUs", enough, count >= minimumGpus ? enough : `${count}`, remedy);
  return [checkGpuWork(applicant, facts), counted, ...each];
}

function atLeast(field: string, needed: bigint, found: bigint, unit: string, remedy: string): DoctorCheck {
  const inWords = (value: bigint) => `${formatUnits(value, DECIMALS)} ${unit}`;
  const ok = found >= needed;
  const words = { wanted: `at least ${inWords(needed)}`, found: inWords(found) };
  return { check: FUNDS, ok, field, ...words, remedy: ok ? null : remedy, days: null };
}

/** An allowance is told and is no fault: the prover gives it itself when it registers. */
function checkFunds(payer: Hex, gpus: number, { bond }: PolicyView, funds: Funds): readonly DoctorCheck[] {
  const gas = HOST_GAS + GPU_GAS * BigInt(gpus) + PIECES_GAS;
  const ether = `send ether to ${payer}, which pays for the registration`;
  const pha = `send PHA to ${payer}: the bond comes back after the key's end`;
  const allowance = `${formatUnits(funds.allowance, DECIMALS)} PHA may be taken by the registry`;
  return [
    atLeast("ether of the account", gas * funds.gasPrice, funds.ether, "ether", ether),
    atLeast("PHA of the account", bond, funds.tokens, "PHA", pha),
    held(FUNDS, "allowance", allowance),
  ];
}

/** What L1 lacks of the vendors' certificates and statements, and whether it can be brought. */
async function checkPieces(
  evidence: Evidence,
  client: PublicClient,
  { libraries }: RegistryContracts,
): Promise<DoctorCheck> {
  const check = "certificates and collateral on L1";
  try {
    const pieces = piecesOf(evidence);
    const rounds = planRounds(pieces, await readStanding(client, libraries, pieces));
    const count = rounds.flat().length;
    return held(check, "transactions", count === 0 ? "all is there" : `${count} bring what L1 lacks`);
  } catch (error) {
    return failed(check, "certificates, collateral", "there, or at hand to be brought", error);
  }
}

const REGISTRY = "a registry with a policy";
const TAKE_THE_REGISTRY =
  "take ProverRegistryProxy of the deployment's address book (proverRegistry), and an L1 node of that chain";

function noContract(registry: Hex): DoctorCheck {
  return compared(CHECK, "proverRegistry", REGISTRY, `no contract at ${registry}`, TAKE_THE_REGISTRY);
}

function notARegistry(registry: Hex): DoctorCheck {
  const found = `another contract at ${registry}`;
  return compared(CHECK, "proverRegistry", REGISTRY, found, TAKE_THE_REGISTRY);
}

/** Whether a contract does not have what it was asked for: it returned nothing, nonsense, or reverted. */
function isOfAnother(error: BaseError): boolean {
  return error.walk((each) => OF_ANOTHER.some((kind) => each instanceof kind)) !== null;
}
const OF_ANOTHER = [
  ContractFunctionZeroDataError,
  ContractFunctionRevertedError,
  AbiDecodingZeroDataError,
  AbiDecodingDataSizeTooSmallError,
] as const;

export type AdmissionParts = {
  readonly client: PublicClient;
  readonly registry: Hex;
  /** Who pays for the registration, and posts the bond; undefined where somebody else registers the key. */
  readonly payer: Hex | undefined;
  readonly roots: EvidenceRoots;
  /** Unix seconds. */
  readonly at: bigint;
};

/** Whether the registry would admit the prover, by its policy's own words, and whether the account can pay; costs no gas. */
export async function checkAdmission(
  applicant: Applicant,
  { client, registry, payer, roots, at }: AdmissionParts,
): Promise<readonly DoctorCheck[]> {
  const { kind, evidence, measurement } = applicant;
  const { vendor, gpu } = classOf(kind);
  try {
    const platform = platformIdOf(evidence.host);
    const platformId = platform === undefined ? undefined : toHex(platform);
    const gpuMeasurements = gpuMeasurementsOf(evidence, { roots, at });
    const known = gpuMeasurements.filter((each) => typeof each === "string");
    const subject = { vendor, measurement, platformId, gpuMeasurements: known };
    if ((await client.getCode({ address: registry })) === undefined) return [noContract(registry)];
    const contracts = await readRegistryContracts(client, registry);
    const view = await readPolicyView(client, contracts, subject);
    const funds = payer === undefined ? undefined : await readFunds(client, contracts, payer);
    return [
      checkImage(applicant, view),
      checkVendor(applicant, view),
      checkPlatform(platformId, view),
      ...(gpu ? checkGpus(applicant, gpuMeasurements, view) : []),
      await checkPieces(evidence, client, contracts),
      ...(payer === undefined || funds === undefined
        ? []
        : checkFunds(payer, evidence.gpus.length, view, funds)),
    ];
  } catch (error) {
    const answersNothing = error instanceof BaseError && isOfAnother(error);
    return [answersNothing ? notARegistry(registry) : failed(CHECK, "proverRegistry", REGISTRY, error)];
  }
}
