import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { issueCollateral, issueQuote, issueWorld } from "@phala-l2/tee-prover/verify/testing/intel";

const BUNDLES = join(import.meta.dirname, "../../../shared/vectors/tee/bundles");
const SKIP = existsSync(BUNDLES) ? false : `no real evidence at ${BUNDLES}`;
const folder = mkdtempSync(join(tmpdir(), "verify-evidence-"));
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

  for (const [what, words, message] of [
    ["no kind", evidence, /kind/],
    ["an unknown kind", ["--kind", "constructor", ...evidence], /--kind is one of tdx, sgx/],
    ["no quote", ["--kind", "tdx", "--collateral", collateral, "--at", "1"], /--quote is needed/],
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
});
