import { bytesEqual } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { keccak256 } from "@phala-l2/protocol/keccak";
import type { GpuKeccak } from "@phala-l2/tee-prover/gpu/device";
import { gpuForTests } from "../gpu/gpu-for-tests.ts";
import { type BenchLine, measurePairs, timed } from "./measure.ts";

export const GPU_KECCAK = "gpu-keccak";

type Load = { readonly name: string; readonly count: number; readonly bytes: number };

/** What a proof hashes: branch nodes of a trie, and contracts' code at its limit (EIP-170). */
export const GPU_LOADS: readonly Load[] = [
  { name: "nodes", count: 32_768, bytes: 532 },
  { name: "codes", count: 512, bytes: 24_576 },
];

const MEGABYTE = 1e6;

/**
 * Keccak-256 on this machine's GPU, with the way there and back over the process's boundary, beside the one that the
 * project uses on the CPU: MB a second. On a software driver, which `against` then says, it shows that the kernel works and
 * nothing about GPUs.
 */
export async function* benchGpuKeccak(pairs: number, isWanted: (line: string) => boolean) {
  const found = await gpuForTests();
  if (found.kind === "absent") {
    throw new RollupError("BENCH_IMPOSSIBLE", `no GPU and no software driver: ${found.reason}`);
  }
  const { gpu } = found;
  try {
    for (const load of GPU_LOADS) {
      const name = `${GPU_KECCAK}/${load.name}`;
      if (isWanted(name)) yield await lineOf(name, load, gpu, pairs);
    }
  } finally {
    await gpu.stop();
  }
}

async function lineOf(name: string, load: Load, gpu: GpuKeccak, pairs: number): Promise<BenchLine> {
  const messages = Array.from({ length: load.count }, (_, i) => new Uint8Array(load.bytes).fill(i & 0xff));
  const wanted = messages.map((message) => keccak256(message));
  const digests = await gpu.hash(messages);
  if (!wanted.every((digest, i) => bytesEqual(digest, digests[i] ?? new Uint8Array(0)))) {
    throw new RollupError("BENCH_BROKEN", "the GPU finds other digests than the CPU");
  }
  const sides = {
    ours: () => timed(() => gpu.hash(messages)),
    peer: () => timed(async () => messages.map((message) => keccak256(message))),
  };
  const work = (load.count * load.bytes) / MEGABYTE;
  const measured = await measurePairs(sides, { pairs, work });
  const { vendor, description, isSoftware } = gpu.device;
  const where = `${vendor} ${description}${isSoftware ? ", a SOFTWARE driver" : ""}`;
  return { name, ...measured, unit: "MB/s", against: `hash-wasm on the CPU; ours on ${where}` };
}
