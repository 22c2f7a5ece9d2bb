import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { attributesOfBlock } from "@phala-l2/execution/block/attributes";
import { hashFromHex, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { isRollupError, RollupError } from "@phala-l2/protocol/errors";
import { assertFreshNodeAgrees, hashesOf, run } from "./actions.ts";
import { safeHashes, type TestNode, transfer, World } from "./world.ts";

const worlds: World[] = [];
after(() => Promise.all(worlds.map((world) => world.close())));

function newWorld(): World {
  const world = new World();
  worlds.push(world);
  return world;
}

const kinds = (node: TestNode) => new Set(node.events.map(({ kind }) => kind));

describe("derivation by a node", () => {
  it("reaches the sequencer's hashes from L1 alone, and executes each block once", async () => {
    const world = newWorld();
    const sequencer = await world.start({ derives: false });
    await run(world, sequencer, 4);
    const verifier = await world.start();
    await world.settle(verifier);
    assert.equal(verifier.store.heads().safe.number, 24n);
    assert.deepEqual(safeHashes(verifier), hashesOf(sequencer));
    assert.equal(verifier.verifications(), 24);
  });

  it("marks the sequencer's own blocks safe without executing them", async () => {
    const world = newWorld();
    const sequencer = await world.start();
    await run(world, sequencer, 3);
    await world.settle(sequencer);
    const { unsafe, safe } = sequencer.store.heads();
    assert.equal(safe.number, 18n);
    assert.deepEqual(safe, unsafe);
    assert.equal(sequencer.verifications(), 0);
    assert.deepEqual(kinds(sequencer), new Set(["unsafe", "safe"]));
  });

  it("follows L1 block by block, and records the safe head of each", async () => {
    const world = newWorld();
    const sequencer = await world.start({ derives: false });
    const verifier = await world.start();
    for (let round = 1n; round <= 3n; round++) {
      await run(world, sequencer, 1);
      await world.settle(verifier);
      assert.equal(verifier.store.heads().safe.number, 6n * round);
    }
    const { number: first } = world.config.genesis.l1;
    const safeAt = (l1: bigint) => verifier.store.safeHeadAtL1Block(first + l1)?.safe.number;
    assert.deepEqual(
      [safeAt(0n), safeAt(1n), safeAt(2n), safeAt(3n), safeAt(4n)],
      [0n, 6n, 12n, 18n, undefined],
    );
  });

  it("goes on where it was after a restart at any point, with heads that never go back", async () => {
    const world = newWorld();
    const sequencer = await world.start({ derives: false });
    const folder = world.newFolder();
    let before = 0n;
    for (let round = 0; round < 4; round++) {
      await run(world, sequencer, 2);
      const verifier = await world.start({ folder });
      assert.equal(verifier.store.heads().safe.number, before);
      // The odd rounds are stopped in the middle of their work.
      if (round % 2 === 0) await world.settle(verifier);
      else for (let turn = 0; turn < 40; turn++) await new Promise((resolve) => setImmediate(resolve));
      await verifier.stop();
      const safe = verifier.events.findLast(({ kind }) => kind === "safe");
      if (safe !== undefined && "ref" in safe) before = safe.ref.number;
    }
    const verifier = await world.start({ folder });
    await world.settle(verifier);
    assert.deepEqual(safeHashes(verifier), hashesOf(sequencer));
  });

  it("replaces a block with an invalid transaction by its deposits", async () => {
    const world = newWorld();
    const sequencer = await world.start({ derives: false });
    const good = await world.sequence(sequencer, [transfer(0)]);
    const bad = await world.sequence(sequencer, [transfer(1)]);
    const third = await world.sequence(sequencer, []);
    // The batcher's data says nonce 5 where the sequencer's block had nonce 1.
    world.mineBatches([good, { ...bad, transactions: [transfer(5)] }, third]);
    const verifier = await world.start();
    await world.settle(verifier);
    const replaced = verifier.store.hashByNumber(2n);
    assert.ok(replaced);
    assert.equal(verifier.store.block(replaced)?.transactions.length, 1);
    assert.equal(verifier.store.heads().safe.number, 2n);
    assert.ok(verifier.logged.some((line) => line.includes("deposits only")));
  });

  it("forces empty blocks when no batches come within the sequencing window", async () => {
    const world = newWorld();
    for (let count = 0; count < 33; count++) world.chain.mine();
    const verifier = await world.start();
    await world.settle(verifier);
    assert.ok(verifier.store.heads().safe.number >= 6n);
    await assertFreshNodeAgrees(world, verifier);
  });

  it("waits out failures of L1 and of the beacon node", async () => {
    const world = newWorld();
    const sequencer = await world.start({ derives: false });
    await run(world, sequencer, 3);
    let calls = 0;
    const codes = ["L1_UNREACHABLE", "L1_DATA_INVALID", "L1_BLOCK_NOT_FOUND", "L1_BEHIND"];
    world.l1.failure = () =>
      calls++ % 3 === 2 ? new RollupError(codes[calls % 4] ?? "", "now and then") : undefined;
    const verifier = await world.start();
    await world.settle(verifier);
    assert.deepEqual(safeHashes(verifier), hashesOf(sequencer));
  });

  it("halts at a fault of the program, and says so", async () => {
    const world = newWorld();
    world.chain.mine();
    const fault = new RollupError("NOT_KNOWN_TO_THE_POLICY", "a fault");
    world.l1.failure = (method) => (method === "block" ? fault : undefined);
    const verifier = await world.start();
    await world.settle(verifier);
    assert.equal(verifier.engine.halted?.code, "NOT_KNOWN_TO_THE_POLICY");
    assert.ok(verifier.logged.some((line) => line.startsWith("HALTED")));
  });
});

describe("unsafe blocks of another node", () => {
  it("are executed and become the head in their order", async () => {
    const world = newWorld();
    const sequencer = await world.start({ derives: false });
    await run(world, sequencer, 1, 3);
    const verifier = await world.start({ derives: false });
    const blocks = hashesOf(sequencer)
      .slice(1)
      .map((hash) => sequencer.store.block(hashFromHex(hash)));
    const [first, second, third] = blocks;
    assert.ok(first && second && third);
    assert.equal((await verifier.engine.insertUnsafe(second)).kind, "gap");
    assert.equal((await verifier.engine.insertUnsafe(first)).kind, "inserted");
    assert.equal((await verifier.engine.insertUnsafe(first)).kind, "known");
    assert.equal((await verifier.engine.insertUnsafe(second)).kind, "inserted");
    assert.equal((await verifier.engine.insertUnsafe(third)).kind, "inserted");
    assert.deepEqual(hashesOf(verifier), hashesOf(sequencer));
  });

  it("are refused when any part of them is not what execution gives", async () => {
    const world = newWorld();
    const sequencer = await world.start({ derives: false });
    await world.sequence(sequencer, [transfer(0)]);
    const block = sequencer.store.block(sequencer.store.heads().unsafe.hash);
    assert.ok(block);
    const { header, transactions } = block;
    const verifier = await world.start({ derives: false });
    const wrong = {
      "state root": { header: { ...header, stateRoot: ZERO_HASH }, transactions },
      "receipts root": { header: { ...header, receiptsRoot: ZERO_HASH }, transactions },
      "gas used": { header: { ...header, gasUsed: header.gasUsed + 1n }, transactions },
      "base fee": { header: { ...header, baseFeePerGas: 1n }, transactions },
      "off-schedule time": { header: { ...header, timestamp: header.timestamp + 1n }, transactions },
      "extra data": { header: { ...header, extraData: new Uint8Array(3) }, transactions },
      number: { header: { ...header, number: 7n }, transactions },
      "missing L1 attributes": { header, transactions: transactions.slice(1) },
      "no transactions": { header, transactions: [] },
      "garbage first": { header, transactions: [Uint8Array.of(0x7e, 1), ...transactions] },
      "a transaction twice": { header, transactions: [...transactions, transfer(0)] },
      "another transaction": { header, transactions: [...transactions.slice(0, 1), transfer(1)] },
    };
    for (const [name, wrongBlock] of Object.entries(wrong)) {
      assert.equal((await verifier.engine.insertUnsafe(wrongBlock)).kind, "invalid", name);
    }
    assert.equal(verifier.store.heads().unsafe.number, 0n);
    assert.equal((await verifier.engine.insertUnsafe(block)).kind, "inserted");
  });

  it("give way to what L1 says", async () => {
    const world = newWorld();
    const liar = await world.start({ derives: false });
    const honest = await world.start({ derives: false });
    const verifier = await world.start();
    for (const nonce of [0, 1, 2]) await world.sequence(liar, [transfer(nonce)]);
    for (const hash of hashesOf(liar).slice(1)) {
      const block = liar.store.block(hashFromHex(hash));
      assert.ok(block);
      assert.equal((await verifier.engine.insertUnsafe(block)).kind, "inserted");
    }
    // The first block is the same, the later ones differ.
    const batches = [await world.sequence(honest, [transfer(0)])];
    batches.push(await world.sequence(honest), await world.sequence(honest, [transfer(1)]));
    world.mineBatches(batches);
    await world.settle(verifier);
    assert.deepEqual(safeHashes(verifier), hashesOf(honest));
    const reorg = verifier.events.find(({ kind }) => kind === "reorg");
    assert.ok(reorg?.kind === "reorg");
    assert.equal(reorg.commonAncestor.number, 1n);
    assert.deepEqual(reorg.dropped.map(toHex), hashesOf(liar).slice(2).toReversed());
    assert.equal(verifier.verifications(), 3 + 2);
  });
});

describe("a sequencer's own blocks", () => {
  it("are refused on any other parent than the head", async () => {
    const world = newWorld();
    const sequencer = await world.start({ derives: false });
    const rival = await world.start({ derives: false });
    await world.sequence(sequencer);
    const isNotHead = (error: unknown) => isRollupError(error, "ENGINE_PARENT_NOT_HEAD");
    const { attributes } = attributesOf(sequencer);
    await assert.rejects(sequencer.engine.build(attributes, world.genesis.hash), isNotHead);
    const late = await rival.engine.build(attributes, world.genesis.hash);
    await world.sequence(rival, [transfer(0)]);
    await assert.rejects(rival.engine.insert(late.seal()), isNotHead);
    assert.equal(rival.store.heads().unsafe.number, 1n);
  });

  it("can not begin with attributes that do not execute", async () => {
    const world = newWorld();
    const sequencer = await world.start({ derives: false });
    await world.sequence(sequencer);
    const { attributes } = attributesOf(sequencer);
    const head = sequencer.store.heads().unsafe.hash;
    const isInvalid = (error: unknown) => isRollupError(error, "ENGINE_ATTRIBUTES_INVALID");
    const later = { ...attributes, timestamp: attributes.timestamp + 2n };
    await assert.rejects(sequencer.engine.build({ ...later, transactions: [] }, head), isInvalid);
    await assert.rejects(sequencer.engine.build({ ...later, transactions: [transfer(0)] }, head), isInvalid);
    await assert.rejects(sequencer.engine.build(attributes, head), isInvalid);
    assert.ok(await sequencer.engine.build(later, head));
  });
});

/** The attributes that the node's head was made from. */
function attributesOf({ store }: TestNode) {
  const block = store.block(store.heads().unsafe.hash);
  assert.ok(block);
  const attributes = attributesOfBlock(store.config, block.header, block.transactions);
  assert.ok(attributes);
  return { attributes };
}
