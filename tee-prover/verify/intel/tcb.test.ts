import assert from "node:assert/strict";
import { describe, it } from "node:test";
import dcapQvl from "@phala/dcap-qvl";
import fc from "fast-check";
import { NOW } from "../../attest/dangerously-simulated/authority.ts";
import {
  COMPONENTS,
  type CollateralDraft,
  collateralFields,
  issueQuote,
  issueWorld,
  levelOf,
  moduleOf,
  PCE_SVN,
  type QuoteDraft,
  TDX_COMPONENTS,
} from "../../attest/dangerously-simulated/intel.ts";
import { type Case, genuine, inputOf } from "../testing/outcome.ts";
import { mergeStatus, PLATFORM_STATUSES, type TcbStatus } from "./tcb-status.ts";

const world = issueWorld();

function appraise(format: QuoteDraft["format"], draft: Case) {
  return genuine(inputOf(world, format, draft)).tcb;
}

function changed(svns: readonly number[], at: number, by: number): readonly number[] {
  return svns.map((svn, i) => (i === at ? svn + by : svn));
}

function svn(...first: readonly number[]): readonly number[] {
  return [...first, ...new Array<number>(16 - first.length).fill(0)];
}

describe("merging the platform's status with a part's (Intel: convergeTcbStatus…)", () => {
  const outOfDate: Readonly<Record<TcbStatus, TcbStatus>> = {
    UpToDate: "OutOfDate",
    SWHardeningNeeded: "OutOfDate",
    ConfigurationNeeded: "OutOfDateConfigurationNeeded",
    ConfigurationAndSWHardeningNeeded: "OutOfDateConfigurationNeeded",
    OutOfDate: "OutOfDate",
    OutOfDateConfigurationNeeded: "OutOfDateConfigurationNeeded",
    Revoked: "Revoked",
    TDRelaunchAdvised: "TDRelaunchAdvised",
    TDRelaunchAdvisedConfigurationNeeded: "TDRelaunchAdvisedConfigurationNeeded",
  };
  for (const status of PLATFORM_STATUSES) {
    it(`${status} with UpToDate, OutOfDate and Revoked`, () => {
      assert.equal(mergeStatus(status, "UpToDate"), status);
      assert.equal(mergeStatus(status, "OutOfDate"), outOfDate[status]);
      assert.equal(mergeStatus(status, "Revoked"), "Revoked");
    });
  }
});

describe("levels of a platform (4.1.2.4.17)", () => {
  for (const format of ["sgx", "td10"] as const) {
    const tee = format === "sgx" ? "sgx" : "tdx";
    const levels = (first: Parameters<typeof levelOf>[1]): CollateralDraft => ({
      tcbInfo: {
        tcbLevels: [
          levelOf(tee, { ...first, advisoryIds: ["A-1"] }),
          levelOf(tee, {
            components: svn(),
            tdxComponents: svn(),
            pceSvn: 5,
            status: "OutOfDate",
            advisoryIds: ["A-2", "A-3"],
          }),
        ],
      },
    });

    it(`${format}: the first level that all components reach, with its advisories`, () => {
      const reached = appraise(format, { collateral: levels({}) });
      assert.deepEqual([reached.status, reached.advisoryIds], ["UpToDate", ["A-1"]]);
    });

    it(`${format}: one component too low anywhere makes it the next level`, () => {
      for (let i = 0; i < 16; i++) {
        const { status, advisoryIds } = appraise(format, {
          collateral: levels({ components: changed(COMPONENTS, i, 1) }),
        });
        assert.deepEqual([status, advisoryIds], ["OutOfDate", ["A-2", "A-3"]], `${i}`);
      }
      assert.equal(appraise(format, { collateral: levels({ pceSvn: PCE_SVN + 1 }) }).status, "OutOfDate");
    });

    it(`${format}: more than demanded does not make up for less`, () => {
      const components = changed(changed(COMPONENTS, 0, -7), 15, 1);
      assert.equal(appraise(format, { collateral: levels({ components }) }).status, "OutOfDate");
    });

    it(`${format}: below every level there is no status`, () => {
      const tcbLevels = [levelOf(tee, { pceSvn: PCE_SVN + 1 })];
      const { status, reason } = appraise(format, { collateral: { tcbInfo: { tcbLevels } } });
      assert.equal(status, undefined);
      assert.match(reason ?? "", /platform/);
      assert.equal(appraise(format, { collateral: { tcbInfo: { tcbLevels: [] } } }).status, undefined);
    });

    it(`${format}: every status of Intel's comes through as it is`, () => {
      for (const status of PLATFORM_STATUSES) {
        const tcbLevels = [levelOf(tee, { status })];
        assert.equal(appraise(format, { collateral: { tcbInfo: { tcbLevels } } }).status, status);
      }
    });
  }

  it("td10: one component of the TD's TCB too low makes it the next level", () => {
    for (let i = 0; i < 16; i++) {
      const tcbLevels = [
        levelOf("tdx", { tdxComponents: changed(TDX_COMPONENTS, i, 1) }),
        levelOf("tdx", { tdxComponents: svn(), status: "OutOfDate" }),
      ];
      assert.equal(appraise("td10", { collateral: { tcbInfo: { tcbLevels } } }).status, "OutOfDate");
    }
  });
});

