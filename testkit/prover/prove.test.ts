import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { preimagesOfWitness } from "@phala-l2/enclave/preimages";
import { MAX_BLOCKS_PER_PROOF, NO_SUCH_BLOCK, type ProofInput, prove } from "@phala-l2/enclave/prove";
import { createEnclave } from "@phala-l2/enclave/session";
import { decodeWitness, encodeWitness, type Witness } from "@phala-l2/enclave/witness";
import { nativeKzg } from "@phala-l2/node/l1/kzg";
import { bigintFromBytes, fromHex, type Hash, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { type ClaimDomain, claimDigest } from "@phala-l2/protocol/claim";
import type { L2BlockRef } from "@phala-l2/protocol/config/rollup";
import { rollupConfigHash } from "@phala-l2/protocol/config/rollup-json";
import { isRollupError } from "@phala-l2/protocol/errors";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { silentLog } from "@phala-l2/protocol/log";
import { isLowS, recoverAddress } from "@phala-l2/protocol/secp256k1";
import { versionedHash } from "@phala-l2/protocol/wire/blob";
import type { SingularBatch } from "@phala-l2/protocol/wire/singular-batch";
import { collectWitness } from "@phala-l2/tee-prover/host/collect-witness";
import { channelId, singularChannel, wholeFrame } from "../derivation/batcher-data.ts";
import { STRANGER } from "../derivation/keys.ts";
import { BUSY_CHAIN, busyRollup, smallRollup } from "./chains.ts";
import { COUNTER, type Rollup } from "./rollup.ts";

const kzg = nativeKzg;
const { signal } = new AbortController();

function decoded(bytes: Uint8Array): Witness {
  const result = decodeWitness(bytes);
  if (result.kind !== "ok") throw new Error(result.reason);
  return result.witness;
}

async function collected(rollup: Rollup, from: bigint, to: bigint): Promise<Witness> {
  const request = {
    l1Head: rollup.l1.head.hash,
    previousBlockNumber: from,
    previousOutputRoot: rollup.outputRoot(from),
    l2BlockNumber: to,
    mayBeAbsent: false,
  };
  const { witness } = await collectWitness(request, { chain: rollup, l1: rollup.l1, log: silentLog, signal });
  return decoded(witness);
}

function input(rollup: Rollup, from: bigint, to: bigint): ProofInput {
  return {
    config: rollup.config,
    l1Head: rollup.l1.head.hash,
    previousOutputRoot: rollup.outputRoot(from),
    l2BlockNumber: to,
    mayBeAbsent: false,
  };
}

const proven = (request: ProofInput, witness: Witness) => prove(request, preimagesOfWitness(witness, kzg));

describe("a proof over preimages alone", () => {
  let rollup: Rollup;
  before(async () => {
    rollup = await busyRollup();
  });

  it("comes to the output root of stateful execution, from genesis: deposits, transfers, creation, 7702, blobs, calldata", async () => {
    const witness = await collected(rollup, 0n, BUSY_CHAIN.last);
    assert.equal(witness.blobs.length, 1);
    const proof = await proven(input(rollup, 0n, BUSY_CHAIN.last), witness);
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
      const witness = await collected(rollup, from, to);
      const { outputRoot } = await proven(input(rollup, from, to), witness);
      assert.deepEqual(toHex(outputRoot), toHex(rollup.outputRoot(to)), `${from} to ${to}`);
    }
  });

  it("does not depend on the order of the witness, on repetitions, or on junk in it", async () => {
    const { preimages, blobs } = await collected(rollup, 0n, BUSY_CHAIN.last);
    const junk = [Uint8Array.of(1, 2, 3), new Uint8Array(500).fill(7)];
    const brokenBlob = new Uint8Array(131_072).fill(0xff);
    const witness = {
      preimages: [...junk, ...preimages.toReversed(), ...preimages.slice(0, 3)],
      blobs: [brokenBlob, ...blobs, ...blobs],
    };
    const { outputRoot } = await proven(input(rollup, 0n, BUSY_CHAIN.last), witness);
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
    const witness = await collected(other, from, other.head.number);
    const { outputRoot } = await proven(input(other, from, other.head.number), witness);
    assert.deepEqual(outputRoot, other.outputRoot(other.head.number));
  });

  it("reports each block and how many are to come", async () => {
    const witness = await collected(rollup, 0n, 3n);
    const seen: (readonly [bigint, bigint])[] = [];
    await prove(input(rollup, 0n, 3n), preimagesOfWitness(witness, kzg), {
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

describe("a witness that is not whole", () => {
  let rollup: Rollup;
  let witness: Witness;
  let request: ProofInput;
  before(async () => {
    rollup = await smallRollup();
    request = input(rollup, 1n, rollup.head.number);
    witness = await collected(rollup, 1n, rollup.head.number);
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

describe("a proof is refused, by name,", () => {
  let rollup: Rollup;
  let witness: Witness;
  before(async () => {
    rollup = await smallRollup();
    witness = await collected(rollup, 1n, rollup.head.number);
  });
  const refused = async (change: Partial<ProofInput>, code: string, extra: readonly Uint8Array[] = []) => {
    const request = { ...input(rollup, 1n, rollup.head.number), ...change };
    const preimages = [...witness.preimages, ...extra];
    await assert.rejects(proven(request, { ...witness, preimages }), (error) => isRollupError(error, code));
  };

  it("for another result than the claimed one", async () => {
    await refused({ claimedOutputRoot: rollup.outputRoot(1n) }, "CLAIM_MISMATCH");
    const right = {
      ...input(rollup, 1n, rollup.head.number),
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
    const strange = await collected(other, 1n, other.head.number);
    const own = await collected(rollup, 6n, 7n);
    const change = { previousOutputRoot: rollup.outputRoot(6n), l1Head: other.l1.head.hash };
    const preimages = [...strange.preimages, ...own.preimages];
    await refused(change, "L1_ORIGIN_NOT_CANONICAL", preimages);
    // From a block that both L1s gave, that L1 head leads to the other chain's output.
    const request = { ...input(rollup, 1n, 7n), l1Head: other.l1.head.hash };
    const { outputRoot } = await proven(request, { preimages, blobs: strange.blobs });
    assert.deepEqual(outputRoot, other.outputRoot(7n));
    assert.notDeepEqual(outputRoot, rollup.outputRoot(7n));
  });

  it("but, where that is an answer, such a block is proven not to exist", async () => {
    const request = { ...input(rollup, 1n, rollup.head.number + 1n), mayBeAbsent: true };
    const { outputRoot, claim, head } = await proven(request, witness);
    assert.deepEqual(outputRoot, NO_SUCH_BLOCK);
    assert.deepEqual(claim, {
      ...(await proven(input(rollup, 1n, rollup.head.number), witness)).claim,
      outputRoot,
      l2BlockNumber: rollup.head.number + 1n,
    });
    assert.equal(head.number, rollup.head.number);
    const early = { ...input(rollup, 1n, 7n), l1Head: rollup.l1.head.header.parentHash, mayBeAbsent: true };
    assert.deepEqual((await proven(early, witness)).outputRoot, NO_SUCH_BLOCK);
    // A block that exists is never proven not to.
    const existing = { ...input(rollup, 1n, 7n), mayBeAbsent: true };
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

/** All that a host still holds while the enclave works. */
type Given = {
  readonly request: ProofInput;
  readonly witness: Uint8Array;
  readonly domain: ClaimDomain;
  readonly ref: L2BlockRef;
};

describe("an enclave", () => {
  const domain = { chainId: 900n, verifyingContract: STRANGER.address };
  const secret = keccak256(Uint8Array.of(42));
  let rollup: Rollup;
  let witness: Uint8Array;
  before(async () => {
    rollup = await smallRollup();
    witness = encodeWitness(await collected(rollup, 1n, rollup.head.number));
  });

  it("signs what it has proven with the key that was born in it: 65 bytes r s v, low s", async () => {
    const enclave = createEnclave({ random: () => secret, kzg, domain });
    const { claim, signature } = await enclave.proveAndSign(input(rollup, 1n, rollup.head.number), witness);
    assert.equal(signature.length, 65);
    const v = signature[64];
    assert.ok(v === 27 || v === 28);
    const s = bigintFromBytes(signature.subarray(32, 64));
    assert.ok(isLowS(s));
    const r = bigintFromBytes(signature.subarray(0, 32));
    const signer = recoverAddress(claimDigest(domain, claim), { r, s, yParity: v === 28 ? 1 : 0 });
    assert.deepEqual(signer, enclave.address);
    const elsewhere = claimDigest({ ...domain, chainId: 1n }, claim);
    assert.notDeepEqual(recoverAddress(elsewhere, { r, s, yParity: v === 28 ? 1 : 0 }), enclave.address);
  });

  it("signs nothing when the proof fails or the witness is no witness", async () => {
    const enclave = createEnclave({ random: () => secret, kzg, domain });
    const wrong = { ...input(rollup, 1n, rollup.head.number), claimedOutputRoot: ZERO_HASH };
    await assert.rejects(enclave.proveAndSign(wrong, witness), { code: "CLAIM_MISMATCH" });
    const request = input(rollup, 1n, rollup.head.number);
    await assert.rejects(enclave.proveAndSign(request, witness.subarray(1)), { code: "WITNESS_INVALID" });
  });

  describe("whose host changes what it has handed in while the proof runs", () => {
    const to = 4n;
    const names: readonly (readonly [string, (given: Given) => void])[] = [
      ["the witness", ({ witness: bytes }) => bytes.fill(0)],
      ["the L1 head", ({ request }) => request.l1Head.fill(0)],
      ["the previous output root", ({ request }) => request.previousOutputRoot.fill(0)],
      ["the block's number", ({ request }) => Object.assign(request, { l2BlockNumber: to + 1n })],
      ["the configuration", ({ request }) => request.config.batchInboxAddress.fill(0)],
      ["the configuration's numbers", ({ request }) => Object.assign(request.config, { blockTime: 3n })],
      ["the domain", (given) => Object.assign(given.domain, { chainId: 1n })],
      ["the block that it is told of", ({ ref }) => Object.assign(ref, { number: to })],
      ["that block's hash", ({ ref }) => ref.hash.fill(0)],
    ];
    for (const [name, change] of names) {
      it(`${name}: the claim is of what was given at the beginning`, async () => {
        const given = {
          request: structuredClone(input(rollup, 1n, to)),
          witness: Uint8Array.from(witness),
          domain: { ...domain },
        };
        const enclave = createEnclave({ random: () => secret, kzg, domain: given.domain });
        const onBlock = ({ ref }: Pick<Given, "ref">) => change({ ...given, ref });
        const { claim, signature } = await enclave.proveAndSign(given.request, given.witness, { onBlock });
        assert.deepEqual(claim, {
          rollupConfigHash: rollupConfigHash(rollup.config),
          l1Head: rollup.l1.head.hash,
          previousOutputRoot: rollup.outputRoot(1n),
          outputRoot: rollup.outputRoot(to),
          l2BlockNumber: to,
        });
        const honest = createEnclave({ random: () => secret, kzg, domain });
        assert.deepEqual(await honest.proveAndSign(input(rollup, 1n, to), witness), { claim, signature });
      });
    }
  });

  it("has nothing but its address, a flag, what it holds as final and what it signs: no way to the key", () => {
    const enclave = createEnclave({ random: () => secret, kzg, domain });
    assert.deepEqual(Object.keys(enclave).sort(), [
      "address",
      "followFinality",
      "pinFinality",
      "proveAndSign",
      "recomputes",
      "signRegistration",
      "signRelease",
      "signSunset",
    ]);
    assert.ok(!JSON.stringify(enclave).includes(toHex(secret).slice(2)));
  });

  it("has another key at each start, and none without randomness", () => {
    let count = 0;
    const random = () => keccak256(Uint8Array.of(count++));
    const first = createEnclave({ random, kzg, domain });
    const second = createEnclave({ random, kzg, domain });
    assert.notDeepEqual(first.address, second.address);
    for (const broken of [ZERO_HASH, new Uint8Array(32).fill(0xff), new Uint8Array(31), fromHex("0x")]) {
      assert.throws(() => createEnclave({ random: () => broken, kzg, domain }), {
        code: "KEY_RANDOMNESS_BROKEN",
      });
    }
  });

  it("keeps its own copy of the randomness", () => {
    const bytes = Uint8Array.from(secret);
    const enclave = createEnclave({ random: () => bytes, kzg, domain });
    const { address } = createEnclave({ random: () => secret, kzg, domain });
    bytes.fill(0);
    assert.deepEqual(enclave.address, address);
  });
});

describe("a host's collection", () => {
  it("refuses to build on an output root that is not its own chain's", async () => {
    const rollup = await smallRollup();
    const request = {
      l1Head: rollup.l1.head.hash,
      previousBlockNumber: 1n,
      previousOutputRoot: rollup.outputRoot(2n),
      l2BlockNumber: 3n,
      mayBeAbsent: false,
    };
    const dependencies = { chain: rollup, l1: rollup.l1, log: silentLog, signal };
    await assert.rejects(collectWitness(request, dependencies), { code: "PREVIOUS_OUTPUT_ROOT_UNKNOWN" });
    await assert.rejects(collectWitness({ ...request, previousBlockNumber: 99n }, dependencies), {
      code: "PREVIOUS_OUTPUT_ROOT_UNKNOWN",
    });
  });

  it("notices a database whose bytes do not have their hash", async () => {
    const rollup = await smallRollup();
    const request = {
      l1Head: rollup.l1.head.hash,
      previousBlockNumber: 1n,
      previousOutputRoot: rollup.outputRoot(1n),
      l2BlockNumber: rollup.head.number,
      mayBeAbsent: false,
    };
    const damaged = {
      config: rollup.config,
      hashByNumber: (number: bigint) => rollup.hashByNumber(number),
      headerByHash: (hash: Hash) => rollup.headerByHash(hash),
      block: (hash: Hash) => rollup.block(hash),
      ref: (hash: Hash) => rollup.ref(hash),
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
      config: rollup.config,
      hashByNumber: (number: bigint) => rollup.hashByNumber(number),
      headerByHash: (hash: Hash) => rollup.headerByHash(hash),
      block: (hash: Hash) => rollup.block(hash),
      ref: (hash: Hash) => rollup.ref(hash),
      readCode: rollup.readCode,
      readNode: rollup.readNode,
      safeHeadAtL1Block: (number: bigint) => ({
        l1: { number, hash: ZERO_HASH },
        safe: { number: number >= derivedAt ? rollup.head.number : 0n, hash: ZERO_HASH },
      }),
    };
    const request = {
      l1Head: rollup.l1.head.hash,
      previousBlockNumber: 1n,
      previousOutputRoot: rollup.outputRoot(1n),
      l2BlockNumber: rollup.head.number,
      mayBeAbsent: false,
    };
    const { witness } = await collectWitness(request, { chain, l1, log: silentLog, signal });
    assert.deepEqual(asked, [100n, 101n, 102n]);
    const { outputRoot } = await proven(input(rollup, 1n, rollup.head.number), decoded(witness));
    assert.deepEqual(outputRoot, rollup.outputRoot(rollup.head.number));
  });

  it("stops between two blocks when it is told to", async () => {
    const rollup = await smallRollup();
    const request = {
      l1Head: rollup.l1.head.hash,
      previousBlockNumber: 1n,
      previousOutputRoot: rollup.outputRoot(1n),
      l2BlockNumber: rollup.head.number,
      mayBeAbsent: false,
    };
    const dependencies = { chain: rollup, l1: rollup.l1, log: silentLog, signal: AbortSignal.abort() };
    await assert.rejects(collectWitness(request, dependencies), { code: "STOPPED" });
  });

  it("notices an L1 that reorganises while it is read", async () => {
    const rollup = await smallRollup();
    const other = await smallRollup(Uint8Array.of(3));
    const request = {
      l1Head: rollup.l1.head.hash,
      previousBlockNumber: 0n,
      previousOutputRoot: rollup.outputRoot(0n),
      l2BlockNumber: rollup.head.number,
      mayBeAbsent: false,
    };
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
