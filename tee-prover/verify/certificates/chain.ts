import { isDevelopmentKey } from "../development-roots.ts";
import type { Certificate } from "./certificate.ts";
import { KEY_USAGE, sameName, unknownCritical } from "./extensions.ts";
import { type CertificateRefusal, refuseCertificate } from "./refusals.ts";
import { verifySignature } from "./signature.ts";
import { timeText } from "./time.ts";

/** A root that is trusted for its key, whatever certificate carries it. */
export type PinnedRoot = {
  readonly name: string;
  /** SHA-256 of SubjectPublicKeyInfo, lower-case hex without 0x. */
  readonly keyHash: string;
};

/** What stands at the chain's beginning: what signs evidence, or an authority, as before a revocation list. */
export type ChainEnd = "leaf" | "authority";

export type VerifiedChain = {
  readonly kind: "chain";
  readonly leaf: Certificate;
  /** Who issued the leaf. */
  readonly issuer: Certificate;
  readonly root: Certificate;
};

/** A leaf and its root at least; no vendor's chain is longer than six. */
const CHAIN_LENGTH = { least: 2, most: 6 };

function nameOf({ subject }: Certificate): string {
  return subject.commonName ?? "a certificate without a common name";
}

function checkValidity(certificate: Certificate, at: bigint, step: string): CertificateRefusal | undefined {
  const field = nameOf(certificate);
  if (at < certificate.notBefore) {
    const finding = {
      field,
      wanted: `notBefore of at most ${timeText(at)}`,
      found: timeText(certificate.notBefore),
    };
    return refuseCertificate("CERTIFICATE_NOT_YET_VALID", step, finding);
  }
  if (at > certificate.notAfter) {
    const finding = {
      field,
      wanted: `notAfter of at least ${timeText(at)}`,
      found: timeText(certificate.notAfter),
    };
    return refuseCertificate("CERTIFICATE_EXPIRED", step, finding);
  }
  return undefined;
}

function checkExtensions(certificate: Certificate, step: string): CertificateRefusal | undefined {
  const unknown = unknownCritical(certificate.extensions);
  if (unknown === undefined) return undefined;
  const finding = { field: nameOf(certificate), wanted: "no unknown critical extension", found: unknown };
  return refuseCertificate("CERTIFICATE_EXTENSION_UNKNOWN", step, finding);
}

/** RFC 5280, section 6.1.4 (k), (l), (n): an issuer says that it is one; `below` counts the authorities under it. */
function checkAuthority(authority: Certificate, below: number, step: string): CertificateRefusal | undefined {
  const field = nameOf(authority);
  const { basicConstraints, keyUsage } = authority;
  if (basicConstraints?.ca !== true) {
    const finding = { field: `${field}: basicConstraints`, wanted: "CA", found: "no CA" };
    return refuseCertificate("CERTIFICATE_NOT_A_CA", step, finding);
  }
  if (keyUsage?.has(KEY_USAGE.keyCertSign) !== true) {
    const finding = { field: `${field}: keyUsage`, wanted: "keyCertSign", found: "not set" };
    return refuseCertificate("CERTIFICATE_KEY_USAGE", step, finding);
  }
  if (basicConstraints.pathLength !== undefined && below > basicConstraints.pathLength) {
    const finding = {
      field: `${field}: basicConstraints`,
      wanted: `at most ${basicConstraints.pathLength} authorities below`,
      found: `${below}`,
    };
    return refuseCertificate("CERTIFICATE_PATH_LENGTH", step, finding);
  }
  return undefined;
}

