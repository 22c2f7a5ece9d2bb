import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { asAddress, asHash, bytesEqual } from "@phala-l2/protocol/bytes";
import { STRICT_POLICY } from "../verify/policy.ts";
import { appraiseEvidence } from "./appraisal.ts";
import { configfsTsm } from "./configfs-tsm.ts";
import type { Evidence, HostEvidence } from "./evidence.ts";
import { expiriesOf } from "./expiry.ts";
import { hostFacts } from "./measurement.ts";
import { KernelTsm, reportOf } from "./testing/kernel-tsm.ts";
import { DANGEROUS_ROOTS, VENDOR_ROOTS } from "./trust.ts";

const VECTORS = join(import.meta.dirname, "../../../shared/vectors/tee");
const SKIP = existsSync(VECTORS) ? false : `no real evidence at ${VECTORS}`;
const ROOT = "/tsm";

function bytesOf(path: string): Uint8Array {
  return Uint8Array.from(readFileSync(join(VECTORS, path)));
}

function tdx(bundle: string): HostEvidence {
  return {
    kind: "TDX",
    quote: bytesOf(`bundles/${bundle}/quote.bin`),
    collateral: readFileSync(join(VECTORS, `bundles/${bundle}/collateral.json`), "utf8"),
    eventLog: undefined,
    compose: undefined,
  };
}

function milan(): HostEvidence {
  const report = bytesOf("snp/go-sev-guest/attestation.bin");
  const leaf = bytesOf("snp/go-sev-guest/vcek.testcer");
  return { kind: "SEV_SNP", report, leaf, chain: bytesOf("snp/go-sev-guest/milan.testcer"), crl: undefined };
}

/** What fails of real evidence at a time, as `check: field`. */
function failing(host: HostEvidence, at: bigint, roots = VENDOR_ROOTS): readonly string[] {
  const evidence: Evidence = { host, gpus: [] };
  const domain = { chainId: 1n, verifyingContract: asAddress(new Uint8Array(20)) };
  const key = asAddress(new Uint8Array(20));
  const binding = { domain, key, l1Block: asHash(new Uint8Array(32)), policyVersion: 0n };
  return appraiseEvidence(evidence, { binding, roots, policy: STRICT_POLICY, gpus: 0, at }).flatMap(
    ({ name, refusal }) => (refusal === undefined ? [] : [`${name}: ${refusal.field}`]),
  );
}

const UP_TO_DATE = "tdx-v4-uptodate-phala";
const AT = 1_751_624_191n;

describe("real evidence", { skip: SKIP }, () => {
  it("of an up-to-date TD is accepted, but for the key that it is of", () => {
    assert.deepEqual(failing(tdx(UP_TO_DATE), AT), ["report data: report data"]);
  });

  it("of a debug TD, of a debug guest on Milan, and of an outdated TD is refused by the strict policy", () => {
    for (const [host, at, check] of [
      [tdx("BAD-tdx-v4-debug-td"), undefined, "TDX quote: "],
      [tdx("tdx-v4-outofdate-gcp-cos113-ccel"), undefined, "TDX quote: TCB status"],
      [milan(), AT, "SEV-SNP report: "],
    ] as const) {
      const [first] = failing(host, at ?? (expiriesOf({ host, gpus: [] })[0]?.at ?? 0n) - 86_400n);
      assert.ok(first?.startsWith(check), first);
    }
  });

  it("counts on no development chain", () => {
    assert.ok(failing(tdx(UP_TO_DATE), AT, DANGEROUS_ROOTS).includes("TDX quote: root"));
    assert.ok(failing(milan(), AT, DANGEROUS_ROOTS).includes("SEV-SNP report: root"));
  });

  it("expires with the first of its collateral", () => {
    const [first] = expiriesOf({ host: tdx(UP_TO_DATE), gpus: [] });
    // 2025-07-19T10:00:35Z
    assert.equal(first?.at, 1_752_919_235n);
    assert.deepEqual(failing(tdx(UP_TO_DATE), first?.at ?? 0n), ["report data: report data"]);
    assert.equal(failing(tdx(UP_TO_DATE), (first?.at ?? 0n) + 1n).length, 2);
    const names = expiriesOf({ host: milan(), gpus: [] }).map(({ what }) => what);
    assert.ok(names.includes("certificate ARK-Milan") && names.includes("certificate SEV-VCEK"));
  });

  it("is taken from the kernel when it is over the bytes that were asked for, and only then", async () => {
    for (const [host, provider] of [
      [tdx(UP_TO_DATE), "tdx_guest"],
      [milan(), "sev_guest"],
    ] as const) {
      const files = new KernelTsm(ROOT, { provider, report: async () => reportOf(host) });
      const source = configfsTsm({ kind: host.kind, files, root: ROOT, retryMs: 0 });
      const taken = await source.evidence(hostFacts(host).reportData);
      assert.ok(bytesEqual(reportOf(taken), reportOf(host)));
      await assert.rejects(source.evidence(new Uint8Array(64).fill(9)), { code: "EVIDENCE_REPORT_DATA" });
    }
  });

  it("of another machine or image has another measurement", () => {
    const hosts = [UP_TO_DATE, "tdx-v4-uptodate-teepot-gcp", "BAD-tdx-v4-debug-td"].map(tdx);
    const measurements = [...hosts, milan()].map((host) => hostFacts(host).measurement.join());
    assert.equal(new Set(measurements).size, 4);
  });

  it("of an SGX enclave is none of a TD", () => {
    assert.throws(() => hostFacts(tdx("sgx-v3-swhardening-automata")), { code: "EVIDENCE_MALFORMED" });
  });
});
