import assert from "node:assert/strict";
import { generateKeyPairSync, constants as nodeCrypto, sign } from "node:crypto";
import { describe, it } from "node:test";
import {
  CA_USAGE,
  type CertificateDraft,
  DAY,
  type Issued,
  issueCertificate,
  issueCrl,
  LEAF_USAGE,
  NOW,
  newKey,
  pemOf,
  pinned,
} from "../../attest/dangerously-simulated/authority.ts";
import { boolean, integer, sequence } from "../../attest/dangerously-simulated/der-writer.ts";
import { flipBit, stride } from "../testing/mutations.ts";
import { codeOf } from "../testing/outcome.ts";
import { type Certificate, parseCertificate } from "./certificate.ts";
import { verifyChain } from "./chain.ts";
import { type Crl, checkNotRevoked, parseCrl, verifyCrl } from "./crl.ts";
import { parsePemCertificates } from "./pem.ts";
import { verifySignature } from "./signature.ts";

const CA = { ca: true, keyUsage: CA_USAGE };
const LEAF = { subject: "Leaf", ca: false, keyUsage: LEAF_USAGE };

function certificate(issued: { readonly der: Uint8Array }): Certificate {
  const parsed = parseCertificate(issued.der, "test");
  if (parsed.kind === "certificate") return parsed;
  throw new Error(parsed.found);
}

function list(der: Uint8Array): Crl {
  const parsed = parseCrl(der, "test");
  if (parsed.kind === "crl") return parsed;
  throw new Error(parsed.found);
}

type Drafts = {
  readonly root?: Partial<CertificateDraft>;
  readonly middle?: Partial<CertificateDraft>;
  readonly leaf?: Partial<CertificateDraft>;
};

function issueChain({ root: rootDraft, middle: middleDraft, leaf: leafDraft }: Drafts = {}) {
  const root = issueCertificate({ subject: "Root", ...CA, ...rootDraft });
  const middle = issueCertificate({ subject: "Middle", ...CA, ...middleDraft }, root);
  const leaf = issueCertificate({ ...LEAF, ...leafDraft }, middle);
  return { root, middle, leaf };
}

function judge(chain: readonly Issued[], root: Issued, at = NOW, end: "leaf" | "authority" = "leaf"): string {
  return codeOf(verifyChain(chain.map(certificate), { roots: [pinned(root)], at, end }, "test"));
}

function judgeDrafts(drafts: Drafts, at = NOW): string {
  const { root, middle, leaf } = issueChain(drafts);
  return judge([leaf, middle, root], root, at);
}

