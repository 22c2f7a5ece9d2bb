import { RollupError } from "@phala-l2/protocol/errors";
import { type Certificate, parseCertificate } from "../verify/certificates/certificate.ts";
import { type Crl, parseCrl } from "../verify/certificates/crl.ts";
import { DerReader, TAG } from "../verify/certificates/der.ts";
import { parsePemCertificates } from "../verify/certificates/pem.ts";
import { type Refusal, refusalText } from "../verify/refusal.ts";

// Certificates and lists as machines and vendors hand them out, read and not verified.

const STEP = "files";

export function malformed(refusal: Refusal): RollupError {
  return new RollupError("EVIDENCE_MALFORMED", refusalText(refusal), { data: { code: refusal.code } });
}

/** Certificates of PEM text, in its order. @throws RollupError EVIDENCE_MALFORMED */
export function pemCertificates(text: string): readonly Certificate[] {
  const list = parsePemCertificates(text, STEP);
  if (list.kind === "refused") throw malformed(list);
  return list.certificates;
}

/** PEM blocks, or DER one after another. @throws RollupError EVIDENCE_MALFORMED */
export function certificatesOf(bytes: Uint8Array): readonly Certificate[] {
  if (bytes[0] !== TAG.sequence) return pemCertificates(new TextDecoder().decode(bytes));
  const reader = new DerReader(bytes);
  const certificates: Certificate[] = [];
  while (!reader.done) {
    const certificate = parseCertificate(reader.element(TAG.sequence, "certificate").raw, STEP);
    if (certificate.kind === "refused") throw malformed(certificate);
    certificates.push(certificate);
  }
  return certificates;
}

/** A revocation list. @throws RollupError EVIDENCE_MALFORMED */
export function listOf(der: Uint8Array): Crl {
  const list = parseCrl(der, STEP);
  if (list.kind === "refused") throw malformed(list);
  return list;
}
