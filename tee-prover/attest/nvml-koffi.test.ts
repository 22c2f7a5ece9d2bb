import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, describe, it } from "node:test";
import { asAddress, asHash, bytesEqual } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import { gpuNonce } from "./commitments.ts";
import { simulatedGpu } from "./dangerously-simulated/platforms.ts";
import { reportRequest } from "./nvml.ts";
import { nvmlGpus, openNvml } from "./nvml-koffi.ts";
import { nvmlStatusName } from "./nvml-status.ts";
import {
  buildFakeNvml,
  driveFakeNvml,
  FUNCTIONS,
  hasCompiler,
  type NvmlFunction,
} from "./testing/fake-nvml.ts";

const skip = hasCompiler() ? false : "no C compiler 'cc' is on this machine";
const folder = mkdtempSync(join(tmpdir(), "nvml-"));
after(() => rmSync(folder, { recursive: true }));

const binding = {
  domain: { chainId: 900n, verifyingContract: asAddress(new Uint8Array(20).fill(1)) },
  key: asAddress(new Uint8Array(20).fill(2)),
  l1Block: asHash(new Uint8Array(32).fill(3)),
  policyVersion: 0n,
};
const nonceOf = (index: number) => gpuNonce(binding, index);

describe("NVIDIA's library, called in this process", { skip }, () => {
  const gpus = [0, 1].map((index) => {
    const device = simulatedGpu(index);
    const nonce = nonceOf(index);
    const { report, certificates } = device(nonce);
    return { answers: [{ nonce, report }], certificates };
  });
  const library = skip === false ? buildFakeNvml(folder, "whole", gpus) : "";
  const fake = skip === false ? driveFakeNvml(library) : undefined;
  const collect = () => nvmlGpus({ library, rims: ["rim"] }).evidence(nonceOf);

  beforeEach(() => fake?.reset());

  it("gives the report and chain of every GPU, each for a nonce of its own", async () => {
    const found = await collect();
    assert.deepEqual(
      found.map(({ index, rims }) => ({ index, rims })),
      [0, 1].map((index) => ({ index, rims: ["rim"] })),
    );
    for (const { index, report, certificates } of found) {
      assert.ok(bytesEqual(report, gpus[index]?.answers[0]?.report ?? new Uint8Array()));
      assert.equal(certificates, gpus[index]?.certificates);
    }
  });

  it("is closed again, also after a refusal", async () => {
    await collect();
    assert.equal(fake?.read("opened"), 0);
    fake?.set("feature", 0);
    await assert.rejects(collect());
    assert.equal(fake?.read("opened"), 0);
  });

  it("tells driver and VBIOS, and whether the GPUs take work", async () => {
    const nvml = await openNvml(library);
    assert.equal(await nvml.driverVersion(), "570.86.15");
    assert.equal(await nvml.vbiosVersion(1), "96.00.9F.00.01");
    assert.equal(await nvml.gpusReady(), true);
    fake?.set("ready", 0);
    assert.equal(await nvml.gpusReady(), false);
    await nvml.close();
  });

  for (const [what, knob, value, words] of [
    ["confidential computing is off", "feature", 0, /computing is off/],
    ["developer tools are on", "devTools", 1, /developer tools/],
    ["the environment is a simulation", "environment", 1, /not for production/],
    ["there is no environment", "environment", 0, /not for production/],
    ["there is no GPU", "count", 0, /GPUs are wanted/],
    ["there are more than a rack has", "count", 0xffff_ffff, /GPUs are wanted/],
  ] as const) {
    it(`proves nothing when ${what}`, async () => {
      fake?.set(knob, value);
      await assert.rejects(collect(), { code: "EVIDENCE_GPU_STATE", message: words });
    });
  }

  it("with a length beyond its field, or of nothing, is refused", async () => {
    for (const [knob, value] of [
      ["reportSize", 0x2001],
      ["reportSize", 0xffff_ffff],
      ["chainSize", 0x1401],
    ] as const) {
      fake?.set(knob, value);
      await assert.rejects(collect(), { code: "EVIDENCE_MALFORMED" });
      fake?.set(knob, 0);
    }
    // What is left of the report is no report.
    fake?.set("reportSize", 1);
    await assert.rejects(collect(), { code: "EVIDENCE_MALFORMED" });
  });

  it("that answers another nonce than it was asked with is refused", async () => {
    const other = nvmlGpus({ library }).evidence(() => nonceOf(0));
    await assert.rejects(other, { code: "EVIDENCE_GPU_CALL", message: /INVALID_ARGUMENT/ });
    const [first] = gpus;
    const relayed = [first, first].flatMap((gpu, index) =>
      gpu === undefined
        ? []
        : [
            {
              ...gpu,
              answers: [{ nonce: nonceOf(index), report: gpu.answers[0]?.report ?? new Uint8Array() }],
            },
          ],
    );
    const relaying = buildFakeNvml(folder, "relaying", relayed);
    await assert.rejects(nvmlGpus({ library: relaying }).evidence(nonceOf), { code: "EVIDENCE_REPORT_DATA" });
  });

  it("that finds a GPU less when it is asked for it tells so", async () => {
    fake?.set("count", 3);
    await assert.rejects(collect(), {
      code: "EVIDENCE_GPU_CALL",
      message: "nvmlDeviceGetHandleByIndex_v2 answers NVML_ERROR_INVALID_ARGUMENT",
    });
  });

  for (const [name, status] of [
    ["nvmlInit_v2", 9],
    ["nvmlInit_v2", 18],
    ["nvmlShutdown", 1],
    ["nvmlDeviceGetCount_v2", 4],
    ["nvmlDeviceGetHandleByIndex_v2", 15],
    ["nvmlSystemGetConfComputeState", 3],
    ["nvmlDeviceGetConfComputeGpuCertificate", 999],
    ["nvmlDeviceGetConfComputeGpuAttestationReport", 10],
    ["nvmlDeviceGetConfComputeGpuAttestationReport", 77],
  ] as const satisfies readonly (readonly [NvmlFunction, number])[]) {
    it(`whose ${name} answers ${nvmlStatusName(status)} is named with it`, async () => {
      fake?.set("fail", FUNCTIONS.indexOf(name));
      fake?.set("status", status);
      await assert.rejects(collect(), (error) => {
        assert.ok(isRollupError(error, "EVIDENCE_GPU_CALL"), String(error));
        assert.deepEqual(error.data, { name, status, word: nvmlStatusName(status) });
        return true;
      });
    });
  }

  it("that refuses what only a person asks for is named, too", async () => {
    const nvml = await openNvml(library);
    for (const [name, ask] of [
      ["nvmlSystemGetDriverVersion", () => nvml.driverVersion()],
      ["nvmlDeviceGetVbiosVersion", () => nvml.vbiosVersion(0)],
      ["nvmlSystemGetConfComputeGpusReadyState", () => nvml.gpusReady()],
    ] as const) {
      fake?.set("fail", FUNCTIONS.indexOf(name));
      fake?.set("status", 13);
      await assert.rejects(ask(), {
        code: "EVIDENCE_GPU_CALL",
        message: `${name} answers NVML_ERROR_FUNCTION_NOT_FOUND`,
      });
    }
    fake?.set("fail", 999);
    await nvml.close();
  });

  it("without a function that evidence needs is refused before it is asked anything", async () => {
    const old = buildFakeNvml(folder, "old", gpus, ["-DWITHOUT_REPORTS"]);
    await assert.rejects(openNvml(old), {
      code: "EVIDENCE_GPU_LIBRARY",
      message: /has no nvmlDeviceGetConfComputeGpuAttestationReport/,
    });
  });

  it("survives many reports at once", async () => {
    const nvml = await openNvml(library);
    const structures = await Promise.all(
      Array.from({ length: 32 }, (_, at) => nvml.attestationReport(at % 2, reportRequest(nonceOf(at % 2)))),
    );
    await nvml.close();
    assert.ok(structures.every((structure, at) => bytesEqual(structure, structures[at % 2] ?? structure)));
  });
});

describe("NVIDIA's library", () => {
  it("that is not there, or is none, is refused", async () => {
    const text = join(folder, "text.so");
    writeFileSync(text, "no library");
    for (const library of [join(folder, "none.so"), text, "libnone-such-nvml.so.1"]) {
      const refused = { code: "EVIDENCE_GPU_LIBRARY", message: /not there or cannot be loaded/ };
      await assert.rejects(openNvml(library), refused);
    }
  });

  it("has a name for every return value of nvml.h", () => {
    assert.equal(nvmlStatusName(0), "NVML_SUCCESS");
    assert.equal(nvmlStatusName(9), "NVML_ERROR_DRIVER_NOT_LOADED");
    assert.equal(nvmlStatusName(30), "NVML_ERROR_RESET_TYPE_NOT_SUPPORTED");
    assert.equal(nvmlStatusName(999), "NVML_ERROR_UNKNOWN");
    assert.equal(nvmlStatusName(31), "nvmlReturn_t 31");
    assert.equal(nvmlStatusName(-1), "nvmlReturn_t -1");
  });
});
