import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRollupError } from "@phala-l2/protocol/errors";
import { NOW } from "../attest/dangerously-simulated/authority.ts";
import {
  issueWorld,
  levelOf,
  PPID,
  type QuoteDraft,
  type TdDraft,
} from "../attest/dangerously-simulated/intel.ts";
import { appraiseIntel } from "./intel/policy.ts";
import { judgeIntelQuote } from "./intel/verdict.ts";
import { parsePolicy, STRICT_POLICY } from "./policy.ts";
import { type Case, codeOf, genuine, inputOf } from "./testing/outcome.ts";

const world = issueWorld();

/** The policy's answer on genuine evidence. */
function judge(format: QuoteDraft["format"], draft: Case, policy: unknown = {}, at = NOW): string {
  const { intel } = parsePolicy(JSON.stringify(policy));
  return codeOf(appraiseIntel(genuine(inputOf(world, format, draft)), intel, at));
}

const td = (draft: TdDraft): Case => ({ quote: { td: draft } });
/** Evidence whose TCB has this status. */
const withStatus = (tee: "sgx" | "tdx", status: string, advisoryIds: readonly string[] = []): Case => ({
  collateral: { tcbInfo: { tcbLevels: [levelOf(tee, { status, advisoryIds })] } },
});

describe("the strict policy", () => {
  it("is what an empty file says", () => {
    assert.deepEqual(parsePolicy("{}"), STRICT_POLICY);
  });

  it("accepts what is up to date, of each kind", () => {
    for (const format of ["sgx", "td10", "td15"] as const) assert.equal(judge(format, {}), "accepted");
    // PKS (30) and KL (31) give the TD instructions only.
    assert.equal(judge("td10", td({ tdAttributes: "000000d000000000" })), "accepted");
  });

  for (const [what, format, draft, code] of [
    ["a TD under debug", "td10", td({ tdAttributes: "0100001000000000" }), "DEBUG_ENABLED"],
    ["any other bit of TUD", "td15", td({ tdAttributes: "8000001000000000" }), "DEBUG_ENABLED"],
    [
      "an enclave under debug",
      "sgx",
      { quote: { enclave: { attributes: `07${"00".repeat(15)}` } } },
      "DEBUG_ENABLED",
    ],
    ["a TD that can migrate", "td10", td({ tdAttributes: "0000003000000000" }), "MIGRATION_ENABLED"],
    ["performance counters", "td10", td({ tdAttributes: "0000001000000080" }), "PERFMON_ENABLED"],
    ["SEPT_VE_DISABLE unset", "td10", td({ tdAttributes: "0000000000000000" }), "TD_ATTRIBUTES_NOT_ACCEPTED"],
    ["a reserved attribute", "td10", td({ tdAttributes: "0001001000000000" }), "TD_ATTRIBUTES_NOT_ACCEPTED"],
    ["LASS", "td10", td({ tdAttributes: "0000001800000000" }), "TD_ATTRIBUTES_NOT_ACCEPTED"],
    [
      "a reserved high attribute",
      "td10",
      td({ tdAttributes: "0000001001000000" }),
      "TD_ATTRIBUTES_NOT_ACCEPTED",
    ],
    ["processor trace", "td10", td({ xfam: "e701060000000000" }), "XFAM_NOT_ACCEPTED"],
    ["last-branch records", "td10", td({ xfam: "e780060000000000" }), "XFAM_NOT_ACCEPTED"],
    ["a service TD", "td15", td({ mrServiceTd: "01".repeat(48) }), "MEASUREMENT_NOT_ACCEPTED"],
    ["a TCB below all levels", "td10", { collateral: { tcbInfo: { tcbLevels: [] } } }, "TCB_LEVEL_NOT_FOUND"],
    ["a revoked TCB", "td10", withStatus("tdx", "Revoked"), "TCB_REVOKED"],
  ] as const satisfies readonly (readonly [string, QuoteDraft["format"], Case, string])[]) {
    it(`refuses ${what}`, () => assert.equal(judge(format, draft), code));
  }

  for (const status of [
    "SWHardeningNeeded",
    "ConfigurationNeeded",
    "ConfigurationAndSWHardeningNeeded",
    "OutOfDate",
    "OutOfDateConfigurationNeeded",
  ]) {
    it(`refuses ${status}`, () => {
      assert.equal(judge("sgx", withStatus("sgx", status)), "TCB_STATUS_NOT_ACCEPTED");
      assert.equal(judge("td15", withStatus("tdx", status)), "TCB_STATUS_NOT_ACCEPTED");
    });
  }
});

