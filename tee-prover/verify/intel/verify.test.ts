import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  CA_USAGE,
  DAY,
  issueCertificate,
  LEAF_USAGE,
  NOW,
  newKey,
  pemOf,
  pointOf,
} from "../../attest/dangerously-simulated/authority.ts";
import { boolean } from "../../attest/dangerously-simulated/der-writer.ts";
import {
  collateralFields,
  issueQuote,
  issueWorld,
  pckExtension,
  type QuoteDraft,
  type TdDraft,
  type WorldDraft,
} from "../../attest/dangerously-simulated/intel.ts";
import { type Case, genuine, inputOf, outcome } from "../testing/outcome.ts";
import { INTEL_ROOT, verifyIntelQuote } from "./verify.ts";

const world = issueWorld();
const LATE = NOW + 100n * DAY;

function code(format: QuoteDraft["format"], draft: Case): string {
  return outcome(inputOf(world, format, draft));
}

describe("a development Intel's evidence", () => {
  it("is genuine and up to date, for enclaves, TDs 1.0 in both versions and TDs 1.5", () => {
    for (const [format, quote] of [
      ["sgx", {}],
      ["td10", {}],
      ["td10", { version: 5 }],
      ["td15", {}],
      ["td15", { padding: new Uint8Array(3000) }],
    ] as const) {
      const { tcb, pck, tcbEvaluationDataNumber } = genuine(inputOf(world, format, { quote }));
      assert.deepEqual([tcb.status, tcb.intelStatus, tcb.advisoryIds], ["UpToDate", "UpToDate", []]);
      assert.equal(pck.fmspc, "00a1b2c3d4e5");
      assert.equal(tcbEvaluationDataNumber, 19);
    }
  });

  it("holds with Intel's whole answer as collateral, of which the inner object is signed", () => {
    const { tcb_info: info, tcb_info_signature: signature } = collateralFields(world, "tdx");
    const whole = `{"tcbInfo":${info},"signature":"${signature}"}`;
    const fields = { tcb_info: whole, tcb_info_signature: signature };
    const collateral = JSON.stringify({ ...collateralFields(world, "tdx"), ...fields });
    assert.equal(outcome({ ...inputOf(world, "td10"), collateral }), "genuine");
  });

  it("is not Intel's: production trusts another root", () => {
    assert.equal(outcome({ ...inputOf(world, "td10"), roots: [INTEL_ROOT] }), "CHAIN_ROOT_UNTRUSTED");
    assert.equal(outcome({ ...inputOf(world, "td10"), roots: [] }), "CHAIN_ROOT_UNTRUSTED");
  });

  it("is of the TEE that was asked for", () => {
    assert.equal(outcome({ ...inputOf(world, "td10"), tee: "sgx" }), "QUOTE_TEE_TYPE");
    assert.equal(outcome({ ...inputOf(world, "sgx"), tee: "tdx" }), "QUOTE_TEE_TYPE");
  });

  it("tells step, field, wanted, found and remedy of what fails", () => {
    const refusal = verifyIntelQuote(inputOf(world, "td10", { at: LATE }));
    assert.ok(refusal.kind === "refused");
    assert.equal(refusal.step, "4 revocation");
    for (const text of [refusal.message, refusal.field, refusal.wanted, refusal.found, refusal.remedy]) {
      assert.ok(text.length > 0);
    }
  });
});

