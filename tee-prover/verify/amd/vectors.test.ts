import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { bigintFromBytes, bigintToBytes } from "@phala-l2/protocol/bytes";
import { JsonObject } from "@phala-l2/protocol/config/json-reader";
import { flipBit, stride } from "../testing/mutations.ts";
import { codeOf } from "../testing/outcome.ts";
import { STRICT_AMD_POLICY } from "./policy.ts";
import { AMD_ROOTS } from "./product.ts";
import { judgeSnpReport } from "./verdict.ts";
import { type AmdInput, P384_ORDER, verifySnpReport } from "./verify.ts";

const VECTORS = join(import.meta.dirname, "../../../../shared/vectors/tee/snp");
const SKIP = existsSync(join(VECTORS, "expected.json")) ? false : `no real evidence at ${VECTORS}`;

/** Where the files of each label lie: report, leaf, and the chain that the label's report was made under. */
const FILES: Readonly<Record<string, readonly [report: string, leaf: string, chain: string]>> = {
  "attestation-rs/test-report+vcek": [
    "attestation-rs/test-report.bin",
    "attestation-rs/test-vcek.der",
    "certs/ask_ark_milan.pem",
  ],
  "attestation-rs/test-report+test-vcek-invalid-legacy": [
    "attestation-rs/test-report.bin",
    "attestation-rs/test-vcek-invalid-legacy.der",
    "certs/ask_ark_milan.pem",
  ],
  "attestation-rs/test-report+test-vcek-invalid-new": [
    "attestation-rs/test-report.bin",
    "attestation-rs/test-vcek-invalid-new.der",
    "certs/ask_ark_milan.pem",
  ],
  "go-sev-guest/attestation": [
    "go-sev-guest/attestation.bin",
    "go-sev-guest/vcek.testcer",
    "go-sev-guest/milan.testcer",
  ],
  "microsoft/milan": [
    "microsoft/milan_attestation_report.bin",
    "microsoft/milan_vcek.pem",
    "certs/ask_ark_milan.pem",
  ],
  "microsoft/genoa": [
    "microsoft/genoa_attestation_report.bin",
    "microsoft/genoa_vcek.pem",
    "certs/ask_ark_genoa.pem",
  ],
};

function read(name: string): Uint8Array {
  return readFileSync(join(VECTORS, name));
}

const DAY = 86_400n;

function inputOf([report, leaf, chain]: readonly [string, string, string], at: bigint): AmdInput {
  return { report: read(report), leaf: read(leaf), chain: read(chain), at, roots: AMD_ROOTS };
}

function labels(): readonly JsonObject[] {
  const list: unknown = JSON.parse(readFileSync(join(VECTORS, "expected.json"), "utf8"));
  return new JsonObject({ list }, "").objects("list");
}

function timeOf(label: JsonObject, name: string): bigint {
  return BigInt(Date.parse(label.text(name)) / 1000);
}

/** The number as hex without leading zeros, as the labels have it. */
function trimmed(hex: unknown): string {
  return typeof hex === "string" ? hex.replace(/^0+(?=.)/, "") : "";
}

/** What the label says of genuine evidence, field by field. */
function checkFields(label: JsonObject, input: AmdInput): void {
  const verdict = judgeSnpReport(input, STRICT_AMD_POLICY);
  const { fields } = verdict;
  assert.equal(verdict.genuine, true, verdict.message);
  assert.equal(fields.report_version, Number(label.integer("ver")));
  assert.equal(fields.signing_key, label.text("key"));
  assert.equal(fields.policy, label.text("policy"));
  assert.equal(fields.debug, label.flag("debug"));
  assert.equal(fields.vmpl, Number(label.integer("vmpl")));
  assert.equal(fields.measurement, label.text("meas"));
  assert.equal(fields.report_data, label.text("rd"));
  assert.equal(trimmed(fields.host_data), label.text("host"));
  assert.equal(/^0*$/.test(`${fields.chip_id}`), label.flag("chip0"));
  assert.equal(fields.platform_info, label.text("plat"));
  assert.equal(fields.current_firmware, label.text("build"));
  assert.equal(fields.author_key_enabled, label.integer("author") === 1n);
  const family = fields.signing_key === "VLEK" ? "SEV-VLEK" : "SEV";
  assert.equal(`${family}-${fields.product}`, label.text("issuer"));
  assert.equal(label.flag("tcbMatch"), true);
  const { report } = input;
  assert.equal(Buffer.from(report.subarray(0x180, 0x188)).toString("hex"), label.text("reported"));
  assert.equal(Buffer.from(report.subarray(0x38, 0x40)).toString("hex"), label.text("cur"));
  const tcb = label.object("certTcb");
  const [bootloader, tee, snp, microcode] = ["bl", "tee", "snp", "uc"].map((part) =>
    Number(tcb.integer(part)),
  );
  const fmc = tcb.has("fmc") ? { fmc: Number(tcb.integer("fmc")) } : {};
  assert.deepEqual(fields.reported_tcb, { ...fmc, bootloader, tee, snp, microcode });
  const settled = label.text("reported") === label.text("cur");
  assert.equal(verdict.status, settled ? "UpToDate" : "OutOfDate");
  const milan = fields.product === "Milan";
  const code = label.flag("debug")
    ? "DEBUG_ENABLED"
    : milan
      ? "PRODUCT_NOT_ACCEPTED"
      : settled
        ? null
        : "TCB_STATUS_NOT_ACCEPTED";
  assert.deepEqual([verdict.code, verdict.ok], [code, code === null]);
}

