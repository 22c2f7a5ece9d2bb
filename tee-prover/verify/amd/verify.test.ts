import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bigintToBytes, concatBytes } from "@phala-l2/protocol/bytes";
import {
  amdInput,
  CLOUD_PROVIDER,
  hardwareIdOf,
  issueAmdWorlds,
  issueLeaf,
  issueReport,
  type ReportDraft,
  signReport,
  tcbOf,
  wrapped,
} from "../../attest/dangerously-simulated/amd.ts";
import { type Issued, newKey, pemOf } from "../../attest/dangerously-simulated/authority.ts";
import { amdCode, amdOutcomes, genuineAmd } from "../testing/amd-outcome.ts";
import { AMD_ROOTS, PRODUCTS } from "./product.ts";
import { REPORT_VERSIONS, SIGNED_BYTES } from "./report.ts";
import { P384_ORDER, verifySnpReport } from "./verify.ts";

const worlds = issueAmdWorlds();
const { roots, report, leaf } = amdOutcomes(worlds);
const { Genoa: genoa, Turin: turin, Milan: milan } = worlds;

describe("a development AMD's evidence", () => {
  for (const product of PRODUCTS) {
    it(`is genuine for ${product}, in each version of reports, under a VCEK and a VLEK`, () => {
      for (const version of REPORT_VERSIONS) {
        for (const endorsement of ["VCEK", "VLEK"] as const) {
          const evidence = genuineAmd(amdInput(worlds[product], roots, { report: { version, endorsement } }));
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
    const evidence = genuineAmd(amdInput(turin, roots, { report: { tcb }, leaf: end }));
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
      assert.equal(amdCode({ ...input, leaf: pem(vcek), chain }), "genuine");
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
      assert.equal(amdCode({ ...amdInput(worlds[product], AMD_ROOTS) }), "CHAIN_ROOT_UNTRUSTED");
      assert.equal(amdCode({ ...amdInput(worlds[product], []) }), "CHAIN_ROOT_UNTRUSTED");
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
      assert.equal(amdCode({ ...input, report: input.report.subarray(0, length) }), "REPORT_LENGTH");
    }
    const longer = concatBytes(input.report, new Uint8Array(1));
    assert.equal(amdCode({ ...input, report: longer }), "REPORT_LENGTH");
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
      assert.equal(amdCode({ ...input, report: bytes }), "REPORT_RESERVED");
    }
  });

  it("has nothing after a Turin's eight bytes of identity", () => {
    const chipId = concatBytes(hardwareIdOf("Turin"), Uint8Array.of(0, 1));
    assert.equal(report({ chipId }, "Turin"), "REPORT_RESERVED");
    assert.equal(report({ chipId, endorsement: "VLEK" }, "Turin"), "REPORT_RESERVED");
  });
});

describe("step 5, the report's signature", () => {
  const input = amdInput(genoa, roots);

  /** The same report with other numbers. */
  function signed(r: Uint8Array, s: Uint8Array): string {
    const bytes = Uint8Array.from(input.report);
    bytes.set(concatBytes(r, s), SIGNED_BYTES);
    return amdCode({ ...input, report: bytes });
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