describe("levels of the quoting enclave (4.1.2.9)", () => {
  for (const [isvSvn, status, advisories] of [
    [9, "UpToDate", []],
    [8, "UpToDate", []],
    [7, "OutOfDate", ["QE-1"]],
    [6, "OutOfDate", ["QE-1"]],
    [5, "Revoked", []],
    [3, undefined, []],
  ] as const) {
    it(`ISVSVN ${isvSvn}: ${status}`, () => {
      for (const format of ["sgx", "td15"] as const) {
        const found = appraise(format, { quote: { qe: { isvSvn } } });
        assert.deepEqual([found.status, found.advisoryIds], [status, advisories]);
      }
    });
  }
});

describe("levels of the TDX module (4.1.2.4.17.4)", () => {
  const lax = { tcbInfo: { tcbLevels: [levelOf("tdx", { tdxComponents: svn() })] } };

  for (const [teeTcbSvn, status] of [
    [svn(5, 1, 7), "UpToDate"],
    [svn(6, 1, 7), "UpToDate"],
    [svn(4, 1, 7), "OutOfDate"],
    [svn(3, 1, 7), "Revoked"],
    [svn(1, 1, 7), undefined],
    [svn(3, 3, 7), "UpToDate"],
    [svn(1, 0, 7), "UpToDate"],
  ] as const) {
    it(`TEE_TCB_SVN ${teeTcbSvn.slice(0, 3)}: ${status}`, () => {
      assert.equal(appraise("td10", { quote: { td: { teeTcbSvn } }, collateral: lax }).status, status);
    });
  }

  it("count beside the platform's components, which Intel's library would leave out", () => {
    const tcbLevels = [
      levelOf("tdx", { tdxComponents: svn(6, 0, 7) }),
      levelOf("tdx", { tdxComponents: svn(), status: "OutOfDate" }),
    ];
    const td = { teeTcbSvn: svn(5, 1, 7) };
    const { status, intelStatus } = appraise("td10", {
      quote: { td },
      collateral: { tcbInfo: { tcbLevels } },
    });
    assert.deepEqual([status, intelStatus], ["OutOfDate", "UpToDate"]);
  });
});

