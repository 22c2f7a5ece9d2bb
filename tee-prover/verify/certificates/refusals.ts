import { type Explanation, type Refusal, refusalsOf } from "../refusal.ts";

const FOREIGN = "take the evidence anew from its source, unaltered; if it stays so, it is not the vendor's";
const FRESH = "fetch certificates and revocation lists anew, and check this machine's clock";

/** Why certificates and revocation lists are refused (RFC 5280). */
const catalogue = {
  CERTIFICATE_MALFORMED: { message: "no X.509 certificate in DER", remedy: FOREIGN },
  CERTIFICATE_EXTENSION_UNKNOWN: {
    message: "a critical extension that this verifier does not understand",
    remedy: "do not trust the certificate; a newer verifier may know what it demands",
  },
  CERTIFICATE_NOT_YET_VALID: { message: "a certificate is not valid yet", remedy: FRESH },
  CERTIFICATE_EXPIRED: { message: "a certificate has expired", remedy: FRESH },
  CERTIFICATE_NOT_A_CA: { message: "an issuer is no certificate authority", remedy: FOREIGN },
  CERTIFICATE_IS_A_CA: { message: "the end of the chain is a certificate authority", remedy: FOREIGN },
  CERTIFICATE_KEY_USAGE: { message: "a key may not be used for what it was used for", remedy: FOREIGN },
  CERTIFICATE_PATH_LENGTH: { message: "more authorities than an issuer allows below it", remedy: FOREIGN },
  CERTIFICATE_ISSUER_NAME: { message: "the next certificate is not the named issuer", remedy: FOREIGN },
  CERTIFICATE_SIGNATURE_INVALID: {
    message: "the issuer did not sign this certificate",
    remedy: FOREIGN,
  },
  CERTIFICATE_REVOKED: {
    message: "the issuer revoked this certificate",
    remedy: "the platform's keys are not to be trusted; use another machine",
  },
  CHAIN_LENGTH: { message: "a chain with too few or too many certificates", remedy: FOREIGN },
  CHAIN_ROOT_UNTRUSTED: {
    message: "the chain does not end at a root that this verifier trusts",
    remedy: "the evidence is not of this vendor's production hardware",
  },
  PEM_MALFORMED: { message: "no PEM text of certificates", remedy: FOREIGN },
  CRL_MALFORMED: { message: "no X.509 revocation list in DER", remedy: FRESH },
  CRL_EXTENSION_UNKNOWN: {
    message: "a revocation list with a critical extension that this verifier does not understand",
    remedy: "fetch the complete list of this issuer, not a part or a difference",
  },
  CRL_ISSUER_NAME: { message: "the revocation list is another issuer's", remedy: FRESH },
  CRL_SIGNATURE_INVALID: { message: "the issuer did not sign this revocation list", remedy: FRESH },
  CRL_NOT_YET_VALID: { message: "a revocation list is not valid yet", remedy: FRESH },
  CRL_EXPIRED: { message: "a revocation list has expired", remedy: FRESH },
} as const satisfies Readonly<Record<string, Explanation>>;

export type CertificateCode = keyof typeof catalogue;
export type CertificateRefusal = Refusal<CertificateCode>;
export const refuseCertificate = refusalsOf<CertificateCode>(catalogue);
export const CERTIFICATE_CODES: readonly string[] = Object.keys(catalogue);
/** The same by code, for whoever gets only the code: L1 says no in these words. */
export const CERTIFICATE_EXPLANATIONS: Readonly<Record<string, Explanation>> = catalogue;
