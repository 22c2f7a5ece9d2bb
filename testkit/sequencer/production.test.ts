import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { bytesEqual, fromHex, type Hash, toHex } from "@phala-l2/protocol/bytes";
import { forksUpTo } from "@phala-l2/protocol/config/testing/rollup";
import { KARST_UPGRADE_GAS } from "@phala-l2/protocol/config/upgrade-gas";
import { RollupError } from "@phala-l2/protocol/errors";
import { type Log, silentLog } from "@phala-l2/protocol/log";
import type { Block } from "@phala-l2/protocol/wire/block";
import { headerHash } from "@phala-l2/protocol/wire/header";
import {
  DEPOSIT_TYPE,
  decodeTransaction,
  recoverSender,
  transactionHash,
} from "@phala-l2/protocol/wire/transaction";
import { Production } from "@phala-l2/sequencer/building/production";
import { followChain } from "@phala-l2/sequencer/mempool/follow-chain";
import { headView } from "@phala-l2/sequencer/mempool/head-view";
import { DEFAULT_LIMITS } from "@phala-l2/sequencer/mempool/limits";
import { Mempool } from "@phala-l2/sequencer/mempool/mempool";
import { TestClock } from "@phala-l2/sequencer/testing/clock";
import { L1_GENESIS_TIME } from "../derivation/l1-chain.ts";
import { type TestNode, transfer, World } from "../node/world.ts";

const GENESIS_MS = Number(L1_GENESIS_TIME) * 1000;
const BLOCK_MS = 2_000;

const worlds: World[] = [];
after(() => Promise.all(worlds.map((world) => world.close())));

function submission(raw: Uint8Array) {
  const decoded = decodeTransaction(raw);
  if (decoded.kind === "invalid") throw new Error(decoded.reason);
  const { transaction } = decoded;
  if (transaction.type === DEPOSIT_TYPE || transaction.type === 3) throw new Error("not of a user");
  const sender = recoverSender(transaction);
  if (sender === undefined) throw new Error("not signed");
  return { raw, transaction, sender, hash: transactionHash(raw) };
}

/** The real engine and pool under a clock that jumps. */
async function setUp({ l1Blocks = 0, nowMs = GENESIS_MS, blockTime = 2n, forks = forksUpTo("jovian") } = {}) {
  // A window that no test leaves: empty blocks in place of late batches are derivation's matter.
  const world = new World({ seqWindowSize: 3_600n, blockTime, forks });
  worlds.push(world);
  world.chain.mineEmpty(l1Blocks);
  const node = await world.start();
  await world.settle(node);
  return { world, node, ...sequencerOn(world, node, nowMs) };
}

function sequencerOn(world: World, node: TestNode, nowMs: number) {
  const clock = new TestClock(nowMs);
  const mempool = new Mempool(DEFAULT_LIMITS, headView(node.store));
  followChain({ engine: node.engine, mempool, log: silentLog });
  const published: { readonly block: Block; readonly atMs: number; readonly wasStored: boolean }[] = [];
  const logged: string[] = [];
  const note = (_: object, message: string) => logged.push(message);
  const log: Log = { ...silentLog, warn: note, error: note };
  let wanted = 0;
  let reached: () => void = () => {};
  const production = new Production({
    chain: node.store,
    engine: node.engine,
    l1: world.l1,
    confirmations: 0n,
    mempool,
    clock,
    log,
    publish: async (block) => {
      const stored = node.store.hashByNumber(block.header.number);
      const wasStored = stored !== undefined && bytesEqual(stored, headerHash(block.header));
      published.push({ block, atMs: clock.now(), wasStored });
      if (published.length >= wanted) reached();
    },
  });
  /** Lets it run until it has made that many blocks more. */
  const make = async (blocks: number) => {
    wanted = published.length + blocks;
    const done = new Promise<void>((resolve) => {
      reached = resolve;
    });
    production.begin();
    await done;
    await production.stop();
  };
  return { clock, mempool, production, published, logged, make };
}

const users = ({ transactions }: Block) => transactions.filter(([type]) => type !== DEPOSIT_TYPE).map(toHex);

