import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import type { FillBlock } from "@phala-l2/node/engine-api/payload-builds";
import { toHex } from "@phala-l2/protocol/bytes";
import { silentLog } from "@phala-l2/protocol/log";
import { headerHash } from "@phala-l2/protocol/wire/header";
import { drivenExtension } from "@phala-l2/sequencer/driven";
import { DEFAULT_LIMITS } from "@phala-l2/sequencer/mempool/limits";
import { transfer, World } from "../node/world.ts";
import { at } from "./caller.ts";
import { attributesFor, blockAt, type Driven, forkchoice, startDriven } from "./driven.ts";

const ends: (() => Promise<void>)[] = [];
after(async () => {
  for (const end of ends.toReversed()) await end();
});

/** Of the fill loop, of which the test waits for many: the same event loop runs both. */
const LOOKS_MS = 150;

/** A driven node with a mempool, or with another filler, and attributes that hold the deposit alone. */
async function setUp(fill?: FillBlock) {
  const world = new World();
  ends.push(() => world.close());
  const maker = await world.start({ derives: false });
  await world.sequence(maker, []);
  const driven = await startDriven(world, {
    extend: (core) => {
      const extension = drivenExtension(core, DEFAULT_LIMITS, silentLog);
      return fill === undefined ? extension : { ...extension, fill };
    },
  });
  ends.push(() => driven.stop());
  const attributes = attributesFor(world, blockAt(maker, 1n));
  return { driven, attributes, empty: toHex(headerHash(blockAt(maker, 1n).header)) };
}

async function begin(driven: Driven, attributes: object): Promise<unknown> {
  const { genesisHash } = driven.chain;
  const answer = await driven.call("engine_forkchoiceUpdatedV3", forkchoice(genesisHash), attributes);
  assert.ok(at(answer, "result", "payloadId"), JSON.stringify(answer));
  return at(answer, "result", "payloadId");
}

const send = (driven: Driven, nonce: number) => driven.call("eth_sendRawTransaction", toHex(transfer(nonce)));
const sequenced = (attributes: object) => ({ ...attributes, noTxPool: false });
const transactionsOf = (envelope: unknown) =>
  Object(at(envelope, "result", "executionPayload", "transactions"));

describe("a block for a sequencing op-node", () => {
  it("has what the pool had and what arrived, and the pool has it no more once it is canonical", async () => {
    const { driven, attributes } = await setUp();
    await send(driven, 0);
    const id = await begin(driven, sequenced(attributes));
    await send(driven, 1);
    await wait(LOOKS_MS);
    const envelope = await driven.call("engine_getPayloadV4", id);
    const [deposit, ...users] = transactionsOf(envelope);
    assert.match(deposit, /^0x7e/);
    assert.deepEqual(users, [transfer(0), transfer(1)].map(toHex));
    const payload = at(envelope, "result", "executionPayload");
    const root = at(envelope, "result", "parentBeaconBlockRoot");
    const given = await driven.call("engine_newPayloadV4", payload, [], root, []);
    assert.equal(at(given, "result", "status"), "VALID");
    assert.equal(at(await driven.call("txpool_status"), "result", "pending"), "0x2");
    const head = { headBlockHash: at(payload, "blockHash"), safeBlockHash: `0x${"00".repeat(32)}` };
    await driven.call("engine_forkchoiceUpdatedV3", { ...head, finalizedBlockHash: head.safeBlockHash });
    assert.equal(at(await driven.call("txpool_status"), "result", "pending"), "0x0");
    assert.equal(driven.chain.heads().unsafe.number, 1n);
  });

  it("has nothing of the pool when the attributes say so", async () => {
    const { driven, attributes, empty } = await setUp();
    await send(driven, 0);
    const envelope = await driven.call("engine_getPayloadV4", await begin(driven, attributes));
    assert.equal(at(envelope, "result", "executionPayload", "blockHash"), empty);
  });

  it("keeps to a batcher's limits", async () => {
    const { driven, attributes, empty } = await setUp();
    await send(driven, 0);
    await driven.call("miner_setMaxDASize", "0x10", "0x0");
    const id = await begin(driven, sequenced(attributes));
    await wait(LOOKS_MS);
    const envelope = await driven.call("engine_getPayloadV4", id);
    assert.equal(at(envelope, "result", "executionPayload", "blockHash"), empty);
  });

  it("is made without the pool when a transaction of it breaks execution", async () => {
    const { driven, attributes, empty } = await setUp(async (open) => {
      await open.apply(transfer(0));
      throw new Error("the machine fails");
    });
    const envelope = await driven.call("engine_getPayloadV4", await begin(driven, sequenced(attributes)));
    assert.equal(at(envelope, "result", "executionPayload", "blockHash"), empty);
  });

  it("ends when another begins, and both can be had", async () => {
    const log: string[] = [];
    const { driven, attributes } = await setUp(async (_open, { signal }) => {
      log.push("begins");
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      log.push("ends");
    });
    const first = await begin(driven, sequenced(attributes));
    const second = await begin(driven, { ...sequenced(attributes), gasLimit: "0x3938701" });
    assert.notEqual(first, second);
    assert.deepEqual(log, ["begins", "ends", "begins"]);
    for (const id of [first, second, first]) {
      assert.equal(transactionsOf(await driven.call("engine_getPayloadV4", id)).length, 1);
    }
  });

  it("can be asked for as long as it is among the ten newest", async () => {
    const { driven, attributes } = await setUp();
    const ids: unknown[] = [];
    for (let i = 0; i < 11; i++) {
      ids.push(await begin(driven, { ...attributes, minBaseFee: `0x${i.toString(16)}` }));
    }
    const [oldest, next] = ids;
    assert.equal(at(await driven.call("engine_getPayloadV4", oldest), "error", "code"), -38001);
    assert.ok(at(await driven.call("engine_getPayloadV4", next), "result"));
  });
});
