import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { keccak256 } from "@phala-l2/protocol/keccak";
import type { GpuKeccak } from "@phala-l2/tee-prover/gpu/device";
import { startGpuKeccak } from "@phala-l2/tee-prover/gpu/gpu-keccak";
import fc from "fast-check";
import { gpuForTests } from "./gpu-for-tests.ts";

const found = await gpuForTests();
const skip = found.kind === "absent" ? found.reason : false;

function device(): GpuKeccak {
  assert.ok(found.kind === "ready");
  return found.gpu;
}

function bytes(length: number, seed = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + seed * 17 + (i >> 8)) & 0xff);
}

async function sameAsProcessor(messages: readonly Uint8Array[]): Promise<void> {
  const digests = await device().hash(messages);
  assert.equal(digests.length, messages.length);
  for (const [i, message] of messages.entries()) {
    assert.deepEqual(
      digests[i],
      Uint8Array.from(keccak256(message)),
      `message ${i} of ${message.length} bytes`,
    );
  }
}

describe("Keccak-256 on a GPU", { skip }, () => {
  after(() => device().stop());

  it("is Keccak-256 and not SHA3-256: the digest of nothing", async () => {
    const [digest] = await device().hash([new Uint8Array(0)]);
    const wanted = "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470";
    assert.equal(Buffer.from(digest ?? []).toString("hex"), wanted);
  });

  it("is the processor's for every length from 0 to 300", async () => {
    await sameAsProcessor(Array.from({ length: 301 }, (_, length) => bytes(length)));
  });

  it("is the processor's around the ends of blocks", async () => {
    const lengths = [1, 2, 3, 180, 255, 256, 257, 512].flatMap((blocks) =>
      [-1, 0, 1].map((by) => 136 * blocks + by),
    );
    await sameAsProcessor(lengths.map((length) => bytes(length)));
    // Bytes where the padding's would be.
    for (const fill of [0x00, 0x01, 0x80, 0x81, 0xff]) {
      await sameAsProcessor(
        [134, 135, 136, 137, 271, 272].map((length) => new Uint8Array(length).fill(fill)),
      );
    }
  });

  it("is the processor's for contracts' code of 24 KiB, among nodes", async () => {
    const codes = Array.from({ length: 20 }, (_, i) => bytes(24_576 - (i % 3), i));
    const nodes = Array.from({ length: 200 }, (_, i) => bytes(532, i));
    await sameAsProcessor([...nodes.slice(0, 99), ...codes, ...nodes.slice(99)]);
  });

  it("is the processor's for a transaction of a megabyte, which takes many dispatches", async () => {
    await sameAsProcessor([bytes(3), bytes(1_048_576), bytes(136 * 256 + 7)]);
  });

  it("is the processor's for thousands of messages", async () => {
    await sameAsProcessor(Array.from({ length: 6_000 }, (_, i) => bytes((i * 7) % 200, i)));
  });

  it("is the processor's for any messages, in their order", async () => {
    const messages = fc.array(fc.uint8Array({ maxLength: 700 }), { maxLength: 40 });
    await fc.assert(fc.asyncProperty(messages, sameAsProcessor), { numRuns: 40 });
  });

  it("differs when one bit of a message does", async () => {
    const message = bytes(300);
    const others = Array.from({ length: 300 }, (_, at) =>
      message.with(at, (message[at] ?? 0) ^ (1 << (at % 8))),
    );
    const digests = await device().hash([message, ...others]);
    assert.equal(new Set(digests.map((digest) => Buffer.from(digest).toString("hex"))).size, 301);
  });

  it("answers several calls at once, each with its own", async () => {
    await Promise.all([1, 2, 3, 4].map((seed) => sameAsProcessor([bytes(500, seed), bytes(seed, seed)])));
    assert.deepEqual(await device().hash([]), []);
  });
});

describe("a software driver", { skip }, () => {
  it("is no GPU where hardware is wanted, whatever it computes", async () => {
    assert.ok(found.kind === "ready");
    for (const choice of ["attested", "hardware"] as const) {
      const start = await startGpuKeccak({ choice, env: found.env });
      if (found.gpu.device.isSoftware) {
        assert.ok(start.kind === "absent");
        assert.equal(start.reason, "device-refused");
      } else if (start.kind === "ready") await start.gpu.stop();
    }
  });
});
