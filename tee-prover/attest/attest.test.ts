import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PROVER_KINDS } from "@phala-l2/contracts/deploy/config";
import { asAddress, asHash, toHex } from "@phala-l2/protocol/bytes";
import { silentLog } from "@phala-l2/protocol/log";
import { reportDataOf } from "./evidence.ts";
import { classOf, parseKind } from "./kind.ts";
import { dangerouslySimulatedEvidence } from "./simulated.ts";

describe("kinds of provers", () => {
  it("are read in the words of people and of the contracts", () => {
    for (const [text, kind] of [
      ["tdx", "TDX"],
      ["sev-snp", "SEV_SNP"],
      ["tdx+gpu", "TDX_GPU"],
      ["SEV_SNP_GPU", "SEV_SNP_GPU"],
    ] as const) {
      assert.equal(parseKind(text), kind);
    }
  });

  it("that do not exist are refused", () => {
    for (const text of ["", "sgx", "gpu", "tdx gpu", "tdx+", "nvidia"]) {
      assert.throws(() => parseKind(text), { code: "SETTING_INVALID" });
    }
  });

  it("belong to the vendor of the CPU, whatever stands beside it", () => {
    assert.deepEqual(PROVER_KINDS.map(classOf), [
      { vendor: 1, gpu: false },
      { vendor: 2, gpu: false },
      { vendor: 1, gpu: true },
      { vendor: 2, gpu: true },
    ]);
  });
});

describe("simulated evidence", () => {
  it("says so in the log, in the evidence itself and in its type", async () => {
    const warnings: string[] = [];
    const log = { ...silentLog, warn: (_: object, message: string) => warnings.push(message) };
    const source = dangerouslySimulatedEvidence("TDX", { log });
    assert.equal(source.simulated, true);
    assert.match(warnings.join(), /SIMULATED/);
    const reportData = asHash(new Uint8Array(32).fill(7));
    const text = new TextDecoder().decode(await source.evidence(reportData));
    assert.match(text, /DANGEROUSLY SIMULATED/);
    assert.ok(text.includes(toHex(reportData)));
  });

  it("has another measurement for each kind", () => {
    const measurements = PROVER_KINDS.map((kind) =>
      toHex(dangerouslySimulatedEvidence(kind, { log: silentLog }).measurement),
    );
    assert.equal(new Set(measurements).size, PROVER_KINDS.length);
  });
});

describe("what evidence commits to", () => {
  const address = (fill: number) => asAddress(new Uint8Array(20).fill(fill));
  const hash = (fill: number) => asHash(new Uint8Array(32).fill(fill));
  const binding = {
    domain: { chainId: 1n, verifyingContract: address(1) },
    key: address(2),
    l1Block: hash(3),
  };

  it("changes with the chain, the registry, the key and the L1 block", () => {
    const all = [
      binding,
      { ...binding, domain: { ...binding.domain, chainId: 2n } },
      { ...binding, domain: { ...binding.domain, verifyingContract: address(9) } },
      { ...binding, key: address(9) },
      { ...binding, l1Block: hash(9) },
    ].map((each) => toHex(reportDataOf(each)));
    assert.equal(new Set(all).size, all.length);
  });
});
