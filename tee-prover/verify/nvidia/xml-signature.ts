import { createHash } from "node:crypto";
import { C14nCanonicalization, SignedXml } from "xml-crypto";
import { type Certificate, parseCertificate } from "../certificates/certificate.ts";
import type { CertificateRefusal } from "../certificates/refusals.ts";
import { type PublicKey, verifyEcdsa } from "../certificates/signature.ts";
import { type NvidiaRefusal, refuseNvidia } from "./refusals.ts";
import { childrenOf, countOf, onlyChild, parseXml, XML_DECLARATION, type XmlElement } from "./xml.ts";

/** Namespaces and algorithms of XML signatures (XML Signature Syntax and Processing 1.1, RFC 6931). */
export const XML_SIGNATURE = "http://www.w3.org/2000/09/xmldsig#";
export const ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
/** For a whole document without xml: attributes it gives the same bytes as Canonical XML 1.0. */
export const C14N_1_1 = "http://www.w3.org/2006/12/xml-c14n11";
export const ECDSA_SHA384 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384";
export const SHA384 = "http://www.w3.org/2001/04/xmldsig-more#sha384";

const STEP = "6 RIM";
const DIGEST_BYTES = 48;

/** A signature as it stands in a document; nothing is verified yet. */
export type SignedDocument = {
  readonly kind: "signed document";
  readonly document: string;
  readonly signatureElement: string;
  /** Signer first, root last. */
  readonly certificates: readonly Certificate[];
};

function malformed(field: string, wanted: string, found: string): NvidiaRefusal {
  return refuseNvidia("RIM_SIGNATURE_MALFORMED", STEP, field, wanted, found);
}

/** Bytes of base64 text with line breaks; undefined when it is none. */
function fromBase64(text: string): Uint8Array | undefined {
  const joined = text.replaceAll(/\s/g, "");
  const bytes = Buffer.from(joined, "base64");
  return joined !== "" && bytes.toString("base64") === joined ? Uint8Array.from(bytes) : undefined;
}

function only(element: XmlElement | undefined, localName: string): XmlElement | undefined {
  return onlyChild(element, XML_SIGNATURE, localName);
}

function algorithmOf(element: XmlElement | undefined): string | undefined {
  return element?.attributes.get("Algorithm");
}

/** The shape that all of NVIDIA's RIMs have, and no other: one reference, to the whole document around the signature. */
function checkSignedInfo(signature: XmlElement): NvidiaRefusal | undefined {
  const info = only(signature, "SignedInfo");
  const reference = only(info, "Reference");
  const transforms = only(reference, "Transforms")?.children.map(algorithmOf);
  const digest = fromBase64(only(reference, "DigestValue")?.text ?? "");
  const shape: readonly (readonly [string, string | undefined, string])[] = [
    ["SignedInfo", info?.children.length.toString(), "3"],
    ["CanonicalizationMethod", algorithmOf(only(info, "CanonicalizationMethod")), C14N_1_1],
    ["SignatureMethod", algorithmOf(only(info, "SignatureMethod")), ECDSA_SHA384],
    ["Reference", [...(reference?.attributes ?? [])].join(), "URI,"],
    ["Reference", reference?.children.length.toString(), "3"],
    ["Transforms", transforms?.join(), `${ENVELOPED},${C14N_1_1}`],
    ["DigestMethod", algorithmOf(only(reference, "DigestMethod")), SHA384],
    ["DigestValue", digest?.length.toString(), `${DIGEST_BYTES}`],
  ];
  const wrong = shape.find(([, found, wanted]) => found !== wanted);
  return wrong === undefined ? undefined : malformed(wrong[0], wrong[2], wrong[1] ?? "none");
}

function readCertificates(
  signature: XmlElement,
): readonly Certificate[] | NvidiaRefusal | CertificateRefusal {
  const data = only(only(signature, "KeyInfo"), "X509Data");
  if (data === undefined) return malformed("KeyInfo", "one X509Data", "none or several");
  const certificates: Certificate[] = [];
  for (const { text } of childrenOf(data, XML_SIGNATURE, "X509Certificate")) {
    const der = fromBase64(text);
    if (der === undefined) return malformed("X509Certificate", "base64", "something else");
    const certificate = parseCertificate(der, STEP);
    if (certificate.kind === "refused") return certificate;
    certificates.push(certificate);
  }
  return certificates;
}