describe("certificate chains", () => {
  const { root, middle, leaf } = issueChain();

  it("hold from leaf to pinned root, and from an authority where one is wanted", () => {
    assert.equal(judge([leaf, middle, root], root), "chain");
    assert.equal(judge([middle, root], root, NOW, "authority"), "chain");
  });

  it("hold in all three kinds of keys", () => {
    const key = newKey("P-384");
    const big = issueCertificate({ subject: "Root", ...CA }, undefined, key);
    assert.equal(judge([issueCertificate(LEAF, big), big], big), "chain");
  });

  it("must end at a root that is pinned by its key, not by its name", () => {
    const other = issueChain().root;
    assert.equal(judge([leaf, middle, root], other), "CHAIN_ROOT_UNTRUSTED");
    assert.equal(judge([leaf, middle], root), "CHAIN_ROOT_UNTRUSTED");
    assert.equal(judge([leaf, middle, other], other), "CERTIFICATE_SIGNATURE_INVALID");
  });

  it("have a leaf and a root, and not too many between", () => {
    assert.equal(judge([], root), "CHAIN_LENGTH");
    assert.equal(judge([root], root), "CHAIN_LENGTH");
    assert.equal(judge([leaf, middle, middle, middle, middle, middle, root], root), "CHAIN_LENGTH");
  });

  for (const [what, drafts, code] of [
    ["an issuer without CA", { middle: { ca: false } }, "CERTIFICATE_NOT_A_CA"],
    ["an issuer without basicConstraints", { middle: { ca: undefined } }, "CERTIFICATE_NOT_A_CA"],
    ["a root without CA", { root: { ca: undefined } }, "CERTIFICATE_NOT_A_CA"],
    ["an issuer without keyUsage", { middle: { keyUsage: undefined } }, "CERTIFICATE_KEY_USAGE"],
    ["an issuer that may sign lists only", { middle: { keyUsage: [6] } }, "CERTIFICATE_KEY_USAGE"],
    ["a leaf that is an authority", { leaf: { ca: true } }, "CERTIFICATE_IS_A_CA"],
    ["a leaf that may sign certificates", { leaf: { keyUsage: [0, 5] } }, "CERTIFICATE_IS_A_CA"],
    ["a leaf that may not sign", { leaf: { keyUsage: [4] } }, "CERTIFICATE_KEY_USAGE"],
    ["more authorities than allowed", { root: { pathLength: 0 } }, "CERTIFICATE_PATH_LENGTH"],
    ["a leaf of another issuer's name", { leaf: { issuer: "Root" } }, "CERTIFICATE_ISSUER_NAME"],
    ["an authority of another issuer's name", { middle: { issuer: "Middle" } }, "CERTIFICATE_ISSUER_NAME"],
    ["an expired leaf", { leaf: { notAfter: NOW - 1n } }, "CERTIFICATE_EXPIRED"],
    ["an expired authority", { middle: { notAfter: NOW - 1n } }, "CERTIFICATE_EXPIRED"],
    ["an expired root", { root: { notAfter: NOW - 1n } }, "CERTIFICATE_EXPIRED"],
    ["a leaf that is not valid yet", { leaf: { notBefore: NOW + 1n } }, "CERTIFICATE_NOT_YET_VALID"],
    ["an authority that is not valid yet", { middle: { notBefore: NOW + 1n } }, "CERTIFICATE_NOT_YET_VALID"],
  ] as const) {
    it(`refuse ${what}`, () => assert.equal(judgeDrafts(drafts), code));
  }

  it("count validity with both ends", () => {
    const drafts = { leaf: { notBefore: NOW, notAfter: NOW } };
    assert.equal(judgeDrafts(drafts), "chain");
    assert.equal(judgeDrafts({ leaf: { notAfter: NOW + 800n * 365n * DAY } }), "chain");
  });

  it("refuse a critical extension that nobody understands, and take one that is not critical", () => {
    const extension = { oid: "1.2.3.4", value: boolean(true) };
    const critical = { leaf: { extensions: [{ ...extension, critical: true }] } };
    assert.equal(judgeDrafts(critical), "CERTIFICATE_EXTENSION_UNKNOWN");
    assert.equal(judgeDrafts({ leaf: { extensions: [{ ...extension, critical: false }] } }), "chain");
  });

  it("refuse another certificate's signature, wherever it stands", () => {
    const other = issueChain();
    assert.equal(judge([other.leaf, middle, root], root), "CERTIFICATE_SIGNATURE_INVALID");
    assert.equal(judge([leaf, other.middle, root], root), "CERTIFICATE_SIGNATURE_INVALID");
    const selfMade = issueCertificate({ subject: "Root", ...CA, issuer: "Root" }, other.root, root.key);
    assert.equal(judge([leaf, middle, selfMade], root), "CERTIFICATE_SIGNATURE_INVALID");
  });

  it("stand in their order", () => {
    assert.notEqual(judge([middle, leaf, root], root), "chain");
    assert.notEqual(judge([leaf, root, middle], root), "chain");
  });
});

