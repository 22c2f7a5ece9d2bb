import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { toHex } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import { hashesOf, run, unsafeBatches } from "../node/actions.ts";
import { safeHashes, type TestNode, transfer, World } from "../node/world.ts";
import { at, bearer } from "./caller.ts";
import { blockAt, type Driven, numbersOf, startDriven } from "./driven.ts";
import { type Remote, startRemote } from "./remote.ts";

const ends: (() => Promise<void>)[] = [];
after(async () => {
  for (const end of ends.toReversed()) await end();
});

async function setUp() {
  const world = new World();
  ends.push(() => world.close());
  const sequencer = await world.start({ derives: false });
  const driven = await startDriven(world);
  ends.push(() => driven.stop());
  return { world, sequencer, driven };
}

async function remoteOf(...of: Parameters<typeof startRemote>): Promise<Remote> {
  const remote = await startRemote(...of);
  ends.push(() => remote.stop());
  return remote;
}

function canonical({ chain }: Driven): readonly string[] {
  const hashes: string[] = [];
  for (let number = 0n; number <= chain.heads().unsafe.number; number++) {
    const hash = chain.hashByNumber(number);
    assert.ok(hash);
    hashes.push(toHex(hash));
  }
  return hashes;
}

/** A node that derives the same L1 by itself. */
async function embeddedHashes(world: World): Promise<readonly string[]> {
  const embedded = await world.start();
  await world.settle(embedded);
  return safeHashes(embedded);
}

async function giveUnsafe(remote: Remote, sequencer: TestNode, from: bigint, to: bigint): Promise<void> {
  for (let number = from; number <= to; number++) {
    assert.equal((await remote.engine.insertUnsafe(blockAt(sequencer, number))).kind, "inserted");
  }
}

const count = (remote: Remote, method: string) => remote.calls.filter((each) => each === method).length;

