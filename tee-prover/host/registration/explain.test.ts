import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { attestationPolicyAbi } from "@phala-l2/contracts/abi/attestation-policy";
import { intelCollateralAbi } from "@phala-l2/contracts/abi/intel-collateral";
import { proverRegistryAbi } from "@phala-l2/contracts/abi/prover-registry";
import { snpReportVerifierAbi } from "@phala-l2/contracts/abi/snp-report-verifier";
import { encodeErrorResult, type Hex } from "viem";
import { explainError } from "./explain.ts";

const KEY = "0x00000000000000000000000000000000000000aa";
const HASH: Hex = `0x${"11".repeat(32)}`;

describe("a contract's refusal in words", () => {
  it("has the vendors' remedies, which the verifier off-chain gives too", () => {
    const error = encodeErrorResult({
      abi: intelCollateralAbi,
      errorName: "IntelCollateral_TcbInfoExpired",
      args: [5n],
    });
    const finding = explainError("key registered", error);
    assert.deepEqual([finding.check, finding.field], ["key registered", "IntelCollateral_TcbInfoExpired"]);
    assert.match(finding.found, /TCB information has expired.*5/);
    assert.match(finding.remedy, /collateral/);
  });

  it("tells wanted and found where the error does", () => {
    const error = encodeErrorResult({
      abi: proverRegistryAbi,
      errorName: "ProverRegistry_ReportDataMismatch",
      args: [1n, HASH, `0x${"22".repeat(32)}`],
    });
    const { wanted, found, remedy } = explainError("key registered", error);
    assert.deepEqual([wanted, found], [HASH, `0x${"22".repeat(32)}`]);
    assert.match(remedy, /unaltered/);
  });

  it("has a remedy for each error of admission that it names", () => {
    const of = (errorName: string, found: RegExp, error: Hex) => {
      const finding = explainError("key registered", error);
      assert.equal(finding.field, errorName);
      assert.match(finding.remedy, found);
    };
    of(
      "ProverRegistry_AlreadyRegistered",
      /restart/,
      encodeErrorResult({
        abi: proverRegistryAbi,
        errorName: "ProverRegistry_AlreadyRegistered",
        args: [KEY],
      }),
    );
    of(
      "AttestationPolicy_KindMismatch",
      /governance/,
      encodeErrorResult({
        abi: attestationPolicyAbi,
        errorName: "AttestationPolicy_KindMismatch",
        args: [1, 2],
      }),
    );
    of(
      "SnpReportVerifier_SignatureInvalid",
      /./,
      encodeErrorResult({ abi: snpReportVerifierAbi, errorName: "SnpReportVerifier_SignatureInvalid" }),
    );
  });

  it("names the one rule by which the policy shuts a key out", () => {
    const rules = [/version/, /vendor/, /image.*removed/, /presence/, /denied/, /not listed/];
    for (const [index, rule] of rules.entries()) {
      const error = encodeErrorResult({
        abi: attestationPolicyAbi,
        errorName: "AttestationPolicy_NotAllowed",
        args: [index + 1],
      });
      const { wanted, found } = explainError("key registered", error);
      assert.equal(wanted, "allowed by the policy on L1");
      assert.match(found, rule);
      assert.equal(rules.filter((one) => one.test(found)).length, 1);
    }
  });

  it("shows the bytes of an error that is no contract's of ours", () => {
    for (const error of ["0x12345678", "0x", "0x08c379a0"] as const) {
      const finding = explainError("bond allowed", error);
      assert.deepEqual([finding.field, finding.found], ["call", error]);
    }
  });
});
