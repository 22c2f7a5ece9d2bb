import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRollupError } from "@phala-l2/protocol/errors";
import { pemCertificates } from "../../attest/certificate-files.ts";
import { simulatedGpu } from "../../attest/dangerously-simulated/platforms.ts";
import { sealGpuReport } from "../../attest/gpu-envelope.ts";
import { DEVELOPMENT_ROOTS } from "../../verify/development-roots.ts";
import { goldenOfDocuments } from "../../verify/nvidia/golden.ts";
import { gpuEvidenceBytes } from "./gpu-evidence.ts";

const roots = [DEVELOPMENT_ROOTS.nvidiaRim];
const gpu = simulatedGpu(0)(new Uint8Array(32).fill(7));

describe("a GPU's evidence for L1", () => {
  it("is what its RIMs say, its report and its leaf, with the right hint", () => {
    const golden = goldenOfDocuments(gpu.rims, roots);
    const [leaf] = pemCertificates(gpu.certificates);
    assert.ok(golden.kind === "golden" && leaf !== undefined);
    const { report } = gpu;
    const seal = (oddFirst: boolean) =>
      Buffer.from(sealGpuReport({ golden: golden.bytes, report, certificate: leaf.der, oddFirst }));
    const found = Buffer.from(gpuEvidenceBytes(gpu, roots));
    assert.ok([true, false].some((oddFirst) => seal(oddFirst).equals(found)));
    const hints = Array.from({ length: 24 }, (_, i) => {
      const bytes = gpuEvidenceBytes(simulatedGpu(0)(new Uint8Array(32).fill(i)), roots);
      return bytes[3 + golden.bytes.length];
    });
    // All alike has a chance of 2^-23.
    assert.deepEqual([...new Set(hints)].sort(), [0, 1]);
  });

  for (const [what, change, code] of [
    ["RIMs", { rims: [] }, "REGISTRATION_REFUSED"],
    ["the RIM of its VBIOS", { rims: gpu.rims.slice(0, 1) }, "REGISTRATION_REFUSED"],
    ["RIMs that are XML", { rims: ["RIM", "RIM"] }, "REGISTRATION_REFUSED"],
    ["certificates", { certificates: "" }, "EVIDENCE_MALFORMED"],
  ] as const) {
    it(`is not made without ${what}`, () => {
      assert.throws(
        () => gpuEvidenceBytes({ ...gpu, ...change }, roots),
        (error) => isRollupError(error, code),
      );
    });
  }

  it("is not made of RIMs under another root", () => {
    const other = { name: "another", keyHash: "00".repeat(32) };
    assert.throws(
      () => gpuEvidenceBytes(gpu, [other]),
      (error) => isRollupError(error, "REGISTRATION_REFUSED"),
    );
  });
});
