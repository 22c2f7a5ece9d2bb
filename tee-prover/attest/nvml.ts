import { RollupError } from "@phala-l2/protocol/errors";

/**
 * What of NVIDIA's management library (libnvidia-ml.so.1) it takes; each call fills a structure of nvml.h, which
 * comes back as its bytes. A return value other than NVML_SUCCESS is an error that the binding throws.
 */
export interface Nvml {
  /** nvmlDeviceGetCount_v2 */
  deviceCount(): Promise<number>;
  /** nvmlSystemGetConfComputeState, 12 bytes. */
  systemState(): Promise<Uint8Array>;
  /** nvmlDeviceGetConfComputeGpuAttestationReport of the device with this index, with the nonce in the structure. */
  attestationReport(index: number, structure: Uint8Array): Promise<Uint8Array>;
  /** nvmlDeviceGetConfComputeGpuCertificate */
  certificates(index: number): Promise<Uint8Array>;
}

/**
 * nvmlConfComputeSystemState_t, unsigned int each:
 *
 *   environment 4 | ccFeature 4 | devToolsMode 4
 */
export const SYSTEM_STATE_BYTES = 12;

/**
 * nvmlConfComputeGpuAttestationReport_t:
 *
 *   isCecAttestationReportPresent 4 | attestationReportSize 4 | cecAttestationReportSize 4 | nonce 32 |
 *   attestationReport 0x2000 | cecAttestationReport 0x1000
 */
const REPORT_HEAD = 12;
const NONCE_BYTES = 32;
const REPORT_MAX = 0x2000;
const CEC_REPORT_MAX = 0x1000;
export const REPORT_STRUCTURE_BYTES = REPORT_HEAD + NONCE_BYTES + REPORT_MAX + CEC_REPORT_MAX;

/**
 * nvmlConfComputeGpuCertificate_t:
 *
 *   certChainSize 4 | attestationCertChainSize 4 | certChain 0x1000 | attestationCertChain 0x1400
 */
const CERTIFICATE_HEAD = 8;
const CHAIN_MAX = 0x1000;
const ATTESTATION_CHAIN_MAX = 0x1400;
export const CERTIFICATE_STRUCTURE_BYTES = CERTIFICATE_HEAD + CHAIN_MAX + ATTESTATION_CHAIN_MAX;

function u32(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(at, true);
}

function requireSize(bytes: Uint8Array, wanted: number, name: string): void {
  if (bytes.length === wanted) return;
  const message = `${name} has ${wanted} bytes, not ${bytes.length}`;
  throw new RollupError("EVIDENCE_MALFORMED", message, { data: { wanted, found: bytes.length } });
}

function part(bytes: Uint8Array, at: number, size: number, most: number, name: string): Uint8Array {
  if (size > 0 && size <= most) return bytes.slice(at, at + size);
  throw new RollupError("EVIDENCE_MALFORMED", `${name} has 1 to ${most} bytes, not ${size}`);
}

/** The structure to ask for a report with. @throws RollupError EVIDENCE_MALFORMED */
export function reportRequest(nonce: Uint8Array): Uint8Array {
  requireSize(nonce, NONCE_BYTES, "a nonce");
  const structure = new Uint8Array(REPORT_STRUCTURE_BYTES);
  structure.set(nonce, REPORT_HEAD);
  return structure;
}

/** The report in the filled structure. @throws RollupError EVIDENCE_MALFORMED */
export function readReport(structure: Uint8Array): Uint8Array {
  const name = "nvmlConfComputeGpuAttestationReport_t";
  requireSize(structure, REPORT_STRUCTURE_BYTES, name);
  const start = REPORT_HEAD + NONCE_BYTES;
  return part(structure, start, u32(structure, 4), REPORT_MAX, "attestationReport");
}

/** The chain that signs reports, as PEM text. @throws RollupError EVIDENCE_MALFORMED */
export function readCertificates(structure: Uint8Array): string {
  requireSize(structure, CERTIFICATE_STRUCTURE_BYTES, "nvmlConfComputeGpuCertificate_t");
  const start = CERTIFICATE_HEAD + CHAIN_MAX;
  const bytes = part(structure, start, u32(structure, 4), ATTESTATION_CHAIN_MAX, "attestationCertChain");
  return new TextDecoder("latin1").decode(bytes).replace(/\0+$/, "");
}

export type SystemState = {
  /** NVML_CC_SYSTEM_ENVIRONMENT_PROD; else there is none, or a simulation. */
  readonly isProduction: boolean;
  readonly isConfidential: boolean;
  /** Debuggers and profilers may look into the GPU. */
  readonly hasDevTools: boolean;
};

/** @throws RollupError EVIDENCE_MALFORMED */
export function readSystemState(structure: Uint8Array): SystemState {
  requireSize(structure, SYSTEM_STATE_BYTES, "nvmlConfComputeSystemState_t");
  return {
    isProduction: u32(structure, 0) === 2,
    isConfidential: u32(structure, 4) === 1,
    hasDevTools: u32(structure, 8) !== 0,
  };
}
