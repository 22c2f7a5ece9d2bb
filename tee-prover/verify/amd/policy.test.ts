import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRollupError } from "@phala-l2/protocol/errors";
import {
  type AmdCase,
  amdInput,
  CLOUD_PROVIDER,
  hardwareIdOf,
  issueAmdWorlds,
  issueLeaf,
  type ReportDraft,
  rootsOf,
} from "../../attest/dangerously-simulated/amd.ts";
import { issueCrl, NOW } from "../../attest/dangerously-simulated/authority.ts";
import { parsePolicy, STRICT_POLICY } from "../policy.ts";
import { appraiseAmd, STRICT_AMD_POLICY } from "./policy.ts";
import { PRODUCTS, type Product } from "./product.ts";
import { judgeSnpReport } from "./verdict.ts";
import { verifySnpReport } from "./verify.ts";

const worlds = issueAmdWorlds();
const roots = rootsOf(worlds);

/** The policy's answer on evidence, which must be genuine. */
function judge(draft: AmdCase, file: unknown = {}, product: Product = "Genoa", at = NOW): string {
  const evidence = verifySnpReport(amdInput(worlds[product], roots, draft));
  assert.ok(evidence.kind === "genuine", "code" in evidence ? evidence.code : "");
  const { amd } = parsePolicy(JSON.stringify(file));
  return appraiseAmd(evidence, amd, at)?.code ?? "accepted";
}

function report(draft: ReportDraft, file: unknown = {}, product: Product = "Genoa"): string {
  return judge({ report: draft }, file, product);
}

const amd = (section: unknown) => ({ amd: section });
const sevSnp = (section: unknown) => ({ sevSnp: section });
const GUEST = 0x3001fn;

describe("the strict policy", () => {
  it("is what an empty file says", () => {
    assert.deepEqual(parsePolicy("{}"), STRICT_POLICY);
    assert.deepEqual(parsePolicy('{"amd":{},"sevSnp":{}}').amd, STRICT_AMD_POLICY);
  });

  it("accepts Genoa and Turin, in each version of reports and under both kinds of key", () => {
    for (const product of ["Genoa", "Turin"] as const) {
      for (const version of [2, 3, 5] as const) {
        for (const endorsement of ["VCEK", "VLEK"] as const) {
          assert.equal(report({ version, endorsement }, {}, product), "accepted");
        }
      }
    }
  });

  it("refuses Milan, unless a file names it", () => {
    for (const endorsement of ["VCEK", "VLEK"] as const) {
      assert.equal(report({ endorsement }, {}, "Milan"), "PRODUCT_NOT_ACCEPTED");
    }
    assert.equal(report({}, amd({ products: ["Milan"] }), "Milan"), "accepted");
    assert.equal(report({}, amd({ products: ["Milan"] }), "Genoa"), "PRODUCT_NOT_ACCEPTED");
    assert.equal(report({}, amd({ products: [] }), "Turin"), "PRODUCT_NOT_ACCEPTED");
  });

  it("refuses debug, whatever a file says", () => {
    const guestPolicy = GUEST | (1n << 19n);
    assert.equal(report({ guestPolicy }), "DEBUG_ENABLED");
    const lax = sevSnp({ guestPolicy: { required: ["debug"], forbidden: [] } });
    assert.equal(report({ guestPolicy }, lax), "DEBUG_ENABLED");
  });

  it("refuses migration, allowed or begun", () => {
    const allowed = { guestPolicy: GUEST | (1n << 18n) };
    const begun = { patches: { 352: [1] } };
    assert.equal(report(allowed), "MIGRATION_ENABLED");
    assert.equal(report(begun), "MIGRATION_ENABLED");
    assert.equal(report({ patches: { 352: new Array<number>(32).fill(0) } }), "accepted");
    const lax = sevSnp({ guestPolicy: { forbidden: [] } });
    assert.equal(report(allowed, lax), "accepted");
    assert.equal(report(begun, lax), "accepted");
  });

  it("refuses reports that were asked for from a lower level, or by the host", () => {
    for (const vmpl of [1, 2, 3, 0xffff_ffff]) assert.equal(report({ vmpl }), "VMPL_NOT_ACCEPTED");
    assert.equal(report({ vmpl: 2 }, sevSnp({ maximumVmpl: 2 })), "accepted");
    assert.equal(report({ vmpl: 3 }, sevSnp({ maximumVmpl: 2 })), "VMPL_NOT_ACCEPTED");
    assert.equal(report({ vmpl: 0xffff_ffff }, sevSnp({ maximumVmpl: 3 })), "VMPL_NOT_ACCEPTED");
  });

  it("refuses settings of a platform that nobody knows", () => {
    for (const bit of [6n, 8n, 63n]) {
      assert.equal(report({ platformInfo: 1n << bit }), "PLATFORM_INFO_NOT_ACCEPTED");
    }
    assert.equal(report({ platformInfo: 0xbfn }), "accepted");
  });

  it("refuses a chip that the host hides, but of a lent key, which is no chip's", () => {
    const chipId = new Uint8Array(64);
    assert.equal(report({ chipId }), "CHIP_ID_MASKED");
    assert.equal(report({ chipId }, amd({ acceptMaskedChipId: true })), "accepted");
    assert.equal(report({ chipId, endorsement: "VLEK" }), "accepted");
  });
});

