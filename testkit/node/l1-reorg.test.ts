import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { attributesOfBlock } from "@phala-l2/execution/block/attributes";
import { bytesEqual, toHex } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import fc from "fast-check";
import { STRANGER } from "../derivation/keys.ts";
import { transactionDeposited } from "../derivation/l1-events.ts";
import { assertFreshNodeAgrees, hashesOf, run, unsafeBatches } from "./actions.ts";
import { safeHashes, type TestNode, transfer, World } from "./world.ts";

const worlds: World[] = [];
after(() => Promise.all(worlds.map((world) => world.close())));

function newWorld(): World {
  const world = new World();
  worlds.push(world);
  return world;
}

const salt = (number: number) => Uint8Array.of(0xff, number);

function deposit(world: World, value: bigint) {
  return [
    transactionDeposited(world.config, { from: STRANGER.address, to: STRANGER.address, mint: value, value }),
  ];
}

const reorgOf = (node: TestNode) => node.events.find(({ kind }) => kind === "reorg");

describe("an L1 reorg", () => {
  for (const depth of [1, 2, 3, 4, 5, 6, 7, 8]) {
    it(`of depth ${depth}: deposits and batches are derived again, as by a fresh node`, async () => {
      const world = newWorld();
      const sequencer = await world.start();
      const verifier = await world.start();
      for (let round = 0; round < 10; round++) {
        if (round === 9 - depth) world.chain.mine({ logs: [deposit(world, 5n)] });
        await run(world, sequencer, 1);
      }
      await Promise.all([world.settle(sequencer), world.settle(verifier)]);
      const before = safeHashes(verifier);

      world.reorganise(depth);
      for (let count = 0; count <= depth; count++) {
        world.chain.mine({ salt: salt(count), logs: [deposit(world, BigInt(count + 7))] });
      }
      await world.settle(sequencer);
      world.mineBatches(unsafeBatches(sequencer), { salt: salt(99) });
      await run(world, sequencer, 2);
      await Promise.all([world.settle(sequencer), world.settle(verifier)]);

      await assertFreshNodeAgrees(world, verifier);
      assert.deepEqual(safeHashes(verifier), safeHashes(sequencer));
      assert.ok(safeHashes(verifier).length > 20);
      // What the old branch gave below the fork is untouched.
      const common = before.findIndex((hash, index) => safeHashes(verifier)[index] !== hash);
      assert.ok(common !== 0);
      // Origins lag L1's head by a block, so that the shallowest reorg takes no L2 block with it.
      for (const node of [verifier, sequencer]) assert.equal(reorgOf(node) !== undefined, depth > 1);
    });
  }

  it("that changes nothing but hashes drops the unsafe blocks whose origin is gone, and no more", async () => {
    const world = newWorld();
    const sequencer = await world.start();
    world.chain.mine();
    world.chain.mine();
    // Two epochs of unsafe blocks; the second one's origin goes.
    for (let count = 0; count < 14; count++) await world.sequence(sequencer);
    await world.settle(sequencer);
    const { unsafe } = sequencer.store.heads();
    assert.equal(unsafe.l1Origin.number, world.config.genesis.l1.number + 2n);
    world.reorganise(1);
    world.chain.mine({ salt: salt(1) });
    world.chain.mine({ salt: salt(2) });
    await world.settle(sequencer);
    const kept = sequencer.store.heads().unsafe;
    assert.equal(kept.l1Origin.number, world.config.genesis.l1.number + 1n);
    const reorg = reorgOf(sequencer);
    assert.ok(reorg?.kind === "reorg" && reorg.dropped.length === Number(unsafe.number - kept.number));
    // The sequencer can go on from there.
    await world.sequence(sequencer, [transfer(0)]);
  });

  it("while the node is down is found at its start", async () => {
    const world = newWorld();
    const sequencer = await world.start({ derives: false });
    const folder = world.newFolder();
    const verifier = await world.start({ folder });
    await run(world, sequencer, 6, 3);
    await world.settle(verifier);
    await verifier.stop();
    world.reorganise(4);
    for (let count = 0; count < 36; count++) world.chain.mine({ salt: salt(count) });
    const again = await world.start({ folder });
    await world.settle(again);
    await assertFreshNodeAgrees(world, again);
    assert.ok(again.store.heads().safe.number > 9n);
  });

  it("forgets the safe heads recorded for the branch that is gone", async () => {
    const world = newWorld();
    const sequencer = await world.start({ derives: false });
    await run(world, sequencer, 4, 3);
    const verifier = await world.start();
    await world.settle(verifier);
    const head = world.chain.head.header.number;
    const old = verifier.store.safeHeadAtL1Block(head);
    world.reorganise(2);
    world.chain.mine({ salt: salt(1) });
    world.chain.mine({ salt: salt(2) });
    world.chain.mine();
    await world.settle(verifier);
    const now = verifier.store.safeHeadAtL1Block(head);
    assert.ok(old && now && !bytesEqual(old.l1.hash, now.l1.hash));
    assert.equal(now.safe.number, 6n);
  });

  it("after another, at random depths, ends as a fresh node does (property)", async () => {
    const steps = fc.array(
      fc.record({ depth: fc.integer({ min: 0, max: 5 }), mined: fc.integer({ min: 1, max: 3 }) }),
      { minLength: 2, maxLength: 5 },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (reorgs) => {
        const world = newWorld();
        const sequencer = await world.start();
        const verifier = await world.start();
        let salts = 0;
        for (const { depth, mined } of reorgs) {
          await run(world, sequencer, 2, 2);
          await world.settle(verifier);
          const height = world.chain.blocks.length - 1;
          world.reorganise(Math.min(depth, height));
          // A branch replaces another only when it is longer.
          for (let count = 0; count < mined + depth; count++) world.chain.mine({ salt: salt(salts++) });
          await world.settle(sequencer);
        }
        await Promise.all([world.settle(verifier), world.settle(sequencer)]);
        await assertFreshNodeAgrees(world, verifier);
        await assertFreshNodeAgrees(world, sequencer);
        await world.close();
      }),
      { numRuns: 6, seed: 7 },
    );
  });
});

