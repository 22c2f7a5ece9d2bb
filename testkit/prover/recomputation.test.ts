import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { preimagesOfWitness } from "@phala-l2/enclave/preimages";
import { NO_SUCH_BLOCK, type Proof, type ProofInput, prove } from "@phala-l2/enclave/prove";
import { HashTrace, type Recompute } from "@phala-l2/enclave/recomputation";
import { createEnclave } from "@phala-l2/enclave/session";
import { encodeWitness, type Witness } from "@phala-l2/enclave/witness";
import type { SealedBlock } from "@phala-l2/execution/block/sealed-block";
import { nativeKzg } from "@phala-l2/node/l1/kzg";
import { type Hash, type Hex, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { STRANGER } from "../derivation/keys.ts";
import { BUSY_CHAIN, busyRollup } from "./chains.ts";
import { collectedWitness, proofInput } from "./proofs.ts";
import type { Rollup } from "./rollup.ts";

const kzg = nativeKzg;

/** Another device that computes as it should. */
const honest: Recompute = async (messages) => messages.map((message) => keccak256(message));

type Traced = { readonly trace: HashTrace; readonly proof: Proof; readonly blocks: readonly SealedBlock[] };

async function traced(request: ProofInput, witness: Witness): Promise<Traced> {
  const trace = new HashTrace();
  const blocks: SealedBlock[] = [];
  const onSealed = (sealed: SealedBlock) => {
    blocks.push(sealed);
    trace.add(sealed);
  };
  const proof = await prove(request, trace.watch(preimagesOfWitness(witness, kzg)), { onSealed });
  return { trace, proof, blocks };
}

/** What the device is asked to hash. */
async function asked({ trace, proof }: Traced): Promise<readonly Uint8Array[]> {
  let all: readonly Uint8Array[] = [];
  await trace.requireRecomputed(proof, (messages) => {
    all = messages;
    return honest(messages);
  });
  return all;
}

describe("what a GPU computes again", () => {
  let rollup: Rollup;
  let witness: Witness;
  let run: Traced;
  let hashes: ReadonlySet<Hex>;
  before(async () => {
    rollup = await busyRollup();
    witness = await collectedWitness(rollup, 1n, BUSY_CHAIN.last);
    run = await traced(proofInput(rollup, 1n, BUSY_CHAIN.last), witness);
    hashes = new Set((await asked(run)).map((message) => toHex(keccak256(message))));
  });

  it("is every preimage of the witness: L1's and L2's headers, transactions, receipts, state, code", () => {
    assert.ok(witness.preimages.length > 30, `${witness.preimages.length}`);
    for (const preimage of witness.preimages) assert.ok(hashes.has(toHex(keccak256(preimage))));
  });

  it("is each new block from its header down to every node and code that it made", () => {
    assert.equal(run.blocks.length, Number(BUSY_CHAIN.last - 1n));
    for (const { hash, block, nodes, changes } of run.blocks) {
      const { stateRoot, transactionsRoot, receiptsRoot } = block.header;
      for (const each of [hash, stateRoot, transactionsRoot, receiptsRoot])
        assert.ok(hashes.has(toHex(each)));
      for (const each of [...nodes.keys(), ...changes.codes.keys()]) assert.ok(hashes.has(each));
    }
    assert.ok(run.blocks.some(({ changes }) => changes.codes.size > 0));
    assert.ok(run.blocks.some(({ nodes }) => nodes.size > 5));
  });

  it("is the output root that will be claimed", () => {
    assert.ok(hashes.has(toHex(rollup.outputRoot(BUSY_CHAIN.last))));
    assert.ok(hashes.has(toHex(rollup.outputRoot(1n))));
  });

  it("is nothing that the proof did not look at", async () => {
    const junk = new Uint8Array(77).fill(7);
    const preimages = [junk, ...witness.preimages];
    const other = await traced(proofInput(rollup, 1n, BUSY_CHAIN.last), { ...witness, preimages });
    assert.deepEqual((await asked(other)).length, (await asked(run)).length);
  });

  it("and where no such block exists, the data that say so, but no output root", async () => {
    const request = { ...proofInput(rollup, 1n, BUSY_CHAIN.last + 1n), mayBeAbsent: true };
    const absent = await traced(request, witness);
    assert.deepEqual(absent.proof.outputRoot, NO_SUCH_BLOCK);
    const messages = await asked(absent);
    assert.ok(messages.length > 50);
    assert.ok(!messages.some((message) => toHex(keccak256(message)) === toHex(ZERO_HASH)));
  });
});

/** Whether an error names the item whose hash it is about. */
function disagrees(wanted: string) {
  return (error: unknown): boolean =>
    isRollupError(error, "RECOMPUTATION_DISAGREES") &&
    typeof error.data === "object" &&
    error.data !== null &&
    "wanted" in error.data &&
    error.data.wanted === wanted;
}

describe("a device that does not agree", () => {
  let run: Traced;
  let messages: readonly Uint8Array[];
  before(async () => {
    const rollup = await busyRollup();
    const request = proofInput(rollup, 1n, BUSY_CHAIN.last);
    run = await traced(request, await collectedWitness(rollup, 1n, BUSY_CHAIN.last));
    messages = await asked(run);
  });
  const refused = (recompute: Recompute, error: (error: unknown) => boolean) =>
    assert.rejects(run.trace.requireRecomputed(run.proof, recompute), error);

  it("about any one hash is refused, and the hash is named", async () => {
    for (const [index, message] of messages.entries()) {
      const hash = keccak256(message);
      const lie = hash.with(index % 32, (hash[index % 32] ?? 0) ^ (1 << (index % 8)));
      await refused(async (all) => (await honest(all)).with(index, lie), disagrees(toHex(hash)));
    }
  });

  it("because one bit of any one message differs where it computes, is refused", async () => {
    for (const [index, message] of messages.entries()) {
      const at = (index * 7) % message.length;
      const flipped = message.with(at, (message[at] ?? 0) ^ (1 << (index % 8)));
      await refused((all) => honest(all.with(index, flipped)), disagrees(toHex(keccak256(message))));
    }
  });

  it("because it exchanges two answers, is refused", async () => {
    await refused(
      async (all) => {
        const digests = await honest(all);
        const [first = ZERO_HASH, second = ZERO_HASH] = digests;
        return [second, first, ...digests.slice(2)];
      },
      disagrees(toHex(keccak256(messages[0] ?? new Uint8Array(0)))),
    );
  });

  it("because it answers fewer or more, or no hashes, is refused", async () => {
    const wanted = `${messages.length} digests`;
    await refused(async (all) => (await honest(all)).slice(1), disagrees(wanted));
    await refused(async (all) => [...(await honest(all)), ZERO_HASH], disagrees(wanted));
    await refused(async () => [], disagrees(wanted));
    const first = disagrees(toHex(keccak256(messages[0] ?? new Uint8Array(0))));
    await refused(async (all) => (await honest(all)).map((digest) => digest.subarray(0, 31)), first);
    await refused(async (all) => all.map(() => new Uint8Array(0)), first);
    await refused(async (all) => all.map(() => new Uint8Array(32)), first);
  });

  it("fails with its own error when it fails", async () => {
    await refused(
      async () => {
        throw new Error("device lost");
      },
      (error) => error instanceof Error && error.message === "device lost",
    );
  });
});

describe("new nodes that do not hang together", () => {
  let blocks: readonly SealedBlock[];
  let proof: Proof;
  before(async () => {
    const rollup = await busyRollup();
    const witness = await collectedWitness(rollup, 1n, BUSY_CHAIN.last);
    ({ blocks, proof } = await traced(proofInput(rollup, 1n, BUSY_CHAIN.last), witness));
  });

  /** Of the last block with these nodes. */
  async function loose(change: (nodes: Map<Hex, Uint8Array>, root: Hash) => void): Promise<void> {
    const last = blocks.at(-1);
    assert.ok(last !== undefined);
    const nodes = new Map(last.nodes);
    change(nodes, last.block.header.stateRoot);
    const trace = new HashTrace();
    trace.add({ ...last, nodes });
    await trace.requireRecomputed(proof, honest);
  }

  it("but those of an honest block do, storage tries under their accounts", async () => {
    await loose(() => {});
    assert.ok(blocks.some(({ changes }) => changes.storage.size > 0));
  });

  it("a node too many is refused, though its hash is right", async () => {
    const strange = new Uint8Array(40).fill(3);
    const add = (nodes: Map<Hex, Uint8Array>) => nodes.set(toHex(keccak256(strange)), strange);
    await assert.rejects(loose(add), { code: "RECOMPUTATION_UNLINKED" });
  });

  it("without the root, whatever hung under it is refused", async () => {
    const remove = (nodes: Map<Hex, Uint8Array>, root: Hash) => nodes.delete(toHex(root));
    await assert.rejects(loose(remove), { code: "RECOMPUTATION_UNLINKED" });
  });

  it("nodes of another block's state are refused", async () => {
    const other = blocks[2];
    assert.ok(other !== undefined);
    const add = (nodes: Map<Hex, Uint8Array>) => {
      for (const [hash, node] of other.nodes) nodes.set(hash, node);
    };
    await assert.rejects(loose(add), { code: "RECOMPUTATION_UNLINKED" });
  });

  it("a root of other bytes is refused, because nothing hangs under it", async () => {
    const swap = (nodes: Map<Hex, Uint8Array>, root: Hash) => nodes.set(toHex(root), new Uint8Array(40));
    await assert.rejects(loose(swap), { code: "RECOMPUTATION_UNLINKED" });
  });

  it("a node of other bytes that hangs together with the rest is refused for its hash", async () => {
    await assert.rejects(
      loose((nodes, root) => {
        const branch = nodes.get(toHex(root));
        assert.ok(branch !== undefined);
        // A hash in it, of a child that did not change.
        const reference = [...branch.keys()].find(
          (at) => branch[at] === 0xa0 && !nodes.has(toHex(branch.subarray(at + 1, at + 33))),
        );
        assert.ok(reference !== undefined);
        nodes.set(toHex(root), branch.with(reference + 1, (branch[reference + 1] ?? 0) ^ 1));
      }),
      { code: "RECOMPUTATION_DISAGREES" },
    );
  });
});

describe("an enclave with a GPU beside it", () => {
  const domain = { chainId: 900n, verifyingContract: STRANGER.address };
  const secret = keccak256(Uint8Array.of(42));
  let rollup: Rollup;
  let bytes: Uint8Array;
  before(async () => {
    rollup = await busyRollup();
    bytes = encodeWitness(await collectedWitness(rollup, 1n, BUSY_CHAIN.last));
  });
  const enclave = (recompute?: Recompute) => createEnclave({ random: () => secret, kzg, domain, recompute });

  it("signs what one without signs", async () => {
    const request = proofInput(rollup, 1n, BUSY_CHAIN.last);
    const signed = await enclave(honest).proveAndSign(request, bytes);
    assert.deepEqual(signed, await enclave().proveAndSign(request, bytes));
    assert.deepEqual([enclave(honest).recomputes, enclave().recomputes], [true, false]);
  });

  it("signs nothing when the device disagrees or fails", async () => {
    const request = proofInput(rollup, 1n, BUSY_CHAIN.last);
    const lies: Recompute = async (all) => (await honest(all)).with(-1, ZERO_HASH);
    await assert.rejects(enclave(lies).proveAndSign(request, bytes), { code: "RECOMPUTATION_DISAGREES" });
    const fails: Recompute = async () => {
      throw new Error("device lost");
    };
    await assert.rejects(enclave(fails).proveAndSign(request, bytes), { message: "device lost" });
  });

  it("asks the device once a proof, after it, and never for a proof that fails", async () => {
    let calls = 0;
    const counted: Recompute = (all) => {
      calls++;
      return honest(all);
    };
    const session = enclave(counted);
    const wrong = { ...proofInput(rollup, 1n, BUSY_CHAIN.last), claimedOutputRoot: ZERO_HASH };
    await assert.rejects(session.proveAndSign(wrong, bytes), { code: "CLAIM_MISMATCH" });
    assert.equal(calls, 0);
    await session.proveAndSign(proofInput(rollup, 1n, BUSY_CHAIN.last), bytes);
    assert.equal(calls, 1);
  });

  it("gives whoever asks for a proof no way to leave the device out, or to see what it is asked", async () => {
    const lies: Recompute = async (all) => all.map(() => ZERO_HASH);
    let seen = 0;
    const options = { recompute: undefined, onSealed: () => seen++, onBlock: () => {} };
    const proving = enclave(lies).proveAndSign(proofInput(rollup, 1n, BUSY_CHAIN.last), bytes, options);
    await assert.rejects(proving, { code: "RECOMPUTATION_DISAGREES" });
    assert.equal(seen, 0);
  });

  it("signs the claim that was proven, whatever the device does to the bytes it is given", async () => {
    const request = proofInput(rollup, 1n, BUSY_CHAIN.last);
    const wanted = await enclave().proveAndSign(request, bytes);
    const spoils: Recompute = async (all) => {
      const digests = await honest(all);
      for (const message of all) message.fill(0);
      return digests;
    };
    assert.deepEqual(await enclave(spoils).proveAndSign(request, bytes), wanted);
  });
});