describe("derivation that drives another engine over HTTP", () => {
  it("reaches the hashes of the embedded engine", async () => {
    const { world, sequencer, driven } = await setUp();
    await run(world, sequencer, 4);
    const remote = await remoteOf(world, driven);
    await remote.settle();
    assert.equal(driven.chain.heads().safe.number, 24n);
    assert.deepEqual(canonical(driven), hashesOf(sequencer));
    const embedded = await world.start();
    await world.settle(embedded);
    assert.deepEqual(safeHashes(embedded), canonical(driven));
    assert.deepEqual(remote.logged, []);
  });

  it("marks what the engine has already, and has nothing built for it", async () => {
    const { world, sequencer, driven } = await setUp();
    const remote = await remoteOf(world, driven);
    await remote.settle();
    await run(world, sequencer, 2);
    await giveUnsafe(remote, sequencer, 1n, 12n);
    assert.deepEqual(numbersOf(driven.chain.heads()), [12, 0, 0]);
    await remote.settle();
    assert.deepEqual(numbersOf(driven.chain.heads()), [12, 12, 0]);
    assert.equal(count(remote, "engine_getPayloadV4"), 0);
    assert.deepEqual(canonical(driven), hashesOf(sequencer));
  });

  it("replaces the unsafe chain from where L1 says otherwise", async () => {
    const { world, sequencer, driven } = await setUp();
    const liar = await world.start({ derives: false });
    for (const nonce of [0, 1, 2]) await world.sequence(liar, [transfer(nonce)]);
    const remote = await remoteOf(world, driven);
    await remote.settle();
    await giveUnsafe(remote, liar, 1n, 3n);
    const batches = [await world.sequence(sequencer, [transfer(0)])];
    batches.push(await world.sequence(sequencer), await world.sequence(sequencer, [transfer(1)]));
    world.mineBatches(batches);
    await remote.settle();
    assert.deepEqual(canonical(driven), hashesOf(sequencer));
    assert.equal(count(remote, "engine_getPayloadV4"), 2);
  });

  it("has deposits only where the engine finds a batch invalid", async () => {
    const { world, sequencer, driven } = await setUp();
    const good = await world.sequence(sequencer, [transfer(0)]);
    const bad = await world.sequence(sequencer, [transfer(1)]);
    world.mineBatches([good, { ...bad, transactions: [transfer(5)] }]);
    const remote = await remoteOf(world, driven);
    await remote.settle();
    assert.equal(driven.chain.heads().safe.number, 2n);
    assert.deepEqual(canonical(driven), await embeddedHashes(world));
    assert.ok(remote.logged.some((line) => line.includes("deposits only")));
  });

  it("follows L1 through a reorg", async () => {
    const { world, sequencer, driven } = await setUp();
    await run(world, sequencer, 3);
    const remote = await remoteOf(world, driven);
    await remote.settle();
    world.reorganise(2);
    world.chain.mine({ salt: Uint8Array.of(1) });
    world.chain.mine();
    world.mineBatches(unsafeBatches(sequencer).slice(0, 6));
    world.chain.mine();
    await remote.settle();
    const hashes = await embeddedHashes(world);
    assert.deepEqual(canonical(driven).slice(0, hashes.length), hashes);
    assert.equal(driven.chain.heads().safe.number, BigInt(hashes.length - 1));
    assert.equal(remote.engine.halted, undefined);
  });

  it("comes to finality with L1, and begins there after a restart", async () => {
    const { world, sequencer, driven } = await setUp();
    world.l1.finalizedDepth = 2n;
    const remote = await remoteOf(world, driven);
    for (let round = 0; round < 5; round++) {
      await run(world, sequencer, 1);
      await remote.settle();
    }
    assert.deepEqual(numbersOf(driven.chain.heads()), [30, 30, 18]);
    await remote.stop();
    const again = await remoteOf(world, driven);
    assert.equal(again.engine.heads().safe.number, 18n);
    await again.settle();
    assert.deepEqual(numbersOf(driven.chain.heads()), [30, 30, 18]);
    assert.equal(count(again, "engine_getPayloadV4"), 0);
    assert.equal((await again.engine.block(20n))?.ref.number, 20n);
  });

  it("begins a sequencing window before the safe block where nothing is final", async () => {
    const { world, sequencer, driven } = await setUp();
    const windowBefore = world.config.seqWindowSize + 10n;
    const remote = await remoteOf(world, driven);
    await run(world, sequencer, Number(windowBefore), 6);
    await remote.settle();
    const { safe } = driven.chain.heads();
    assert.equal(driven.chain.heads().finalized.number, 0n);
    await remote.stop();
    const again = await remoteOf(world, driven);
    const start = again.engine.heads().safe;
    assert.equal(start.l1Origin.number, safe.l1Origin.number - world.config.seqWindowSize);
    assert.ok(start.number > 0n);
    await again.settle();
    assert.deepEqual(driven.chain.heads().safe, safe);
    assert.equal(count(again, "engine_getPayloadV4"), 0);
    world.reorganise(3);
    for (let count = 0; count < 5; count++) world.chain.mine({ salt: Uint8Array.of(1) });
    await again.settle();
    const hashes = await embeddedHashes(world);
    assert.deepEqual(canonical(driven).slice(0, hashes.length), hashes);
    assert.equal(again.engine.halted, undefined);
  });

  it("takes unsafe blocks in order, and judges the others as the embedded engine does", async () => {
    const { world, sequencer, driven } = await setUp();
    for (const nonce of [0, 1, 2]) await world.sequence(sequencer, [transfer(nonce)]);
    const remote = await remoteOf(world, driven);
    await remote.settle();
    const insert = async (block: ReturnType<typeof blockAt>) =>
      (await remote.engine.insertUnsafe(block)).kind;
    const first = blockAt(sequencer, 1n);
    const { header, transactions } = first;
    assert.equal(await insert(blockAt(sequencer, 2n)), "gap");
    assert.equal(await insert({ header: { ...header, gasUsed: 1n }, transactions }), "invalid");
    assert.equal(
      await insert({ header: { ...header, timestamp: header.timestamp + 1n }, transactions }),
      "invalid",
    );
    assert.equal(await insert({ header, transactions: transactions.slice(1) }), "invalid");
    assert.equal(await insert(first), "inserted");
    assert.equal(await insert(first), "known");
    assert.equal(await insert(blockAt(sequencer, 2n)), "inserted");
    assert.deepEqual(numbersOf(driven.chain.heads()), [2, 0, 0]);
  });
});