describe("real reports", { skip: SKIP }, () => {
  for (const label of SKIP === false ? labels() : []) {
    const name = label.text("label");
    const files = FILES[name];
    const missing = files?.find((file) => !existsSync(join(VECTORS, file)));
    const known = files === undefined ? "files of its own" : missing;
    it(`${name} is as labelled`, { skip: known === undefined ? false : `no ${known}` }, () => {
      assert.ok(files !== undefined);
      const at = timeOf(label, "validFrom") + DAY;
      const input = inputOf(files, at);
      if (!label.flag("sigOk")) {
        const verdict = judgeSnpReport(input, STRICT_AMD_POLICY);
        assert.deepEqual([verdict.genuine, verdict.ok, verdict.fields], [false, false, {}]);
        assert.match(`${verdict.code}`, /^(CERTIFICATE_|REPORT_SIGNATURE_INVALID|TCB_MISMATCH)/);
        return;
      }
      checkFields(label, input);
      const before = codeOf(verifySnpReport({ ...input, at: timeOf(label, "validFrom") - 1n }));
      assert.equal(before, "CERTIFICATE_NOT_YET_VALID");
      const after = codeOf(verifySnpReport({ ...input, at: timeOf(label, "validTo") + 1n }));
      assert.equal(after, "CERTIFICATE_EXPIRED");
    });
  }

  it("have a high s where the firmware wrote one, and are genuine with either of the two", () => {
    const reports = Object.values(FILES).filter(([, leaf]) => !leaf.includes("invalid"));
    let highs = 0;
    for (const files of reports) {
      const input = inputOf(files, 1_780_000_000n);
      const s = bigintFromBytes(Uint8Array.from(input.report.subarray(0x2e8, 0x330)).reverse());
      if (s > P384_ORDER / 2n) highs++;
      const other = Uint8Array.from(input.report);
      other.set(bigintToBytes(P384_ORDER - s, 72).reverse(), 0x2e8);
      for (const report of [input.report, other]) {
        assert.equal(codeOf(verifySnpReport({ ...input, report })), "genuine");
      }
    }
    assert.ok(highs > 0);
  });

  it("are refused with a bit flipped, or another's leaf or chain", () => {
    const genuine = Object.values(FILES).filter(([, leaf]) => !leaf.includes("invalid"));
    const at = 1_780_000_000n;
    for (const files of genuine) {
      const input = inputOf(files, at);
      assert.equal(codeOf(verifySnpReport(input)), "genuine");
      for (let bit = 0; bit < input.report.length * 8; bit += stride(631)) {
        const report = flipBit(input.report, bit);
        assert.notEqual(codeOf(verifySnpReport({ ...input, report })), "genuine", `bit ${bit}`);
      }
      for (const [, leaf, chain] of genuine) {
        if (leaf === files[1]) continue;
        const swapped = { ...input, leaf: read(leaf), chain: read(chain) };
        assert.equal(codeOf(verifySnpReport(swapped)), "REPORT_SIGNATURE_INVALID");
      }
    }
  });

  it("stand under AMD's roots: each pinned key is that of the product's ARK, VCEK and VLEK chains alike", () => {
    const genoa = inputOf(
      ["microsoft/genoa_attestation_report.bin", "microsoft/genoa_vcek.pem", "certs/ask_ark_genoa.pem"],
      1_780_000_000n,
    );
    for (const root of AMD_ROOTS) {
      const name = root.product.toLowerCase();
      // The product's own root is accepted by its key, so the next check answers.
      for (const kind of ["ask", "asvk"]) {
        const alone = codeOf(verifySnpReport({ ...genoa, chain: read(`certs/${name}-${kind}.der`) }));
        const chain = Buffer.concat([read(`certs/${name}-${kind}.der`), read(`certs/${name}-ark.der`)]);
        const code = codeOf(verifySnpReport({ ...genoa, chain }));
        const own = root.product === "Genoa" && kind === "ask";
        assert.equal(code, own ? "genuine" : "CERTIFICATE_ISSUER_NAME", `${name} ${kind}`);
        assert.equal(alone, code, "the root is known");
        const unpinned = verifySnpReport({
          ...genoa,
          chain,
          roots: AMD_ROOTS.filter((each) => each !== root),
        });
        assert.equal(codeOf(unpinned), "CHAIN_ROOT_UNTRUSTED");
      }
    }
  });
});