describe("step 3, the PCK chain", () => {
  for (const [what, draft, wanted] of [
    [
      "an intermediate that is no CA",
      { pckCa: { ca: false, pathLength: undefined } },
      "CERTIFICATE_NOT_A_CA",
    ],
    ["an intermediate that may not sign certificates", { pckCa: { keyUsage: [6] } }, "CERTIFICATE_KEY_USAGE"],
    ["a root that allows no authority below", { root: { pathLength: 0 } }, "CERTIFICATE_PATH_LENGTH"],
    ["a PCK that is a CA", { pck: { ca: true, keyUsage: CA_USAGE } }, "CERTIFICATE_IS_A_CA"],
    ["an expired PCK", { pck: { notAfter: NOW - 1n } }, "CERTIFICATE_EXPIRED"],
    ["an expired intermediate", { pckCa: { notAfter: NOW - 1n } }, "CERTIFICATE_EXPIRED"],
    ["an expired root", { root: { notAfter: NOW - 1n } }, "CERTIFICATE_EXPIRED"],
    ["a PCK of the future", { pck: { notBefore: NOW + 1n } }, "CERTIFICATE_NOT_YET_VALID"],
    ["a PCK that names another issuer", { pck: { issuer: "Intel SGX Root CA" } }, "CERTIFICATE_ISSUER_NAME"],
    ["a leaf of another role", { pck: { subject: "Intel SGX TCB Signing" } }, "PCK_ISSUER"],
    ["an intermediate of another name", { pckCa: { subject: "Intel SGX Other CA" } }, "PCK_ISSUER"],
    ["a PCK without Intel's extension", { pck: { extensions: [] } }, "PCK_EXTENSIONS"],
    ["an extension that is no sequence", { platform: { extension: boolean(true) } }, "PCK_EXTENSIONS"],
    [
      "an extension with bytes at the end",
      { platform: { extension: Uint8Array.of(...pckExtension(), 0) } },
      "PCK_EXTENSIONS",
    ],
    [
      "an extension with 15 components",
      { platform: { components: new Array(15).fill(1) } },
      "PCK_EXTENSIONS",
    ],
    ["a PPID of 15 bytes", { platform: { ppid: "00".repeat(15) } }, "PCK_EXTENSIONS"],
    ["an FMSPC of 7 bytes", { platform: { fmspc: "00".repeat(7) } }, "PCK_EXTENSIONS"],
    [
      "a critical extension that nobody knows",
      { pckCa: { extensions: [{ oid: "1.2.3", critical: true, value: boolean(true) }] } },
      "CERTIFICATE_EXTENSION_UNKNOWN",
    ],
  ] as const satisfies readonly (readonly [string, WorldDraft, string])[]) {
    it(`refuses ${what}`, () => assert.equal(outcome(inputOf(issueWorld(draft), "td10")), wanted));
  }

  it("refuses a chain with a certificate too few, too many, or from elsewhere", () => {
    const { pck, pckCa, root, tcbSigner } = world;
    const other = issueWorld();
    for (const [chain, wanted] of [
      [pemOf(pck, pckCa), "CHAIN_ROOT_UNTRUSTED"],
      [pemOf(pck), "CHAIN_LENGTH"],
      ["", "PEM_MALFORMED"],
      [pemOf(pck, root), "CERTIFICATE_ISSUER_NAME"],
      [pemOf(pck, pckCa, root, root), "CERTIFICATE_PATH_LENGTH"],
      [pemOf(tcbSigner, root), "PCK_ISSUER"],
      [pemOf(pck, other.pckCa, root), "CERTIFICATE_SIGNATURE_INVALID"],
      [pemOf(other.pck, other.pckCa, other.root), "CHAIN_ROOT_UNTRUSTED"],
      [`${pemOf(pck, pckCa, root)}more`, "PEM_MALFORMED"],
    ] as const) {
      assert.equal(code("td10", { quote: { chain } }), wanted);
    }
  });
});

describe("the PCK chain that collateral repeats", () => {
  const { pck, pckCa, root } = world;
  const other = issueCertificate(
    { subject: "Intel SGX PCK Certificate", ca: false, keyUsage: LEAF_USAGE },
    pckCa,
  );
  for (const [what, chain, wanted] of [
    ["the quote's", pemOf(pck, pckCa, root), "genuine"],
    ["another machine's", pemOf(other, pckCa, root), "PCK_CHAIN_MISMATCH"],
    ["another root's", pemOf(pck, pckCa, issueWorld().root), "CHAIN_ROOT_UNTRUSTED"],
    ["nothing", "", "PEM_MALFORMED"],
  ] as const) {
    it(`${what}: ${wanted}`, () => {
      assert.equal(code("td10", { collateral: { fields: { pck_certificate_chain: chain } } }), wanted);
    });
  }
});