describe("when the engine fails", () => {
  it("waits and goes on where it was, as long as the engine does not answer", async () => {
    const { world, sequencer, driven } = await setUp();
    await run(world, sequencer, 2);
    let calls = 0;
    const remote = await remoteOf(world, driven, async (url, init) => {
      calls += 1;
      if (calls > 8 && calls % 7 < 2) throw new TypeError("fetch failed");
      return fetch(url, init);
    });
    await remote.settle();
    assert.deepEqual(canonical(driven), hashesOf(sequencer));
    assert.ok(remote.logged.some((line) => line.includes("ENGINE_UNREACHABLE")));
    assert.equal(remote.engine.halted, undefined);
  });

  it("begins anew where the engine is, when that has lost its blocks", async () => {
    const { world, sequencer, driven } = await setUp();
    const fresh = await startDriven(world);
    ends.push(() => fresh.stop());
    await run(world, sequencer, 2);
    let target = driven;
    const remote = await remoteOf(world, driven, async (_url, init) => {
      const { authorization: _, ...headers } = init.headers;
      const withToken = { ...headers, authorization: bearer(target.secret) };
      return fetch(target.engineApi.url, { ...init, headers: withToken });
    });
    await remote.settle();
    assert.equal(driven.chain.heads().safe.number, 12n);
    target = fresh;
    await run(world, sequencer, 1);
    await remote.settle();
    assert.deepEqual(canonical(fresh), hashesOf(sequencer));
    assert.ok(remote.logged.some((line) => line.includes("ENGINE_SYNCING")));
    assert.equal(remote.engine.halted, undefined);
  });

  it("does not start with another secret, nor with another chain", async () => {
    const { world, driven } = await setUp();
    const secret = new Uint8Array(32);
    await assert.rejects(startRemote(world, { ...driven, secret }), (error) =>
      isRollupError(error, "ENGINE_JWT_REFUSED"),
    );
    const elsewhere = new World({ l2ChainId: 902n });
    ends.push(() => elsewhere.close());
    await assert.rejects(startRemote(elsewhere, driven), (error) =>
      isRollupError(error, "ENGINE_OTHER_CHAIN"),
    );
    const nowhere = { secret, engineApi: { url: "http://127.0.0.1:1" } };
    await assert.rejects(startRemote(world, nowhere), (error) => isRollupError(error, "ENGINE_UNREACHABLE"));
  });

  it("halts when its token is refused later on", async () => {
    const { world, sequencer, driven } = await setUp();
    let isRefused = false;
    const remote = await remoteOf(world, driven, async (url, init) =>
      isRefused ? new Response("no", { status: 401 }) : fetch(url, init),
    );
    await remote.settle();
    isRefused = true;
    await run(world, sequencer, 1);
    await remote.settle();
    assert.equal(remote.engine.halted?.code, "ENGINE_JWT_REFUSED");
  });

  const forged: readonly [string, string, (answer: unknown) => unknown][] = [
    ["a block of another hash", "engine_getPayloadV4", (answer) => edit(answer, "stateRoot")],
    ["a block of other attributes", "engine_getPayloadV4", (answer) => edit(answer, "gasLimit")],
    ["a status that is none", "engine_newPayloadV4", () => ({ result: { status: "FINE" } })],
    [
      "no payload id",
      "engine_forkchoiceUpdatedV3",
      () => ({ result: { payloadStatus: { status: "VALID" } } }),
    ],
    ["an answer that is none", "engine_getPayloadV4", () => "null"],
  ];
  for (const [what, method, forge] of forged) {
    it(`believes no engine that gives ${what}, and goes on when it gives better`, async () => {
      const { world, sequencer, driven } = await setUp();
      await run(world, sequencer, 1);
      let left = 3;
      const remote = await remoteOf(world, driven, async (url, init) => {
        const response = await fetch(url, init);
        const asks = JSON.parse(init.body ?? "{}");
        if (asks.method !== method || (method.includes("forkchoice") && asks.params[1] === null))
          return response;
        if (left-- <= 0) return response;
        return Response.json(forge(await response.json()));
      });
      await remote.settle();
      assert.deepEqual(canonical(driven), hashesOf(sequencer));
      assert.ok(remote.logged.some((line) => line.includes("ENGINE_DATA_INVALID")));
    });
  }
});

/** The answer with one field of its payload changed, and the rest as it was. */
function edit(answer: unknown, field: string): unknown {
  const payload = at(answer, "result", "executionPayload");
  const value = String(at(payload, field));
  const changed = value.endsWith("1") ? `${value.slice(0, -1)}2` : `${value.slice(0, -1)}1`;
  return { result: { executionPayload: { ...Object(payload), [field]: changed } } };
}
