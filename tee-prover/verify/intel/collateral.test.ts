import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CA_USAGE, issueCertificate, NOW, pemOf } from "../../attest/dangerously-simulated/authority.ts";
import {
  type CollateralDraft,
  collateralFields,
  issueCollateral,
  issueWorld,
  type QuoteDraft,
} from "../../attest/dangerously-simulated/intel.ts";
import { type Case, inputOf, outcome } from "../testing/outcome.ts";

const world = issueWorld();

function code(format: QuoteDraft["format"], draft: Case): string {
  return outcome(inputOf(world, format, draft));
}

describe("step 4, revocation", () => {
  const { pck, pckCa, root } = world;
  const other = issueWorld();
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
  for (const [what, collateral, wanted] of [
    ["a revoked PCK", { pckCrl: { revoked: [pck.serial] } }, "CERTIFICATE_REVOKED"],
    ["a revoked intermediate", { rootCrl: { revoked: [pckCa.serial] } }, "CERTIFICATE_REVOKED"],
    ["a revoked root", { rootCrl: { revoked: [root.serial] } }, "CERTIFICATE_REVOKED"],
    ["a revoked TCB signer", { rootCrl: { revoked: [world.tcbSigner.serial] } }, "CERTIFICATE_REVOKED"],
    ["an expired PCK list", { pckCrl: { nextUpdate: NOW - 1n } }, "CRL_EXPIRED"],
    ["an expired root list", { rootCrl: { nextUpdate: NOW - 1n } }, "CRL_EXPIRED"],
    ["a PCK list of the future", { pckCrl: { thisUpdate: NOW + 1n } }, "CRL_NOT_YET_VALID"],
    ["a root list of the future", { rootCrl: { thisUpdate: NOW + 1n } }, "CRL_NOT_YET_VALID"],
    ["a PCK list of another name", { pckCrl: { issuer: "Intel SGX PCK Processor CA" } }, "CRL_ISSUER_NAME"],
    ["an empty PCK list", { fields: { pck_crl: "" } }, "CRL_MALFORMED"],
    ["an empty root list", { fields: { root_ca_crl: "" } }, "CRL_MALFORMED"],
    ["garbage as PCK list", { fields: { pck_crl: "deadbeef".repeat(50) } }, "CRL_MALFORMED"],
    ["a certificate as PCK list", { fields: { pck_crl: hex(pckCa.der) } }, "CRL_MALFORMED"],
    [
      "the other list as root list",
      { fields: { root_ca_crl: collateralFields(world, "tdx").pck_crl } },
      "CRL_ISSUER_NAME",
    ],
    [
      "another key's PCK list",
      { fields: { pck_crl: collateralFields(other, "tdx").pck_crl } },
      "CRL_SIGNATURE_INVALID",
    ],
    [
      "another key's root list",
      { fields: { root_ca_crl: collateralFields(other, "tdx").root_ca_crl } },
      "CRL_SIGNATURE_INVALID",
    ],
    [
      "another issuer's chain",
      { fields: { pck_crl_issuer_chain: pemOf(other.pckCa, other.root) } },
      "CHAIN_ROOT_UNTRUSTED",
    ],
    [
      "a leaf's chain as issuer",
      { fields: { pck_crl_issuer_chain: pemOf(world.tcbSigner, root) } },
      "CERTIFICATE_NOT_A_CA",
    ],
  ] as const satisfies readonly (readonly [string, CollateralDraft, string])[]) {
    it(`refuses ${what}`, () => assert.equal(code("td10", { collateral }), wanted));
  }

  it("refuses the list of the other PCK authority under the same root", () => {
    const processor = issueCertificate(
      { subject: "Intel SGX PCK Processor CA", ca: true, keyUsage: CA_USAGE },
      root,
    );
    const twin = { ...world, pckCa: processor };
    const { pck_crl, pck_crl_issuer_chain } = collateralFields(twin, "tdx");
    assert.equal(
      code("td10", { collateral: { fields: { pck_crl, pck_crl_issuer_chain } } }),
      "PCK_CRL_ISSUER",
    );
  });

  it("refuses lists whose signature has a flipped bit", () => {
    for (const name of ["pck_crl", "root_ca_crl"] as const) {
      const text = collateralFields(world, "tdx")[name];
      const last = Number.parseInt(text.slice(-1), 16) ^ 1;
      const fields = { [name]: text.slice(0, -1) + last.toString(16) };
      assert.equal(code("td10", { collateral: { fields } }), "CRL_SIGNATURE_INVALID");
    }
  });
});

