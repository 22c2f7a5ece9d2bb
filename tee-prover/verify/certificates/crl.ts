import { bytesEqual } from "@phala-l2/protocol/bytes";
import { type Certificate, type Name, readName, readSerial } from "./certificate.ts";
import { contextTag, DerReader, TAG } from "./der.ts";
import {
  EXTENSION,
  type Extensions,
  KEY_USAGE,
  readExtensions,
  sameName,
  unknownCritical,
} from "./extensions.ts";
import { type CertificateRefusal, refuseCertificate } from "./refusals.ts";
import { readSignatureAlgorithm, type SignatureAlgorithm, verifySignature } from "./signature.ts";
import { readTime, timeText } from "./time.ts";

/** An X.509 v2 revocation list (RFC 5280, section 5.1), parsed and not yet judged. */
export type Crl = {
  readonly kind: "crl";
  readonly signedPart: Uint8Array;
  readonly issuer: Name;
  /** Unix seconds, both ends included. */
  readonly thisUpdate: bigint;
  readonly nextUpdate: bigint;
  /** Serial numbers in lower-case hex, as in `Certificate.serial`. */
  readonly revoked: ReadonlySet<string>;
  readonly extensions: Extensions;
  readonly algorithm: SignatureAlgorithm;
  readonly signature: Uint8Array;
};

/** Intel's lists have a few hundred entries of some 50 bytes. */
const CRL_BYTES_MAX = 4 * 1024 * 1024;
/** An entry's critical extension changes whom the entry is about (certificateIssuer): only the reason is known. */
const ENTRY_UNDERSTOOD: readonly string[] = [EXTENSION.crlReason];
/** A critical extension of a list makes it a part or a difference (issuingDistributionPoint, deltaCRLIndicator). */
const LIST_UNDERSTOOD: readonly string[] = [EXTENSION.crlNumber, EXTENSION.authorityKeyIdentifier];

function readRevoked(entries: DerReader): ReadonlySet<string> {
  const revoked = new Set<string>();
  while (!entries.done) {
    const entry = entries.sequence("revokedCertificate");
    revoked.add(readSerial(entry, "revokedCertificate.serial"));
    readTime(entry, "revokedCertificate.date");
    if (!entry.done) {
      const extensions = readExtensions(entry.sequence("revokedCertificate"), "revokedCertificate");
      const unknown = unknownCritical(extensions, ENTRY_UNDERSTOOD);
      if (unknown !== undefined) entry.fail(`revokedCertificate: critical extension ${unknown}`);
    }
    entry.end("revokedCertificate");
  }
  return revoked;
}

function readBody(reader: DerReader, outerAlgorithm: Uint8Array) {
  // RFC 5280, section 5.1.2.1: v2, since extensions are there.
  if (reader.small("version", 1) !== 1) reader.fail("version: v2 is wanted");
  if (!bytesEqual(reader.element(TAG.sequence, "signature").raw, outerAlgorithm)) {
    reader.fail("signature: not the algorithm outside");
  }
  const issuer = readName(reader, "issuer");
  const thisUpdate = readTime(reader, "thisUpdate");
  // RFC 5280, section 5.1.2.5 demands nextUpdate: without it nobody could tell an old list.
  const nextUpdate = readTime(reader, "nextUpdate");
  const revoked: ReadonlySet<string> =
    reader.nextTag === TAG.sequence ? readRevoked(reader.sequence("revokedCertificates")) : new Set<string>();
  const outer = reader.inside(contextTag(0), "crlExtensions");
  const extensions = readExtensions(outer.sequence("crlExtensions"), "crlExtensions");
  outer.end("crlExtensions");
  reader.end("tbsCertList");
  return { issuer, thisUpdate, nextUpdate, revoked, extensions };
}