describe("a TD 1.5 that only has to be started again (4.1.2.4.17.4.3)", () => {
  const levels = (status: string): CollateralDraft => ({
    tcbInfo: {
      tcbLevels: [
        levelOf("tdx", { tdxComponents: svn(5, 0, 7), status }),
        levelOf("tdx", { tdxComponents: svn(), status }),
      ],
      tdxModuleIdentities: [
        moduleOf("TDX_01", [
          [5, "UpToDate"],
          [2, "OutOfDate"],
        ]),
      ],
    },
  });
  const relaunch = (td: object, status = "UpToDate", quote: Partial<QuoteDraft> = {}) =>
    appraise("td15", { quote: { ...quote, td }, collateral: levels(status) }).status;
  const started = { teeTcbSvn: svn(4, 1, 7) };

  for (const [what, td, status, wanted] of [
    ["on the newest module now", { teeTcbSvn2: svn(5, 1, 7) }, "UpToDate", "TDRelaunchAdvised"],
    ["on the newest module before 1.5", { teeTcbSvn2: svn(5, 0, 7) }, "UpToDate", "TDRelaunchAdvised"],
    [
      "and a configuration to change",
      { teeTcbSvn2: svn(5, 1, 7) },
      "ConfigurationNeeded",
      "TDRelaunchAdvisedConfigurationNeeded",
    ],
    ["but the module is as old now", { teeTcbSvn2: svn(4, 1, 7) }, "UpToDate", "OutOfDate"],
    ["but late microcode is older", { teeTcbSvn2: svn(5, 1, 6) }, "UpToDate", "OutOfDate"],
    ["but nobody knows the module now", { teeTcbSvn2: svn(9, 9, 9) }, "UpToDate", "OutOfDate"],
    ["but the platform is out of date", { teeTcbSvn2: svn(5, 1, 7) }, "OutOfDate", "OutOfDate"],
    ["but the platform is revoked", { teeTcbSvn2: svn(5, 1, 7) }, "Revoked", "Revoked"],
  ] as const) {
    it(`${what}: ${wanted}`, () => assert.equal(relaunch({ ...started, ...td }, status), wanted));
  }

  it("is not told so while the QE is out of date", () => {
    const td = { ...started, teeTcbSvn2: svn(5, 1, 7) };
    assert.equal(relaunch(td, "UpToDate", { qe: { isvSvn: 6 } }), "OutOfDate");
  });
});

describe("dcap-qvl, another implementation", () => {
  const qvl = new dcapQvl.QuoteVerifier(Buffer.from(world.root.der));
  /** Its status for the same evidence, or undefined when it knows no level. */
  const theirs = (quote: Uint8Array, fields: ReturnType<typeof collateralFields>) => {
    try {
      return qvl.verify(Buffer.from(quote), fields, Number(NOW)).status;
    } catch (error) {
      if (error instanceof Error && /No matching TCB level|TCB status is invalid/.test(error.message))
        return undefined;
      throw error;
    }
  };
  const near = (svns: readonly number[]) =>
    fc
      .array(fc.integer({ min: -2, max: 1 }), { minLength: 16, maxLength: 16, size: "max" })
      .map((steps) =>
        svns.map((value, i) =>
          Math.max(0, value + (i % 5 === 0 ? (steps[i] ?? 0) : Math.min(0, steps[i] ?? 0))),
        ),
      );
  const level = fc.record({
    components: near(COMPONENTS),
    tdxComponents: near(TDX_COMPONENTS),
    pceSvn: fc.integer({ min: PCE_SVN - 1, max: PCE_SVN + 1 }),
    status: fc.constantFrom(...PLATFORM_STATUSES),
  });

  it("finds the same level for the same platform, enclaves and TDs before module 1.5", () => {
    fc.assert(
      fc.property(fc.constantFrom("sgx", "td10"), fc.array(level, { maxLength: 4 }), (format, drafts) => {
        const tee = format === "sgx" ? "sgx" : "tdx";
        const draft = { tcbInfo: { tcbLevels: drafts.map((each) => levelOf(tee, each)) } };
        const ours = appraise(format, { collateral: draft }).status;
        const found = theirs(issueQuote(world, { format }), collateralFields(world, tee, draft));
        assert.equal(ours === "Revoked" ? undefined : ours, found);
      }),
      { numRuns: 60 },
    );
  });
});
