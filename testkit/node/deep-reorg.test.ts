import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { L1Label } from "@phala-l2/node/l1/l1-source";
import type { Hash } from "@phala-l2/protocol/bytes";
import type { Frame } from "@phala-l2/protocol/wire/frame";
import { calldataFrames, channelId, framesIn, singularChannel } from "../derivation/batcher-data.ts";
import type { L1Chain } from "../derivation/l1-chain.ts";
import { Random } from "../derivation/random.ts";
import { assertHeadsOfFreshNode, Branches } from "./branches.ts";
import { L1View } from "./l1-view.ts";
import { type TestNode, World } from "./world.ts";

const worlds: World[] = [];
after(() => Promise.all(worlds.map((world) => world.close())));

/** Blocks of L1 that every branch shares. */
const SHARED = 4;

type Setting = {
  readonly world: World;
  readonly branches: Branches;
  readonly sequencer: TestNode;
  readonly verifier: TestNode;
  readonly folder: string;
};

/** L1 with a shared beginning whose last block is final once `depth` more are mined. */
async function begin(seed: number, depth: number, options = {}): Promise<Setting> {
  const world = new World({ blockTime: 6n, seqWindowSize: 400n, ...options });
  worlds.push(world);
  world.l1.finalizedDepth = BigInt(depth + 1);
  const branches = new Branches(world, new Random(seed));
  const sequencer = await world.start();
  const folder = world.newFolder();
  const verifier = await world.start({ folder });
  await branches.grow(sequencer, SHARED);
  return { world, branches, sequencer, verifier, folder };
}

const settleAll = ({ world, sequencer, verifier }: Setting) =>
  Promise.all([world.settle(sequencer), world.settle(verifier)]);

/** The sequencer resets to the branch, goes on there, its batcher posts what is missing, and some becomes final. */
async function goOn(setting: Setting): Promise<void> {
  const { world, branches, sequencer } = setting;
  world.l1.finalizedDepth = 2n;
  for (let round = 0; round < 2; round++) {
    await world.settle(sequencer);
    branches.post(sequencer);
    await branches.grow(sequencer, 2);
  }
  await settleAll(setting);
}

/** Both nodes, compared with a fresh one as L1 is now and after more has come. */
async function assertEndsAsFresh(setting: Setting, options = {}): Promise<void> {
  const { world, sequencer, verifier } = setting;
  const nodes = [verifier, sequencer];
  await assertHeadsOfFreshNode(world, nodes, options);
  await goOn(setting);
  await assertHeadsOfFreshNode(world, nodes);
  assert.ok(verifier.store.heads().finalized.number > 0n);
}

/** A sample, unless L1_REORGS is `all`: of depths those beside a boundary, and the greatest. */
const isWhole = process.env.L1_REORGS === "all";
const DEPTHS = isWhole ? [1, 2, 7, 31, 32, 33, 63, 64] : [1, 2, 33, 64];
const RANDOM_DEPTHS = isWhole ? 20 : 1;
const DEEP = isWhole ? 64 : 33;
const random = new Random(20);
const cases = [
  ...DEPTHS.map((depth) => ({ depth, seed: depth })),
  ...Array.from({ length: RANDOM_DEPTHS }, (_, index) => ({
    depth: 1 + random.below(64),
    seed: 1000 + index,
  })),
];

describe("an L1 reorg of up to 64 blocks", () => {
  for (const { depth, seed } of cases) {
    it(`of depth ${depth} (seed ${seed}): heads are those of a node that saw the new branch alone`, async () => {
      const setting = await begin(seed, depth);
      const { world, branches, sequencer } = setting;
      await branches.grow(sequencer, depth);
      await settleAll(setting);
      const old = world.chain.blocks.slice(-depth);
      world.reorganise(depth);
      branches.replay(old, depth + 1);
      await settleAll(setting);
      await assertEndsAsFresh(setting);
    });
  }
});

describe("L1 reorgs in a row", () => {
  for (const depth of [3, DEEP]) {
    it(`of depth ${depth} and back to the first branch`, async () => {
      const setting = await begin(depth, depth);
      const { world, branches, sequencer } = setting;
      await branches.grow(sequencer, depth);
      await settleAll(setting);
      const first = world.chain;
      world.reorganise(depth);
      branches.replay(first.blocks.slice(-depth), depth + 1);
      await settleAll(setting);
      world.l1.chain = first;
      branches.replay([], 2);
      await settleAll(setting);
      await assertEndsAsFresh(setting);
    });

    it(`of depth ${depth} and then of another depth, the first seen or not`, async () => {
      for (const isSeen of [true, false]) {
        const setting = await begin(depth + 100, depth);
        const { world, branches, sequencer } = setting;
        await branches.grow(sequencer, depth);
        await settleAll(setting);
        const old = world.chain.blocks.slice(-depth);
        world.reorganise(depth);
        branches.replay(old, depth + 1);
        if (isSeen) await settleAll(setting);
        const second = Math.ceil(depth / 2);
        world.reorganise(second);
        branches.replay(old.slice(-second), second + 2);
        await settleAll(setting);
        await assertEndsAsFresh(setting);
      }
    });
  }
});

