import { bytesEqual } from "@phala-l2/protocol/bytes";
import { type Certificate, parseCertificate } from "../certificates/certificate.ts";
import { verifyChain } from "../certificates/chain.ts";
import { checkNotRevoked, parseCrl, verifyCrl } from "../certificates/crl.ts";
import { DerReader, TAG } from "../certificates/der.ts";
import { sameName } from "../certificates/extensions.ts";
import { type CertificateList, parsePemCertificates } from "../certificates/pem.ts";
import type { CertificateRefusal } from "../certificates/refusals.ts";
import type { Product, ProductRoot } from "./product.ts";
import { type AmdRefusal, refuseAmd } from "./refusals.ts";
import type { EndorsementKey } from "./report.ts";

type Refused = AmdRefusal | CertificateRefusal;

/** A leaf whose chain holds, and the product of its root. */
export type VerifiedLeaf = {
  readonly kind: "verified";
  readonly leaf: Certificate;
  /** ASK for a VCEK, ASVK for a VLEK. */
  readonly issuer: Certificate;
  readonly root: Certificate;
  readonly product: Product;
};

const STEP = "2 certificates";
/** A chain file holds the two authorities, and may repeat the leaf. */
const CERTIFICATES_MAX = 3;

/** Certificates of a file: PEM blocks, or DER elements one after another. */
function readCertificates(file: Uint8Array): CertificateList | Refused {
  if (file[0] !== TAG.sequence) return parsePemCertificates(new TextDecoder().decode(file), STEP);
  const reader = new DerReader(file);
  const certificates: Certificate[] = [];
  while (!reader.done && certificates.length <= CERTIFICATES_MAX) {
    const certificate = parseCertificate(reader.element(TAG.sequence, "certificate").raw, STEP);
    if (certificate.kind === "refused") return certificate;
    certificates.push(certificate);
  }
  if (reader.fault === undefined && reader.done) return { kind: "certificates", certificates };
  const found = reader.fault ?? "more certificates";
  return refuseAmd("CHAIN_CERTIFICATES", STEP, "file", "one DER certificate after another", found);
}

/** Common names (KDS, sections 3.2 to 3.4). */
const LEAF_NAMES: Readonly<Record<EndorsementKey, string>> = { VCEK: "SEV-VCEK", VLEK: "SEV-VLEK" };

function issuerName(endorsement: EndorsementKey, product: Product): string {
  return endorsement === "VCEK" ? `SEV-${product}` : `SEV-VLEK-${product}`;
}

/** Each certificate has the name of its place: a root of Genoa issues no Milan, an ASVK no VCEK. */
function checkRoles(verified: VerifiedLeaf, endorsement: EndorsementKey): AmdRefusal | undefined {
  const { leaf, issuer, root, product } = verified;
  const leafName = leaf.subject.commonName ?? "none";
  if (leafName !== LEAF_NAMES[endorsement]) {
    return refuseAmd("LEAF_KIND", STEP, "leaf", LEAF_NAMES[endorsement], leafName);
  }
  const roles = [
    ["issuer", issuerName(endorsement, product), issuer.subject.commonName],
    ["root", `ARK-${product}`, root.subject.commonName],
  ] as const;
  const wrong = roles.find(([, wanted, found]) => wanted !== found);
  return wrong === undefined
    ? undefined
    : refuseAmd("CHAIN_ROLE", STEP, wrong[0], wrong[1], wrong[2] ?? "none");
}

/** The certificate of a pinned root that this authority names as its issuer, where the root has one to give. */
function pinnedIssuerOf(authority: Certificate, roots: readonly ProductRoot[]): Certificate | undefined {
  for (const { certificate } of roots) {
    const list = certificate === undefined ? undefined : parsePemCertificates(certificate, STEP);
    if (list?.kind !== "certificates") continue;
    const root = list.certificates.find(({ subject }) => sameName(subject.raw, authority.issuer.raw));
    if (root !== undefined) return root;
  }
  return undefined;
}

/**
 * The authorities of a chain file in their order, whatever the file's. The leaf may stand among them, and the root may
 * be left out: it is known.
 */
function authoritiesOf(
  list: CertificateList,
  leaf: Certificate,
  pinned: readonly ProductRoot[],
): readonly [Certificate, Certificate] | AmdRefusal {
  const others = list.certificates.filter(({ der }) => !bytesEqual(der, leaf.der));
  const [root, secondRoot] = others.filter(({ subject, issuer }) => sameName(subject.raw, issuer.raw));
  const [issuer, secondIssuer] = others.filter((certificate) => certificate !== root);
  const above = issuer === undefined ? undefined : (root ?? pinnedIssuerOf(issuer, pinned));
  if (issuer !== undefined && above !== undefined && (secondRoot ?? secondIssuer) === undefined) {
    return [issuer, above];
  }
  const names = list.certificates.map(({ subject }) => subject.commonName ?? "nameless").join(", ");
  const wanted = "the leaf's issuer (ASK or ASVK) and the root (ARK)";
  return refuseAmd("CHAIN_CERTIFICATES", STEP, "chain", wanted, names || "none");
}

export type ChainInput = {
  /** One certificate, DER or PEM. */
  readonly leaf: Uint8Array;
  /** ASK or ASVK, and ARK unless it is pinned with its certificate, DER or PEM. */
  readonly chain: Uint8Array;
  readonly roots: readonly ProductRoot[];
  /** Unix seconds. */
  readonly at: bigint;
};

/** Step 2: the leaf is issued by the product's ASK or ASVK under a pinned ARK, and all are valid at the time. */
export function verifyLeafChain(
  { leaf: leafFile, chain: chainFile, roots, at }: ChainInput,
  endorsement: EndorsementKey,
): VerifiedLeaf | Refused {
  const leaves = readCertificates(leafFile);
  if (leaves.kind === "refused") return leaves;
  const [leaf, second] = leaves.certificates;
  if (leaf === undefined || second !== undefined) {
    const found = leaves.certificates.length;
    return refuseAmd("CHAIN_CERTIFICATES", STEP, "leaf", "one certificate", found);
  }
  const list = readCertificates(chainFile);
  if (list.kind === "refused") return list;
  const authorities = authoritiesOf(list, leaf, roots);
  if ("kind" in authorities) return authorities;
  const chain = verifyChain([leaf, ...authorities], { roots, at }, STEP);
  if (chain.kind === "refused") return chain;
  const { issuer, root } = chain;
  const pinned = roots.find(({ keyHash }) => keyHash === root.keyHash);
  if (pinned === undefined) {
    return refuseAmd("CHAIN_ROLE", STEP, "root", "a pinned root", root.keyHash);
  }
  const verified: VerifiedLeaf = { kind: "verified", leaf, issuer, root, product: pinned.product };
  return checkRoles(verified, endorsement) ?? verified;
}

/**
 * Step 4: AMD's list, which the ARK signs and which names authorities (KDS, section 4.4); AMD revokes no leaf by a list.
 */
export function checkRevocation(
  { issuer, root }: VerifiedLeaf,
  crl: Uint8Array,
  at: bigint,
): CertificateRefusal | undefined {
  const step = "4 revocation";
  const list = parseCrl(crl, step);
  if (list.kind === "refused") return list;
  return (
    verifyCrl(list, root, at, step) ??
    checkNotRevoked(issuer, list, step) ??
    checkNotRevoked(root, list, step)
  );
}
