import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { concatBytes } from "@phala-l2/protocol/bytes";
import {
  type AmdCase,
  amdInput,
  CLOUD_PROVIDER,
  hardwareIdOf,
  ia5,
  issueAmdWorlds,
  issueAuthority,
  issueLeaf,
  type LeafDraft,
  wrapped,
} from "../../attest/dangerously-simulated/amd.ts";
import { DAY, issueCrl, NOW, newKey, pemOf } from "../../attest/dangerously-simulated/authority.ts";
import { boolean, integer } from "../../attest/dangerously-simulated/der-writer.ts";
import { KEY_USAGE } from "../certificates/extensions.ts";
import { amdCode, amdOutcomes, genuineAmd } from "../testing/amd-outcome.ts";
import { PRODUCTS } from "./product.ts";

const worlds = issueAmdWorlds();
const { roots, codeFor, leaf } = amdOutcomes(worlds);
const { Genoa: genoa, Milan: milan } = worlds;

describe("step 2, the certificates", () => {
  const { ask, ark, asvk } = genoa;

  it("are a leaf, its issuer and a root", () => {
    for (const chain of [[ark], [ask], [ask, ask], [ask, ark, asvk], [ask, milan.ark, ark]]) {
      assert.equal(codeFor("Genoa", { chain }), "CHAIN_CERTIFICATES");
    }
    assert.equal(codeFor("Genoa", { chain: [ask, ark, asvk, milan.ask] }), "CHAIN_CERTIFICATES");
    const input = amdInput(genoa, roots);
    assert.equal(codeFor("Genoa", { chain: [] }), "PEM_MALFORMED");
    assert.equal(amdCode({ ...input, leaf: new Uint8Array(0) }), "PEM_MALFORMED");
    assert.equal(amdCode({ ...input, leaf: concatBytes(input.leaf, ask.der) }), "CHAIN_CERTIFICATES");
    const trailing = concatBytes(input.chain, Uint8Array.of(0));
    assert.equal(amdCode({ ...input, chain: trailing }), "CERTIFICATE_MALFORMED");
    assert.equal(amdCode({ ...input, leaf: input.leaf.subarray(0, -1) }), "CERTIFICATE_MALFORMED");
    assert.equal(amdCode({ ...input, leaf: new TextEncoder().encode("noise") }), "PEM_MALFORMED");
  });

  it("may leave out a root that is pinned with its certificate", () => {
    const known = roots.map((root) => ({ ...root, certificate: pemOf(worlds[root.product].ark) }));
    for (const endorsement of ["VCEK", "VLEK"] as const) {
      const above = endorsement === "VCEK" ? ask : asvk;
      const alone = { report: { endorsement }, chain: [above] };
      assert.equal(amdCode(amdInput(genoa, known, alone)), "genuine");
      assert.equal(codeFor("Genoa", alone), "CHAIN_CERTIFICATES");
      assert.equal(amdCode(amdInput(genoa, known.slice(0, 1), alone)), "CHAIN_CERTIFICATES");
    }
    assert.equal(amdCode(amdInput(genoa, known, { chain: [milan.ask] })), "CERTIFICATE_ISSUER_NAME");
    assert.equal(amdCode(amdInput(genoa, known, { chain: [ark] })), "CHAIN_CERTIFICATES");
    const forger = issueAuthority({ ...milan.ark, subject: "ARK-Genoa" }, "SEV-Genoa", {}, ask.key);
    assert.equal(amdCode(amdInput(genoa, known, { chain: [forger] })), "CERTIFICATE_SIGNATURE_INVALID");
    // The certificate is no trust: without the key's hash it is another's.
    const unpinned = known.map((root) => ({ ...root, keyHash: "00" }));
    assert.equal(amdCode(amdInput(genoa, unpinned, { chain: [ask] })), "CHAIN_ROOT_UNTRUSTED");
    const broken = known.map((root) => ({ ...root, certificate: "noise" }));
    assert.equal(amdCode(amdInput(genoa, broken, { chain: [ask] })), "CHAIN_CERTIFICATES");
  });

  it("are of one product: no root, authority or leaf stands for another's", () => {
    for (const product of PRODUCTS) {
      for (const other of PRODUCTS.filter((each) => each !== product)) {
        const foreign = worlds[other];
        const above = [worlds[product].ask, foreign.ark];
        assert.equal(codeFor(product, { chain: above }), "CERTIFICATE_ISSUER_NAME");
        assert.equal(codeFor(product, { chain: [foreign.ask, foreign.ark] }), "CERTIFICATE_ISSUER_NAME");
        assert.equal(codeFor(product, { leaf: foreign.vcek }), "CERTIFICATE_ISSUER_NAME");
      }
    }
  });

  it("cannot be of another root with the pinned one's name", () => {
    const impostor = issueAuthority(genoa.ark, "ARK-Genoa", { issuer: "ARK-Genoa" });
    const self = issueAuthority(impostor, "ARK-Genoa", { pathLength: undefined }, impostor.key);
    const signer = issueAuthority(self, "SEV-Genoa");
    const end = issueLeaf(genoa, {}, signer);
    assert.equal(codeFor("Genoa", { leaf: end, chain: [signer, self] }), "CHAIN_ROOT_UNTRUSTED");
  });

  it("have the names of their places", () => {
    const renamed = issueAuthority(genoa.ark, "SEV-Milan", {}, ask.key);
    const end = issueLeaf(genoa, {}, renamed);
    assert.equal(codeFor("Genoa", { leaf: end, chain: [renamed, ark] }), "CHAIN_ROLE");
    // The ASVK issues no chip's key, nor the ASK a fleet's: both stand under the same root.
    const ofAsvk = issueLeaf(genoa, {}, asvk);
    assert.equal(codeFor("Genoa", { leaf: ofAsvk, chain: [asvk, ark] }), "CHAIN_ROLE");
    const ofAsk = issueLeaf(genoa, { endorsement: "VLEK" }, ask);
    const report = { endorsement: "VLEK" } as const;
    assert.equal(codeFor("Genoa", { report, leaf: ofAsk, chain: [ask, ark] }), "CHAIN_ROLE");
  });

  it("end in the kind of key that the report names", () => {
    const asFleet = { endorsement: "VLEK", signer: genoa.vcek.key } as const;
    const { vcek, vlek } = genoa;
    assert.equal(codeFor("Genoa", { report: asFleet, leaf: vcek, chain: [ask, ark] }), "LEAF_KIND");
    assert.equal(codeFor("Genoa", { leaf: vlek, chain: [asvk, ark] }), "LEAF_KIND");
    assert.equal(leaf({ certificate: { subject: "SEV-OTHER" } }), "LEAF_KIND");
  });

  it("are issued by each other", () => {
    const forger = issueAuthority(genoa.ark, "SEV-Genoa");
    assert.equal(codeFor("Genoa", { leaf: issueLeaf(genoa, {}, forger) }), "CERTIFICATE_SIGNATURE_INVALID");
    const self = issueLeaf(genoa, {}, { ...forger, key: genoa.vcek.key });
    assert.equal(codeFor("Genoa", { leaf: self }), "CERTIFICATE_SIGNATURE_INVALID");
  });

  it("are authorities or a leaf as their places demand", () => {
    const noCa = issueAuthority(ark, "SEV-Genoa", { ca: false, pathLength: undefined }, ask.key);
    const chained = (draft: AmdCase) => codeFor("Genoa", { leaf: issueLeaf(genoa, {}, ask), ...draft });
    assert.equal(chained({ chain: [noCa, ark] }), "CERTIFICATE_NOT_A_CA");
    const noUsage = issueAuthority(ark, "SEV-Genoa", { keyUsage: [KEY_USAGE.cRLSign] }, ask.key);
    assert.equal(chained({ chain: [noUsage, ark] }), "CERTIFICATE_KEY_USAGE");
    assert.equal(leaf({ certificate: { ca: true } }), "CERTIFICATE_IS_A_CA");
    const critical = { oid: "1.2.3.4", critical: true, value: boolean(true) };
    const unknown = issueAuthority(ark, "SEV-Genoa", { extensions: [critical] }, ask.key);
    assert.equal(chained({ chain: [unknown, ark] }), "CERTIFICATE_EXTENSION_UNKNOWN");
  });

  it("are valid at the time", () => {
    const late = NOW + 400n * DAY;
    assert.equal(codeFor("Genoa", { at: late }), "CERTIFICATE_EXPIRED");
    assert.equal(codeFor("Genoa", { at: NOW - 31n * DAY }), "CERTIFICATE_NOT_YET_VALID");
    assert.equal(leaf({ certificate: { notAfter: NOW - 1n } }), "CERTIFICATE_EXPIRED");
    assert.equal(leaf({ certificate: { notAfter: NOW } }), "genuine");
    assert.equal(leaf({ certificate: { notBefore: NOW } }), "genuine");
    assert.equal(leaf({ certificate: { notBefore: NOW + 1n } }), "CERTIFICATE_NOT_YET_VALID");
  });
});