describe("an L1 reorg while a node is away", () => {
  for (const depth of isWhole ? [1, 7, 64] : [1, DEEP]) {
    it(`of depth ${depth} is found at the start`, async () => {
      const setting = await begin(depth + 200, depth);
      const { world, branches, sequencer, verifier, folder } = setting;
      await branches.grow(sequencer, depth);
      await settleAll(setting);
      await verifier.stop();
      const old = world.chain.blocks.slice(-depth);
      world.reorganise(depth);
      branches.replay(old, depth + 1);
      await world.settle(sequencer);
      await assertEndsAsFresh({ ...setting, verifier: await world.start({ folder }) });
    });
  }

  it("and another before the first is read again: the safe head rests on neither of the branches that are gone", async () => {
    for (let at = 1; at <= 12; at += isWhole ? 1 : 4) {
      const setting = await begin(7, 10);
      const { world, branches, sequencer, verifier, folder } = setting;
      await branches.grow(sequencer, 10);
      await settleAll(setting);
      await verifier.stop();
      const next = world.chain.forkAt(world.chain.head.header.number - 8n);
      // The start finds its safe head canonical; while it reads L1 again from far below, that branch goes.
      let blocks = 0;
      world.l1.failure = (method) => {
        if (method === "block" && ++blocks === at) world.l1.chain = next;
        return undefined;
      };
      const old = world.chain;
      world.l1.chain = next;
      branches.replay(old.blocks.slice(-8), 10);
      world.l1.chain = old;
      const again = await world.start({ folder });
      await world.until(() => world.l1.chain === next);
      world.l1.failure = () => undefined;
      await world.settle(again);
      await assertEndsAsFresh({ ...setting, verifier: again });
    }
  });
});

/** L1 that lets something else happen before each of its answers. */
class SlowL1 extends L1View {
  readonly #meanwhile: () => Promise<unknown>;

  constructor(chain: L1Chain, meanwhile: () => Promise<unknown>) {
    super(chain);
    this.#meanwhile = meanwhile;
  }

  override async head(label: L1Label) {
    await this.#meanwhile();
    return super.head(label);
  }

  override async blockRef(which: bigint | Hash) {
    const found = await super.blockRef(which);
    await this.#meanwhile();
    return found;
  }
}

describe("blocks that a sequencer makes while a reset asks L1", () => {
  it("stay when L1 supports what they were put on", async () => {
    const world = new World();
    worlds.push(world);
    const node = await world.start({ derives: false });
    await world.sequence(node);
    await node.engine.resume(new SlowL1(world.chain, () => world.sequence(node)));
    assert.ok(node.store.heads().unsafe.number > 2n);
    assert.ok(node.events.every(({ kind }) => kind === "unsafe"));
  });

  it("go with it when its L1 origin is gone", async () => {
    const world = new World();
    worlds.push(world);
    const node = await world.start({ derives: false });
    world.chain.mine();
    for (let count = 0; count < 8; count++) await world.sequence(node);
    assert.equal(node.store.heads().unsafe.l1Origin.number, world.chain.head.header.number);
    const other = world.chain.forkAt(world.chain.head.header.number - 1n);
    other.mine({ salt: Uint8Array.of(1) });
    await node.engine.resume(new SlowL1(other, () => world.sequence(node)));
    assert.equal(node.store.heads().unsafe.number, 5n);
    const reorg = node.events.at(-1);
    assert.ok(reorg?.kind === "reorg" && reorg.dropped.length > 4);
  });
});

describe("an L1 reorg in the middle of derivation", () => {
  it("of a channel, at each of its frames", async () => {
    for (let kept = 0; kept < 5; kept++) {
      const setting = await begin(kept, 6);
      const { world, sequencer, branches } = setting;
      branches.post(sequencer);
      const batches = [await world.sequence(sequencer), await world.sequence(sequencer)];
      const frames = framesIn(5, channelId(9), singularChannel(batches));
      const mine = (frame: Frame, salt: number) =>
        world.chain.mine({
          transactions: [calldataFrames(world.config, world.chain, [frame])],
          salt: Uint8Array.of(salt),
        });
      for (const frame of frames.slice(0, kept + 1)) mine(frame, 1);
      await settleAll(setting);
      world.reorganise(1);
      for (const frame of frames.slice(kept)) mine(frame, 2);
      world.chain.mine();
      await settleAll(setting);
      assert.equal(setting.verifier.store.heads().safe.number, sequencer.store.heads().unsafe.number);
      await branches.grow(sequencer, 1);
      await assertEndsAsFresh(setting);
    }
  });

  it("at any turn of the event loop", async () => {
    const setting = await begin(5, 20);
    const { world, branches, sequencer } = setting;
    await branches.grow(sequencer, 20);
    await settleAll(setting);
    const turns = new Random(3);
    for (let round = 0; round < 12; round++) {
      const depth = 1 + turns.below(16);
      const old = world.chain.blocks.slice(-depth);
      world.reorganise(depth);
      branches.replay(old, depth + 1);
      // Both nodes notice, and are somewhere on their way when the next branch comes.
      await Promise.all([sequencer.watch.poll(), setting.verifier.watch.poll()]);
      for (let turn = turns.below(60); turn > 0; turn--) await nextTurn();
    }
    await settleAll(setting);
    await assertEndsAsFresh(setting);
  });
});

