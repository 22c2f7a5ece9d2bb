import assert from "node:assert/strict";
import { preimagesOfWitness } from "@phala-l2/enclave/preimages";
import { type Proof, type ProofInput, prove } from "@phala-l2/enclave/prove";
import { decodeWitness, type Witness } from "@phala-l2/enclave/witness";
import { nativeKzg } from "@phala-l2/node/l1/kzg";
import { silentLog } from "@phala-l2/protocol/log";
import { collectWitness, type WitnessRequest } from "@phala-l2/tee-prover/host/collect-witness";
import type { Rollup } from "./rollup.ts";

/** A proof of a rollup's blocks after `from` up to `to`, as its L1 stands. */
export function proofInput(rollup: Rollup, from: bigint, to: bigint): ProofInput {
  return {
    config: rollup.config,
    l1Head: rollup.l1.head.hash,
    previousOutputRoot: rollup.outputRoot(from),
    l2BlockNumber: to,
    mayBeAbsent: false,
  };
}

/** What a host collects for that proof. */
export function witnessRequest(rollup: Rollup, from: bigint, to: bigint): WitnessRequest {
  const { l1Head, previousOutputRoot, l2BlockNumber } = proofInput(rollup, from, to);
  return { l1Head, previousBlockNumber: from, previousOutputRoot, l2BlockNumber, mayBeAbsent: false };
}

export function decodedWitness(bytes: Uint8Array): Witness {
  const decoded = decodeWitness(bytes);
  assert.ok(decoded.kind === "ok");
  return decoded.witness;
}

/** The witness of that proof, collected over the rollup's own chain and L1. */
export async function collectedWitness(rollup: Rollup, from: bigint, to: bigint): Promise<Witness> {
  const { signal } = new AbortController();
  const dependencies = { chain: rollup, l1: rollup.l1, log: silentLog, signal };
  const { witness } = await collectWitness(witnessRequest(rollup, from, to), dependencies);
  return decodedWitness(witness);
}

/** The proof over preimages alone. */
export function proven(input: ProofInput, witness: Witness): Promise<Proof> {
  return prove(input, preimagesOfWitness(witness, nativeKzg));
}