describe("the status of a TCB", () => {
  function status(draft: ReportDraft, file: unknown = {}, leaf = worlds.Genoa.vcek) {
    const input = amdInput(worlds.Genoa, roots, { report: draft, leaf });
    const { status: word, code } = judgeSnpReport(input, parsePolicy(JSON.stringify(file)).amd);
    return [word, code];
  }
  const OUT_OF_DATE = ["OutOfDate", "TCB_STATUS_NOT_ACCEPTED"];

  it("is up to date where all that runs is reported and committed, and out of date where it is not", () => {
    assert.deepEqual(status({}), ["UpToDate", null]);
    assert.deepEqual(status({ tcb: { current: { microcode: 85 } } }), OUT_OF_DATE);
    assert.deepEqual(status({ tcb: { committed: { bootloader: 9 } } }), OUT_OF_DATE);
    assert.deepEqual(status({ tcb: { launch: { bootloader: 9 } } }), ["UpToDate", null]);
  });

  it("is out of date below the minimum of its product, in any part", () => {
    const minimum = (tcb: unknown) => amd({ minimumTcb: { Genoa: tcb } });
    assert.deepEqual(status({}, minimum({ bootloader: 10, tee: 1, snp: 23, microcode: 84 })), [
      "UpToDate",
      null,
    ]);
    for (const part of [{ bootloader: 11 }, { tee: 2 }, { snp: 24 }, { microcode: 85 }]) {
      assert.deepEqual(status({}, minimum(part)), OUT_OF_DATE);
    }
    assert.deepEqual(status({ tcb: { launch: { snp: 22 } } }, minimum({ snp: 23 })), OUT_OF_DATE);
    const others = { Milan: { snp: 255 }, Turin: { snp: 255, fmc: 255 } };
    assert.deepEqual(status({}, amd({ minimumTcb: others })), ["UpToDate", null]);
    // A newer part makes up for no older one.
    const newer = { bootloader: 99, tee: 9, snp: 22, microcode: 250 };
    const same = { current: newer, reported: newer, committed: newer, launch: newer };
    assert.deepEqual(
      status({ tcb: same }, minimum({ snp: 23 }), issueLeaf(worlds.Genoa, { tcb: newer })),
      OUT_OF_DATE,
    );
  });

  it("counts Turin's FMC", () => {
    const minimum = (fmc: number) => amd({ minimumTcb: { Turin: { fmc } } });
    assert.equal(report({}, minimum(3), "Turin"), "accepted");
    assert.equal(report({}, minimum(4), "Turin"), "TCB_STATUS_NOT_ACCEPTED");
  });

  it("is tolerated until a grace is over", () => {
    const late: AmdCase = { report: { tcb: { current: { snp: 24 } } } };
    const grace = amd({ outOfDateUntil: Number(NOW) });
    assert.equal(judge(late, grace), "accepted");
    assert.equal(judge(late, grace, "Genoa", NOW + 1n), "TCB_GRACE_EXPIRED");
    assert.equal(judge({}, grace, "Genoa", NOW + 1n), "accepted");
  });
});

