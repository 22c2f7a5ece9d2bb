import type { ProverKind } from "@phala-l2/contracts/deploy/config";
import { gpuNonce, type KeyBinding, reportDataOf } from "./commitments.ts";

/** What the CPU's TEE signed, with what is needed to check it as far as the machine has it. */
export type HostEvidence =
  | {
      readonly kind: "TDX";
      /** With the PCK certificate chain inside. */
      readonly quote: Uint8Array;
      /** Intel's collateral as JSON; undefined where the machine does not have it. */
      readonly collateral: string | undefined;
      /** What was measured into the runtime registers, as JSON; dstack tells it. */
      readonly eventLog: string | undefined;
      /** dstack's app-compose.json, byte by byte, which the event log commits to. */
      readonly compose: string | undefined;
    }
  | {
      readonly kind: "SEV_SNP";
      readonly report: Uint8Array;
      /** VCEK or VLEK, DER or PEM; undefined where the host does not hand it to its guests. */
      readonly leaf: Uint8Array | undefined;
      /** ASK or ASVK and ARK, DER one after another or PEM. */
      readonly chain: Uint8Array | undefined;
      /** AMD's revocation list of the product, DER. */
      readonly crl: Uint8Array | undefined;
    };

/** What one GPU signed. */
export type GpuEvidence = {
  readonly index: number;
  /** SPDM request and response with measurements. */
  readonly report: Uint8Array;
  /** The device's five certificates, PEM. */
  readonly certificates: string;
  /** NVIDIA's manifests of driver and VBIOS, where the machine has them. */
  readonly rims: readonly string[];
};

/** All that speaks for one key. `reportData` of the host and the GPUs' nonces commit to the binding. */
export type Evidence = { readonly host: HostEvidence; readonly gpus: readonly GpuEvidence[] };

/** Where a CPU's evidence comes from. */
export interface HostSource {
  readonly kind: HostEvidence["kind"];
  /** No hardware stands behind the evidence; a production registry refuses such keys for ever. */
  readonly simulated: boolean;
  /** A report over these 64 bytes. @throws RollupError EVIDENCE_… */
  evidence(reportData: Uint8Array): Promise<HostEvidence>;
}

/** Where GPUs' evidence comes from. */
export interface GpuSource {
  readonly simulated: boolean;
  /** A report of every GPU, in the order of their indices from 0. @throws RollupError EVIDENCE_… */
  evidence(nonceOf: (index: number) => Uint8Array): Promise<readonly GpuEvidence[]>;
}

/** Where evidence comes from that a key was born in a measured environment; one a kind of prover. */
export interface EvidenceSource {
  readonly kind: ProverKind;
  readonly simulated: boolean;
  evidence(binding: KeyBinding): Promise<Evidence>;
}

const WITH_GPU = { TDX: "TDX_GPU", SEV_SNP: "SEV_SNP_GPU" } as const;

/** A CPU's source, with GPUs beside it or without: first the GPUs, since the CPU commits to their reports. */
export function evidenceSource(host: HostSource, gpus?: GpuSource): EvidenceSource {
  return {
    kind: gpus === undefined ? host.kind : WITH_GPU[host.kind],
    simulated: host.simulated || gpus?.simulated === true,
    evidence: async (binding) => {
      const devices = (await gpus?.evidence((index) => gpuNonce(binding, index))) ?? [];
      const reports = devices.map(({ report }) => report);
      return { host: await host.evidence(reportDataOf(binding, reports)), gpus: devices };
    },
  };
}

/** The CPU's kind below a prover's. */
export function hostKindOf(kind: ProverKind): HostEvidence["kind"] {
  return kind === "TDX" || kind === "TDX_GPU" ? "TDX" : "SEV_SNP";
}
