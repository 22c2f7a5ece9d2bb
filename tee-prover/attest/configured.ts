import { readFileSync } from "node:fs";
import {
  booleanSetting,
  choiceOf,
  fileSetting,
  integerWithin,
  listSetting,
  type SettingsOf,
  settingKind,
  textSetting,
} from "@phala-l2/protocol/config/settings";
import { RollupError } from "@phala-l2/protocol/errors";
import type { Log } from "@phala-l2/protocol/log";
import { configfsTsm } from "./configfs-tsm.ts";
import { DSTACK_SOCKET, dstackTdx } from "./dstack.ts";
import {
  type EvidenceSource,
  evidenceSource,
  type GpuSource,
  type HostEvidence,
  type HostSource,
  hostKindOf,
} from "./evidence.ts";
import { classOf, parseKind } from "./kind.ts";
import { NVATTEST, nvattestGpus } from "./nvattest.ts";
import { GPUS_MAX } from "./nvidia.ts";
import { NVML_LIBRARY, nvmlGpus } from "./nvml-koffi.ts";
import { dangerouslySimulatedEvidence } from "./simulated.ts";

/** Everything about where a prover's evidence comes from. */
export const evidenceSettings = {
  kind: settingKind("KIND", parseKind)({ help: "tdx, sev-snp, tdx+gpu or sev-snp+gpu" }),
  dangerouslySimulate: booleanSetting({
    help: "true: no hardware protects the key; for development chains only",
    default: "false",
  }),
  evidence: choiceOf(
    "configfs-tsm",
    "dstack",
  )({
    help: "who is asked for the CPU's report: Linux 6.7 or later, or dstack's guest agent (TDX)",
    default: "configfs-tsm",
  }),
  dstackSocket: fileSetting({ help: "socket of dstack's guest agent", default: DSTACK_SOCKET }),
  privilegeLevel: integerWithin(0, 3)({ help: "SEV-SNP: the VMPL to ask for; 0 without", optional: true }),
  collateral: fileSetting({ help: "TDX: Intel's collateral for this platform, JSON", optional: true }),
  vcek: fileSetting({
    help: "SEV-SNP: the VCEK or VLEK, where the host gives its guests none",
    optional: true,
  }),
  vcekChain: fileSetting({
    help: "SEV-SNP: ASK or ASVK, and ARK, where the host gives none",
    optional: true,
  }),
  amdCrl: fileSetting({ help: "SEV-SNP: AMD's revocation list of the product, DER", optional: true }),
  gpus: integerWithin(1, GPUS_MAX)({ help: "GPUs that a prover of a kind with GPU has", default: "1" }),
  gpuEvidence: choiceOf(
    "nvml",
    "command",
  )({
    help: "who is asked for the GPUs' reports: NVIDIA's library in this process, or a command",
    default: "nvml",
  }),
  nvmlLibrary: textSetting({
    help: "gpuEvidence nvml: NVIDIA's library, by the name that the loader finds or as a file",
    default: NVML_LIBRARY,
  }),
  gpuCommand: listSetting({
    help: "gpuEvidence command: what collects the GPUs' reports, word by word",
    default: NVATTEST.join(","),
  }),
  gpuRims: listSetting({ help: "NVIDIA's RIMs of driver and VBIOS, files", default: "" }),
};

export type EvidenceSettings = SettingsOf<typeof evidenceSettings>;

/** @throws RollupError SETTING_INVALID when the file cannot be read */
function readBytes(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new RollupError("SETTING_INVALID", `${file} cannot be read`, { data: { file }, cause: error });
  }
}

function readText(file: string): string {
  return new TextDecoder().decode(readBytes(file));
}

/** What the machine did not give is taken from files, anew each time: they are replaced before they expire. */
function completed(evidence: HostEvidence, settings: EvidenceSettings): HostEvidence {
  if (evidence.kind === "TDX") {
    const { collateral } = settings;
    return { ...evidence, collateral: evidence.collateral ?? (collateral && readText(collateral)) };
  }
  const { vcek, vcekChain, amdCrl } = settings;
  return {
    ...evidence,
    leaf: evidence.leaf ?? (vcek === undefined ? undefined : readBytes(vcek)),
    chain: evidence.chain ?? (vcekChain === undefined ? undefined : readBytes(vcekChain)),
    crl: evidence.crl ?? (amdCrl === undefined ? undefined : readBytes(amdCrl)),
  };
}

function hostOf(settings: EvidenceSettings): HostSource {
  const kind = hostKindOf(settings.kind);
  const { evidence, dstackSocket: socket, privilegeLevel } = settings;
  if (evidence === "dstack" && kind !== "TDX") {
    throw new RollupError(
      "SETTING_INVALID",
      "evidence 'dstack' is of TDs only; take configfs-tsm for SEV-SNP",
    );
  }
  const source = evidence === "dstack" ? dstackTdx({ socket }) : configfsTsm({ kind, privilegeLevel });
  return { ...source, evidence: async (data) => completed(await source.evidence(data), settings) };
}

/** All GPUs that the prover must have, and no other: one that is missing is a fault of the machine, not of a policy. */
function gpusOf(settings: EvidenceSettings): GpuSource | undefined {
  const { kind, gpus: wanted, gpuEvidence, nvmlLibrary: library, gpuCommand: command } = settings;
  if (!classOf(kind).gpu) return undefined;
  const rims = settings.gpuRims.map(readText);
  return exactly(
    wanted,
    gpuEvidence === "nvml" ? nvmlGpus({ library, rims }) : nvattestGpus({ command, rims }),
  );
}

/** The source with a check of how many there are. */
export function exactly(wanted: number, source: GpuSource): GpuSource {
  return {
    simulated: source.simulated,
    evidence: async (nonceOf) => {
      const found = await source.evidence(nonceOf);
      if (found.length === wanted) return found;
      const message = `${wanted} GPUs are configured, and ${found.length} are there`;
      throw new RollupError("EVIDENCE_GPU_STATE", message, { data: { wanted, found: found.length } });
    },
  };
}

export type EvidenceSurroundings = {
  readonly log: Log;
  /** Unix seconds. */
  readonly now: () => bigint;
};

/** The source that the settings name. @throws RollupError SETTING_INVALID */
export function configuredEvidence(
  settings: EvidenceSettings,
  surroundings: EvidenceSurroundings,
): EvidenceSource {
  const { kind, gpus, dangerouslySimulate } = settings;
  if (dangerouslySimulate) return dangerouslySimulatedEvidence(kind, { ...surroundings, gpus });
  return evidenceSource(hostOf(settings), gpusOf(settings));
}

/** GPUs that evidence of these settings must have. */
export function wantedGpus({ kind, gpus }: EvidenceSettings): number {
  return classOf(kind).gpu ? gpus : 0;
}
