import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { toHex } from "@phala-l2/protocol/bytes";
import type { Block } from "@phala-l2/protocol/wire/block";
import { headerHash } from "@phala-l2/protocol/wire/header";
import { transfer, World } from "../node/world.ts";
import { at } from "./caller.ts";
import {
  attributesFor,
  blockAt,
  type Driven,
  forkchoice,
  numbersOf,
  payloadParams,
  startDriven,
} from "./driven.ts";

const worlds: World[] = [];
const running: Driven[] = [];
after(async () => {
  for (const node of running) await node.stop();
  await Promise.all(worlds.map((world) => world.close()));
});

const hex = (block: Block) => toHex(headerHash(block.header));
const VALID = (block: Block) => ({ status: "VALID", latestValidHash: hex(block), validationError: null });
const SYNCING = { status: "SYNCING", latestValidHash: null, validationError: null };

/** Two branches of one genesis, and an empty driven node. */
async function setUp(length = 4, otherLength = 0) {
  const world = new World();
  worlds.push(world);
  const maker = await world.start({ derives: false });
  const other = await world.start({ derives: false });
  for (let nonce = 0; nonce < length; nonce++) await world.sequence(maker, [transfer(nonce)]);
  for (let count = 0; count < otherLength; count++) await world.sequence(other, []);
  const driven = await startDriven(world);
  running.push(driven);
  const genesis = driven.chain.genesisHash;
  const blocks = Array.from({ length }, (_, i) => blockAt(maker, BigInt(i + 1)));
  const others = Array.from({ length: otherLength }, (_, i) => blockAt(other, BigInt(i + 1)));
  const a = (number: number): Block => {
    const block = blocks[number - 1];
    assert.ok(block);
    return block;
  };
  const b = (number: number): Block => {
    const block = others[number - 1];
    assert.ok(block);
    return block;
  };
  const give = async (block: Block) =>
    (await driven.call("engine_newPayloadV4", ...payloadParams(block))).result;
  const choose = async (...heads: Parameters<typeof forkchoice>) => {
    const answer = await driven.call("engine_forkchoiceUpdatedV3", forkchoice(...heads), null);
    return answer.error ?? answer.result;
  };
  const heads = () => numbersOf(driven.chain.heads());
  return { world, driven, genesis, a, b, give, choose, heads };
}

