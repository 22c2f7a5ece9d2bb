import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { STRICT_POLICY } from "../policy.ts";
import { flipBit, stride } from "../testing/mutations.ts";
import type { Verdict } from "../verdict.ts";
import { readEvidence } from "./evidence.ts";
import { NVIDIA_RIM_ROOT, verifyRim } from "./rim.ts";
import { judgeNvidiaReport } from "./verdict.ts";
import { NVIDIA_DEVICE_ROOT, verifyNvidiaReport } from "./verify.ts";

const FOLDER = join(import.meta.dirname, "../../../../shared/vectors/tee/nvidia");
const skip = existsSync(FOLDER) ? false : `no real evidence at ${FOLDER}`;
const EXPECTED = join(FOLDER, "expected.json");
/** 2026-11-21, after all that was collected; the RIM signers of 2024 were valid at the earlier time. */
const AT = 1_795_000_000n;
const AT_OLD_RIMS = 1_735_700_000n;

/** What the collector of the vectors found with other tools. */
type Expected = {
  readonly label: string;
  readonly nonce: string;
  readonly nblocks: number;
  readonly driver: string;
  readonly project: string;
  readonly psku: string;
  readonly chipsku: string;
  readonly fwid?: string;
  readonly sigOk: boolean;
  readonly leaf: { readonly serial: string };
};

function isExpected(value: unknown): value is readonly Expected[] {
  return Array.isArray(value) && value.every((entry) => typeof entry?.label === "string");
}

function readExpected(): readonly Expected[] {
  if (skip !== false) return [];
  const value: unknown = JSON.parse(readFileSync(EXPECTED, "utf8"));
  assert.ok(isExpected(value));
  return value;
}

function bytes(path: string): Uint8Array {
  return readFileSync(join(FOLDER, path));
}

/** The chain beside a report, by the collector's naming. */
function chainOf(report: string): string {
  return report.replace(/AttestationReport(?:InvalidSignature|Expired)?\.txt$/, "CertChain.txt");
}