describe("production", () => {
  it("tells of a block at its time and not before it is on disk", async () => {
    const { make, published } = await setUp();
    await make(5);
    for (const [i, { block, atMs, wasStored }] of published.entries()) {
      assert.equal(block.header.number, BigInt(i + 1));
      assert.equal(wasStored, true);
      const late = atMs - Number(block.header.timestamp) * 1000;
      assert.ok((late >= -60 && late < BLOCK_MS) || i === published.length - 1, `${late} ms`);
    }
  });

  it("keeps the block that activates a fork free of the pool's transactions", async () => {
    const forks = { ...forksUpTo("jovian"), karst: L1_GENESIS_TIME + 2n };
    const { make, published, mempool } = await setUp({ forks });
    assert.equal(mempool.submit(submission(transfer(0))).kind, "accepted");
    await make(2);
    const [activation, next] = published.map(({ block }) => block);
    assert.ok(activation && next);
    assert.deepEqual(users(activation), []);
    assert.equal(activation.transactions.length, 32, "the L1 attributes and Karst's upgrade");
    assert.deepEqual(users(next), [toHex(transfer(0))]);
    assert.equal(activation.header.gasLimit - next.header.gasLimit, KARST_UPGRADE_GAS);
  });

  it("puts the pool's transactions into the next block, and those that arrive meanwhile too", async () => {
    const { make, published, mempool, clock } = await setUp();
    assert.equal(mempool.submit(submission(transfer(0))).kind, "accepted");
    clock.onTick = (now) => {
      if (now > GENESIS_MS + 500) mempool.submit(submission(transfer(1)));
    };
    await make(1);
    assert.deepEqual(users((published[0] ?? assert.fail()).block), [toHex(transfer(0)), toHex(transfer(1))]);
    assert.equal(mempool.size, 0);
  });

  it("catches up after a stop without waiting, and asks L1 for an old block once", async () => {
    const nowMs = GENESIS_MS + 100 * 12_000;
    const { make, world, node, clock } = await setUp({ l1Blocks: 100, nowMs });
    let calls = 0;
    world.l1.failure = () => {
      calls += 1;
      return undefined;
    };
    await make(120);
    assert.equal(node.store.heads().unsafe.number >= 120n, true);
    assert.equal(node.store.heads().unsafe.l1Origin.number, 100n + 20n);
    assert.ok(clock.now() < nowMs + BLOCK_MS, "time passed");
    assert.ok(calls <= 120, `${calls} calls`);
  });

  it("stops and starts by the operator, on the head that the operator names", async () => {
    const { make, production, node } = await setUp();
    await make(2);
    assert.equal(production.isActive(), false);
    assert.equal((await production.stop()).kind, "refused");
    const wrong: Hash = node.store.genesisHash;
    assert.deepEqual(await production.start(wrong), {
      kind: "refused",
      reason: "block hash does not match the unsafe head",
    });
    assert.deepEqual(await production.start(node.store.heads().unsafe.hash), { kind: "started" });
    assert.equal((await production.start(node.store.heads().unsafe.hash)).kind, "refused");
    const stopped = await production.stop();
    assert.deepEqual(stopped, { kind: "stopped", head: node.store.heads().unsafe.hash });
  });

  it("waits past the drift until L1 has a new block, then goes on", async () => {
    const { make, world, node, clock, production } = await setUp({
      nowMs: GENESIS_MS + 1_900_000,
      blockTime: 60n,
    });
    await make(30);
    production.begin();
    await clock.sleep(10_000);
    await production.stop();
    assert.equal(node.store.heads().unsafe.number, 30n);
    world.chain.mineEmpty(1);
    await world.settle(node);
    await make(1);
    assert.equal(node.store.heads().unsafe.l1Origin.number, 101n);
  });

  it("builds on L1's new branch after a reorg, and its transactions are not lost", async () => {
    const { make, world, node, mempool, published } = await setUp({
      l1Blocks: 3,
      nowMs: GENESIS_MS + 36_000,
    });
    await make(12);
    for (const nonce of [0, 1]) mempool.submit(submission(transfer(nonce)));
    await make(4);
    assert.equal(
      published.some(({ block }) => users(block).length > 0),
      true,
    );
    assert.equal(mempool.size, 0);
    world.reorganise(2);
    for (let i = 0; i < 4; i++) world.chain.mine({ salt: fromHex("0x77") });
    await world.settle(node);
    assert.equal(node.store.heads().unsafe.number < 12n, true);
    assert.equal(mempool.size, 2);
    const before = published.length;
    await make(8);
    const again = published.slice(before).flatMap(({ block }) => users(block));
    assert.deepEqual(again, [toHex(transfer(0)), toHex(transfer(1))]);
    const { unsafe } = node.store.heads();
    assert.deepEqual(unsafe.l1Origin.hash, world.chain.at(unsafe.l1Origin.number)?.hash);
  });

  it("loses no block that it told of when the process dies, and makes none twice", async () => {
    const world = new World();
    worlds.push(world);
    const folder = world.newFolder();
    const first = await world.start({ folder });
    await world.settle(first);
    const before = sequencerOn(world, first, GENESIS_MS);
    await before.make(4);
    await first.stop();
    const second = await world.start({ folder });
    await world.settle(second);
    const afterwards = sequencerOn(world, second, GENESIS_MS + 60_000);
    await afterwards.make(3);
    for (const { block } of [...before.published, ...afterwards.published]) {
      const stored = second.store.hashByNumber(block.header.number);
      assert.deepEqual(stored, headerHash(block.header));
    }
    const numbers = [...before.published, ...afterwards.published].map(({ block }) => block.header.number);
    assert.equal(new Set(numbers).size, numbers.length);
  });

  it("outlasts L1 failures", async () => {
    const { make, world, logged, clock } = await setUp();
    world.l1.failure = () =>
      clock.now() < GENESIS_MS + 20_000 ? new RollupError("L1_UNREACHABLE", "no answer") : undefined;
    await make(2);
    assert.ok(logged.length >= 2 && logged.length < 20, `${logged.length} lines`);
  });
});