describe("a policy file", () => {
  for (const [name, byte, length] of [
    ["measurement", 0x90, 48],
    ["hostData", 0xc0, 32],
    ["idKeyDigest", 0xe0, 48],
    ["authorKeyDigest", 0x00, 48],
    ["familyId", 0x11, 16],
    ["imageId", 0x12, 16],
    ["reportData", 0x50, 64],
  ] as const) {
    it(`lists accepted values of ${name}`, () => {
      const right = Buffer.alloc(length, byte).toString("hex");
      const wrong = `${right.slice(0, -1)}e`;
      assert.equal(report({}, sevSnp({ [name]: [wrong, right] })), "accepted");
      for (const list of [[wrong], []]) {
        assert.equal(report({}, sevSnp({ [name]: list })), "MEASUREMENT_NOT_ACCEPTED");
      }
      assert.throws(() => parsePolicy(JSON.stringify(sevSnp({ [name]: [right.slice(2)] }))), isRollupError);
    });
  }

  it("lists chips, by 8 or 64 bytes for Turin", () => {
    for (const product of ["Genoa", "Turin"] as const) {
      const right = Buffer.from(hardwareIdOf(product)).toString("hex");
      const padded = right.padEnd(128, "0");
      for (const id of [right, padded, `0x${right}`]) {
        assert.equal(report({}, amd({ chipIds: [id] }), product), "accepted");
      }
      const wrong = `${right.slice(0, -1)}0`;
      for (const list of [[wrong], []]) {
        assert.equal(report({}, amd({ chipIds: list }), product), "PLATFORM_NOT_ACCEPTED");
      }
      const hidden = { chipId: new Uint8Array(64) };
      const masked = amd({ chipIds: [right], acceptMaskedChipId: true });
      assert.equal(report(hidden, masked, product), "accepted", "the leaf names the chip");
      const lent = { endorsement: "VLEK" } as const;
      assert.equal(report(lent, amd({ chipIds: [right] }), product), "CHIP_ID_MASKED");
      assert.equal(
        report({ ...lent, chipId: hardwareIdOf(product) }, amd({ chipIds: [right] }), product),
        "accepted",
      );
    }
  });

  it("says which kinds of key and whose fleets may sign", () => {
    const lent = { endorsement: "VLEK" } as const;
    assert.equal(report(lent, amd({ endorsements: ["VCEK"] })), "ENDORSEMENT_NOT_ACCEPTED");
    assert.equal(report({}, amd({ endorsements: ["VLEK"] })), "ENDORSEMENT_NOT_ACCEPTED");
    assert.equal(report(lent, amd({ cloudProviders: [CLOUD_PROVIDER] })), "accepted");
    assert.equal(report(lent, amd({ cloudProviders: ["another"] })), "CLOUD_PROVIDER_NOT_ACCEPTED");
    assert.equal(report({}, amd({ cloudProviders: [] })), "accepted");
  });

  it("may demand a revocation list", () => {
    const required = amd({ requireCrl: true });
    assert.equal(judge({}, required), "CRL_REQUIRED");
    assert.equal(judge({ crl: issueCrl(worlds.Genoa.ark) }, required), "accepted");
  });

  it("says what a guest policy must and must not have", () => {
    const rule = (guestPolicy: unknown) => sevSnp({ guestPolicy });
    for (const [flag, bit] of [
      ["smt", 16n],
      ["singleSocket", 20n],
      ["cxl", 21n],
      ["aes256Xts", 22n],
      ["raplDisabled", 23n],
      ["ciphertextHiding", 24n],
      ["pageSwapDisabled", 25n],
    ] as const) {
      const set = { guestPolicy: GUEST | (1n << bit) };
      const unset = { guestPolicy: GUEST & ~(1n << bit) };
      assert.equal(report(set, rule({ required: [flag] })), "accepted");
      assert.equal(report(unset, rule({ required: [flag] })), "GUEST_POLICY_NOT_ACCEPTED");
      assert.equal(report(unset, rule({ forbidden: [flag] })), "accepted");
      assert.equal(report(set, rule({ forbidden: [flag] })), "GUEST_POLICY_NOT_ACCEPTED");
    }
  });

  it("says the least firmware interface that a guest must demand", () => {
    const least = (major: number, minor: number) => sevSnp({ minimumAbi: { major, minor } });
    const guestPolicy = 0x3_0134n;
    assert.equal(report({ guestPolicy }, least(1, 52)), "accepted");
    assert.equal(report({ guestPolicy }, least(0, 99)), "accepted");
    for (const file of [least(1, 53), least(2, 0)]) {
      assert.equal(report({ guestPolicy }, file), "GUEST_POLICY_NOT_ACCEPTED");
    }
  });

  it("says what a platform's settings must and must not have", () => {
    const rule = (platformInfo: unknown) => amd({ platformInfo });
    for (const [flag, bit] of [
      ["smt", 0n],
      ["tsme", 1n],
      ["ecc", 2n],
      ["raplDisabled", 3n],
      ["ciphertextHiding", 4n],
      ["aliasCheckComplete", 5n],
      ["trustedIo", 7n],
    ] as const) {
      const set = { platformInfo: 1n << bit };
      const unset = { platformInfo: 0xbfn & ~(1n << bit) };
      assert.equal(report(set, rule({ required: [flag] })), "accepted");
      assert.equal(report(unset, rule({ required: [flag] })), "PLATFORM_INFO_NOT_ACCEPTED");
      assert.equal(report(unset, rule({ forbidden: [flag] })), "accepted");
      assert.equal(report(set, rule({ forbidden: [flag] })), "PLATFORM_INFO_NOT_ACCEPTED");
    }
  });

  it("says the least committed firmware", () => {
    const least = (major: number, minor: number, build: number) =>
      amd({ minimumFirmware: { major, minor, build } });
    for (const file of [least(1, 55, 40), least(1, 54, 99), least(0, 99, 99)]) {
      assert.equal(report({}, file), "accepted");
    }
    for (const file of [least(1, 55, 41), least(1, 56, 0), least(2, 0, 0)]) {
      assert.equal(report({}, file), "FIRMWARE_NOT_ACCEPTED");
    }
    // What runs is newer, but the host may go back.
    assert.equal(report({ patches: { 488: [50] } }, least(1, 55, 41)), "FIRMWARE_NOT_ACCEPTED");
  });

  it("demands mitigations at launch and now; a report before version 5 tells of none", () => {
    const file = amd({ mitigations: "0x8000000000000001" });
    const all = 0x8000_0000_0000_0001n;
    assert.equal(report({ mitigations: [all, all] }, file), "accepted");
    assert.equal(report({ mitigations: [1n, all] }, file), "MITIGATION_MISSING");
    assert.equal(report({ mitigations: [all, 1n] }, file), "MITIGATION_MISSING");
    assert.equal(report({ version: 3 }, file), "MITIGATION_MISSING");
  });

  it("says the least versions of report and image", () => {
    assert.equal(report({ version: 3 }, sevSnp({ minimumReportVersion: 3 })), "accepted");
    assert.equal(report({ version: 2 }, sevSnp({ minimumReportVersion: 3 })), "REPORT_VERSION_NOT_ACCEPTED");
    assert.equal(report({ version: 3 }, sevSnp({ minimumReportVersion: 5 })), "REPORT_VERSION_NOT_ACCEPTED");
    assert.equal(report({}, sevSnp({ minimumGuestSvn: 2 })), "accepted");
    assert.equal(report({}, sevSnp({ minimumGuestSvn: 3 })), "GUEST_SVN_NOT_ACCEPTED");
  });

  for (const [path, file] of [
    ["amd.vmpl", amd({ vmpl: 0 })],
    ["amd.products", amd({ products: ["milan"] })],
    ["amd.endorsements", amd({ endorsements: ["VMRK"] })],
    ["amd.chipIds.0", amd({ chipIds: ["00"] })],
    ["amd.requireCrl", amd({ requireCrl: "yes" })],
    ["amd.platformInfo.wanted", amd({ platformInfo: { wanted: [] } })],
    ["amd.platformInfo.required", amd({ platformInfo: { required: ["toString"] } })],
    ["amd.minimumTcb.Rome", amd({ minimumTcb: { Rome: {} } })],
    ["amd.minimumTcb.Genoa.fmc", amd({ minimumTcb: { Genoa: { fmc: 1 } } })],
    ["amd.minimumTcb.Turin.snp", amd({ minimumTcb: { Turin: { snp: 256 } } })],
    ["amd.minimumFirmware.patch", amd({ minimumFirmware: { patch: 1 } })],
    ["sevSnp.measurements", sevSnp({ measurements: [] })],
    ["sevSnp.guestPolicy.forbidden", sevSnp({ guestPolicy: { forbidden: ["Debug"] } })],
    ["sevSnp.maximumVmpl", sevSnp({ maximumVmpl: 4 })],
    ["sevSnp.minimumReportVersion", sevSnp({ minimumReportVersion: 4 })],
    ["snp", { snp: {} }],
  ] as const) {
    it(`is refused for ${path}`, () => {
      assert.throws(
        () => parsePolicy(JSON.stringify(file)),
        (error) => isRollupError(error, "CONFIG_INVALID") && error.message.startsWith(path),
      );
    });
  }
});

describe("a verdict", () => {
  it("has the facts of genuine evidence, and none of what nobody signed", () => {
    for (const product of PRODUCTS) {
      const input = amdInput(worlds[product], roots);
      const { genuine, ok, fields } = judgeSnpReport(input, STRICT_AMD_POLICY);
      assert.deepEqual([genuine, ok], [true, product !== "Milan"]);
      assert.equal(fields.product, product);
      assert.equal(fields.measurement, "90".repeat(48));
      assert.equal(fields.chip, Buffer.from(hardwareIdOf(product)).toString("hex"));
      const forged = Uint8Array.from(input.report);
      forged[0x90] = 0;
      const verdict = judgeSnpReport({ ...input, report: forged }, STRICT_AMD_POLICY);
      assert.deepEqual(
        [verdict.genuine, verdict.ok, verdict.status, verdict.fields],
        [false, false, null, {}],
      );
      assert.equal(verdict.code, "REPORT_SIGNATURE_INVALID");
    }
  });
});
