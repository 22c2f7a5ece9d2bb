import { pemCertificates } from "../../attest/certificate-files.ts";
import type { GpuEvidence } from "../../attest/evidence.ts";
import { sealGpuReport } from "../../attest/gpu-envelope.ts";
import type { PinnedRoot } from "../../verify/certificates/chain.ts";
import { goldenOfDocuments } from "../../verify/nvidia/golden.ts";
import { oddFirstOf } from "./hints.ts";
import { registrationRefused } from "./refusal.ts";

/** r | s on P-384, at a report's end. */
const SIGNATURE_BYTES = 96;
const CHECK = "GPU measurements";
const FETCH_RIMS =
  "give NVIDIA's RIMs of exactly this driver and this VBIOS, from its RIM service, beside the GPU's report";

/** What the GPU is compared with on L1. @throws RollupError REGISTRATION_REFUSED */
function goldenBytes({ index, rims }: GpuEvidence, rimRoots: readonly PinnedRoot[]): Uint8Array {
  const golden = goldenOfDocuments(rims, rimRoots);
  if (golden.kind === "golden") return golden.bytes;
  const { field, wanted, found } = golden;
  throw registrationRefused({
    check: CHECK,
    field: `GPU ${index}: ${field}`,
    wanted,
    found,
    remedy: FETCH_RIMS,
  });
}

/**
 * One GPU's evidence as L1 takes it: what its RIMs say, its report, its leaf's certificate.
 * @throws RollupError REGISTRATION_REFUSED where RIMs are missing or not NVIDIA's; EVIDENCE_MALFORMED
 */
export function gpuEvidenceBytes(gpu: GpuEvidence, rimRoots: readonly PinnedRoot[]): Uint8Array {
  const [leaf] = pemCertificates(gpu.certificates);
  const golden = goldenBytes(gpu, rimRoots);
  if (leaf === undefined) {
    throw registrationRefused({
      check: "certificates",
      field: `GPU ${gpu.index}`,
      wanted: "the device's five certificates",
      found: "none",
      remedy: "read them of the GPU again",
    });
  }
  const { report } = gpu;
  const [message, signature] = [report.subarray(0, -SIGNATURE_BYTES), report.subarray(-SIGNATURE_BYTES)];
  const oddFirst = oddFirstOf(leaf.publicKey, message, signature);
  return sealGpuReport({ golden, report, certificate: leaf.der, oddFirst });
}