describe("step 3, the leaf", () => {
  it("has a key on P-384", () => {
    assert.equal(leaf({ key: newKey("P-256") }), "LEAF_KEY");
  });

  it("is of its root's product", () => {
    for (const productName of ["Milan", "Turin", "Turin-B0"]) {
      assert.equal(leaf({ productName }), "LEAF_PRODUCT");
    }
    for (const productName of ["genoa", "Genoa-", "Genoa B0", "Genoa-B10", "Venice", " Genoa"]) {
      assert.equal(leaf({ productName }), "LEAF_PRODUCT");
    }
  });

  for (const arcs of ["2", "3.1", "3.2", "3.3", "3.8", "4"]) {
    it(`has extension ${arcs}`, () => {
      assert.equal(leaf({ extensions: { [arcs]: undefined } }), "LEAF_EXTENSIONS");
    });
  }

  it("has Turin's FMC level on Turin only", () => {
    assert.equal(leaf({ extensions: { "3.9": undefined } }, "Turin"), "LEAF_EXTENSIONS");
    assert.equal(leaf({ extensions: { "3.9": integer(0) } }, "Genoa"), "LEAF_EXTENSIONS");
  });

  for (const [what, extensions] of [
    ["a level of two bytes", { "3.3": integer(256) }],
    ["a level with bytes after it", { "3.3": concatBytes(integer(23), integer(0)) }],
    ["a level that is no number", { "3.3": boolean(true) }],
    ["a reserved level", { "3.5": integer(1) }],
    ["a product name that is no text", { "2": ia5("") }],
    ["a product name with control characters", { "2": ia5("Genoa\u0000") }],
    ["an identity that is too short", { "4": new Uint8Array(63) }],
    ["an identity that is too long", { "4": new Uint8Array(65) }],
    ["Turin's identity on Genoa", { "4": hardwareIdOf("Turin") }],
    ["a wrapped identity that is too short", { "4": wrapped(new Uint8Array(63)) }],
    ["a cloud besides a chip", { "5": ia5(CLOUD_PROVIDER) }],
  ] as const satisfies readonly (readonly [string, LeafDraft["extensions"]])[]) {
    it(`does not have ${what}`, () => assert.equal(leaf({ extensions }), "LEAF_EXTENSIONS"));
  }

  it("names a cloud and no chip where the key was lent", () => {
    const endorsement = "VLEK" as const;
    assert.equal(leaf({ endorsement, extensions: { "5": undefined } }), "LEAF_EXTENSIONS");
    assert.equal(leaf({ endorsement, extensions: { "5": ia5("x".repeat(129)) } }), "LEAF_EXTENSIONS");
    assert.equal(leaf({ endorsement, extensions: { "4": hardwareIdOf("Genoa") } }), "LEAF_EXTENSIONS");
  });
});