describe("steps 2, 5 and 6, what Intel states", () => {
  const hex = "00".repeat(64);
  const foreign = collateralFields(issueWorld(), "tdx");
  const sgx = collateralFields(world, "sgx");
  for (const [what, collateral, wanted] of [
    ["a field that nobody knows", { fields: { more: "1" } }, "COLLATERAL_MALFORMED"],
    ["a missing list", { fields: { pck_crl: undefined } }, "COLLATERAL_MALFORMED"],
    ["a list that is no hex", { fields: { pck_crl: "xy" } }, "COLLATERAL_MALFORMED"],
    ["a short signature", { fields: { tcb_info_signature: "00" } }, "COLLATERAL_MALFORMED"],
    ["a number as TCB information", { fields: { tcb_info: 1 } }, "COLLATERAL_MALFORMED"],
    [
      "TCB information with another signature",
      { fields: { tcb_info_signature: hex } },
      "TCB_INFO_SIGNATURE_INVALID",
    ],
    [
      "the QE identity's signature",
      { fields: { tcb_info_signature: sgx.qe_identity_signature } },
      "TCB_INFO_SIGNATURE_INVALID",
    ],
    [
      "the same JSON in another form",
      { fields: { tcb_info: ` ${sgx.tcb_info}`, tcb_info_signature: sgx.tcb_info_signature } },
      "TCB_INFO_SIGNATURE_INVALID",
    ],
    [
      "a foreign signer",
      { fields: { tcb_info_issuer_chain: foreign.tcb_info_issuer_chain } },
      "CHAIN_ROOT_UNTRUSTED",
    ],
    [
      "the PCK authority as signer",
      { fields: { tcb_info_issuer_chain: pemOf(world.pckCa, world.root) } },
      "CERTIFICATE_IS_A_CA",
    ],
    [
      "the platform as signer",
      { fields: { tcb_info_issuer_chain: pemOf(world.pck, world.pckCa, world.root) } },
      "PCK_ISSUER",
    ],
    ["expired TCB information", { tcbInfo: { nextUpdate: "2025-10-09T08:53:19Z" } }, "TCB_INFO_EXPIRED"],
    [
      "TCB information of the future",
      { tcbInfo: { issueDate: "2025-10-09T08:53:21Z" } },
      "TCB_INFO_NOT_YET_VALID",
    ],
    [
      "a date of the 30th of February",
      { tcbInfo: { nextUpdate: "2026-02-30T00:00:00Z" } },
      "TCB_INFO_MALFORMED",
    ],
    ["a date without a zone", { tcbInfo: { nextUpdate: "2026-02-20T00:00:00" } }, "TCB_INFO_MALFORMED"],
    ["TCB information of version 2", { tcbInfo: { version: 2 } }, "TCB_INFO_MALFORMED"],
    ["TCB information of another type", { tcbInfo: { tcbType: 1 } }, "TCB_INFO_MALFORMED"],
    ["levels that are none", { tcbInfo: { tcbLevels: "UpToDate" } }, "TCB_INFO_MALFORMED"],
    ["another platform's FMSPC", { tcbInfo: { fmspc: "00a1b2c3d4e6" } }, "TCB_INFO_MISMATCH"],
    ["another PCE", { tcbInfo: { pceId: "0001" } }, "TCB_INFO_MISMATCH"],
    [
      "QE identity with another signature",
      { fields: { qe_identity_signature: hex } },
      "QE_IDENTITY_SIGNATURE_INVALID",
    ],
    [
      "a foreign QE identity",
      { fields: { qe_identity_issuer_chain: foreign.qe_identity_issuer_chain } },
      "CHAIN_ROOT_UNTRUSTED",
    ],
    ["an expired QE identity", { qeIdentity: { nextUpdate: "2025-10-09T08:53:19Z" } }, "QE_IDENTITY_EXPIRED"],
    [
      "a QE identity of the future",
      { qeIdentity: { issueDate: "2025-10-09T08:53:21Z" } },
      "QE_IDENTITY_NOT_YET_VALID",
    ],
    ["a QE identity of version 1", { qeIdentity: { version: 1 } }, "QE_IDENTITY_MALFORMED"],
    ["a QE identity without levels", { qeIdentity: { tcbLevels: undefined } }, "QE_IDENTITY_MALFORMED"],
    ["the other TEE's QE", { qeIdentity: { id: "QE" } }, "QE_IDENTITY_MISMATCH"],
    ["another QE signer", { qeIdentity: { mrsigner: "22".repeat(32) } }, "QE_IDENTITY_MISMATCH"],
    ["another QE product", { qeIdentity: { isvprodid: 1 } }, "QE_IDENTITY_MISMATCH"],
    [
      "other QE attributes",
      { qeIdentity: { attributes: "15000000000000000000000000000000" } },
      "QE_IDENTITY_MISMATCH",
    ],
    ["another miscselect of the QE", { qeIdentity: { miscselect: "00000001" } }, "QE_IDENTITY_MISMATCH"],
  ] as const satisfies readonly (readonly [string, CollateralDraft, string])[]) {
    it(`refuse ${what}`, () => assert.equal(code("td10", { collateral }), wanted));
  }

  it("refuse the other TEE's TCB information", () => {
    assert.equal(
      outcome({ ...inputOf(world, "td10"), collateral: issueCollateral(world, "sgx") }),
      "TCB_INFO_MISMATCH",
    );
    assert.equal(
      outcome({ ...inputOf(world, "sgx"), collateral: issueCollateral(world, "tdx") }),
      "TCB_INFO_MISMATCH",
    );
  });

  it("refuse an expired TCB signer", () => {
    const old = issueWorld({ tcbSigner: { notAfter: NOW - 1n } });
    assert.equal(outcome(inputOf(old, "td10")), "CERTIFICATE_EXPIRED");
  });

  it("refuse a file that is no JSON object, cut anywhere", () => {
    const text = issueCollateral(world, "sgx");
    const input = inputOf(world, "sgx");
    for (const collateral of [
      "",
      "null",
      "[]",
      "1",
      `${text}x`,
      ...[1, 2, 100, 1000].map((n) => text.slice(0, -n)),
    ]) {
      assert.equal(outcome({ ...input, collateral }), "COLLATERAL_MALFORMED");
    }
  });
});
