import { createHash } from "node:crypto";
import { bytesEqual, toHex } from "@phala-l2/protocol/bytes";
import { contextTag, DerReader, TAG } from "./der.ts";
import {
  type BasicConstraints,
  type Extensions,
  type KeyUsage,
  readBasicConstraints,
  readExtensions,
  readKeyUsage,
} from "./extensions.ts";
import { type CertificateRefusal, refuseCertificate } from "./refusals.ts";
import {
  type PublicKey,
  readPublicKey,
  readSignatureAlgorithm,
  type SignatureAlgorithm,
} from "./signature.ts";
import { readTime } from "./time.ts";

/** A distinguished name: its DER, which names are compared by, and its common name. */
export type Name = { readonly raw: Uint8Array; readonly commonName: string | undefined };

/** An X.509 v3 certificate (RFC 5280, section 4.1), parsed and not yet judged. */
export type Certificate = {
  readonly kind: "certificate";
  readonly der: Uint8Array;
  /** The bytes that the issuer signed. */
  readonly signedPart: Uint8Array;
  /** Without leading zeros, in lower-case hex. */
  readonly serial: string;
  readonly issuer: Name;
  readonly subject: Name;
  /** Unix seconds, both ends included. */
  readonly notBefore: bigint;
  readonly notAfter: bigint;
  readonly publicKey: PublicKey;
  /** SHA-256 of SubjectPublicKeyInfo, lower-case hex without 0x: what roots are pinned by. */
  readonly keyHash: string;
  readonly basicConstraints: BasicConstraints | undefined;
  readonly keyUsage: KeyUsage;
  readonly extensions: Extensions;
  readonly algorithm: SignatureAlgorithm;
  readonly signature: Uint8Array;
};

/** No vendor's certificate comes near; a bound on what is worth reading. */
const CERTIFICATE_BYTES_MAX = 16_384;
/** RFC 5280, section 4.1.2.2: at most 20 octets. */
const SERIAL_BYTES_MAX = 20;
const COMMON_NAME = "2.5.4.3";

export function readSerial(reader: DerReader, name: string): string {
  const bytes = reader.unsigned(name);
  if (bytes.length > SERIAL_BYTES_MAX) reader.fail(`${name}: more than ${SERIAL_BYTES_MAX} bytes`);
  return toHex(bytes).slice(2);
}

/** Name ::= SEQUENCE OF SET OF (type, value); no two common names. */
export function readName(reader: DerReader, name: string): Name {
  const { raw, content } = reader.element(TAG.sequence, name);
  const relatives = reader.of(content);
  let commonName: string | undefined;
  while (!relatives.done) {
    const relative = relatives.inside(TAG.set, name);
    while (!relative.done) {
      const attribute = relative.sequence(name);
      const type = attribute.objectIdentifier(name);
      const value = attribute.any(name);
      attribute.end(name);
      if (type !== COMMON_NAME) continue;
      if (commonName !== undefined) reader.fail(`${name}: two common names`);
      commonName = new TextDecoder().decode(value.content);
    }
  }
  return { raw, commonName };
}

type Body = Omit<Certificate, "kind" | "der" | "signedPart" | "algorithm" | "signature">;

/** tbsCertificate, after its version. */
function readBody(reader: DerReader, outerAlgorithm: Uint8Array): Body | undefined {
  const version = reader.inside(contextTag(0), "version");
  if (version.small("version", 2) !== 2) version.fail("version: X.509 v3 is wanted");
  version.end("version");
  const serial = readSerial(reader, "serialNumber");
  // RFC 5280, section 4.1.1.2: the algorithm inside what is signed is the one outside.
  if (!bytesEqual(reader.element(TAG.sequence, "signature").raw, outerAlgorithm)) {
    reader.fail("signature: not the algorithm outside");
  }
  const issuer = readName(reader, "issuer");
  const validity = reader.sequence("validity");
  const notBefore = readTime(validity, "validity.notBefore");
  const notAfter = readTime(validity, "validity.notAfter");
  validity.end("validity");
  const subject = readName(reader, "subject");
  const keyStart = reader.element(TAG.sequence, "subjectPublicKeyInfo");
  const publicKey = readPublicKey(reader.of(keyStart.raw), "subjectPublicKeyInfo");
  const outer = reader.inside(contextTag(3), "extensions");
  const extensions = readExtensions(outer.sequence("extensions"), "extensions");
  outer.end("extensions");
  reader.end("tbsCertificate");
  const basicConstraints = readBasicConstraints(extensions, reader);
  const keyUsage = readKeyUsage(extensions, reader);
  if (publicKey === undefined) return undefined;
  const keyHash = createHash("sha256").update(keyStart.raw).digest("hex");
  return {
    serial,
    issuer,
    subject,
    notBefore,
    notAfter,
    publicKey,
    keyHash,
    basicConstraints,
    keyUsage,
    extensions,
  };
}

/** Parses one DER certificate; nothing may follow it. Nothing is verified yet: that is `verifyChain`. */
export function parseCertificate(der: Uint8Array, step: string): Certificate | CertificateRefusal {
  const reader = new DerReader(der);
  if (der.length > CERTIFICATE_BYTES_MAX) reader.fail(`more than ${CERTIFICATE_BYTES_MAX} bytes`);
  const outer = reader.sequence("certificate");
  reader.end("certificate");
  const signedPart = outer.element(TAG.sequence, "tbsCertificate");
  const algorithmStart = outer.element(TAG.sequence, "signatureAlgorithm");
  const algorithm = readSignatureAlgorithm(outer.of(algorithmStart.raw), "signatureAlgorithm");
  const signature = outer.bytesOfBits("signatureValue");
  outer.end("certificate");
  const body = readBody(reader.of(signedPart.content), algorithmStart.raw);
  if (reader.fault === undefined && body !== undefined && algorithm !== undefined) {
    return { kind: "certificate", der, signedPart: signedPart.raw, ...body, algorithm, signature };
  }
  const found = reader.fault ?? "a key or an algorithm that is not supported";
  return refuseCertificate("CERTIFICATE_MALFORMED", step, {
    field: "certificate",
    wanted: "X.509 v3 in DER",
    found,
  });
}