/**
 * Reads a document whose last child is the one signature over all of it. Names that a signature has stand nowhere
 * else, so that neither a reader nor the library can take another element for it (signature wrapping).
 */
export function parseSignedDocument(document: string): SignedDocument | NvidiaRefusal | CertificateRefusal {
  const root = parseXml(document);
  if (root === undefined) {
    return refuseNvidia(
      "RIM_XML_MALFORMED",
      STEP,
      "RIM",
      "elements, attributes and ASCII text only",
      "other XML, or none",
    );
  }
  for (const name of ["Signature", "SignedInfo", "SignatureValue", "KeyInfo", "Reference"]) {
    const count = countOf(root, name);
    if (count !== 1) return malformed(name, "one in the whole document", `${count}`);
  }
  const signature = root.children.at(-1);
  if (signature?.namespace !== XML_SIGNATURE || signature.localName !== "Signature") {
    return malformed("Signature", "the root's last child", "elsewhere");
  }
  const problem = checkSignedInfo(signature);
  if (problem !== undefined) return problem;
  const certificates = readCertificates(signature);
  if ("kind" in certificates) return certificates;
  const signatureElement = /<(?:[\w.-]+:)?Signature\s[\s\S]*Signature\s*>/.exec(document)?.[0] ?? "";
  const withoutDeclaration = document.replace(XML_DECLARATION, "");
  return { kind: "signed document", document: withoutDeclaration, signatureElement, certificates };
}

/** The algorithms of this key alone: the library has no others to be talked into. */
function createVerifier(key: PublicKey): SignedXml {
  const signed = new SignedXml({ publicCert: key.key, getCertFromKeyInfo: () => null });
  const enveloped = signed.CanonicalizationAlgorithms[ENVELOPED];
  signed.CanonicalizationAlgorithms = {
    ...(enveloped === undefined ? {} : { [ENVELOPED]: enveloped }),
    [C14N_1_1]: class extends C14nCanonicalization {
      override getAlgorithmName() {
        return C14N_1_1;
      }
    },
  };
  signed.HashAlgorithms = {
    [SHA384]: class {
      getAlgorithmName = () => SHA384;
      getHash = (xml: string) => createHash("sha384").update(xml, "utf8").digest("base64");
    },
  };
  signed.SignatureAlgorithms = {
    [ECDSA_SHA384]: class {
      getAlgorithmName = () => ECDSA_SHA384;
      getSignature = () => {
        throw new TypeError("a verifier does not sign");
      };
      verifySignature = (material: string, _key: unknown, value: string) => {
        const raw = fromBase64(value);
        return raw !== undefined && verifyEcdsa(key, "sha384", Buffer.from(material, "utf8"), raw);
      };
    },
  };
  return signed;
}

/**
 * Verifies the signature by a key, and gives what was signed in its canonical form: read that, never the document.
 */
export function verifySignedDocument(
  { document, signatureElement }: SignedDocument,
  key: PublicKey,
): { readonly kind: "canonical"; readonly xml: string } | NvidiaRefusal {
  const refused = (found: string) =>
    refuseNvidia("RIM_SIGNATURE_INVALID", STEP, "Signature", "a signature of the RIM's signer", found);
  const verifier = createVerifier(key);
  try {
    verifier.loadSignature(signatureElement);
    if (!verifier.checkSignature(document)) return refused("another digest");
  } catch (error) {
    // The library throws on what does not verify; its words are for people only.
    return refused(error instanceof Error ? error.message.slice(0, 80) : "another signature");
  }
  const [xml, ...more] = verifier.getSignedReferences();
  if (xml === undefined || more.length > 0) return refused("not one signed document");
  return { kind: "canonical", xml };
}
