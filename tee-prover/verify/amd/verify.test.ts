import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bigintToBytes, concatBytes } from "@phala-l2/protocol/bytes";
import { KEY_USAGE } from "../certificates/extensions.ts";
import {
  type AmdCase,
  amdInput,
  CLOUD_PROVIDER,
  hardwareIdOf,
  ia5,
  issueAmdWorlds,
  issueAuthority,
  issueLeaf,
  issueReport,
  type LeafDraft,
  type ReportDraft,
  rootsOf,
  signReport,
  tcbOf,
  wrapped,
} from "../testing/amd.ts";
import { DAY, type Issued, issueCrl, NOW, newKey, pemOf } from "../testing/authority.ts";
import { boolean, integer } from "../testing/der-writer.ts";
import { codeOf } from "../testing/outcome.ts";
import { AMD_ROOTS, PRODUCTS, type Product } from "./product.ts";
import { REPORT_VERSIONS, SIGNED_BYTES } from "./report.ts";
import { type AmdEvidence, type AmdInput, P384_ORDER, verifySnpReport } from "./verify.ts";

const worlds = issueAmdWorlds();
const roots = rootsOf(worlds);
const { Genoa: genoa, Turin: turin, Milan: milan } = worlds;

function code(input: AmdInput): string {
  return codeOf(verifySnpReport(input));
}

function codeFor(product: Product, draft: AmdCase): string {
  return code(amdInput(worlds[product], roots, draft));
}

function genuine(input: AmdInput): AmdEvidence {
  const evidence = verifySnpReport(input);
  if (evidence.kind === "genuine") return evidence;
  throw new Error(`${evidence.code}: ${evidence.field}: wanted ${evidence.wanted}, found ${evidence.found}`);
}

/** The report's code where one thing of it differs. */
function report(draft: ReportDraft, product: Product = "Genoa"): string {
  return codeFor(product, { report: draft });
}

/** The code of a leaf that differs, and signs its report. */
function leaf(draft: LeafDraft, product: Product = "Genoa"): string {
  const { endorsement = "VCEK" } = draft;
  return codeFor(product, { report: { endorsement }, leaf: issueLeaf(worlds[product], draft) });
}

describe("a development AMD's evidence", () => {
  for (const product of PRODUCTS) {
    it(`is genuine for ${product}, in each version of reports, under a VCEK and a VLEK`, () => {
      for (const version of REPORT_VERSIONS) {
        for (const endorsement of ["VCEK", "VLEK"] as const) {
          const evidence = genuine(
            amdInput(worlds[product], roots, { report: { version, endorsement, s: "low" } }),
          );
          assert.equal(evidence.product, product);
          assert.equal(evidence.leaf.endorsement, endorsement);
          assert.deepEqual(evidence.tcb.reported, tcbOf(product));
          assert.equal(evidence.leaf.cloudProvider, endorsement === "VLEK" ? CLOUD_PROVIDER : undefined);
          assert.equal(evidence.report.cpuid === undefined, version === 2);
          assert.deepEqual(
            evidence.report.mitigations,
            version === 5 ? { launch: 7n, current: 7n } : undefined,
          );
        }
      }
    });
  }

  it("is genuine with a high s: AMD's firmware does not normalise", () => {
    for (const s of ["high", "low"] as const) assert.equal(report({ s }), "genuine");
  });

  it("reads Turin's TCB in Turin's order, and its chip's eight bytes", () => {
    const tcb = { reported: { fmc: 1, bootloader: 2, tee: 0, snp: 4, microcode: 5 } };
    const end = issueLeaf(turin, { tcb: tcb.reported });
    const evidence = genuine(amdInput(turin, roots, { report: { tcb }, leaf: end }));
    assert.deepEqual([...evidence.report.reportedTcb], [1, 2, 0, 4, 0, 0, 0, 5]);
    assert.deepEqual(evidence.tcb.reported, tcb.reported);
    assert.equal(evidence.leaf.hardwareId?.length, 8);
  });

  it("reads chain and leaf as DER or PEM, the chain in any order and with the leaf in it", () => {
    const input = amdInput(genoa, roots);
    const { vcek, ask, ark } = genoa;
    const pem = (...list: readonly Issued[]) => new TextEncoder().encode(pemOf(...list));
    const der = (...list: readonly Issued[]) => concatBytes(...list.map((each) => each.der));
    for (const chain of [pem(ask, ark), pem(ark, ask), pem(vcek, ask, ark), der(ark, ask)]) {
      assert.equal(code({ ...input, leaf: pem(vcek), chain }), "genuine");
    }
  });

  it("may have its chip's identity in an octet string of its own", () => {
    for (const product of PRODUCTS) {
      const extensions = { "4": wrapped(hardwareIdOf(product)) };
      assert.equal(leaf({ extensions }, product), "genuine");
    }
  });

  it("may name the stepping in a VCEK", () => {
    assert.equal(leaf({ productName: "Genoa-B1" }), "genuine");
  });

  it("is not AMD's: production trusts other roots", () => {
    for (const product of PRODUCTS) {
      assert.equal(code({ ...amdInput(worlds[product], AMD_ROOTS) }), "CHAIN_ROOT_UNTRUSTED");
      assert.equal(code({ ...amdInput(worlds[product], []) }), "CHAIN_ROOT_UNTRUSTED");
    }
  });

  it("tells step, field, wanted, found and remedy of what fails", () => {
    const refusal = verifySnpReport(amdInput(genoa, roots, { report: { tcb: { reported: { snp: 22 } } } }));
    assert.ok(refusal.kind === "refused");
    const { step, field, wanted, found, remedy } = refusal;
    assert.deepEqual([step, field], ["6 platform", "reported TCB"]);
    assert.match(wanted, /snp 23/);
    assert.match(found, /snp 22/);
    assert.match(remedy, /KDS/);
  });
});

