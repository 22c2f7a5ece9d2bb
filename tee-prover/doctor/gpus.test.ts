import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, describe, it } from "node:test";
import { resolveSettings } from "@phala-l2/protocol/config/settings";
import { evidenceSettings } from "../attest/configured.ts";
import {
  buildFakeNvml,
  driveFakeNvml,
  type FakeNvml,
  FUNCTIONS,
  hasCompiler,
} from "../attest/testing/fake-nvml.ts";
import type { DoctorCheck } from "./check.ts";
import { checkGpus } from "./gpus.ts";

const skip = hasCompiler() ? false : "no C compiler 'cc' is on this machine";
const folder = mkdtempSync(join(tmpdir(), "doctor-gpus-"));
after(() => rmSync(folder, { recursive: true }));

async function look(changes: Readonly<Record<string, unknown>>): Promise<readonly DoctorCheck[]> {
  const file = { kind: "tdx+gpu", gpus: 2, ...changes };
  const resolved = resolveSettings(evidenceSettings, { flags: {}, environment: {}, file });
  assert.ok(resolved.kind === "ok");
  return checkGpus(resolved.settings);
}

function faults(checks: readonly DoctorCheck[]): readonly string[] {
  const failing = checks.filter(({ ok }) => !ok);
  assert.ok(failing.every(({ remedy, wanted, found }) => remedy !== null && wanted !== found));
  return failing.map(({ field }) => field);
}

describe("a doctor's look at GPUs", { skip }, () => {
  const nvmlLibrary = skip === false ? buildFakeNvml(folder, "two", [device(), device()]) : "";
  const fake: FakeNvml | undefined = skip === false ? driveFakeNvml(nvmlLibrary) : undefined;
  beforeEach(() => fake?.reset());

  function device() {
    return { answers: [], certificates: "" };
  }

  it("tells driver and VBIOS, by which RIMs are fetched, and that the GPUs work", async () => {
    const checks = await look({ nvmlLibrary });
    assert.deepEqual(faults(checks), []);
    assert.deepEqual(
      checks.map(({ field, found }) => `${field}: ${found}`),
      [
        "GPUs: 2",
        "driver: 570.86.15",
        "GPU 0: VBIOS: 96.00.9F.00.00",
        "GPU 1: VBIOS: 96.00.9F.00.01",
        "mode: confidential computing for production, without developer tools",
        "ready state: GPUs take work",
      ],
    );
    assert.equal(fake?.read("opened"), 0);
  });

  for (const [what, knob, value, fields] of [
    ["a GPU too few", "count", 1, ["GPUs"]],
    ["GPUs too many", "count", 4, ["GPUs"]],
    ["confidential computing off", "feature", 0, ["mode"]],
    ["developer tools", "devTools", 1, ["mode"]],
    ["GPUs that take no work", "ready", 0, ["ready state"]],
  ] as const) {
    it(`finds ${what}`, async () => {
      fake?.set(knob, value);
      assert.deepEqual(faults(await look({ nvmlLibrary })), fields);
    });
  }

  it("names a call that the library refuses, and goes on with the others", async () => {
    for (const [name, fields] of [
      ["nvmlDeviceGetCount_v2", ["GPUs"]],
      ["nvmlDeviceGetVbiosVersion", ["GPU 0: VBIOS", "GPU 1: VBIOS"]],
      ["nvmlSystemGetConfComputeGpusReadyState", ["ready state"]],
      ["nvmlInit_v2", ["nvmlLibrary"]],
    ] as const) {
      fake?.set("fail", FUNCTIONS.indexOf(name));
      fake?.set("status", 4);
      const checks = await look({ nvmlLibrary });
      assert.deepEqual(faults(checks), fields);
      assert.match(JSON.stringify(checks), /EVIDENCE_GPU_CALL: \w+ answers NVML_ERROR_NO_PERMISSION/);
    }
  });

  it("asks a library only where a prover would", async () => {
    const none = join(folder, "none.so");
    for (const changes of [{ kind: "tdx" }, { gpuEvidence: "command" }, { dangerouslySimulate: true }]) {
      assert.deepEqual(await look({ nvmlLibrary: none, ...changes }), []);
    }
    assert.deepEqual(faults(await look({ nvmlLibrary: none })), ["nvmlLibrary"]);
  });
});
