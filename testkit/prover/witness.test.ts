import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import type { ProofInput } from "@phala-l2/enclave/prove";
import type { Witness } from "@phala-l2/enclave/witness";
import { nativeKzg as kzg } from "@phala-l2/node/l1/kzg";
import { type Hash, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { silentLog } from "@phala-l2/protocol/log";
import { versionedHash } from "@phala-l2/protocol/wire/blob";
import { collectWitness } from "@phala-l2/tee-prover/host/collect-witness";
import { smallRollup } from "./chains.ts";
import { collectedWitness, decodedWitness, proofInput, proven, witnessRequest } from "./proofs.ts";
import type { Rollup } from "./rollup.ts";

const { signal } = new AbortController();

describe("a witness that is not whole", () => {
  let rollup: Rollup;
  let witness: Witness;
  let request: ProofInput;
  before(async () => {
    rollup = await smallRollup();
    request = proofInput(rollup, 1n, rollup.head.number);
    witness = await collectedWitness(rollup, 1n, rollup.head.number);
    assert.equal(witness.blobs.length, 1);
    await proven(request, witness);
  });

  const missing = (hash: Hash) => (error: unknown) =>
    isRollupError(error, "PREIMAGE_MISSING") &&
    typeof error.data === "object" &&
    error.data !== null &&
    "hash" in error.data &&
    error.data.hash === toHex(hash);

  it("has nothing that could be left out: each preimage removed is missed by its hash", async () => {
    for (const [index, preimage] of witness.preimages.entries()) {
      const rest = { ...witness, preimages: witness.preimages.toSpliced(index, 1) };
      await assert.rejects(proven(request, rest), missing(keccak256(preimage)));
    }
    const [blob] = witness.blobs;
    assert.ok(blob);
    const hash = versionedHash(kzg.blobToKzgCommitment(blob));
    await assert.rejects(proven(request, { ...witness, blobs: [] }), missing(hash));
  });

  it("with one byte of any preimage flipped is refused, naming the hash that is wanted", async () => {
    for (const [index, preimage] of witness.preimages.entries()) {
      for (const at of [0, preimage.length >> 1, preimage.length - 1]) {
        const flipped = preimage.with(at, (preimage[at] ?? 0) ^ (1 << (index % 8)));
        const changed = { ...witness, preimages: witness.preimages.with(index, flipped) };
        await assert.rejects(proven(request, changed), missing(keccak256(preimage)));
      }
    }
  });

  it("with one byte of the blob flipped is refused, whatever byte it is", async () => {
    const [blob] = witness.blobs;
    assert.ok(blob);
    const hash = versionedHash(kzg.blobToKzgCommitment(blob));
    for (const at of [0, 31, 700, 131_071]) {
      const flipped = blob.with(at, (blob[at] ?? 0) ^ 1);
      await assert.rejects(proven(request, { ...witness, blobs: [flipped] }), missing(hash));
    }
  });
});

/** What a host's node tells of its chain, without its heads by L1 block and its state. */
function chainOf(rollup: Rollup) {
  return {
    config: rollup.config,
    hashByNumber: (number: bigint) => rollup.hashByNumber(number),
    headerByHash: (hash: Hash) => rollup.headerByHash(hash),
    block: (hash: Hash) => rollup.block(hash),
    ref: (hash: Hash) => rollup.ref(hash),
  };
}

describe("a host's collection", () => {
  it("refuses to build on an output root that is not its own chain's", async () => {
    const rollup = await smallRollup();
    const request = { ...witnessRequest(rollup, 2n, 3n), previousBlockNumber: 1n };
    const dependencies = { chain: rollup, l1: rollup.l1, log: silentLog, signal };
    await assert.rejects(collectWitness(request, dependencies), { code: "PREVIOUS_OUTPUT_ROOT_UNKNOWN" });
    await assert.rejects(collectWitness({ ...request, previousBlockNumber: 99n }, dependencies), {
      code: "PREVIOUS_OUTPUT_ROOT_UNKNOWN",
    });
  });

  it("notices a database whose bytes do not have their hash", async () => {
    const rollup = await smallRollup();
    const request = witnessRequest(rollup, 1n, rollup.head.number);
    const damaged = {
      ...chainOf(rollup),
      safeHeadAtL1Block: () => undefined,
      readCode: rollup.readCode,
      readNode: (hash: Hash) => rollup.readNode(hash)?.with(0, 0),
    };
    await assert.rejects(collectWitness(request, { chain: damaged, l1: rollup.l1, log: silentLog, signal }), {
      code: "PREIMAGE_MISMATCH",
    });
  });

  it("takes L1 blocks as a whole only as far as the L2 block needs them, headers after", async () => {
    const rollup = await smallRollup();
    const derivedAt = rollup.l1.head.header.number;
    rollup.l1.mine();
    rollup.l1.mine();
    const asked: bigint[] = [];
    const l1 = {
      block: (which: bigint | Hash) => {
        if (typeof which === "bigint") asked.push(which);
        return rollup.l1.block(which);
      },
      blobs: (block: unknown, hashes: readonly Hash[]) => rollup.l1.blobs(block, hashes),
      blockRef: (which: bigint | Hash) => rollup.l1.blockRef(which),
      header: (hash: Hash) => rollup.l1.header(hash),
    };
    const chain = {
      ...chainOf(rollup),
      readCode: rollup.readCode,
      readNode: rollup.readNode,
      safeHeadAtL1Block: (number: bigint) => ({
        l1: { number, hash: ZERO_HASH },
        safe: { number: number >= derivedAt ? rollup.head.number : 0n, hash: ZERO_HASH },
      }),
    };
    const request = witnessRequest(rollup, 1n, rollup.head.number);
    const { witness } = await collectWitness(request, { chain, l1, log: silentLog, signal });
    assert.deepEqual(asked, [100n, 101n, 102n]);
    const { outputRoot } = await proven(proofInput(rollup, 1n, rollup.head.number), decodedWitness(witness));
    assert.deepEqual(outputRoot, rollup.outputRoot(rollup.head.number));
  });

  it("stops between two blocks when it is told to", async () => {
    const rollup = await smallRollup();
    const request = witnessRequest(rollup, 1n, rollup.head.number);
    const dependencies = { chain: rollup, l1: rollup.l1, log: silentLog, signal: AbortSignal.abort() };
    await assert.rejects(collectWitness(request, dependencies), { code: "STOPPED" });
  });

  it("notices an L1 that reorganises while it is read", async () => {
    const rollup = await smallRollup();
    const other = await smallRollup(Uint8Array.of(3));
    const request = witnessRequest(rollup, 0n, rollup.head.number);
    const l1 = {
      block: (which: bigint | Hash) => (which === 101n ? other : rollup).l1.block(which),
      blobs: (block: unknown, hashes: readonly Hash[]) => rollup.l1.blobs(block, hashes),
      blockRef: (which: bigint | Hash) => rollup.l1.blockRef(which),
      header: (hash: Hash) => rollup.l1.header(hash),
    };
    await assert.rejects(collectWitness(request, { chain: rollup, l1, log: silentLog, signal }), {
      code: "L1_REORGED",
    });
  });
});
