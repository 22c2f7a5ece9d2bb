import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { asAddress, asHash } from "@phala-l2/protocol/bytes";
import { resolveSettings } from "@phala-l2/protocol/config/settings";
import { silentLog } from "@phala-l2/protocol/log";
import { configuredEvidence, evidenceSettings, exactly, wantedGpus } from "./configured.ts";
import { simulatedGpu } from "./dangerously-simulated/platforms.ts";

const folder = mkdtempSync(join(tmpdir(), "configured-"));
after(() => rmSync(folder, { recursive: true }));
const surroundings = { log: silentLog, now: () => 1_795_000_000n };

function resolved(file: Readonly<Record<string, unknown>>) {
  return resolveSettings(evidenceSettings, { flags: {}, environment: {}, file });
}

function settings(file: Readonly<Record<string, unknown>>) {
  const result = resolved(file);
  assert.ok(result.kind === "ok", `the settings are read: ${Object.keys(file).join()}`);
  return result.settings;
}

describe("the settings of evidence", () => {
  it("are of hardware where nothing else is said", () => {
    for (const [kind, name] of [
      ["tdx", "TDX"],
      ["sev-snp", "SEV_SNP"],
      ["tdx+gpu", "TDX_GPU"],
      ["sev-snp+gpu", "SEV_SNP_GPU"],
    ] as const) {
      const source = configuredEvidence(settings({ kind }), surroundings);
      assert.deepEqual([source.kind, source.simulated], [name, false]);
      const simulated = configuredEvidence(settings({ kind, dangerouslySimulate: true }), surroundings);
      assert.deepEqual([simulated.kind, simulated.simulated], [name, true]);
    }
  });

  it("refuse what cannot be", () => {
    for (const wrong of [
      { privilegeLevel: 4 },
      { evidence: "ioctl" },
      { gpuEvidence: "driver" },
      { gpus: 0 },
      { gpus: 257 },
      { policyVersion: "18446744073709551616" },
      { policyVersion: -1 },
      { dangerouslySimulate: "yes" },
    ]) {
      assert.equal(resolved({ kind: "tdx", ...wrong }).kind, "invalid", JSON.stringify(wrong));
    }
    const dstack = settings({ kind: "sev-snp", evidence: "dstack" });
    assert.throws(() => configuredEvidence(dstack, surroundings), { code: "SETTING_INVALID" });
    const rims = settings({ kind: "tdx+gpu", gpuRims: join(folder, "none.xml") });
    assert.throws(() => configuredEvidence(rims, surroundings), { code: "SETTING_INVALID" });
  });

  it("ask NVIDIA's library for GPUs' reports, or a command where that is said", async () => {
    const binding = {
      domain: { chainId: 900n, verifyingContract: asAddress(new Uint8Array(20)) },
      key: asAddress(new Uint8Array(20)),
      l1Block: asHash(new Uint8Array(32)),
      policyVersion: 0n,
    };
    const none = join(folder, "none");
    const places = { kind: "tdx+gpu", nvmlLibrary: none, gpuCommand: none };
    for (const [gpuEvidence, code] of [
      [{}, "EVIDENCE_GPU_LIBRARY"],
      [{ gpuEvidence: "nvml" }, "EVIDENCE_GPU_LIBRARY"],
      [{ gpuEvidence: "command" }, "EVIDENCE_GPU_COMMAND"],
    ] as const) {
      const source = configuredEvidence(settings({ ...places, ...gpuEvidence }), surroundings);
      await assert.rejects(source.evidence(binding), { code });
    }
  });

  it("count GPUs only for kinds with them", () => {
    assert.equal(wantedGpus(settings({ kind: "tdx", gpus: 8 })), 0);
    assert.equal(wantedGpus(settings({ kind: "sev-snp+gpu", gpus: 8 })), 8);
  });
});

describe("GPUs of a prover", () => {
  const source = (count: number) => ({
    simulated: true,
    evidence: async (nonceOf: (index: number) => Uint8Array) =>
      Array.from({ length: count }, (_, index) => simulatedGpu(index)(nonceOf(index))),
  });
  const nonceOf = () => new Uint8Array(32);

  it("are as many as are configured", async () => {
    assert.equal((await exactly(2, source(2)).evidence(nonceOf)).length, 2);
    for (const [wanted, there] of [
      [2, 1],
      [1, 2],
      [1, 0],
    ] as const) {
      await assert.rejects(exactly(wanted, source(there)).evidence(nonceOf), { code: "EVIDENCE_GPU_STATE" });
    }
  });
});