describe("a policy's grace", () => {
  const grace = (status: string, until: bigint, advisoryIds?: readonly string[]) => ({
    intel: {
      grace: [{ status, until: Number(until), ...(advisoryIds === undefined ? {} : { advisoryIds }) }],
    },
  });
  const evidence = withStatus("tdx", "OutOfDate", ["A-1", "A-2"]);

  it("accepts its status until it is over", () => {
    assert.equal(judge("td10", evidence, grace("OutOfDate", NOW)), "accepted");
    assert.equal(judge("td10", evidence, grace("OutOfDate", NOW, ["A-2", "A-1", "A-3"])), "accepted");
  });

  for (const [what, policy, code] of [
    ["that is over", grace("OutOfDate", NOW - 1n), "TCB_GRACE_EXPIRED"],
    ["of another status", grace("SWHardeningNeeded", NOW), "TCB_STATUS_NOT_ACCEPTED"],
    ["for other advisories", grace("OutOfDate", NOW, ["A-1"]), "TCB_ADVISORY_NOT_ACCEPTED"],
    ["for no advisory", grace("OutOfDate", NOW, []), "TCB_ADVISORY_NOT_ACCEPTED"],
  ] as const) {
    it(`does not help ${what}`, () => assert.equal(judge("td10", evidence, policy), code));
  }

  it("never covers debug or a revoked TCB", () => {
    const all = {
      intel: { grace: ["OutOfDate", "ConfigurationNeeded"].map((status) => ({ status, until: 2 ** 40 })) },
    };
    assert.equal(judge("td10", withStatus("tdx", "Revoked"), all), "TCB_REVOKED");
    assert.equal(judge("td10", td({ tdAttributes: "0100001000000000" }), all), "DEBUG_ENABLED");
    assert.equal(judge("td10", { quote: { qe: { isvSvn: 5 } } }, all), "TCB_REVOKED");
  });
});

describe("a policy's lists", () => {
  const other = "ee".repeat(48);
  for (const [name, value] of [
    ["mrTd", "b0"],
    ["mrConfigId", "b1"],
    ["mrOwner", "b2"],
    ["mrOwnerConfig", "b3"],
    ["rtmr0", "b4"],
    ["rtmr1", "b5"],
    ["rtmr2", "b6"],
    ["rtmr3", "b7"],
    ["mrSeam", "bb"],
    ["mrServiceTd", "00"],
  ] as const) {
    it(`demand one of the listed values of ${name}`, () => {
      for (const format of ["td10", "td15"] as const) {
        const found = value.repeat(48);
        assert.equal(judge(format, {}, { tdx: { [name]: [other, found] } }), "accepted");
        assert.equal(judge(format, {}, { tdx: { [name]: [`0x${found}`] } }), "accepted");
        assert.equal(judge(format, {}, { tdx: { [name]: [other] } }), "MEASUREMENT_NOT_ACCEPTED");
        assert.equal(judge(format, {}, { tdx: { [name]: [] } }), "MEASUREMENT_NOT_ACCEPTED");
      }
    });
  }

  for (const [what, policy, code] of [
    ["the enclave's measurement", { sgx: { mrEnclave: ["a1".repeat(32)] } }, "accepted"],
    ["another measurement", { sgx: { mrEnclave: ["a2".repeat(32)] } }, "MEASUREMENT_NOT_ACCEPTED"],
    ["another signer", { sgx: { mrSigner: ["a1".repeat(32)] } }, "MEASUREMENT_NOT_ACCEPTED"],
    ["another product", { sgx: { isvProdId: 1 } }, "ENCLAVE_VERSION_NOT_ACCEPTED"],
    ["a newer version", { sgx: { minimumIsvSvn: 1 } }, "ENCLAVE_VERSION_NOT_ACCEPTED"],
    ["the platform", { intel: { ppids: [PPID] } }, "accepted"],
    ["another platform", { intel: { ppids: ["00".repeat(16)] } }, "PLATFORM_NOT_ACCEPTED"],
    ["no platform at all", { intel: { ppids: [] } }, "PLATFORM_NOT_ACCEPTED"],
    ["this evaluation of the TCB", { intel: { minimumTcbEvaluationDataNumber: 19 } }, "accepted"],
    ["a newer evaluation", { intel: { minimumTcbEvaluationDataNumber: 20 } }, "TCB_EVALUATION_OUTDATED"],
  ] as const) {
    it(`demand ${what}: ${code}`, () => assert.equal(judge("sgx", {}, policy), code));
  }

  it("demand the evaluation of the QE identity too", () => {
    const collateral = { qeIdentity: { tcbEvaluationDataNumber: 18 } };
    const policy = { intel: { minimumTcbEvaluationDataNumber: 19 } };
    assert.equal(judge("td10", { collateral }, policy), "TCB_EVALUATION_OUTDATED");
  });

  it("can demand other attributes and features", () => {
    const rule = (value: string) => ({ mask: "ffffffffffffffff", value });
    assert.equal(judge("td10", {}, { tdx: { xfam: rule("e700060000000000") } }), "accepted");
    assert.equal(judge("td10", {}, { tdx: { xfam: rule("e700040000000000") } }), "XFAM_NOT_ACCEPTED");
    assert.equal(
      judge("td10", {}, { tdx: { attributes: rule("0000005000000000") } }),
      "TD_ATTRIBUTES_NOT_ACCEPTED",
    );
  });
});