describe("certificates", () => {
  const { leaf, middle, root } = issueChain();

  it("cannot be cut anywhere, and end where they end", () => {
    for (let length = 0; length < leaf.der.length; length++) {
      const parsed = parseCertificate(leaf.der.subarray(0, length), "test");
      assert.equal(codeOf(parsed), "CERTIFICATE_MALFORMED", `${length}`);
    }
    const longer = new Uint8Array(leaf.der.length + 1);
    longer.set(leaf.der);
    assert.equal(codeOf(parseCertificate(longer, "test")), "CERTIFICATE_MALFORMED");
  });

  it("hold by every bit: one flipped anywhere breaks the chain", () => {
    for (const [i, issued] of [leaf, middle, root].entries()) {
      for (let bit = i; bit < issued.der.length * 8; bit += stride(5)) {
        const parsed = parseCertificate(flipBit(issued.der, bit), "test");
        if (parsed.kind === "refused") continue;
        const chain = [leaf, middle, root].map((each) => (each === issued ? parsed : certificate(each)));
        const verdict = verifyChain(chain, { roots: [pinned(root)], at: NOW }, "test");
        assert.equal(verdict.kind, "refused", `certificate ${i}, bit ${bit}`);
      }
    }
  });

  for (const [what, draft] of [
    ["of version 1", { version: 1 }],
    ["with a serial number of 21 bytes", { serial: 2n ** 167n }],
    [
      "with an extension twice",
      { extensions: [0, 1].map(() => ({ oid: "1.2.3", critical: false, value: boolean(true) })) },
    ],
    [
      "with keyUsage without bits",
      {
        keyUsage: undefined,
        extensions: [{ oid: "2.5.29.15", critical: true, value: Uint8Array.of(3, 1, 0) }],
      },
    ],
    [
      "with a path length and no CA",
      { ca: undefined, extensions: [{ oid: "2.5.29.19", critical: true, value: sequence(integer(1)) }] },
    ],
  ] as const satisfies readonly (readonly [string, Partial<CertificateDraft>])[]) {
    it(`are refused ${what}`, () => {
      const { der } = issueCertificate({ ...LEAF, ...draft }, root);
      assert.equal(codeOf(parseCertificate(der, "test")), "CERTIFICATE_MALFORMED");
    });
  }
});

describe("PEM", () => {
  const { leaf, root } = issueChain();
  const good = pemOf(leaf, root);
  const read = (text: string) => codeOf(parsePemCertificates(text, "test"));

  it("is blocks one after another", () => {
    assert.equal(read(good), "certificates");
    assert.equal(read(good.replaceAll("\n", "\r\n")), "certificates");
    for (const other of [good.trimEnd(), `${good}\n\n`]) {
      assert.equal(read(other), "certificates");
    }
    assert.equal(read(pemOf(leaf).trimEnd() + pemOf(root)), "certificates");
  });

  for (const [what, text] of [
    ["nothing", ""],
    ["words before", `words\n${good}`],
    ["words after", `${good}words`],
    ["a zero byte after", `${good}\0`],
    ["spaces inside", good.replace("\nM", "\n M")],
    ["another label", good.replaceAll("CERTIFICATE", "TRUSTED CERTIFICATE")],
    ["an end that is missing", good.slice(0, -30)],
    ["nine blocks", pemOf(...Array.from({ length: 9 }, () => leaf))],
    ["base64 with bits left over", "-----BEGIN CERTIFICATE-----\nMB==\n-----END CERTIFICATE-----\n"],
  ] as const) {
    it(`is refused with ${what}`, () => assert.equal(read(text), "PEM_MALFORMED"));
  }
});

