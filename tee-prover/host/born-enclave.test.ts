import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createEnclave } from "@phala-l2/enclave/session";
import { asAddress } from "@phala-l2/protocol/bytes";
import type { GpuWork } from "../gpu/gpu-work.ts";
import { bornEnclave } from "./born-enclave.ts";

const domain = { chainId: 900n, verifyingContract: asAddress(new Uint8Array(20).fill(1)) };
const program = { createEnclave, sha384: undefined };
const device = { vendor: "double", architecture: "", description: "", isSoftware: true };
const working: GpuWork = {
  kind: "recomputation",
  gpu: { device, hash: async () => [], stop: async () => {} },
};

/** As a program was before it knew of GPUs: it drops what it does not know. */
const old: typeof createEnclave = ({ random, kzg, domain: given }) => {
  const { recomputes: _, ...enclave } = createEnclave({ random, kzg, domain: given });
  return Object.assign(enclave, { recomputes: false });
};

describe("the birth of an enclave", () => {
  it("signs only what a GPU agrees to where one works", () => {
    assert.equal(bornEnclave({ program, gpuWork: working, domain }).recomputes, true);
  });

  it("signs without one where none works", () => {
    for (const gpuWork of [{ kind: "none" }, { kind: "presence" }] as const) {
      assert.equal(bornEnclave({ program, gpuWork, domain }).recomputes, false);
      assert.equal(
        bornEnclave({ program: { ...program, createEnclave: old }, gpuWork, domain }).recomputes,
        false,
      );
    }
  });

  it("is refused with a program that would leave the working GPU out", () => {
    const options = { program: { ...program, createEnclave: old }, gpuWork: working, domain };
    assert.throws(() => bornEnclave(options), { code: "ENCLAVE_PROGRAM_INVALID" });
  });

  it("has another key each time", () => {
    const gpuWork = { kind: "none" } as const;
    const [first, second] = [
      bornEnclave({ program, gpuWork, domain }),
      bornEnclave({ program, gpuWork, domain }),
    ];
    assert.notDeepEqual(first.address, second.address);
  });
});
