import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { type GpuKeccak, type GpuStart, isChosen } from "./device.ts";
import { type GpuKeccakOptions, startGpuKeccak } from "./gpu-keccak.ts";

/** A process that plays the device. */
function start(behaviour: string, options: Partial<GpuKeccakOptions> = {}): Promise<GpuStart> {
  return startGpuKeccak({
    choice: "any",
    program: new URL("./testing/device-double.ts", import.meta.url),
    env: { ...process.env, BEHAVIOUR: behaviour },
    ...options,
  });
}

const running: GpuKeccak[] = [];
after(() => Promise.all(running.map((gpu) => gpu.stop())));

async function started(behaviour: string, options: Partial<GpuKeccakOptions> = {}): Promise<GpuKeccak> {
  const result = await start(behaviour, options);
  assert.ok(result.kind === "ready", JSON.stringify(result));
  running.push(result.gpu);
  return result.gpu;
}

const message = new TextEncoder().encode("a message");
const cue = new TextEncoder().encode("BREAK");

describe("a device in a process of its own", () => {
  it("gives each message its digest, in the order of the messages", async () => {
    const gpu = await started("honest");
    assert.equal(gpu.device.vendor, "double");
    const messages = Array.from({ length: 301 }, (_, length) =>
      new Uint8Array((length * 7) % 301).fill(length),
    );
    const digests = await gpu.hash(messages);
    assert.deepEqual(
      digests,
      messages.map((each) => Uint8Array.from(keccak256(each))),
    );
    assert.deepEqual(await gpu.hash([]), []);
  });

  it("after it was stopped, gives nothing", async () => {
    const gpu = await started("honest");
    await gpu.stop();
    await gpu.stop();
    await assert.rejects(gpu.hash([message]), { code: "GPU_FAILED" });
  });

  it("fails who waits when it is stopped", async () => {
    const gpu = await started("hang");
    const waiting = assert.rejects(gpu.hash([cue]), { code: "GPU_FAILED" });
    await new Promise((resolve) => setImmediate(resolve));
    await gpu.stop();
    await waiting;
  });
});

describe("a device that is of no use from the start", () => {
  const cases: readonly (readonly [behaviour: string, reason: string, detail: RegExp])[] = [
    ["none", "no-device", /nothing here/],
    ["gone", "process-ended", /no such driver/],
    ["babble-first", "device-fails", /something else/],
    ["unknown-reason", "device-fails", /something else/],
    ["wrong", "wrong-digests", /known bytes/],
  ];
  for (const [behaviour, reason, detail] of cases) {
    it(`${behaviour}: is absent with the reason ${reason}`, async () => {
      const result = await start(behaviour);
      assert.ok(result.kind === "absent");
      assert.equal(result.reason, reason);
      assert.match(result.detail, detail);
    });
  }

  it("silent: is absent when the time is over", async () => {
    const result = await start("silent", { startTimeoutMs: 500 });
    assert.deepEqual(result, { kind: "absent", reason: "too-slow", detail: "no device within 500 ms" });
  });

  it("is absent, with the real process, where the loader is told of no driver", async () => {
    const env = { ...process.env, VK_DRIVER_FILES: "/none", VK_ICD_FILENAMES: "/none" };
    const result = await startGpuKeccak({ choice: "any", env });
    // Platforms whose drivers are found in another way have a device all the same.
    if (result.kind === "ready") await result.gpu.stop();
    else assert.ok(["no-device", "package-missing"].includes(result.reason), JSON.stringify(result));
  });

  it("has no program at all", async () => {
    const program = new URL("./testing/none.ts", import.meta.url);
    const result = await start("honest", { program });
    assert.ok(result.kind === "absent");
    assert.equal(result.reason, "process-ended");
  });
});

describe("a device that fails at its work", () => {
  const cases: readonly (readonly [behaviour: string, reason: string])[] = [
    ["crash", "process-ended"],
    ["short", "device-fails"],
    ["fail", "device-fails"],
    ["babble", "device-fails"],
    ["ready-again", "device-fails"],
    ["no-bytes", "device-fails"],
  ];
  for (const [behaviour, reason] of cases) {
    it(`${behaviour}: fails the call, and the next one is answered`, async () => {
      const gpu = await started(behaviour);
      await assert.rejects(gpu.hash([message, cue]), (error: Error & { data?: { reason?: string } }) => {
        assert.equal(error.data?.reason, reason);
        return true;
      });
      assert.deepEqual(await gpu.hash([message]), [Uint8Array.from(keccak256(message))]);
    });
  }

  it("hang: fails the call when the time is over, and the next one is answered", async () => {
    const gpu = await started("hang", { batchTimeoutMs: 2_000 });
    await assert.rejects(gpu.hash([cue]), { code: "GPU_FAILED", message: /2000 ms/ });
    // Another process starts, for which that may be short on a busy machine.
    const again = await gpu.hash([message]).catch(() => gpu.hash([message]));
    assert.deepEqual(again, [Uint8Array.from(keccak256(message))]);
  });

  it("lie: its digests are handed on as they are, for whoever compares", async () => {
    const gpu = await started("lie");
    const [digest] = await gpu.hash([cue]);
    assert.deepEqual(digest, Uint8Array.from(keccak256(cue).map((byte) => byte ^ 1)));
  });
});

describe("which device may do the work", () => {
  const device = { vendor: "nvidia", architecture: "hopper", description: "", isSoftware: false };
  const other = { ...device, vendor: "amd" };
  const software = { ...device, isSoftware: true };
  it("attested: hardware of the vendor whose GPUs are attested", () => {
    assert.deepEqual(
      [device, other, software].map((each) => isChosen(each, "attested")),
      [true, false, false],
    );
  });
  it("hardware: no software; any: software too", () => {
    assert.deepEqual(
      [device, other, software].map((each) => isChosen(each, "hardware")),
      [true, true, false],
    );
    assert.deepEqual(
      [device, other, software].map((each) => isChosen(each, "any")),
      [true, true, true],
    );
  });
});