describe("step 1, the report", () => {
  it("has one length", () => {
    const input = amdInput(genoa, roots);
    for (const length of [0, 1, 671, 672, 1183]) {
      assert.equal(code({ ...input, report: input.report.subarray(0, length) }), "REPORT_LENGTH");
    }
    const longer = concatBytes(input.report, new Uint8Array(1));
    assert.equal(code({ ...input, report: longer }), "REPORT_LENGTH");
  });

  it("has a version that is known", () => {
    for (const version of [0, 1, 4, 6, 0xff]) {
      assert.equal(report({ patches: { 0: [version] } }), "REPORT_VERSION");
    }
    assert.equal(report({ patches: { 2: [1] } }), "REPORT_VERSION");
  });

  it("is signed by ECDSA on P-384 with SHA-384, and says so", () => {
    for (const algorithm of [0, 2]) {
      assert.equal(report({ patches: { 52: [algorithm] } }), "REPORT_SIGNATURE_ALGORITHM");
    }
  });

  it("is signed by a VCEK or a VLEK", () => {
    for (const signingKey of [2, 3, 6, 7]) {
      assert.equal(report({ keyInfo: signingKey << 2 }), "REPORT_SIGNING_KEY");
    }
    assert.equal(report({ keyInfo: 2 }), "REPORT_KEY_MASKED");
    assert.equal(report({ endorsement: "VLEK", keyInfo: 4 | 2 }), "genuine");
    assert.equal(report({ keyInfo: 1 }), "genuine");
  });

  for (const [what, draft] of [
    ["bits 5 to 31 of the key information", { keyInfo: 1 << 5 }],
    ["offset 4ch", { patches: { 79: [1] } }],
    ["the processor before version 3", { version: 2, patches: { 392: [0x19] } }],
    ["offset 18bh", { patches: { 395: [1] } }],
    ["offset 19fh", { patches: { 415: [1] } }],
    ["offset 1ebh", { patches: { 491: [1] } }],
    ["offset 1efh", { patches: { 495: [1] } }],
    ["mitigations before version 5", { version: 3, patches: { 504: [1] } }],
    ["mitigations before version 5, now", { version: 2, patches: { 519: [1] } }],
    ["offset 208h", { patches: { 520: [1] } }],
    ["offset 29fh", { patches: { 671: [1] } }],
    ["bit 17 of the guest policy, which must be set", { guestPolicy: 0x1001fn }],
    ["bit 26 of the guest policy", { guestPolicy: 0x3001fn | (1n << 26n) }],
    ["bit 63 of the guest policy", { guestPolicy: 0x3001fn | (1n << 63n) }],
    ["reserved bytes of the reported TCB", { patches: { 386: [1] } }],
    ["reserved bytes of the current TCB", { patches: { 61: [1] } }],
    ["reserved bytes of the committed TCB", { patches: { 482: [1] } }],
    ["reserved bytes of the launch TCB", { patches: { 498: [1] } }],
  ] as const satisfies readonly (readonly [string, ReportDraft])[]) {
    it(`has nothing in ${what}`, () => assert.equal(report(draft), "REPORT_RESERVED"));
  }

  it("has nothing after the signature, where nobody signed", () => {
    const input = amdInput(genoa, roots);
    for (const offset of [0x330, 0x400, 0x49f]) {
      const bytes = Uint8Array.from(input.report);
      bytes[offset] = 1;
      assert.equal(code({ ...input, report: bytes }), "REPORT_RESERVED");
    }
  });

  it("has nothing after a Turin's eight bytes of identity", () => {
    const chipId = concatBytes(hardwareIdOf("Turin"), Uint8Array.of(0, 1));
    assert.equal(report({ chipId }, "Turin"), "REPORT_RESERVED");
    assert.equal(report({ chipId, endorsement: "VLEK" }, "Turin"), "REPORT_RESERVED");
  });
});