/** Report and chain of a label: a file, or an entry of a list. */
function evidenceOf(label: string) {
  const [, file = "", index] = /^(\S+?)(?:#(\d+) .*)?$/.exec(label) ?? [];
  const devices = readEvidence(bytes(file), index === undefined ? bytes(chainOf(file)) : undefined);
  if ("kind" in devices) throw new Error(`${label}: ${devices.code}`);
  const device = devices[Number(index ?? 0)];
  if (device === undefined) throw new Error(`${label}: no such entry`);
  return device;
}

function isThere({ label }: Expected): boolean {
  return existsSync(join(FOLDER, label.split("#")[0] ?? ""));
}

function judge(report: string, rims: readonly string[] = [], at: bigint = AT): Verdict {
  return judgeNvidiaReport(
    {
      report: bytes(report),
      chain: report.endsWith(".json") ? undefined : bytes(chainOf(report)),
      nonce: undefined,
      rims: rims.map((rim) => Buffer.from(bytes(rim)).toString()),
      at,
      deviceRoots: [NVIDIA_DEVICE_ROOT],
      rimRoots: [NVIDIA_RIM_ROOT],
    },
    STRICT_POLICY.nvidia,
  );
}

describe("real reports", { skip }, () => {
  for (const expected of readExpected()) {
    const reason = isThere(expected) ? false : "the file is not among the vectors";
    it(`${expected.label.slice(0, 70)}`, { skip: reason }, () => {
      const { report, chain } = evidenceOf(expected.label);
      const input = { report, chain, at: AT, roots: [NVIDIA_DEVICE_ROOT], revocation: undefined };
      const evidence = verifyNvidiaReport(input);
      if (!expected.sigOk) {
        assert.equal(evidence.kind === "refused" && evidence.code, "DEVICE_SIGNATURE_INVALID");
        return;
      }
      assert.ok(evidence.kind === "genuine");
      const { opaque, measurements, nonce } = evidence.report;
      assert.deepEqual(
        {
          nonce: Buffer.from(nonce).toString("hex"),
          nblocks: measurements.size,
          driver: opaque.driverVersion,
          project: opaque.project,
          psku: opaque.projectSku,
          chipsku: opaque.chipSku,
          serial: evidence.leaf.serial.toUpperCase(),
          fwid: opaque.firmwareId && Buffer.from(opaque.firmwareId).toString("hex").slice(0, 32),
        },
        {
          nonce: expected.nonce,
          nblocks: expected.nblocks,
          driver: expected.driver,
          project: expected.project,
          psku: expected.psku,
          chipsku: expected.chipsku,
          serial: expected.leaf.serial,
          fwid: expected.fwid,
        },
      );
      // The same report with one bit changed, anywhere.
      for (let bit = 0; bit < report.length * 8; bit += stride(3001)) {
        const mutant = verifyNvidiaReport({ ...input, report: flipBit(report, bit) });
        assert.equal(mutant.kind, "refused", `bit ${bit}`);
      }
    });
  }

  it("of eight GPUs are eight devices in the mode of protected PCIe", () => {
    const { genuine, ok, fields } = judge("nvtrust/ppcie_gpu_evidence.json");
    assert.ok(Array.isArray(fields.devices));
    const modes = fields.devices.map((device) => device instanceof Object && "mode" in device && device.mode);
    assert.deepEqual([genuine, ok, modes], [true, true, Array.from({ length: 8 }, () => "PPCIE")]);
  });

  it("do not hold with another device's chain", () => {
    const { report } = evidenceOf("nvtrust/hopperAttestationReport.txt");
    const { chain } = evidenceOf("attestation-sdk/hopperAttestationReport.txt");
    const input = { report, chain, at: AT, roots: [NVIDIA_DEVICE_ROOT], revocation: undefined };
    const evidence = verifyNvidiaReport(input);
    assert.equal(evidence.kind === "refused" && evidence.code, "DEVICE_SIGNATURE_INVALID");
  });
});

describe("real RIMs", { skip }, () => {
  const rims = "nvtrust/rims";
  for (const [name, version, count, at] of [
    [`${rims}/1010_0200_882_96005E0001_PROD.swidtag`, "96.00.5E.00.01", 12, AT_OLD_RIMS],
    [`${rims}/1010_0200_882_960074001A_PROD.swidtag`, "96.00.74.00.1A", 12, AT_OLD_RIMS],
    [`${rims}/1010_0205_862_9600740020_PROD.swidtag`, "96.00.74.00.20", 12, AT_OLD_RIMS],
    [`${rims}/Driver_RIM_test_no_gpu.swidtag`, "545.00", 21, AT_OLD_RIMS],
    ["attestation-sdk/NV_GPU_DRIVER_GH100_550.144.03.xml", "550.144.03", 21, AT],
  ] as const) {
    it(name, () => {
      const document = Buffer.from(bytes(name)).toString();
      const rim = verifyRim(document, { roots: [NVIDIA_RIM_ROOT], at });
      assert.ok(rim.kind === "rim");
      assert.deepEqual([rim.version, rim.product, rim.measurements.length], [version, "GH100", count]);
      const late = verifyRim(document, { roots: [NVIDIA_RIM_ROOT], at: 2_000_000_000n });
      assert.equal(late.kind === "refused" && late.code, "CERTIFICATE_EXPIRED");
    });
  }

  it("whose signature was changed are not genuine", () => {
    const { genuine, code } = judge("attestation-sdk/hopperAttestationReport.txt", [
      "attestation-sdk/incorrect_signature_driver_rim.xml",
    ]);
    assert.deepEqual([genuine, code], [false, "RIM_SIGNATURE_INVALID"]);
  });

  it("of the VBIOS match the report but for index 9, whose microcode is newer", () => {
    const rim = `${rims}/1010_0205_862_9600740020_PROD.swidtag`;
    const verdict = judge("attestation-sdk/hopperAttestationReport.txt", [rim], AT_OLD_RIMS);
    assert.deepEqual([verdict.genuine, verdict.ok, verdict.code], [true, false, "MEASUREMENT_MISMATCH"]);
    assert.ok(Array.isArray(verdict.fields.mismatches));
    assert.match(
      JSON.stringify(verdict.fields.mismatches),
      /^\[\{"rim":"vbios","index":9,"block":10,[^{]*\}\]$/,
    );
  });

  it("of another version are refused", () => {
    const rim = `${rims}/1010_0200_882_960074001A_PROD.swidtag`;
    const { genuine, code } = judge("attestation-sdk/hopperAttestationReport.txt", [rim], AT_OLD_RIMS);
    assert.deepEqual([genuine, code], [true, "RIM_VERSION_MISMATCH"]);
  });
});
