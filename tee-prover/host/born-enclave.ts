import { randomBytes } from "node:crypto";
import type { Recompute } from "@phala-l2/enclave/recomputation";
import type { Enclave } from "@phala-l2/enclave/session";
import { nativeKzg } from "@phala-l2/node/l1/kzg";
import type { ClaimDomain } from "@phala-l2/protocol/claim";
import { RollupError } from "@phala-l2/protocol/errors";
import type { GpuWork } from "../gpu/gpu-work.ts";
import type { EnclaveProgram } from "./enclave-program.ts";

export type BirthOptions = {
  readonly program: EnclaveProgram;
  readonly gpuWork: GpuWork;
  /** The L1 chain and contract that its claims will be for. */
  readonly domain: ClaimDomain;
};

/**
 * A session with a new key; where a GPU works, one that signs only what that GPU agrees to.
 * @throws RollupError KEY_RANDOMNESS_BROKEN, ENCLAVE_PROGRAM_INVALID for a program that would leave the GPU out
 */
export function bornEnclave({ program, gpuWork, domain }: BirthOptions): Enclave {
  const recompute: Recompute | undefined =
    gpuWork.kind === "recomputation" ? (messages) => gpuWork.gpu.hash(messages) : undefined;
  const random = (length: number) => randomBytes(length);
  const enclave = program.createEnclave({ random, kzg: nativeKzg, domain, recompute });
  if (recompute === undefined || enclave.recomputes === true) return enclave;
  throw new RollupError("ENCLAVE_PROGRAM_INVALID", "the enclave's program is too old to use a GPU");
}