describe("a branch of L1 that is shorter than the one it replaces", () => {
  for (const [depth, length] of [
    [2, 1],
    [4, 2],
    [33, 1],
    [33, 32],
  ] as const) {
    it(`by ${depth - length} of ${depth} blocks is followed at once`, async () => {
      const setting = await begin(depth, depth);
      const { world, branches, sequencer } = setting;
      await branches.grow(sequencer, depth);
      await settleAll(setting);
      const old = world.chain.blocks.slice(-depth);
      world.reorganise(depth);
      branches.replay(old, length);
      await settleAll(setting);
      await assertEndsAsFresh(setting, { finalityLeads: true });
    });
  }

  it("is not mistaken for an L1 server that lags: that one is waited for", async () => {
    const setting = await begin(1, 8);
    const { world, branches, sequencer, verifier, folder } = setting;
    await branches.grow(sequencer, 8);
    branches.post(sequencer);
    await settleAll(setting);
    const { safe } = verifier.store.heads();
    await verifier.stop();
    const whole = world.chain;
    world.reorganise(5);
    const again = await world.start({ folder });
    for (let turn = 0; turn < 500; turn++) await nextTurn();
    assert.deepEqual(again.store.heads().safe, safe);
    assert.ok(again.logged.some((line) => line.endsWith("L1_BEHIND")));
    world.l1.chain = whole;
    await assertEndsAsFresh({ ...setting, verifier: again });
  });
});

describe("L1 servers that serve two branches in turns", () => {
  for (const seed of [1, 2]) {
    it(`lead to neither a halt nor a mixture (seed ${seed})`, async () => {
      const setting = await begin(seed, 12);
      const { world, branches, sequencer, verifier } = setting;
      await branches.grow(sequencer, 12);
      const first = world.chain;
      world.reorganise(12);
      branches.replay(first.blocks.slice(-12), 13);
      const second = world.chain;
      const flips = new Random(seed);
      let calls = 0;
      world.l1.failure = () => {
        calls += 1;
        world.l1.chain = calls < 400 && flips.below(4) === 0 ? first : second;
        return undefined;
      };
      await Promise.all([sequencer.watch.poll(), verifier.watch.poll()]);
      for (let turn = 0; turn < 2000 && calls < 400; turn++) await nextTurn();
      world.l1.failure = () => undefined;
      world.l1.chain = second;
      await settleAll(setting);
      await assertEndsAsFresh(setting);
    });
  }
});

describe("an L1 reorg below what is final", () => {
  for (const emptyBlocks of [0, 6]) {
    it(`halts a node at its start, once and with the remedy (final ${emptyBlocks} blocks above the last batch)`, async () => {
      const setting = await begin(1, 2);
      const { world, branches, sequencer, verifier, folder } = setting;
      branches.post(sequencer);
      world.chain.mineEmpty(emptyBlocks + 8);
      await settleAll(setting);
      await world.until(() => verifier.store.heads().finalizedFrom.number > 100n);
      const { finalized, finalizedFrom } = verifier.store.heads();
      await verifier.stop();
      await sequencer.stop();
      const right = world.chain;
      world.l1.chain = right.forkAt(finalizedFrom.number - 1n);
      for (let count = 0; count < 30; count++) world.chain.mine({ salt: Uint8Array.of(9, count) });
      const halted = await world.start({ folder });
      await world.until(() => halted.engine.halted !== undefined);
      for (let turn = 0; turn < 100; turn++) await nextTurn();
      assert.equal(halted.engine.halted?.code, "ENGINE_FINALIZED_CONFLICT");
      assert.match(halted.engine.halted?.message ?? "", /check the L1 client first/);
      assert.equal(halted.logged.filter((line) => line.startsWith("HALTED")).length, 1);
      assert.deepEqual(halted.store.heads().finalized, finalized);
      await halted.stop();
      // The L1 client was on another chain: with the right one all is well.
      world.l1.chain = right;
      const again = await world.start({ folder });
      await assertHeadsOfFreshNode(world, [again]);
    });
  }
});