describe("a policy file", () => {
  for (const [what, policy] of [
    ["an unknown section", { everyone: {} }],
    ["an unknown field", { tdx: { mrtd: [] } }],
    ["an unknown field of a grace", { intel: { grace: [{ status: "OutOfDate", until: 1, note: "" }] } }],
    [
      "an unknown field of a bit rule",
      { tdx: { xfam: { mask: "00".repeat(8), value: "00".repeat(8), or: "" } } },
    ],
    ["a grace for what is revoked", { intel: { grace: [{ status: "Revoked", until: 1 }] } }],
    ["a grace for what needs none", { intel: { grace: [{ status: "UpToDate", until: 1 }] } }],
    ["a grace for an unknown status", { intel: { grace: [{ status: "outofdate", until: 1 }] } }],
    ["a grace for ever", { intel: { grace: [{ status: "OutOfDate" }] } }],
    ["a measurement of 32 bytes", { tdx: { mrTd: ["00".repeat(32)] } }],
    ["a measurement that is no hex", { tdx: { mrTd: ["zz".repeat(48)] } }],
    ["a measurement outside a list", { tdx: { mrTd: "00".repeat(48) } }],
    ["a mask of 4 bytes", { tdx: { xfam: { mask: "00".repeat(4), value: "00".repeat(8) } } }],
    ["a number below zero", { intel: { minimumTcbEvaluationDataNumber: -1 } }],
    ["a list", []],
    ["a word", "strict"],
  ] as const) {
    it(`is refused with ${what}`, () => {
      assert.throws(
        () => parsePolicy(JSON.stringify(policy)),
        (error) => isRollupError(error, "CONFIG_INVALID"),
      );
    });
  }
});

describe("a verdict", () => {
  const strict = STRICT_POLICY.intel;

  it("of accepted evidence is genuine and ok, without a code", () => {
    const verdict = judgeIntelQuote(inputOf(world, "td15"), strict);
    const { genuine: isGenuine, ok, status, code, fields, refusal } = verdict;
    assert.deepEqual([isGenuine, ok, status, code, refusal], [true, true, "UpToDate", null, null]);
    assert.equal(fields.mr_td, "b0".repeat(48));
    assert.equal(fields.ppid, PPID);
  });

  it("of evidence that the policy refuses is genuine, with status, fields and the rule", () => {
    const verdict = judgeIntelQuote(inputOf(world, "td10", withStatus("tdx", "OutOfDate", ["A-1"])), strict);
    assert.deepEqual(
      [verdict.genuine, verdict.ok, verdict.status, verdict.code],
      [true, false, "OutOfDate", "TCB_STATUS_NOT_ACCEPTED"],
    );
    assert.deepEqual(verdict.fields.advisory_ids, ["A-1"]);
    assert.match(verdict.message, /12 policy: .*UpToDate.*OutOfDate \(A-1\).*update/);
  });

  it("of forged evidence is neither, and repeats nothing of it", () => {
    const verdict = judgeIntelQuote({ ...inputOf(world, "td10"), roots: [] }, strict);
    assert.deepEqual(
      [verdict.genuine, verdict.ok, verdict.status, verdict.code, verdict.fields],
      [false, false, null, "CHAIN_ROOT_UNTRUSTED", {}],
    );
    assert.equal(verdict.refusal?.step, "3 PCK chain");
  });
});