/** What ends a chain signs evidence and no certificates. */
function checkLeaf(leaf: Certificate, step: string): CertificateRefusal | undefined {
  const field = nameOf(leaf);
  if (leaf.basicConstraints?.ca === true || leaf.keyUsage?.has(KEY_USAGE.keyCertSign) === true) {
    const finding = { field, wanted: "an end entity", found: "a certificate authority" };
    return refuseCertificate("CERTIFICATE_IS_A_CA", step, finding);
  }
  if (leaf.keyUsage !== undefined && !leaf.keyUsage.has(KEY_USAGE.digitalSignature)) {
    const finding = { field: `${field}: keyUsage`, wanted: "digitalSignature", found: "not set" };
    return refuseCertificate("CERTIFICATE_KEY_USAGE", step, finding);
  }
  return undefined;
}

function checkIssued(
  certificate: Certificate,
  issuer: Certificate,
  step: string,
): CertificateRefusal | undefined {
  const field = nameOf(certificate);
  if (!sameName(certificate.issuer.raw, issuer.subject.raw)) {
    const wanted = certificate.issuer.commonName ?? "the named issuer";
    return refuseCertificate("CERTIFICATE_ISSUER_NAME", step, { field, wanted, found: nameOf(issuer) });
  }
  if (
    !verifySignature(issuer.publicKey, certificate.algorithm, certificate.signedPart, certificate.signature)
  ) {
    const finding = { field, wanted: `a signature of ${nameOf(issuer)}`, found: "another signature" };
    return refuseCertificate("CERTIFICATE_SIGNATURE_INVALID", step, finding);
  }
  return undefined;
}

function checkRoot(
  root: Certificate,
  roots: readonly PinnedRoot[],
  step: string,
): CertificateRefusal | undefined {
  if (roots.some(({ keyHash }) => keyHash === root.keyHash)) return undefined;
  const wanted = roots.map(({ name, keyHash }) => `${name} (key ${keyHash})`).join(" or ");
  const what = isDevelopmentKey(root.keyHash) ? "a development root, whose key everybody has: " : "";
  const found = `${what}${nameOf(root)} (key ${root.keyHash})`;
  return refuseCertificate("CHAIN_ROOT_UNTRUSTED", step, { field: "root", wanted, found });
}

export type ChainTrust = {
  readonly roots: readonly PinnedRoot[];
  /** Unix seconds. */
  readonly at: bigint;
  readonly end?: ChainEnd;
};

/**
 * Verifies a chain, leaf first and root last, at a time: the root's key is pinned, each certificate is valid then,
 * is issued by the next, and is an authority or the end as its place demands (RFC 5280, section 6.1).
 * Revocation is another step, since it needs lists: `verifyCrl`, `checkNotRevoked`.
 */
export function verifyChain(
  chain: readonly Certificate[],
  { roots, at, end = "leaf" }: ChainTrust,
  step: string,
): VerifiedChain | CertificateRefusal {
  const [leaf, issuer] = chain;
  const root = chain.at(-1);
  if (leaf === undefined || issuer === undefined || root === undefined || chain.length > CHAIN_LENGTH.most) {
    const wanted = `${CHAIN_LENGTH.least} to ${CHAIN_LENGTH.most} certificates`;
    return refuseCertificate("CHAIN_LENGTH", step, { field: "chain", wanted, found: `${chain.length}` });
  }
  const authorities = end === "leaf" ? chain.slice(1) : chain;
  const problem =
    checkRoot(root, roots, step) ??
    (end === "leaf" ? checkLeaf(leaf, step) : undefined) ??
    first(chain, (certificate) => checkExtensions(certificate, step)) ??
    first(authorities, (authority, below) => checkAuthority(authority, below, step)) ??
    first(chain, (certificate, i) => checkIssued(certificate, chain[i + 1] ?? root, step)) ??
    first(chain, (certificate) => checkValidity(certificate, at, step));
  return problem ?? { kind: "chain", leaf, issuer, root };
}

function first<Item>(
  items: readonly Item[],
  check: (item: Item, i: number) => CertificateRefusal | undefined,
): CertificateRefusal | undefined {
  for (const [i, item] of items.entries()) {
    const problem = check(item, i);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
