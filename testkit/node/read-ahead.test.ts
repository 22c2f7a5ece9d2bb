import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { type ReadAhead, readAhead } from "@phala-l2/node/l1/read-ahead";
import { bytesEqual, toHex } from "@phala-l2/protocol/bytes";
import { isRollupError, RollupError } from "@phala-l2/protocol/errors";
import { blobOfFrames, channelId, inboxTransaction, wholeFrame } from "../derivation/batcher-data.ts";
import { L1_GENESIS_NUMBER, type L1Chain } from "../derivation/l1-chain.ts";
import { Scenario } from "../derivation/scenario.ts";
import { L1View } from "./l1-view.ts";

const DEPTH = 4;

/** A view of L1 that notes which blocks are asked for. */
class CountingView extends L1View {
  readonly asked: bigint[] = [];
  readonly askedBlobs: string[] = [];

  override async block(which: Parameters<L1View["block"]>[0]) {
    if (typeof which === "bigint") this.asked.push(which - L1_GENESIS_NUMBER);
    return super.block(which);
  }

  override async blobs(block: { readonly hash: Uint8Array }, hashes: Parameters<L1View["blobs"]>[1]) {
    this.askedBlobs.push(toHex(block.hash));
    return super.blobs(block, hashes);
  }
}

function setUp(blocks: number): { view: CountingView; ahead: ReadAhead; chain: L1Chain; scenario: Scenario } {
  const scenario = new Scenario();
  scenario.l1.mineEmpty(blocks);
  const view = new CountingView(scenario.l1);
  const ahead = readAhead(view, { depth: DEPTH, inbox: scenario.config.batchInboxAddress });
  ahead.setHead(L1_GENESIS_NUMBER + BigInt(blocks));
  return { view, ahead, chain: scenario.l1, scenario };
}

const at = (number: bigint) => L1_GENESIS_NUMBER + number;

describe("reading ahead on L1", () => {
  it("has the next blocks under way, each asked for once, and none beyond the head", async () => {
    const { view, ahead } = setUp(6);
    for (let number = 0n; number <= 6n; number++) {
      const { header } = await ahead.block(at(number));
      assert.equal(header.number, at(number));
    }
    assert.deepEqual(view.asked, [0n, 1n, 2n, 3n, 4n, 5n, 6n]);
  });
  it("asks again for a block that could not be had, and gives its error to who wants it", async () => {
    const { view, ahead } = setUp(3);
    let failures = 2;
    view.failure = (method) =>
      method === "block" && failures-- > 0 ? new RollupError("L1_UNREACHABLE", "down") : undefined;
    await assert.rejects(ahead.block(at(0n)), (error) => isRollupError(error, "L1_UNREACHABLE"));
    await nextTurn();
    assert.equal((await ahead.block(at(0n))).header.number, at(0n));
    assert.equal((await ahead.block(at(1n))).header.number, at(1n));
  });
  it("never gives a block of a branch that is gone after it was told to forget", async () => {
    const { view, ahead, chain } = setUp(5);
    await ahead.block(at(2n));
    await nextTurn();
    view.chain = chain.forkAt(at(2n));
    for (let salt = 0; salt < 4; salt++) view.chain.mine({ salt: Uint8Array.of(salt) });
    ahead.forget();
    const next = await ahead.block(at(3n));
    assert.ok(bytesEqual(next.hash, view.chain.at(at(3n))?.hash ?? next.header.parentHash));
  });
  it("drops by itself what does not connect to a block of the new branch", async () => {
    const { view, ahead, chain } = setUp(5);
    await ahead.block(at(0n));
    await nextTurn();
    // Blocks 1 to 4 of the old branch are here; block 5 comes from the new one, and 6 after it.
    view.chain = chain.forkAt(at(2n));
    for (let salt = 0; salt < 5; salt++) view.chain.mine({ salt: Uint8Array.of(salt) });
    ahead.setHead(at(7n));
    for (let number = 1n; number <= 4n; number++) await ahead.block(at(number));
    await nextTurn();
    const again = await ahead.block(at(4n));
    assert.ok(bytesEqual(again.hash, view.chain.at(at(4n))?.hash ?? again.header.parentHash));
  });
  it("fetches the inbox's blobs with their block, and no others", async () => {
    const { view, ahead, chain, scenario } = setUp(0);
    const blob = blobOfFrames([wholeFrame(channelId(1), Uint8Array.of(1, 2, 3))]);
    const wanted = inboxTransaction(scenario.config, chain, { blobs: [blob] });
    const foreign = inboxTransaction(scenario.config, chain, {
      blobs: [blob],
      to: scenario.config.depositContractAddress,
    });
    chain.mine({ transactions: [foreign] });
    const block = chain.mine({ transactions: [wanted] });
    ahead.setHead(at(2n));
    await ahead.block(at(1n));
    await ahead.block(at(2n));
    await nextTurn();
    assert.deepEqual(view.askedBlobs, [toHex(block.hash)]);
    const { number, timestamp } = block.header;
    const [hash] = [...chain.blobs.keys()];
    assert.ok(hash);
    const blobs = await ahead.blobs({ number, timestamp, hash: block.hash }, []);
    assert.ok(blobs.has(hash));
    assert.equal(view.askedBlobs.length, 1);
  });
  it("asks for blobs again that were not there when the block came", async () => {
    const { view, ahead, chain, scenario } = setUp(0);
    const blob = blobOfFrames([wholeFrame(channelId(1), Uint8Array.of(1))]);
    const block = chain.mine({ transactions: [inboxTransaction(scenario.config, chain, { blobs: [blob] })] });
    ahead.setHead(at(1n));
    let failures = 1;
    view.failure = (method) =>
      method === "blobs" && failures-- > 0 ? new RollupError("BLOBS_UNAVAILABLE", "not yet") : undefined;
    await ahead.block(at(1n));
    await nextTurn();
    const { number, timestamp } = block.header;
    const blobs = await ahead.blobs({ number, timestamp, hash: block.hash }, []);
    assert.equal(blobs.size, 0);
    assert.equal(view.askedBlobs.length, 2);
  });
});