describe("revocation lists", () => {
  const { root, middle, leaf } = issueChain();
  const authority = certificate(middle);
  const verify = (der: Uint8Array, at = NOW, issuer = authority) =>
    codeOf(verifyCrl(list(der), issuer, at, "test"));

  it("hold when their issuer signed them and they are current", () => {
    assert.equal(verify(issueCrl(middle)), "accepted");
    assert.equal(verify(issueCrl(middle, { thisUpdate: NOW, nextUpdate: NOW })), "accepted");
    assert.equal(verify(issueCrl(middle, { revoked: [1n, 2n, 2n ** 150n] })), "accepted");
  });

  it("revoke by serial number", () => {
    const crl = list(issueCrl(middle, { revoked: [5n, leaf.serial] }));
    assert.equal(codeOf(checkNotRevoked(certificate(leaf), crl, "test")), "CERTIFICATE_REVOKED");
    const others = list(issueCrl(middle, { revoked: [leaf.serial + 1n, leaf.serial * 256n] }));
    assert.equal(checkNotRevoked(certificate(leaf), others, "test"), undefined);
  });

  it("say nothing about another issuer's certificates", () => {
    const crl = list(issueCrl(root));
    assert.equal(codeOf(checkNotRevoked(certificate(leaf), crl, "test")), "CRL_ISSUER_NAME");
  });

  for (const [what, der, code] of [
    ["of another name", issueCrl(middle, { issuer: "Root" }), "CRL_ISSUER_NAME"],
    ["that another key signed", issueCrl({ subject: "Middle", key: newKey() }), "CRL_SIGNATURE_INVALID"],
    ["that is over", issueCrl(middle, { nextUpdate: NOW - 1n }), "CRL_EXPIRED"],
    ["that has not begun", issueCrl(middle, { thisUpdate: NOW + 1n }), "CRL_NOT_YET_VALID"],
    [
      "that is only a part",
      issueCrl(middle, { extensions: [{ oid: "2.5.29.28", critical: true, value: sequence() }] }),
      "CRL_EXTENSION_UNKNOWN",
    ],
    [
      "that is a difference",
      issueCrl(middle, { extensions: [{ oid: "2.5.29.27", critical: true, value: integer(1) }] }),
      "CRL_EXTENSION_UNKNOWN",
    ],
  ] as const) {
    it(`are refused ${what}`, () => assert.equal(verify(der), code));
  }

  it("are refused of an authority that may not sign lists", () => {
    const muted = issueChain({ middle: { keyUsage: [5] } }).middle;
    assert.equal(verify(issueCrl(muted), NOW, certificate(muted)), "CERTIFICATE_KEY_USAGE");
  });

  it("are refused empty, as garbage, cut anywhere, and with bytes at the end", () => {
    const der = issueCrl(middle, { revoked: [1n] });
    for (let length = 0; length < der.length; length++) {
      assert.equal(codeOf(parseCrl(der.subarray(0, length), "test")), "CRL_MALFORMED");
    }
    for (const garbage of [new Uint8Array(600), new Uint8Array(600).fill(0x30), Uint8Array.of(...der, 0)]) {
      assert.equal(codeOf(parseCrl(garbage, "test")), "CRL_MALFORMED");
    }
  });

  it("hold by every bit", () => {
    const der = issueCrl(middle, { revoked: [1n, 2n] });
    for (let bit = 0; bit < der.length * 8; bit++) {
      const crl = parseCrl(flipBit(der, bit), "test");
      if (crl.kind === "crl")
        assert.notEqual(codeOf(verifyCrl(crl, authority, NOW, "test")), "accepted", `${bit}`);
    }
  });
});

describe("RSA-PSS signatures", () => {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 3072 });
  const message = Buffer.from("a report");
  const padding = nodeCrypto.RSA_PKCS1_PSS_PADDING;
  const key = { type: "RSA", key: publicKey } as const;

  it("hold with SHA-384 and a salt of 48 bytes, and with no other salt, hash, padding or message", () => {
    const signature = sign("sha384", message, { key: privateKey, padding, saltLength: 48 });
    assert.equal(verifySignature(key, "rsa-pss-sha384", message, signature), true);
    assert.equal(verifySignature(key, "rsa-pss-sha384", Buffer.from("another"), signature), false);
    assert.equal(verifySignature(key, "ecdsa-sha384", message, signature), false);
    for (const other of [
      sign("sha384", message, { key: privateKey, padding, saltLength: 32 }),
      sign("sha256", message, { key: privateKey, padding, saltLength: 48 }),
      sign("sha384", message, { key: privateKey }),
    ]) {
      assert.equal(verifySignature(key, "rsa-pss-sha384", message, other), false);
    }
  });
});
