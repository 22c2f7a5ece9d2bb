import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { ProofInput } from "@phala-l2/enclave/prove";
import type { Recompute } from "@phala-l2/enclave/recomputation";
import { createEnclave } from "@phala-l2/enclave/session";
import { encodeWitness } from "@phala-l2/enclave/witness";
import { nativeKzg as kzg } from "@phala-l2/node/l1/kzg";
import { keccak256 } from "@phala-l2/protocol/keccak";
import type { GpuKeccak } from "@phala-l2/tee-prover/gpu/device";
import { STRANGER } from "../derivation/keys.ts";
import { BUSY_CHAIN, busyRollup } from "../prover/chains.ts";
import { collectedWitness, proofInput } from "../prover/proofs.ts";
import { gpuForTests } from "./gpu-for-tests.ts";

const found = await gpuForTests();
const skip = found.kind === "absent" ? found.reason : false;

function device(): GpuKeccak {
  assert.ok(found.kind === "ready");
  return found.gpu;
}

describe("a proof whose hashes a GPU computes again", { skip }, () => {
  const domain = { chainId: 900n, verifyingContract: STRANGER.address };
  const secret = keccak256(Uint8Array.of(42));
  let request: ProofInput;
  let witness: Uint8Array;
  before(async () => {
    const rollup = await busyRollup();
    request = proofInput(rollup, 0n, BUSY_CHAIN.last);
    witness = encodeWitness(await collectedWitness(rollup, 0n, BUSY_CHAIN.last));
  });
  after(() => device().stop());
  const enclave = (recompute?: Recompute) => createEnclave({ random: () => secret, kzg, domain, recompute });

  it("is signed, as without a GPU", async () => {
    const signed = await enclave((messages) => device().hash(messages)).proveAndSign(request, witness);
    assert.deepEqual(signed, await enclave().proveAndSign(request, witness));
  });

  it("is not signed when one bit on the way to the device is another", async () => {
    for (const [at, bit] of [
      [0, 1],
      [17, 0x80],
      [-1, 4],
    ] as const) {
      const disturbed: Recompute = (messages) => {
        const message = messages.at(at) ?? new Uint8Array(1);
        return device().hash(messages.with(at, message.with(0, (message[0] ?? 0) ^ bit)));
      };
      const proving = enclave(disturbed).proveAndSign(request, witness);
      await assert.rejects(proving, { code: "RECOMPUTATION_DISAGREES" });
    }
  });

  it("is not signed after the device is gone", async () => {
    const start = await gpuForTests();
    assert.ok(start.kind === "ready");
    await start.gpu.stop();
    const proving = enclave((messages) => start.gpu.hash(messages)).proveAndSign(request, witness);
    await assert.rejects(proving, { code: "GPU_FAILED" });
  });
});
