import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { amdInput, issueAmdWorld } from "@phala-l2/tee-prover/attest/dangerously-simulated/amd";
import { pemOf } from "@phala-l2/tee-prover/attest/dangerously-simulated/authority";
import {
  issueCollateral,
  issueQuote,
  issueWorld,
} from "@phala-l2/tee-prover/attest/dangerously-simulated/intel";
import { issueNvidiaWorld, issueReport } from "@phala-l2/tee-prover/attest/dangerously-simulated/nvidia";

const BUNDLES = join(import.meta.dirname, "../../../shared/vectors/tee/bundles");
const SKIP = existsSync(BUNDLES) ? false : `no real evidence at ${BUNDLES}`;
const SNP = join(import.meta.dirname, "../../../shared/vectors/tee/snp");
const SNP_SKIP = existsSync(SNP) ? false : `no real reports at ${SNP}`;
const GPU = join(import.meta.dirname, "../../../shared/vectors/tee/nvidia");
const GPU_SKIP = existsSync(GPU) ? false : `no real reports at ${GPU}`;
const folder = mkdtempSync(join(tmpdir(), "verify-evidence-"));
/** A file that is not there. */
const NONE = join(folder, "none");
const MISSING = /\/none cannot be read/;
after(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function run(...words: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(import.meta.dirname, "../l2.ts"), "verify-evidence", ...words],
    { encoding: "utf8" },
  );
  return { status, stdout, stderr };
}

const world = issueWorld();
const quote = file("quote.bin", issueQuote(world, { format: "td10" }));
const collateral = file("collateral.json", issueCollateral(world, "tdx"));
const evidence = ["--quote", quote, "--collateral", collateral, "--at", "1760000000"];

const genoa = issueAmdWorld("Genoa");
const snp = amdInput(genoa, []);
const report = ["--report", file("report.bin", snp.report)];
const endorsed = ["--leaf", file("vcek.der", snp.leaf), "--chain", file("chain.der", snp.chain)];

