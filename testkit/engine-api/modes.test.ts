import assert from "node:assert/strict";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { hashesOf, run, unsafeBatches } from "../node/actions.ts";
import { safeHashes, transfer, World } from "../node/world.ts";
import { blockAt, type Driven, forkchoice, numbersOf, payloadParams, startDriven } from "./driven.ts";

const worlds: World[] = [];
const running = new Set<Driven>();
after(async () => {
  for (const node of running) await node.stop();
  await Promise.all(worlds.map((world) => world.close()));
});

function newWorld(): World {
  const world = new World();
  worlds.push(world);
  return world;
}

async function drive(world: World, dataDir: string): Promise<Driven> {
  const driven = await startDriven(world, { dataDir });
  running.add(driven);
  return driven;
}

async function stop(driven: Driven): Promise<void> {
  running.delete(driven);
  await driven.stop();
}

describe("a database that goes from mode to mode", () => {
  it("is derived on from the finalized block that a consensus client has named", async () => {
    const world = newWorld();
    const sequencer = await world.start({ derives: false });
    await run(world, sequencer, 2);
    const dataDir = world.newFolder();
    const driven = await drive(world, dataDir);
    const [finalized, safe, head] = [2n, 4n, 9n].map((number) => blockAt(sequencer, number));
    assert.ok(finalized && safe && head);
    for (let number = 1n; number <= 9n; number++) {
      await driven.call("engine_newPayloadV4", ...payloadParams(blockAt(sequencer, number)));
    }
    await driven.call("engine_forkchoiceUpdatedV3", forkchoice(head, safe, finalized), null);
    assert.deepEqual(numbersOf(driven.chain.heads()), [9, 4, 2]);
    await stop(driven);
    const node = await world.start({ folder: join(dataDir, "chain") });
    await world.settle(node);
    assert.deepEqual(safeHashes(node), hashesOf(sequencer));
    // Blocks 3 to 9 are compared; only those that nobody had given are executed.
    assert.equal(node.verifications(), 3);
  });

  it("is derived anew where the consensus client went another way", async () => {
    const world = newWorld();
    const sequencer = await world.start({ derives: false });
    const liar = await world.start({ derives: false });
    for (let nonce = 0; nonce < 3; nonce++) await world.sequence(liar, [transfer(nonce)]);
    const dataDir = world.newFolder();
    const folder = join(dataDir, "chain");
    await run(world, sequencer, 1);
    const first = await world.start({ folder });
    await world.settle(first);
    assert.equal(first.store.heads().safe.number, 6n);
    await first.stop();
    const driven = await drive(world, dataDir);
    for (const number of [1n, 2n, 3n]) {
      await driven.call("engine_newPayloadV4", ...payloadParams(blockAt(liar, number)));
    }
    const lie = blockAt(liar, 3n);
    await driven.call("engine_forkchoiceUpdatedV3", forkchoice(lie, lie), null);
    assert.deepEqual(numbersOf(driven.chain.heads()), [3, 3, 0]);
    await stop(driven);
    const again = await world.start({ folder });
    world.mineBatches(unsafeBatches(sequencer).slice(6));
    await world.settle(again);
    assert.deepEqual(safeHashes(again), hashesOf(sequencer));
    assert.equal(again.engine.halted, undefined);
  });
});
