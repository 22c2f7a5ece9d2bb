import { bytesEqual, toHex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { parseReport } from "../verify/nvidia/report.ts";
import { refusalText } from "../verify/refusal.ts";
import type { GpuEvidence, GpuSource } from "./evidence.ts";
import { type Nvml, readCertificates, readReport, readSystemState, reportRequest } from "./nvml.ts";

/** A rack has 72. */
export const GPUS_MAX = 256;

/**
 * The report answers the nonce that was asked with; a report that somebody relays from another GPU, or kept, does not.
 * @throws RollupError EVIDENCE_REPORT_DATA, EVIDENCE_MALFORMED
 */
export function requireNonce(report: Uint8Array, nonce: Uint8Array, index: number): void {
  const parsed = parseReport(report);
  if (parsed.kind === "refused") {
    throw new RollupError("EVIDENCE_MALFORMED", `GPU ${index}: ${refusalText(parsed)}`);
  }
  if (bytesEqual(parsed.nonce, nonce)) return;
  const [wanted, found] = [toHex(nonce), toHex(parsed.nonce)];
  throw new RollupError("EVIDENCE_REPORT_DATA", `GPU ${index} answers the nonce ${found}, not ${wanted}`, {
    data: { index, wanted, found },
  });
}

/** @throws RollupError EVIDENCE_GPU_STATE */
export function requireGpuCount(count: number): void {
  if (count > 0 && count <= GPUS_MAX) return;
  throw new RollupError("EVIDENCE_GPU_STATE", `1 to ${GPUS_MAX} GPUs are wanted, not ${count}`, {
    data: { count },
  });
}

/** The mode in which GPUs prove anything. @throws RollupError EVIDENCE_GPU_STATE, EVIDENCE_GPU_CALL */
export async function requireState(nvml: Pick<Nvml, "systemState">): Promise<void> {
  const { isProduction, isConfidential, hasDevTools } = readSystemState(await nvml.systemState());
  const faults = [
    isProduction ? [] : ["the environment is not for production"],
    isConfidential ? [] : ["confidential computing is off"],
    hasDevTools ? ["developer tools are on"] : [],
  ].flat();
  if (faults.length === 0) return;
  const message = `the GPUs prove nothing: ${faults.join(", ")}; set the mode on the host and restart the machine`;
  throw new RollupError("EVIDENCE_GPU_STATE", message, { data: { faults } });
}

export type NvidiaOptions = {
  readonly nvml: Nvml;
  /** NVIDIA's signed manifests of driver and VBIOS, to go with each report. */
  readonly rims?: readonly string[];
};

/** Evidence of all GPUs of this machine through NVIDIA's management library, each with a nonce of its own. */
export function nvidiaGpus({ nvml, rims = [] }: NvidiaOptions): GpuSource {
  return {
    simulated: false,
    evidence: async (nonceOf) => {
      await requireState(nvml);
      const count = await nvml.deviceCount();
      requireGpuCount(count);
      const gpus: GpuEvidence[] = [];
      for (let index = 0; index < count; index++) {
        const nonce = nonceOf(index);
        const report = readReport(await nvml.attestationReport(index, reportRequest(nonce)));
        requireNonce(report, nonce, index);
        gpus.push({ index, report, certificates: readCertificates(await nvml.certificates(index)), rims });
      }
      return gpus;
    },
  };
}