describe("l2 verify-evidence", () => {
  it("prints one verdict and exits 1 for evidence under another root than Intel's", () => {
    const { status, stdout } = run("--kind", "tdx", ...evidence);
    const { genuine, ok, status: tcb, code, message, fields } = JSON.parse(stdout);
    assert.equal(status, 1);
    assert.deepEqual([genuine, ok, tcb, code, fields], [false, false, null, "CHAIN_ROOT_UNTRUSTED", {}]);
    assert.match(message, /Intel SGX Root CA/);
  });

  it("exits 1 for files that are no evidence", () => {
    const noise = file("noise", "noise");
    const { status, stdout } = run("--kind", "sgx", "--quote", noise, "--collateral", noise, "--at", "1");
    assert.deepEqual([status, JSON.parse(stdout).code], [1, "QUOTE_TRUNCATED"]);
  });

  it("prints one verdict and exits 1 for a report under another root than AMD's", () => {
    const { status, stdout } = run("--kind", "sev-snp", ...report, ...endorsed, "--at", "1760000000");
    const { genuine, ok, code, message, fields } = JSON.parse(stdout);
    assert.deepEqual([status, genuine, ok, code, fields], [1, false, false, "CHAIN_ROOT_UNTRUSTED", {}]);
    assert.match(message, /ARK-Genoa/);
  });

  it("takes this machine's clock for a report where no time is given", () => {
    const { status, stdout } = run("--kind", "sev-snp", ...report, ...endorsed);
    assert.deepEqual([status, JSON.parse(stdout).genuine], [1, false]);
  });

  it("exits 1 for a GPU's report and a TD's event log under other roots", () => {
    const gpu = issueNvidiaWorld();
    const hex = file("gpu.hex", Buffer.from(issueReport(gpu)).toString("hex"));
    const chain = file("gpu-chain.pem", pemOf(...gpu.chain));
    const json = { quote: Buffer.from(issueQuote(world, { format: "td10" })).toString("hex"), event_log: [] };
    const log = file("dstack.json", JSON.stringify(json));
    for (const words of [
      ["--kind", "nvidia", "--report", hex, "--chain", chain, "--nonce", "5b".repeat(32)],
      ["--kind", "dstack", "--report", log, "--collateral", collateral, "--compose", log],
    ]) {
      const { status, stdout } = run(...words, "--at", "1760000000");
      const { genuine, code } = JSON.parse(stdout);
      assert.deepEqual([status, genuine, code], [1, false, "CHAIN_ROOT_UNTRUSTED"]);
    }
  });

  it("exits 0 for real GPUs, and 1 for another nonce, a changed signature and a changed RIM", {
    skip: GPU_SKIP,
  }, () => {
    const [sdk, nvtrust] = [join(GPU, "attestation-sdk"), join(GPU, "nvtrust")];
    const device = [
      "--report",
      `${sdk}/hopperAttestationReport.txt`,
      "--chain",
      `${sdk}/hopperCertChain.txt`,
    ];
    const nonce = "5bb22e377702d4e1e8215a903ba094826b9ac7f731dee1fe8102958bf2840aca";
    const changed = `${sdk}/sample_hopperAttestationReportInvalidSignature.txt`;
    for (const [words, exit, genuine, code] of [
      [[...device, "--nonce", nonce], 0, true, null],
      [["--report", `${nvtrust}/ppcie_gpu_evidence.json`], 0, true, null],
      [[...device, "--nonce", "00".repeat(32)], 1, true, "NONCE_MISMATCH"],
      [[...device, "--rim", `${sdk}/incorrect_signature_driver_rim.xml`], 1, false, "RIM_SIGNATURE_INVALID"],
      [
        ["--report", changed, "--chain", `${sdk}/sample_hopperCertChain.txt`],
        1,
        false,
        "DEVICE_SIGNATURE_INVALID",
      ],
    ] as const) {
      const { status, stdout } = run("--kind", "nvidia", ...words, "--at", "1795000000");
      const verdict = JSON.parse(stdout);
      assert.deepEqual(
        [status, verdict.genuine, verdict.ok, verdict.code],
        [exit, genuine, exit === 0, code],
      );
    }
  });

  for (const [what, words, message] of [
    ["no kind", evidence, /kind/],
    ["an unknown kind", ["--kind", "constructor", ...evidence], /--kind.* one of tdx, sgx, sev-snp/],
    ["no quote", ["--kind", "tdx", "--collateral", collateral, "--at", "1"], /--quote is needed/],
    ["no report", ["--kind", "sev-snp", ...endorsed], /--report is needed/],
    ["no leaf", ["--kind", "sev-snp", ...report, ...endorsed.slice(2)], /--leaf is needed/],
    ["no chain", ["--kind", "sev-snp", ...report, ...endorsed.slice(0, 2)], /--chain is needed/],
    [
      "a revocation list that is not there",
      ["--kind", "sev-snp", ...report, ...endorsed, "--crl", join(folder, "none")],
      /cannot be read/,
    ],
    ["no report of a GPU", ["--kind", "nvidia"], /--report is needed/],
    ["a nonce that is no hex", ["--kind", "nvidia", ...report, "--nonce", "5b2"], /nonce/],
    ["words without --rim", ["--kind", "nvidia", ...report, "rim.xml"], /--rim/],
    [
      "a second RIM that is not there",
      ["--kind", "nvidia", ...report, "--rim", quote, "--rim", NONE],
      MISSING,
    ],
    [
      "a first RIM that is not there",
      ["--kind", "nvidia", ...report, "--rim", NONE, "--rim", quote],
      MISSING,
    ],
    ["a further RIM that is not there", ["--kind", "nvidia", ...report, "--rim", quote, NONE], MISSING],
    [
      "a RIM after a comma that is not there",
      ["--kind", "nvidia", ...report, "--rim", `${quote},${NONE}`],
      MISSING,
    ],
    ["no collateral for a log", ["--kind", "dstack", ...report, "--at", "1"], /--collateral is needed/],
    ["no time", ["--kind", "tdx", "--quote", quote, "--collateral", collateral], /--at is needed/],
    ["a time that is none", ["--kind", "tdx", ...evidence.slice(0, 4), "--at", "now"], /at/],
    [
      "a file that is not there",
      ["--kind", "tdx", "--quote", join(folder, "none"), ...evidence.slice(2)],
      /cannot be read/,
    ],
    [
      "a policy with an unknown field",
      ["--kind", "tdx", ...evidence, "--policy", file("policy.json", '{"tdx":{"mrtd":[]}}')],
      /tdx\.mrtd/,
    ],
    [
      "a policy that is no JSON",
      ["--kind", "tdx", ...evidence, "--policy", file("broken.json", "{")],
      /--policy/,
    ],
  ] as const) {
    it(`exits 2 with one line on ${what}`, () => {
      const { status, stdout, stderr } = run(...words);
      assert.deepEqual([status, stdout], [2, ""]);
      assert.match(stderr, message);
      assert.equal(stderr.trimEnd().split("\n").length, 1);
    });
  }

  it("exits 0 for evidence that is up to date, and 1 for a TD under debug", { skip: SKIP }, () => {
    for (const [name, at, code, exit] of [
      ["tdx-v4-uptodate-phala", "1751624191", null, 0],
      ["BAD-tdx-v4-debug-td", "1773851482", "DEBUG_ENABLED", 1],
    ] as const) {
      const [bin, json] = ["quote.bin", "collateral.json"].map((part) => join(BUNDLES, name, part));
      const { status, stdout } = run(
        "--kind",
        "tdx",
        "--quote",
        `${bin}`,
        "--collateral",
        `${json}`,
        "--at",
        at,
      );
      const verdict = JSON.parse(stdout);
      assert.deepEqual([status, verdict.genuine, verdict.ok, verdict.code], [exit, true, exit === 0, code]);
    }
  });

  it("exits 0 for a Genoa report, and 1 for Milan, debug and another chip's leaf", { skip: SNP_SKIP }, () => {
    const [microsoft, google] = ["microsoft", "go-sev-guest"].map((name) => join(SNP, name));
    for (const [reportFile, leaf, chain, genuine, code] of [
      [`${microsoft}/genoa_attestation_report.bin`, `${microsoft}/genoa_vcek.pem`, "genoa", true, null],
      [
        `${microsoft}/milan_attestation_report.bin`,
        `${microsoft}/milan_vcek.pem`,
        "milan",
        true,
        "PRODUCT_NOT_ACCEPTED",
      ],
      [`${google}/attestation.bin`, `${google}/vcek.testcer`, "milan", true, "DEBUG_ENABLED"],
      [
        `${google}/attestation.bin`,
        `${microsoft}/milan_vcek.pem`,
        "milan",
        false,
        "REPORT_SIGNATURE_INVALID",
      ],
    ] as const) {
      const files = ["--report", reportFile, "--leaf", leaf, "--chain", `${SNP}/certs/ask_ark_${chain}.pem`];
      const { status, stdout } = run("--kind", "sev-snp", ...files, "--at", "1780000000");
      const verdict = JSON.parse(stdout);
      assert.deepEqual([status, verdict.genuine, verdict.code], [code === null ? 0 : 1, genuine, code]);
    }
  });
});
