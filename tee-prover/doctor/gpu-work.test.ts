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
    const { checks, recomputes } = await checkGpuWork(hardware, {
      start: async () => ({ kind: "ready", gpu }),
    });
    assert.deepEqual(
      checks.map(({ ok, found }) => [ok, found]),
      [[true, "done by nvidia H200"]],
    );
    assert.deepEqual([recomputes, stops], [true, 1]);
  });

  it("finds it missing where it is required, with the reason and a remedy", async () => {
    const { checks, recomputes } = await checkGpuWork(hardware, { start });
    const [check, ...more] = checks;
    assert.deepEqual([more, recomputes], [[], false]);
    assert.ok(check !== undefined && !check.ok);
    assert.match(check.found, /^GPU_WORK_MISSING: .*no-device/);
    assert.match(check.remedy ?? "", /errors\.md#gpu_work_missing/);
  });

  it("tells that it is of presence only where it may be missing", async () => {
    for (const settings of [
      { ...hardware, requireGpuWork: false },
      { ...hardware, dangerouslySimulate: true },
    ]) {
      const { checks, recomputes } = await checkGpuWork(settings, { start });
      const [check] = checks;
      assert.equal(recomputes, false);
      assert.ok(check?.ok);
      assert.match(check.found, /presence only/);
    }
  });

  it("finds it required of a prover without GPU, and nothing else about such a prover", async () => {
    const tdx = { ...hardware, kind: "TDX" } as const;
    assert.deepEqual(await checkGpuWork(tdx, { start }), { checks: [], recomputes: false });
    const { checks } = await checkGpuWork({ ...tdx, requireGpuWork: true }, { start });
    assert.match(checks[0]?.found ?? "", /^SETTING_INVALID/);
  });
});