describe("step 4, revocation", () => {
  const { ark, ask, asvk } = genoa;

  it("is checked where a list is given, and says so", () => {
    const evidence = genuineAmd(amdInput(genoa, roots, { crl: issueCrl(ark, { revoked: [99n] }) }));
    assert.equal(evidence.revocationChecked, true);
    assert.equal(genuineAmd(amdInput(genoa, roots)).revocationChecked, false);
  });

  it("refuses what the list names", () => {
    const vlek = { endorsement: "VLEK" } as const;
    const crl = (serial: bigint) => issueCrl(ark, { revoked: [serial] });
    assert.equal(codeFor("Genoa", { crl: crl(ask.serial) }), "CERTIFICATE_REVOKED");
    assert.equal(codeFor("Genoa", { crl: crl(ark.serial) }), "CERTIFICATE_REVOKED");
    assert.equal(codeFor("Genoa", { crl: crl(asvk.serial) }), "genuine");
    assert.equal(codeFor("Genoa", { report: vlek, crl: crl(asvk.serial) }), "CERTIFICATE_REVOKED");
  });

  for (const [what, crl, wanted] of [
    ["garbage", Uint8Array.of(1, 2, 3), "CRL_MALFORMED"],
    ["an empty file", new Uint8Array(0), "CRL_MALFORMED"],
    ["another product's list", issueCrl(milan.ark), "CRL_ISSUER_NAME"],
    [
      "another's list under this root's name",
      issueCrl({ ...milan.ark, subject: "ARK-Genoa" }),
      "CRL_SIGNATURE_INVALID",
    ],
    ["a list of the ASK's", issueCrl(ask), "CRL_ISSUER_NAME"],
    ["a list that is over", issueCrl(ark, { nextUpdate: NOW - 1n }), "CRL_EXPIRED"],
    ["a list of tomorrow", issueCrl(ark, { thisUpdate: NOW + 1n }), "CRL_NOT_YET_VALID"],
  ] as const) {
    it(`refuses ${what}`, () => assert.equal(codeFor("Genoa", { crl }), wanted));
  }
});