/** Parses one DER revocation list; nothing may follow it. Nothing is verified yet: that is `verifyCrl`. */
export function parseCrl(der: Uint8Array, step: string): Crl | CertificateRefusal {
  const reader = new DerReader(der);
  if (der.length > CRL_BYTES_MAX) reader.fail(`more than ${CRL_BYTES_MAX} bytes`);
  const outer = reader.sequence("crl");
  reader.end("crl");
  const signedPart = outer.element(TAG.sequence, "tbsCertList");
  const algorithmStart = outer.element(TAG.sequence, "signatureAlgorithm");
  const algorithm = readSignatureAlgorithm(outer.of(algorithmStart.raw), "signatureAlgorithm");
  const signature = outer.bytesOfBits("signatureValue");
  outer.end("crl");
  const body = readBody(reader.of(signedPart.content), algorithmStart.raw);
  if (reader.fault === undefined && algorithm !== undefined) {
    return { kind: "crl", signedPart: signedPart.raw, ...body, algorithm, signature };
  }
  const found = reader.fault ?? "an algorithm that is not supported";
  return refuseCertificate("CRL_MALFORMED", step, {
    field: "crl",
    wanted: "X.509 v2 revocation list in DER",
    found,
  });
}

/** The list is this issuer's, signed by a key that may sign lists, and current at `at` (Unix seconds). */
export function verifyCrl(
  crl: Crl,
  issuer: Certificate,
  at: bigint,
  step: string,
): CertificateRefusal | undefined {
  const name = issuer.subject.commonName ?? "an issuer without a common name";
  const field = `crl of ${name}`;
  if (!sameName(crl.issuer.raw, issuer.subject.raw)) {
    const found = crl.issuer.commonName ?? "another issuer";
    return refuseCertificate("CRL_ISSUER_NAME", step, { field, wanted: name, found });
  }
  const unknown = unknownCritical(crl.extensions, LIST_UNDERSTOOD);
  if (unknown !== undefined) {
    const wanted = "no unknown critical extension";
    return refuseCertificate("CRL_EXTENSION_UNKNOWN", step, { field, wanted, found: unknown });
  }
  if (issuer.keyUsage?.has(KEY_USAGE.cRLSign) !== true) {
    const finding = { field: `${name}: keyUsage`, wanted: "cRLSign", found: "not set" };
    return refuseCertificate("CERTIFICATE_KEY_USAGE", step, finding);
  }
  if (!verifySignature(issuer.publicKey, crl.algorithm, crl.signedPart, crl.signature)) {
    const finding = { field, wanted: `a signature of ${name}`, found: "another signature" };
    return refuseCertificate("CRL_SIGNATURE_INVALID", step, finding);
  }
  if (at < crl.thisUpdate) {
    const wanted = `thisUpdate of at most ${timeText(at)}`;
    return refuseCertificate("CRL_NOT_YET_VALID", step, { field, wanted, found: timeText(crl.thisUpdate) });
  }
  if (at > crl.nextUpdate) {
    const wanted = `nextUpdate of at least ${timeText(at)}`;
    return refuseCertificate("CRL_EXPIRED", step, { field, wanted, found: timeText(crl.nextUpdate) });
  }
  return undefined;
}

/** The certificate is not on its issuer's list; a list of another issuer says nothing, and is refused. */
export function checkNotRevoked(
  certificate: Certificate,
  crl: Crl,
  step: string,
): CertificateRefusal | undefined {
  const field = certificate.subject.commonName ?? "certificate";
  if (!sameName(crl.issuer.raw, certificate.issuer.raw)) {
    const wanted = `the list of ${certificate.issuer.commonName ?? "its issuer"}`;
    const found = crl.issuer.commonName ?? "another issuer's";
    return refuseCertificate("CRL_ISSUER_NAME", step, { field, wanted, found });
  }
  if (!crl.revoked.has(certificate.serial)) return undefined;
  const finding = { field, wanted: "a serial number that is not revoked", found: certificate.serial };
  return refuseCertificate("CERTIFICATE_REVOKED", step, finding);
}
