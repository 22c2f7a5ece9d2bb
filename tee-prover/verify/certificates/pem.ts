import { type Certificate, parseCertificate } from "./certificate.ts";
import { type CertificateRefusal, refuseCertificate } from "./refusals.ts";

const BLOCK =
  /-----BEGIN CERTIFICATE-----\r?\n([A-Za-z0-9+/=\r\n]+?)\r?\n-----END CERTIFICATE-----(?:\r?\n)*/y;
/** More than any vendor's chain has. */
const CERTIFICATES_MAX = 8;

export type CertificateList = {
  readonly kind: "certificates";
  readonly certificates: readonly Certificate[];
};

/** Bytes of base64 text in its only form: no other characters, right padding, no bits left over. */
function fromBase64(text: string): Uint8Array | undefined {
  const joined = text.replaceAll(/\r?\n/g, "");
  const bytes = Buffer.from(joined, "base64");
  return bytes.toString("base64") === joined ? Uint8Array.from(bytes) : undefined;
}

/**
 * Certificates of PEM text (RFC 7468, strict): blocks that follow one another, and nothing else. The
 * order stays as it is.
 */
export function parsePemCertificates(text: string, step: string): CertificateList | CertificateRefusal {
  const refuse = (found: string) =>
    refuseCertificate("PEM_MALFORMED", step, {
      field: "PEM",
      wanted: `1 to ${CERTIFICATES_MAX} CERTIFICATE blocks and nothing else`,
      found,
    });
  const certificates: Certificate[] = [];
  const block = new RegExp(BLOCK);
  while (block.lastIndex < text.length) {
    const at = block.lastIndex;
    const base64 = block.exec(text)?.[1];
    if (base64 === undefined) return refuse(`something else at character ${at}`);
    const der = fromBase64(base64);
    if (der === undefined) return refuse(`no canonical base64 in block ${certificates.length + 1}`);
    const certificate = parseCertificate(der, step);
    if (certificate.kind === "refused") return certificate;
    certificates.push(certificate);
    if (certificates.length > CERTIFICATES_MAX) return refuse("more blocks");
  }
  return certificates.length === 0 ? refuse("no block") : { kind: "certificates", certificates };
}