describe("forkchoice", () => {
  it("moves the heads forward, one payload after another", async () => {
    const { a, give, choose, heads, genesis } = await setUp();
    for (let number = 1; number <= 4; number++) {
      assert.deepEqual(await give(a(number)), VALID(a(number)));
      const answer = await choose(a(number), number > 2 ? a(number - 2) : genesis, genesis);
      assert.deepEqual(answer, { payloadStatus: VALID(a(number)), payloadId: null });
    }
    assert.deepEqual(heads(), [4, 2, 0]);
  });

  it("takes a payload into account only when it is named", async () => {
    const { a, give, choose, heads, driven } = await setUp();
    for (const number of [1, 2, 3]) assert.deepEqual(await give(a(number)), VALID(a(number)));
    assert.deepEqual(heads(), [0, 0, 0]);
    assert.equal((await driven.call("eth_blockNumber")).result, "0x0");
    await choose(a(3));
    assert.equal((await driven.call("eth_blockNumber")).result, "0x3");
    const latest = await driven.call("eth_getBlockByNumber", "latest", true);
    assert.equal(at(latest, "result", "hash"), hex(a(3)));
  });

  it("says SYNCING to a payload without parent, and to a head that was never given", async () => {
    const { a, give, choose, heads } = await setUp();
    assert.deepEqual(await give(a(2)), SYNCING);
    assert.deepEqual(await choose(a(2)), { payloadStatus: SYNCING, payloadId: null });
    await give(a(1));
    assert.deepEqual(await choose(a(2)), { payloadStatus: SYNCING, payloadId: null });
    assert.deepEqual(heads(), [0, 0, 0]);
    assert.deepEqual(await give(a(2)), VALID(a(2)));
  });

  it("goes to another branch and back, re-executing what it has dropped", async () => {
    const { a, b, give, choose, heads, driven } = await setUp(4, 2);
    for (const number of [1, 2, 3, 4]) await give(a(number));
    await choose(a(4), a(2));
    for (const number of [1, 2]) await give(b(number));
    assert.deepEqual(await choose(b(2)), { payloadStatus: VALID(b(2)), payloadId: null });
    assert.deepEqual(heads(), [2, 0, 0]);
    assert.deepEqual(await choose(a(4), a(3)), { payloadStatus: VALID(a(4)), payloadId: null });
    assert.deepEqual(heads(), [4, 3, 0]);
    const nonce = await driven.call("eth_getBlockTransactionCountByNumber", "0x4");
    assert.equal(nonce.result, "0x2");
  });

  it("goes back to an older head of its own chain, as op-geth does for op-node", async () => {
    const { a, give, choose, heads } = await setUp();
    for (const number of [1, 2, 3, 4]) await give(a(number));
    await choose(a(4), a(1));
    assert.deepEqual(await choose(a(2), a(1)), { payloadStatus: VALID(a(2)), payloadId: null });
    assert.deepEqual(heads(), [2, 1, 0]);
    assert.deepEqual(await choose(a(4), a(4), a(2)), { payloadStatus: VALID(a(4)), payloadId: null });
    assert.deepEqual(heads(), [4, 4, 2]);
  });

  it("refuses heads that are not on one chain, and changes nothing", async () => {
    const { a, b, give, choose, heads, genesis } = await setUp(4, 2);
    for (const number of [1, 2, 3]) await give(a(number));
    await give(b(1));
    await choose(a(3), a(1), genesis);
    const code = async (...of: Parameters<typeof forkchoice>) => at(await choose(...of), "code");
    assert.equal(await code(a(3), b(1)), -38002, "safe on another branch");
    assert.equal(await code(a(3), a(2), b(1)), -38002, "finalized on another branch");
    assert.equal(await code(a(2), a(3)), -38002, "safe above head");
    assert.equal(await code(a(3), a(1), a(2)), -38002, "finalized above safe");
    assert.equal(await code(a(3), a(4)), -38002, "safe not known");
    assert.equal(await code(b(1), a(1)), -38002, "safe stays behind");
    assert.deepEqual(heads(), [3, 1, 0]);
  });

  it("never takes back what is final", async () => {
    const { a, b, give, choose, heads } = await setUp(4, 2);
    for (const number of [1, 2, 3, 4]) await give(a(number));
    await choose(a(4), a(3), a(2));
    assert.deepEqual(await give(b(1)), VALID(b(1)));
    const refused = [await choose(b(1)), await choose(a(1)), await choose(a(3), a(1))];
    assert.deepEqual(
      refused.map((answer) => at(answer, "code")),
      [-38002, -38002, -38002],
    );
    assert.deepEqual(await choose(a(4), a(3), a(1)), { payloadStatus: VALID(a(4)), payloadId: null });
    assert.deepEqual(heads(), [4, 3, 2]);
  });

  it("builds on attributes, and the same attributes are one block", async () => {
    const { world, driven, a, genesis, choose, heads } = await setUp(2);
    const ask = () =>
      driven.call(
        "engine_forkchoiceUpdatedV3",
        forkchoice(genesis, genesis, genesis),
        attributesFor(world, a(1)),
      );
    const first = await ask();
    assert.deepEqual(await ask(), first);
    const id = at(first, "result", "payloadId");
    assert.match(String(id), /^0x03[0-9a-f]{14}$/);
    const { result: built } = await driven.call("engine_getPayloadV4", id);
    assert.equal(at(built, "executionPayload", "blockHash"), hex(a(1)));
    assert.deepEqual(heads(), [0, 0, 0]);
    const [payload, root] = [at(built, "executionPayload"), at(built, "parentBeaconBlockRoot")];
    const given = await driven.call("engine_newPayloadV4", payload, [], root, []);
    assert.deepEqual(given.result, VALID(a(1)));
    await choose(a(1), a(1), genesis);
    assert.deepEqual(heads(), [1, 1, 0]);
  });

  it("has its heads and states after a restart", async () => {
    const { world, driven, a, give, choose } = await setUp(4);
    for (const number of [1, 2, 3]) await give(a(number));
    await choose(a(3), a(2), a(1));
    running.splice(running.indexOf(driven), 1);
    await driven.stop();
    const again = await startDriven(world, { dataDir: driven.dataDir });
    running.push(again);
    assert.deepEqual(numbersOf(again.chain.heads()), [3, 2, 1]);
    const status = await again.call("engine_newPayloadV4", ...payloadParams(a(4)));
    assert.deepEqual(status.result, VALID(a(4)));
  });
});
