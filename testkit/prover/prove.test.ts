import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { preimagesOfWitness } from "@phala-l2/enclave/preimages";
import { MAX_BLOCKS_PER_PROOF, NO_SUCH_BLOCK, type ProofInput, prove } from "@phala-l2/enclave/prove";
import type { Witness } from "@phala-l2/enclave/witness";
import { nativeKzg as kzg } from "@phala-l2/node/l1/kzg";
import { toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { rollupConfigHash } from "@phala-l2/protocol/config/rollup-json";
import { isRollupError } from "@phala-l2/protocol/errors";
import { keccak256 } from "@phala-l2/protocol/keccak";
import type { SingularBatch } from "@phala-l2/protocol/wire/singular-batch";
import { channelId, singularChannel, wholeFrame } from "../derivation/batcher-data.ts";
import { BUSY_CHAIN, busyRollup, smallRollup } from "./chains.ts";
import { collectedWitness, proofInput, proven } from "./proofs.ts";
import { COUNTER, type Rollup } from "./rollup.ts";

describe("a proof over preimages alone", () => {
  let rollup: Rollup;
  before(async () => {
    rollup = await busyRollup();
  });

  it("comes to the output root of stateful execution, from genesis: deposits, transfers, creation, 7702, blobs, calldata", async () => {
    const witness = await collectedWitness(rollup, 0n, BUSY_CHAIN.last);
    assert.equal(witness.blobs.length, 1);
    const proof = await proven(proofInput(rollup, 0n, BUSY_CHAIN.last), witness);
    assert.deepEqual(proof.outputRoot, rollup.outputRoot(BUSY_CHAIN.last));
    assert.deepEqual(proof.head, rollup.head);
    assert.deepEqual(proof.claim, {
      rollupConfigHash: rollupConfigHash(rollup.config),
      l1Head: rollup.l1.head.hash,
      previousOutputRoot: rollup.outputRoot(0n),
      outputRoot: rollup.outputRoot(BUSY_CHAIN.last),
      l2BlockNumber: BUSY_CHAIN.last,
    });
  });

  it("comes to it from any block to any later one", async () => {
    for (const [from, to] of [
      [1n, 2n],
      [3n, BUSY_CHAIN.last],
      [5n, 9n],
      [BUSY_CHAIN.last - 1n, BUSY_CHAIN.last],
    ] as const) {
      const witness = await collectedWitness(rollup, from, to);
      const { outputRoot } = await proven(proofInput(rollup, from, to), witness);
      assert.deepEqual(toHex(outputRoot), toHex(rollup.outputRoot(to)), `${from} to ${to}`);
    }
  });

  it("does not depend on the order of the witness, on repetitions, or on junk in it", async () => {
    const { preimages, blobs } = await collectedWitness(rollup, 0n, BUSY_CHAIN.last);
    const junk = [Uint8Array.of(1, 2, 3), new Uint8Array(500).fill(7)];
    const brokenBlob = new Uint8Array(131_072).fill(0xff);
    const witness = {
      preimages: [...junk, ...preimages.toReversed(), ...preimages.slice(0, 3)],
      blobs: [brokenBlob, ...blobs, ...blobs],
    };
    const { outputRoot } = await proven(proofInput(rollup, 0n, BUSY_CHAIN.last), witness);
    assert.deepEqual(outputRoot, rollup.outputRoot(BUSY_CHAIN.last));
  });

  it("goes on over a batch with an invalid transaction by its deposits, as the node does", async () => {
    const other = await smallRollup();
    const good = await other.sequence([other.signed({ to: COUNTER })]);
    const bad: SingularBatch = {
      ...(await other.sequence()),
      transactions: [other.signed({ to: COUNTER, nonce: 77n })],
    };
    const from = other.head.number - 2n;
    const frames = [wholeFrame(channelId(9), singularChannel([good, bad]))];
    other.l1.mine({ transactions: [other.l1.calldataTransaction(other.config, frames)] });
    const witness = await collectedWitness(other, from, other.head.number);
    const { outputRoot } = await proven(proofInput(other, from, other.head.number), witness);
    assert.deepEqual(outputRoot, other.outputRoot(other.head.number));
  });

  it("reports each block and how many are to come", async () => {
    const witness = await collectedWitness(rollup, 0n, 3n);
    const seen: (readonly [bigint, bigint])[] = [];
    await prove(proofInput(rollup, 0n, 3n), preimagesOfWitness(witness, kzg), {
      onBlock: ({ ref, left }) => {
        seen.push([ref.number, left]);
      },
    });
    assert.deepEqual(seen, [
      [1n, 2n],
      [2n, 1n],
      [3n, 0n],
    ]);
  });
});

describe("a proof is refused, by name,", () => {
  let rollup: Rollup;
  let witness: Witness;
  before(async () => {
    rollup = await smallRollup();
    witness = await collectedWitness(rollup, 1n, rollup.head.number);
  });
  const refused = async (change: Partial<ProofInput>, code: string, extra: readonly Uint8Array[] = []) => {
    const request = { ...proofInput(rollup, 1n, rollup.head.number), ...change };
    const preimages = [...witness.preimages, ...extra];
    await assert.rejects(proven(request, { ...witness, preimages }), (error) => isRollupError(error, code));
  };

  it("for another result than the claimed one", async () => {
    await refused({ claimedOutputRoot: rollup.outputRoot(1n) }, "CLAIM_MISMATCH");
    const right = {
      ...proofInput(rollup, 1n, rollup.head.number),
      claimedOutputRoot: rollup.outputRoot(rollup.head.number),
    };
    await proven(right, witness);
  });

  it("for a previous output root that nobody can open", async () => {
    await refused({ previousOutputRoot: ZERO_HASH }, "PREIMAGE_MISSING");
  });

  it("for a previous output root that is no output", async () => {
    const bytes = new Uint8Array(128).fill(1);
    await refused({ previousOutputRoot: keccak256(bytes) }, "PREIMAGE_MISMATCH", [bytes]);
    await refused({ previousOutputRoot: keccak256(bytes.subarray(1)) }, "PREIMAGE_MISMATCH", [
      bytes.subarray(1),
    ]);
  });

  it("for an output that names other roots than its block's header", async () => {
    for (const at of [32, 64]) {
      const honest = witness.preimages.find((each) =>
        keccak256(each).every((byte, i) => byte === rollup.outputRoot(1n)[i]),
      );
      assert.ok(honest);
      const lie = honest.with(at, (honest[at] ?? 0) ^ 1);
      await refused({ previousOutputRoot: keccak256(lie) }, "OUTPUT_ROOT_INCONSISTENT", [lie]);
    }
  });

  it("for a block that is not after the previous one", async () => {
    await refused({ l2BlockNumber: 1n }, "OUTPUT_ROOT_NOT_BEFORE");
    await refused({ l2BlockNumber: 0n }, "OUTPUT_ROOT_NOT_BEFORE");
  });

  it("for more blocks than a proof takes", async () => {
    await refused({ l2BlockNumber: 2n + MAX_BLOCKS_PER_PROOF }, "PROOF_TOO_LONG");
  });

  it("for an L1 head before the batches, and one before the previous block's origin", async () => {
    const head = rollup.l1.head.header;
    await refused({ l1Head: head.parentHash }, "L1_DATA_INSUFFICIENT");
    await refused({ l2BlockNumber: rollup.head.number + 1n }, "L1_DATA_INSUFFICIENT");
  });

  it("for an L1 head on a branch that the previous block does not rest on", async () => {
    const other = await smallRollup(Uint8Array.of(9));
    const strange = await collectedWitness(other, 1n, other.head.number);
    const own = await collectedWitness(rollup, 6n, 7n);
    const change = { previousOutputRoot: rollup.outputRoot(6n), l1Head: other.l1.head.hash };
    const preimages = [...strange.preimages, ...own.preimages];
    await refused(change, "L1_ORIGIN_NOT_CANONICAL", preimages);
    // From a block that both L1s gave, that L1 head leads to the other chain's output.
    const request = { ...proofInput(rollup, 1n, 7n), l1Head: other.l1.head.hash };
    const { outputRoot } = await proven(request, { preimages, blobs: strange.blobs });
    assert.deepEqual(outputRoot, other.outputRoot(7n));
    assert.notDeepEqual(outputRoot, rollup.outputRoot(7n));
  });

  it("but, where that is an answer, such a block is proven not to exist", async () => {
    const request = { ...proofInput(rollup, 1n, rollup.head.number + 1n), mayBeAbsent: true };
    const { outputRoot, claim, head } = await proven(request, witness);
    assert.deepEqual(outputRoot, NO_SUCH_BLOCK);
    assert.deepEqual(claim, {
      ...(await proven(proofInput(rollup, 1n, rollup.head.number), witness)).claim,
      outputRoot,
      l2BlockNumber: rollup.head.number + 1n,
    });
    assert.equal(head.number, rollup.head.number);
    const early = {
      ...proofInput(rollup, 1n, 7n),
      l1Head: rollup.l1.head.header.parentHash,
      mayBeAbsent: true,
    };
    assert.deepEqual((await proven(early, witness)).outputRoot, NO_SUCH_BLOCK);
    // A block that exists is never proven not to.
    const existing = { ...proofInput(rollup, 1n, 7n), mayBeAbsent: true };
    assert.deepEqual((await proven(existing, witness)).outputRoot, rollup.outputRoot(7n));
    // Nor may data that is held back look like data that does not exist.
    await assert.rejects(proven(request, { ...witness, blobs: [] }), { code: "PREIMAGE_MISSING" });
    for (const index of witness.preimages.keys()) {
      const preimages = witness.preimages.toSpliced(index, 1);
      await assert.rejects(proven(request, { ...witness, preimages }), { code: "PREIMAGE_MISSING" });
    }
  });

  it("under another configuration: another genesis, another chain", async () => {
    const { config } = rollup;
    const l2 = { number: 1n, hash: ZERO_HASH };
    await refused({ config: { ...config, genesis: { ...config.genesis, l2 } } }, "OUTPUT_ROOT_FOREIGN");
  });

  it("and another configuration's claim has another hash", () => {
    const { config } = rollup;
    assert.notDeepEqual(rollupConfigHash({ ...config, blockTime: 3n }), rollupConfigHash(config));
  });
});
