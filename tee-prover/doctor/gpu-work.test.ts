import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { GpuStart } from "../gpu/device.ts";
import { checkGpuWork } from "./gpu-work.ts";

const absent: GpuStart = { kind: "absent", reason: "no-device", detail: "nothing here" };
const hardware = { kind: "TDX_GPU", dangerouslySimulate: false, requireGpuWork: undefined } as const;
const start = async () => absent;

describe("a doctor's look at the GPU's work", () => {
  it("tells the device that does it, and lets it go", async () => {
    let stops = 0;
    const device = { vendor: "nvidia", architecture: "hopper", description: "H200", isSoftware: false };
    const stop = async () => {
      stops++;
    };
    const gpu = { device, hash: async () => [], stop };
    const checks = await checkGpuWork(hardware, { start: async () => ({ kind: "ready", gpu }) });
    assert.deepEqual(
      checks.map(({ ok, found }) => [ok, found]),
      [[true, "done by nvidia H200"]],
    );
    assert.equal(stops, 1);
  });

  it("finds it missing where it is required, with the reason and a remedy", async () => {
    const [check, ...more] = await checkGpuWork(hardware, { start });
    assert.deepEqual(more, []);
    assert.ok(check !== undefined && !check.ok);
    assert.match(check.found, /^GPU_WORK_MISSING: .*no-device/);
    assert.match(check.remedy ?? "", /errors\.md#gpu_work_missing/);
  });

  it("tells that it is of presence only where it may be missing", async () => {
    for (const settings of [
      { ...hardware, requireGpuWork: false },
      { ...hardware, dangerouslySimulate: true },
    ]) {
      const [check] = await checkGpuWork(settings, { start });
      assert.ok(check?.ok);
      assert.match(check.found, /presence only/);
    }
  });

  it("finds it required of a prover without GPU, and nothing else about such a prover", async () => {
    const tdx = { ...hardware, kind: "TDX" } as const;
    assert.deepEqual(await checkGpuWork(tdx, { start }), []);
    const [check] = await checkGpuWork({ ...tdx, requireGpuWork: true }, { start });
    assert.match(check?.found ?? "", /^SETTING_INVALID/);
  });
});
