import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { toHex } from "@phala-l2/protocol/bytes";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { parseReport } from "../verify/amd/report.ts";
import { simulatedSevSnp, simulatedTdx } from "./dangerously-simulated/platforms.ts";
import type { HostEvidence } from "./evidence.ts";
import { platformIdOf } from "./platform.ts";

const NOW = 1_795_000_000n;
const DATA = new Uint8Array(64);

function idOf(host: HostEvidence): string {
  const id = platformIdOf(host);
  return id === undefined ? "none" : toHex(id);
}

describe("a platform's identity", () => {
  it("is the chip's of a guest under SEV-SNP, as its own report says it", () => {
    const host = simulatedSevSnp("SEV_SNP")(DATA, NOW);
    assert.ok(host.kind === "SEV_SNP");
    const report = parseReport(host.report);
    assert.ok(report.kind === "report");
    assert.equal(idOf(host), toHex(keccak256(report.chipId)));
  });

  it("is one machine's, whatever it reports, and of each machine another", () => {
    for (const [first, second] of [
      [simulatedTdx("TDX"), simulatedTdx("TDX_GPU")],
      [simulatedSevSnp("SEV_SNP"), simulatedSevSnp("SEV_SNP_GPU")],
    ] as const) {
      const own = idOf(first(DATA, NOW));
      assert.match(own, /^0x[0-9a-f]{64}$/);
      assert.equal(
        idOf(
          first(
            DATA.map(() => 1),
            NOW + 5n,
          ),
        ),
        own,
      );
      assert.notEqual(idOf(second(DATA, NOW)), own);
    }
  });

  it("is not known without the certificate that says it", () => {
    const host = simulatedSevSnp("SEV_SNP")(DATA, NOW);
    assert.ok(host.kind === "SEV_SNP");
    assert.equal(idOf({ ...host, leaf: undefined }), "none");
  });

  it("of evidence that is none is refused", () => {
    const [tdx, snp] = [simulatedTdx("TDX")(DATA, NOW), simulatedSevSnp("SEV_SNP")(DATA, NOW)];
    assert.ok(tdx.kind === "TDX" && snp.kind === "SEV_SNP");
    for (const host of [
      { ...tdx, quote: new Uint8Array(10) },
      { ...snp, report: new Uint8Array(10) },
      { ...snp, leaf: Uint8Array.of(0x30, 1, 0) },
    ]) {
      assert.throws(() => platformIdOf(host), { code: "EVIDENCE_MALFORMED" });
    }
  });
});