describe("step 2, the certificates", () => {
  const { ask, ark, asvk } = genoa;

  it("are a leaf, its issuer and a root", () => {
    for (const chain of [[ark], [ask], [ask, ask], [ask, ark, asvk], [ask, milan.ark, ark]]) {
      assert.equal(codeFor("Genoa", { chain }), "CHAIN_CERTIFICATES");
    }
    assert.equal(codeFor("Genoa", { chain: [ask, ark, asvk, milan.ask] }), "CHAIN_CERTIFICATES");
    const input = amdInput(genoa, roots);
    assert.equal(codeFor("Genoa", { chain: [] }), "PEM_MALFORMED");
    assert.equal(code({ ...input, leaf: new Uint8Array(0) }), "PEM_MALFORMED");
    assert.equal(code({ ...input, leaf: concatBytes(input.leaf, ask.der) }), "CHAIN_CERTIFICATES");
    const trailing = concatBytes(input.chain, Uint8Array.of(0));
    assert.equal(code({ ...input, chain: trailing }), "CERTIFICATE_MALFORMED");
    assert.equal(code({ ...input, leaf: input.leaf.subarray(0, -1) }), "CERTIFICATE_MALFORMED");
    assert.equal(code({ ...input, leaf: new TextEncoder().encode("noise") }), "PEM_MALFORMED");
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
    const evidence = genuine(amdInput(genoa, roots, { crl: issueCrl(ark, { revoked: [99n] }) }));
    assert.equal(evidence.revocationChecked, true);
    assert.equal(genuine(amdInput(genoa, roots)).revocationChecked, false);
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

describe("step 5, the report's signature", () => {
  const input = amdInput(genoa, roots);

  /** The same report with other numbers. */
  function signed(r: Uint8Array, s: Uint8Array): string {
    const bytes = Uint8Array.from(input.report);
    bytes.set(concatBytes(r, s), SIGNED_BYTES);
    return code({ ...input, report: bytes });
  }
  const number = (value: bigint) => bigintToBytes(value, 72).reverse();
  const numbers = signReport(input.report, genoa.vcek.key);
  const [r, s] = [numbers.subarray(0, 72), numbers.subarray(72)];

  it("is by the leaf's key", () => {
    assert.equal(report({ signer: newKey("P-384") }), "REPORT_SIGNATURE_INVALID");
    assert.equal(report({ signer: milan.vcek.key }), "REPORT_SIGNATURE_INVALID");
    assert.equal(report({ signer: genoa.vlek.key }), "REPORT_SIGNATURE_INVALID");
  });

  it("is over these bytes", () => {
    const other = issueReport(genoa, { vmpl: 1 });
    assert.equal(
      signed(other.subarray(0x2a0, 0x2e8), other.subarray(0x2e8, 0x330)),
      "REPORT_SIGNATURE_INVALID",
    );
    assert.equal(signed(r, s), "genuine");
    assert.equal(signed(s, r), "REPORT_SIGNATURE_INVALID");
    // Big-endian is another number.
    assert.equal(signed(Uint8Array.from(r).reverse(), Uint8Array.from(s).reverse()), "REPORT_SIGNATURE_FORM");
  });

  it("has numbers in the group's range", () => {
    for (const value of [0n, P384_ORDER, P384_ORDER + 1n, (1n << 384n) - 1n, 1n << 384n, (1n << 576n) - 1n]) {
      assert.equal(signed(number(value), s), "REPORT_SIGNATURE_FORM", `r = ${value}`);
      assert.equal(signed(r, number(value)), "REPORT_SIGNATURE_FORM", `s = ${value}`);
    }
    for (const value of [1n, P384_ORDER - 1n]) {
      assert.equal(signed(number(value), s), "REPORT_SIGNATURE_INVALID");
      assert.equal(signed(r, number(value)), "REPORT_SIGNATURE_INVALID");
    }
  });
});

describe("step 6, the platform", () => {
  it("reports the TCB that the leaf is for, part by part", () => {
    for (const part of ["bootloader", "tee", "snp", "microcode"] as const) {
      for (const product of PRODUCTS) {
        const level = tcbOf(product)[part] - 1;
        assert.equal(report({ tcb: { reported: { [part]: level } } }, product), "TCB_MISMATCH");
        assert.equal(leaf({ tcb: { [part]: level } }, product), "TCB_MISMATCH");
      }
    }
    assert.equal(leaf({ tcb: { fmc: 2 } }, "Turin"), "TCB_MISMATCH");
  });

  it("is not read in another product's order", () => {
    // Genoa's bytes in a Turin report, and Turin's in a Genoa report.
    const genoaOrder = [10, 1, 0, 0, 0, 0, 23, 84];
    const turinOrder = [3, 10, 1, 23, 0, 0, 0, 84];
    const all = (bytes: readonly number[]) => ({ 56: bytes, 384: bytes, 480: bytes, 496: bytes });
    assert.equal(report({ patches: all(genoaOrder) }, "Turin"), "REPORT_RESERVED");
    assert.equal(report({ patches: all(turinOrder) }, "Genoa"), "REPORT_RESERVED");
    assert.equal(report({ patches: all(turinOrder) }, "Turin"), "genuine");
    assert.equal(report({ patches: all(genoaOrder) }, "Genoa"), "genuine");
  });

  it("runs no less than it reports and commits to", () => {
    assert.equal(report({ tcb: { current: { snp: 22 } } }), "TCB_INCONSISTENT");
    assert.equal(report({ tcb: { committed: { snp: 24 } } }), "TCB_INCONSISTENT");
    assert.equal(report({ tcb: { current: { snp: 24 } } }), "genuine");
    assert.equal(report({ tcb: { launch: { snp: 9 }, committed: { snp: 22 } } }), "genuine");
  });

  it("is the chip that the leaf is for", () => {
    for (const product of PRODUCTS) {
      for (const at of [0, hardwareIdOf(product).length - 1]) {
        const chipId = hardwareIdOf(product);
        chipId[at] = (chipId[at] ?? 0) ^ 1;
        assert.equal(report({ chipId }, product), "CHIP_ID_MISMATCH");
        assert.equal(leaf({ hardwareId: chipId }, product), "CHIP_ID_MISMATCH");
      }
      assert.equal(report({ chipId: new Uint8Array(64) }, product), "genuine");
    }
  });

  it("has a processor of the root's product", () => {
    for (const [product, family, model] of [
      ["Milan", 0x19, 0x11],
      ["Milan", 0x1a, 0x01],
      ["Genoa", 0x19, 0x01],
      ["Genoa", 0x19, 0x20],
      ["Genoa", 0x19, 0x9f],
      ["Genoa", 0x1a, 0x11],
      ["Genoa", 0, 0],
      ["Turin", 0x19, 0x11],
      ["Turin", 0x1a, 0x50],
    ] as const) {
      for (const version of [3, 5] as const) {
        assert.equal(report({ version, cpuid: [family, model, 1] }, product), "CPUID_MISMATCH");
      }
    }
    for (const model of [0x11, 0xa0, 0xaf]) assert.equal(report({ cpuid: [0x19, model, 2] }), "genuine");
    assert.equal(report({ cpuid: [0x1a, 0x11, 0] }, "Turin"), "genuine");
  });
});
