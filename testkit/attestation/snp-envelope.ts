import { createHash } from "node:crypto";
import { concatBytes } from "@phala-l2/protocol/bytes";
import { isP384PointOdd, P384_BYTES } from "@phala-l2/protocol/p384";
import { sealReport } from "@phala-l2/tee-prover/attest/report-envelope";
import { NUMBER_BYTES, SIGNED_BYTES } from "@phala-l2/tee-prover/verify/amd/report";
import { parseCertificate } from "@phala-l2/tee-prover/verify/certificates/certificate";

/** A number of a signature, big-endian at full width. */
function numberAt(report: Uint8Array, offset: number): Uint8Array {
  return Uint8Array.from(report.subarray(offset, offset + P384_BYTES)).reverse();
}

/** x | y of a leaf's key; no bytes where the certificate or its key is another. */
function pointOf(leaf: Uint8Array): Uint8Array {
  const certificate = parseCertificate(leaf, "leaf");
  if (certificate.kind === "refused") return new Uint8Array(0);
  const { x = "", y = "" } = certificate.publicKey.key.export({ format: "jwk" });
  return concatBytes(Buffer.from(x, "base64url"), Buffer.from(y, "base64url"));
}

/** The evidence that L1 takes, with the right hint where there is one. */
export function sealSnpReport(report: Uint8Array, leaf: Uint8Array): Uint8Array {
  const signature = concatBytes(
    numberAt(report, SIGNED_BYTES),
    numberAt(report, SIGNED_BYTES + NUMBER_BYTES),
  );
  const digest = createHash("sha384").update(report.subarray(0, SIGNED_BYTES)).digest();
  const oddFirst = isP384PointOdd(pointOf(leaf), signature, digest) ?? false;
  return sealReport({ report, certificate: leaf, oddFirst });
}
