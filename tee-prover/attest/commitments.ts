import { type Address, asHash, bigintToBytes, concatBytes, type Hash } from "@phala-l2/protocol/bytes";
import type { ClaimDomain } from "@phala-l2/protocol/claim";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { sha256 } from "@phala-l2/protocol/sha256";

// What evidence commits to, byte for byte. All numbers are big-endian, nothing is padded, and each preimage has one
// length for its tag, so that no two different inputs have the same bytes.

/** What one key's evidence is for. */
export type KeyBinding = {
  /** L1 chain and registry. */
  readonly domain: ClaimDomain;
  readonly key: Address;
  /** Hash of a recent L1 block: the evidence is not older. */
  readonly l1Block: Hash;
  /** Version of the registry's policy, a u64: evidence for an older policy serves no newer one. */
  readonly policyVersion: bigint;
};

/** A TD's and a guest's report data (Intel TDX Module Base Specification; AMD 56860, table 23). */
export const REPORT_DATA_BYTES = 64;

const KEY_TAG = new TextEncoder().encode("phala-l2 prover key 2");
const GPU_NONCE_TAG = new TextEncoder().encode("gpu-v1");
const GPU_REPORTS_TAG = new TextEncoder().encode("phala-l2 gpu reports 1");

/**
 * The first half of report data: evidence serves one key for one registry, on one chain, under one policy, and cannot
 * be kept for later.
 *
 *   keccak256("phala-l2 prover key 2" | L1 chain id 32 | registry 20 | key 20 | L1 block hash 32 | policy version 8)
 */
export function keyCommitment({ domain, key, l1Block, policyVersion }: KeyBinding): Hash {
  const { chainId, verifyingContract } = domain;
  const numbers = [bigintToBytes(chainId, 32), verifyingContract, key, l1Block];
  return keccak256(concatBytes(KEY_TAG, ...numbers, bigintToBytes(policyVersion, 8)));
}

/**
 * The nonce that GPU `index` is asked with: its report commits to the key.
 *
 *   sha256("gpu-v1" | L1 chain id 32 | registry 20 | key 20 | L1 block hash 32 | device index 4)
 */
export function gpuNonce({ domain, key, l1Block }: KeyBinding, index: number): Hash {
  const { chainId, verifyingContract } = domain;
  const parts = [bigintToBytes(chainId, 32), verifyingContract, key, l1Block];
  return sha256(concatBytes(GPU_NONCE_TAG, ...parts, bigintToBytes(BigInt(index), 4)));
}

/**
 * What the CPU's report says of the GPUs beside it, in the order of their indices.
 *
 *   keccak256("phala-l2 gpu reports 1" | count 4 | keccak256(report 0) 32 | keccak256(report 1) 32 | …)
 */
export function gpuReportsCommitment(reports: readonly Uint8Array[]): Hash {
  const count = bigintToBytes(BigInt(reports.length), 4);
  return keccak256(concatBytes(GPU_REPORTS_TAG, count, ...reports.map((report) => keccak256(report))));
}

/** 64 bytes: the key's commitment, then the GPU reports', which is zeros where no GPU stands beside the CPU. */
export function reportDataOf(binding: KeyBinding, gpuReports: readonly Uint8Array[] = []): Uint8Array {
  const gpus = gpuReports.length === 0 ? asHash(new Uint8Array(32)) : gpuReportsCommitment(gpuReports);
  return concatBytes(keyCommitment(binding), gpus);
}
