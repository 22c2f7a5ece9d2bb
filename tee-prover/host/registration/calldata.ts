import { concatBytes, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { P384_BYTES } from "@phala-l2/protocol/p384";
import { malformed, pemCertificates } from "../../attest/certificate-files.ts";
import type { Evidence, GpuEvidence, HostEvidence } from "../../attest/evidence.ts";
import { sealGpuReport } from "../../attest/gpu-envelope.ts";
import { sealReport } from "../../attest/report-envelope.ts";
import { DANGEROUS_ROOTS, VENDOR_ROOTS } from "../../attest/trust.ts";
import { parseReport as parseSnpReport } from "../../verify/amd/report.ts";
import { goldenOf } from "../../verify/nvidia/golden.ts";
import { parseReport as parseGpuReport } from "../../verify/nvidia/report.ts";
import { verifyRim } from "../../verify/nvidia/rim.ts";
import { oddFirstOf } from "./hints.ts";
import { amdLeafOf } from "./pieces.ts";
import { registrationRefused } from "./refusal.ts";

/** Evidence in the forms that the contracts take. */
export type EvidenceCalldata = {
  /** Of the CPU. */
  readonly evidence: Hex;
  /** Of each GPU, in the order of their indices. */
  readonly gpuEvidence: readonly Hex[];
};

/** A report of a guest with the certificate of the key that signed it; numbers of signatures are little-endian there. */
function sealSnp(host: Extract<HostEvidence, { kind: "SEV_SNP" }>): Uint8Array {
  const parsed = parseSnpReport(host.report);
  if (parsed.kind === "refused") throw malformed(parsed);
  const { r, s } = parsed.signature;
  const bigEndian = (number: Uint8Array) => number.slice(0, P384_BYTES).reverse();
  const leaf = amdLeafOf(host);
  const signature = concatBytes(bigEndian(r), bigEndian(s));
  const oddFirst = oddFirstOf(leaf.publicKey, parsed.signedPart, signature);
  return sealReport({ report: host.report, certificate: leaf.der, oddFirst });
}

/** What the GPU's driver and VBIOS are measured as. Whether governance accepts it is L1's to say: any root is good here. */
function goldenBytes({ index, rims }: GpuEvidence, at: bigint): Uint8Array {
  const roots = [...VENDOR_ROOTS.nvidiaRim, ...DANGEROUS_ROOTS.nvidiaRim];
  const verified = rims.map((document) => {
    const rim = verifyRim(document, { roots, at });
    if (rim.kind === "refused") throw malformed(rim);
    return rim;
  });
  const golden = goldenOf(verified);
  if (golden.kind === "golden") return golden.bytes;
  const { field, wanted, found } = golden;
  const remedy = "give NVIDIA's RIM of the GPU's driver and that of its VBIOS (setting gpuRims)";
  throw registrationRefused({ check: `GPU ${index}`, field, wanted, found, remedy });
}

function sealGpu(gpu: GpuEvidence, at: bigint): Uint8Array {
  const parsed = parseGpuReport(gpu.report);
  if (parsed.kind === "refused") throw malformed(parsed);
  const [leaf] = pemCertificates(gpu.certificates);
  if (leaf === undefined) throw new RollupError("EVIDENCE_MALFORMED", "a GPU has no certificate");
  const { signedPart, signature } = parsed;
  const oddFirst = oddFirstOf(leaf.publicKey, signedPart, signature);
  // A collector may hand out a longer buffer; zeros after the report are no part of it.
  const report = gpu.report.subarray(0, signedPart.length + signature.length);
  return sealGpuReport({ golden: goldenBytes(gpu, at), report, certificate: leaf.der, oddFirst });
}

/**
 * The evidence as the registry takes it. @param at Unix seconds, at which RIMs must be valid.
 * @throws RollupError EVIDENCE_MALFORMED, REGISTRATION_REFUSED
 */
export function evidenceCalldata({ host, gpus }: Evidence, at: bigint): EvidenceCalldata {
  return {
    evidence: toHex(host.kind === "TDX" ? host.quote : sealSnp(host)),
    gpuEvidence: gpus.map((gpu) => toHex(sealGpu(gpu, at))),
  };
}