describe("steps 7 to 9, from the platform to the quote", () => {
  for (const [what, quote, wanted] of [
    ["a QE under debug", { qe: { attributes: "13000000000000000000000000000000" } }, "QE_IDENTITY_MISMATCH"],
    ["a QE of another signer", { qe: { mrSigner: "33".repeat(32) } }, "QE_IDENTITY_MISMATCH"],
    ["a QE of another product", { qe: { isvProdId: 9 } }, "QE_IDENTITY_MISMATCH"],
    ["a QE with another miscselect", { qe: { miscSelect: "01000000" } }, "QE_IDENTITY_MISMATCH"],
    ["a QE that commits to nothing", { qe: { reportData: new Uint8Array(64) } }, "ATTESTATION_KEY_UNBOUND"],
  ] as const satisfies readonly (readonly [string, Partial<QuoteDraft>, string])[]) {
    it(`refuse ${what}`, () => assert.equal(code("td10", { quote }), wanted));
  }

  it("refuse another PCK key's signature over the QE's report", () => {
    const thief = { ...world, pck: { ...world.pck, key: newKey() } };
    const quote = issueQuote(thief, { format: "td10" });
    assert.equal(outcome({ ...inputOf(world, "td10"), quote }), "QE_REPORT_SIGNATURE_INVALID");
  });

  it("refuse an attestation key that is no point of the curve", () => {
    for (const byte of [0x00, 0x01, 0xff]) {
      const attestationPoint = new Uint8Array(64).fill(byte);
      assert.equal(code("td10", { quote: { attestationPoint } }), "ATTESTATION_KEY_INVALID");
    }
  });

  it("refuse another attestation key's signature", () => {
    const attestationPoint = pointOf(newKey());
    assert.equal(code("td10", { quote: { attestationPoint } }), "QUOTE_SIGNATURE_INVALID");
  });
});

describe("step 10, the TDX module", () => {
  const base = [5, 0, 7] as const;
  const modern = [5, 1, 7] as const;
  const svn = (first: readonly number[]) => [...first, ...new Array<number>(16 - first.length).fill(0)];
  for (const [what, td, wanted] of [
    ["of Intel before 1.5", { teeTcbSvn: svn(base) }, "genuine"],
    ["of Intel with an identity", { teeTcbSvn: svn(modern) }, "genuine"],
    ["of another signer before 1.5", { mrSignerSeam: "01".repeat(48) }, "TDX_MODULE_MISMATCH"],
    ["of another signer", { teeTcbSvn: svn(modern), mrSignerSeam: "01".repeat(48) }, "TDX_MODULE_MISMATCH"],
    ["with attributes before 1.5", { seamAttributes: "0100000000000000" }, "TDX_MODULE_MISMATCH"],
    [
      "with attributes",
      { teeTcbSvn: svn(modern), seamAttributes: "0000000000000080" },
      "TDX_MODULE_MISMATCH",
    ],
    ["of a version without identity", { teeTcbSvn: svn([5, 2, 7]) }, "TDX_MODULE_MISMATCH"],
  ] as const satisfies readonly (readonly [string, TdDraft, string])[]) {
    it(`${what}: ${wanted}`, () => {
      assert.equal(code("td10", { quote: { td } }), wanted);
      assert.equal(code("td15", { quote: { td } }), wanted);
    });
  }

  it("cannot be forged into TCB information: attributes under the mask must be zero in both", () => {
    const tdxModule = {
      mrsigner: "00".repeat(48),
      attributes: "0100000000000000",
      attributesMask: "FF".repeat(8),
    };
    const td = { seamAttributes: "0100000000000000" };
    assert.equal(
      code("td10", { quote: { td }, collateral: { tcbInfo: { tdxModule } } }),
      "TDX_MODULE_MISMATCH",
    );
  });
});

describe("roles under one root", () => {
  it("are not interchangeable: a TCB signer's certificate cannot stand for a platform", () => {
    const { tcbSigner, pckCa, root } = world;
    const posing = issueCertificate(
      { subject: "Intel SGX PCK Certificate", ca: false, keyUsage: LEAF_USAGE },
      root,
    );
    assert.equal(code("td10", { quote: { chain: pemOf(posing, root) } }), "PCK_ISSUER");
    assert.equal(
      code("td10", { quote: { chain: pemOf(tcbSigner, pckCa, root) } }),
      "CERTIFICATE_ISSUER_NAME",
    );
  });
});
