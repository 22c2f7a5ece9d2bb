import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { L2BlockFacts } from "@phala-l2/derivation/l2-chain-reader";
import { ZERO_ADDRESS, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import { RemoteChain } from "./remote-chain.ts";
import { SafeHeads } from "./safe-heads.ts";

function facts(number: bigint): L2BlockFacts {
  const l1Origin = { number: 0n, hash: ZERO_HASH };
  const ref = { number, hash: ZERO_HASH, parentHash: ZERO_HASH, timestamp: 0n, l1Origin, sequenceNumber: 0n };
  const header = {
    parentHash: ZERO_HASH,
    ommersHash: ZERO_HASH,
    beneficiary: ZERO_ADDRESS,
    stateRoot: ZERO_HASH,
    transactionsRoot: ZERO_HASH,
    receiptsRoot: ZERO_HASH,
    logsBloom: new Uint8Array(256),
    difficulty: 0n,
    number,
    gasLimit: 0n,
    gasUsed: 0n,
    timestamp: 0n,
    extraData: new Uint8Array(0),
    prevRandao: ZERO_HASH,
    nonce: new Uint8Array(8),
  };
  return { ref, header, transactions: [] };
}

function setUp(newest: bigint) {
  const asked: bigint[] = [];
  const chain = new RemoteChain({
    block: async (which) => {
      assert.ok(typeof which === "bigint");
      asked.push(which);
      return which <= newest ? facts(which) : undefined;
    },
  });
  return { chain, asked };
}

const isWanted = (error: unknown) => isRollupError(error, "ENGINE_BLOCK_WANTED");

describe("another engine's chain", () => {
  it("is asked once for each block", async () => {
    const { chain, asked } = setUp(5n);
    for (const number of [3n, 3n, 6n]) await chain.read(number);
    assert.deepEqual(asked, [3n, 6n]);
    chain.dropAbove(2n);
    await chain.read(3n);
    assert.deepEqual(asked, [3n, 6n, 3n]);
  });

  it("is fetched from where derivation has missed a block, up to the safe head", async () => {
    const { chain, asked } = setUp(100n);
    const reader = chain.reader(() => 50n);
    assert.equal(reader.block(51n), undefined);
    assert.throws(() => reader.block(40n), isWanted);
    assert.throws(() => reader.block(45n), isWanted);
    await chain.fetchWanted(50n);
    assert.deepEqual([asked.length, asked[0], asked.at(-1)], [11, 40n, 50n]);
    assert.equal(reader.block(45n)?.ref.number, 45n);
    await chain.fetchWanted(50n);
    assert.equal(asked.length, 11);
  });

  it("is kept at hand as far as it is looked at, and no further", async () => {
    const { chain } = setUp(10_000n);
    const reader = chain.reader(() => 10_000n);
    assert.throws(() => reader.block(1n), isWanted);
    await chain.fetchWanted(3000n);
    assert.ok(reader.block(1n), "further back than usual, because it was wanted");
    for (let number = 3001n; number <= 10_000n; number++) chain.put(facts(number));
    assert.throws(() => reader.block(1n), isWanted);
    assert.ok(reader.block(8000n));
  });
});

describe("safe heads by L1 block", () => {
  it("are forgotten above a reorg and below finality", () => {
    const heads = new SafeHeads();
    for (const number of [1n, 2n, 3n, 4n]) heads.record({ number, hash: ZERO_HASH }, facts(number * 10n).ref);
    heads.forgetAbove(3n);
    heads.forgetBelow(2n);
    assert.deepEqual(
      [1n, 2n, 3n, 4n].map((number) => heads.at(number)?.safe.number),
      [undefined, 20n, 30n, undefined],
    );
    assert.equal(heads.ref(ZERO_HASH)?.number, 20n);
  });
});
