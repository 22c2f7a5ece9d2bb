import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRollupError } from "@phala-l2/protocol/errors";
import { silentLog } from "@phala-l2/protocol/log";
import type { DeviceChoice, GpuKeccak, GpuStart } from "./device.ts";
import { choiceOf, type GpuWork, type GpuWorkWanted, startGpuWork } from "./gpu-work.ts";

const hardware: GpuWorkWanted = { hasGpu: true, dangerouslySimulate: false, requireGpuWork: undefined };
const simulated: GpuWorkWanted = { ...hardware, dangerouslySimulate: true };

const gpu: GpuKeccak = {
  device: { vendor: "nvidia", architecture: "hopper", description: "", isSoftware: false },
  hash: async () => [],
  stop: async () => {},
};
const there: GpuStart = { kind: "ready", gpu };
const absent: GpuStart = { kind: "absent", reason: "no-device", detail: "nothing here" };

type Seen = {
  readonly work: GpuWork;
  readonly warnings: readonly string[];
  readonly choices: readonly DeviceChoice[];
};

async function started(wanted: GpuWorkWanted, result: GpuStart): Promise<Seen> {
  const warnings: string[] = [];
  const choices: DeviceChoice[] = [];
  const log = { ...silentLog, warn: (_: object, message: string) => warnings.push(message) };
  const start = async ({ choice }: { readonly choice: DeviceChoice }) => {
    choices.push(choice);
    return result;
  };
  return { work: await startGpuWork(wanted, { log, start }), warnings, choices };
}

describe("what a prover's GPU does", () => {
  it("computes again where there is one, and no warning is given", async () => {
    for (const wanted of [hardware, simulated, { ...hardware, requireGpuWork: false }]) {
      const { work, warnings } = await started(wanted, there);
      assert.deepEqual(work, { kind: "recomputation", gpu });
      assert.deepEqual(warnings, []);
    }
  });

  it("is nothing for a kind without GPU: no device is looked for", async () => {
    const none = { ...hardware, hasGpu: false };
    assert.deepEqual(await started(none, there), { work: { kind: "none" }, warnings: [], choices: [] });
    assert.deepEqual((await started({ ...none, requireGpuWork: false }, there)).work, { kind: "none" });
  });

  it("cannot be required of a kind without GPU", async () => {
    const wrong = { ...hardware, hasGpu: false, requireGpuWork: true };
    await assert.rejects(started(wrong, there), { code: "SETTING_INVALID" });
  });

  it("on hardware is required where nothing is said; the reason why it is missing is told", async () => {
    for (const wanted of [
      hardware,
      { ...hardware, requireGpuWork: true },
      { ...simulated, requireGpuWork: true },
    ]) {
      await assert.rejects(started(wanted, absent), (error) => {
        assert.ok(isRollupError(error, "GPU_WORK_MISSING"));
        assert.match(error.message, /no-device.*nothing here/);
        return true;
      });
    }
  });

  it("is presence only, and loudly, where it may be missing and is", async () => {
    for (const wanted of [simulated, { ...hardware, requireGpuWork: false }]) {
      const { work, warnings } = await started(wanted, absent);
      assert.deepEqual(work, { kind: "presence" });
      assert.equal(warnings.length, 1);
      assert.match(warnings[0] ?? "", /^PRESENCE ONLY/);
    }
  });

  it("is done by the attested vendor's hardware; by a software driver only in a simulation that asks for it", async () => {
    assert.equal(choiceOf(hardware), "attested");
    assert.equal(choiceOf({ ...hardware, requireGpuWork: false }), "attested");
    assert.equal(choiceOf(simulated), "hardware");
    assert.equal(choiceOf({ ...simulated, requireGpuWork: false }), "hardware");
    assert.equal(choiceOf({ ...simulated, requireGpuWork: true }), "any");
    assert.deepEqual((await started(hardware, there)).choices, ["attested"]);
  });
});