describe("finality", () => {
  it("comes to what was derived from final L1 blocks, and no further", async () => {
    const world = newWorld();
    world.l1.finalizedDepth = 3n;
    const sequencer = await world.start({ derives: false });
    await run(world, sequencer, 5);
    const verifier = await world.start();
    await world.settle(verifier);
    const { finalized, safe } = verifier.store.heads();
    assert.equal(finalized.number, 12n);
    assert.equal(safe.number, 30n);
    await run(world, sequencer, 1);
    await world.settle(verifier);
    assert.equal(verifier.store.heads().finalized.number, 18n);
    assert.deepEqual(
      verifier.events.flatMap((event) => (event.kind === "finalized" ? [event.ref.number] : [])).at(-1),
      18n,
    );
  });

  it("survives a restart, and a server that names an older final block", async () => {
    const world = newWorld();
    world.l1.finalizedDepth = 1n;
    const sequencer = await world.start({ derives: false });
    await run(world, sequencer, 4);
    const folder = world.newFolder();
    const verifier = await world.start({ folder });
    await world.settle(verifier);
    await verifier.stop();
    world.l1.finalizedDepth = 3n;
    const again = await world.start({ folder });
    await world.settle(again);
    assert.equal(again.store.heads().finalized.number, 18n);
  });

  it("that L1 breaks halts the node with an alarm; it takes no block and still serves reads", async () => {
    const world = newWorld();
    world.l1.finalizedDepth = 1n;
    const sequencer = await world.start({ derives: false });
    await run(world, sequencer, 5);
    const verifier = await world.start();
    await world.settle(verifier);
    const head = verifier.store.heads().unsafe;
    world.reorganise(4);
    for (let count = 0; count < 6; count++) world.chain.mine({ salt: salt(count) });
    await world.settle(verifier);
    assert.equal(verifier.engine.halted?.code, "ENGINE_FINALIZED_CONFLICT");
    assert.ok(verifier.logged.some((line) => line.startsWith("HALTED")));
    assert.ok(verifier.events.some(({ kind }) => kind === "halted"));
    assert.deepEqual(verifier.store.heads().unsafe, head);
    assert.ok(verifier.store.block(head.hash));
    const isHalted = (error: unknown) => isRollupError(error, "ENGINE_HALTED");
    const next = sequencer.store.block(head.hash);
    assert.ok(next);
    await assert.rejects(verifier.engine.insertUnsafe(next), isHalted);
    const attributes = attributesOfBlock(world.config, next.header, next.transactions);
    assert.ok(attributes);
    await assert.rejects(verifier.engine.build(attributes, head.hash), isHalted);
  });

  it("gives no more to a node that reads L1 again after a start than L1's final block has given", async () => {
    const world = newWorld();
    const sequencer = await world.start({ derives: false });
    await run(world, sequencer, 40, 2);
    const folder = world.newFolder();
    const verifier = await world.start({ folder });
    await world.settle(verifier);
    assert.equal(verifier.store.heads().finalized.number, 0n);
    await verifier.stop();
    // Read again from far below, past the block whose turn it is to be final, to the head, which is not.
    world.l1.finalizedDepth = 2n;
    const again = await world.start({ folder });
    await world.settle(again);
    const final = world.chain.head.header.number - 2n;
    // A node that starts again says at once how far it had read, and reads that again all the same.
    await world.until(() => again.store.heads().finalizedFrom.number >= final);
    const { finalized, finalizedFrom, safe } = again.store.heads();
    assert.equal(finalizedFrom.number, final);
    assert.equal(finalized.number, again.store.safeHeadAtL1Block(final)?.safe.number);
    assert.ok(finalized.number < safe.number);
  });

  it("is never touched by a reorg of what is not final", async () => {
    const world = newWorld();
    world.l1.finalizedDepth = 4n;
    const sequencer = await world.start({ derives: false });
    await run(world, sequencer, 6);
    const verifier = await world.start();
    await world.settle(verifier);
    const final = hashesOf(verifier).slice(0, 13);
    world.reorganise(3);
    for (let count = 0; count < 5; count++) world.chain.mine({ salt: salt(count) });
    await world.settle(verifier);
    assert.equal(verifier.engine.halted, undefined);
    assert.deepEqual(hashesOf(verifier).slice(0, 13), final);
    assert.ok(toHex(verifier.store.heads().finalized.hash).length === 66);
  });
});
