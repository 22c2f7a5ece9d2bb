import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SealedBlock } from "@phala-l2/execution/block/sealed-block";
import { ZERO_HASH } from "@phala-l2/protocol/bytes";
import { keccak256 } from "@phala-l2/protocol/keccak";
import fc from "fast-check";
import { syntheticBlock } from "./testing/synthetic-chain.ts";
import {
  append,
  assertFlatIsTrie,
  contentOf,
  genesis,
  headerOf,
  newFolder,
  open,
  rejects,
  trieContent,
} from "./testing/synthetic-store.ts";

describe("chain store", () => {
  it("begins with genesis as every head", async () => {
    const store = await open(newFolder());
    const { unsafe, safe, finalized } = store.heads();
    assert.deepEqual([unsafe.hash, safe.hash, finalized.hash], [genesis.hash, genesis.hash, genesis.hash]);
    assertFlatIsTrie(store);
    const code = store.readCode(keccak256(Uint8Array.of(0x60, 0)));
    assert.deepEqual(code, Uint8Array.of(0x60, 0));
    await store.close();
  });

  it("keeps all of a block over a restart", async () => {
    const folder = newFolder();
    const first = await open(folder);
    const { sealed, ref } = await append(first, "a");
    await append(first, "b");
    await first.close();
    const store = await open(folder);
    assert.equal(store.heads().unsafe.number, 2n);
    assert.deepEqual(store.block(ref.hash), sealed.block);
    assert.deepEqual(store.receipts(ref.hash), sealed.receipts);
    assert.deepEqual(store.executed(ref.hash), sealed.transactions);
    assert.deepEqual(store.ref(ref.hash), ref);
    assert.deepEqual(store.hashByNumber(1n), ref.hash);
    const [transaction] = sealed.transactions;
    assert.ok(transaction);
    const location = store.locateTransaction(transaction.hash);
    assert.deepEqual(location, { blockHash: ref.hash, blockNumber: 1n, index: 0 });
    assertFlatIsTrie(store);
    await store.close();
  });

  it("knows nothing of what it does not have", async () => {
    const store = await open(newFolder());
    for (const name of ["headerByHash", "block", "receipts", "executed", "ref"] as const) {
      assert.equal(store[name](ZERO_HASH), undefined, name);
    }
    assert.equal(store.locateTransaction(ZERO_HASH), undefined);
    assert.equal(store.readNode(ZERO_HASH), undefined);
    assert.equal(store.readCode(ZERO_HASH), undefined);
    assert.equal(store.hashByNumber(1n), undefined);
    assert.equal(store.hashByNumber(-1n), undefined);
    assert.equal(store.safeHeadAtL1Block(0n), undefined);
    await store.close();
  });

  it("takes blocks back: flat state, numbers and transactions are as they were", async () => {
    const store = await open(newFolder());
    const contents = [trieContent(store, store.heads().unsafe)];
    const blocks: SealedBlock[] = [];
    for (let count = 0; count < 12; count++) {
      blocks.push((await append(store, `unwind ${count}`)).sealed);
      contents.push(trieContent(store, store.heads().unsafe));
    }
    for (const depth of [1, 3, 7]) {
      const base = store.refByNumber(store.heads().unsafe.number - BigInt(depth));
      assert.ok(base);
      const dropped = await store.commit({ base, durable: false });
      assert.equal(dropped.length, depth);
      assert.deepEqual(store.heads().unsafe, base);
      assert.equal(contentOf(store.state(headerOf(store, base))), contents[Number(base.number)]);
      assert.equal(store.hashByNumber(base.number + 1n), undefined);
      const gone = blocks[Number(base.number)]?.transactions[0];
      assert.ok(gone);
      assert.equal(store.locateTransaction(gone.hash), undefined);
      assertFlatIsTrie(store);
    }
    await store.close();
  });

  it("equals, after any mix of blocks and replacements, a chain without the replaced blocks (property)", async () => {
    const moves = fc.array(fc.record({ back: fc.integer({ min: 0, max: 4 }), seed: fc.nat(30) }), {
      maxLength: 14,
    });
    await fc.assert(
      fc.asyncProperty(moves, async (steps) => {
        const store = await open(newFolder());
        const seeds: string[] = [];
        for (const { back, seed } of steps) {
          const depth = Math.min(back, seeds.length);
          const base = store.refByNumber(BigInt(seeds.length - depth));
          assert.ok(base);
          seeds.length -= depth;
          seeds.push(`${seed} ${seeds.length}`);
          await append(store, seeds.at(-1) ?? "", base);
        }
        const fresh = await open(newFolder());
        for (const seed of seeds) await append(fresh, seed);
        assert.deepEqual(store.heads().unsafe, fresh.heads().unsafe);
        const [a, b] = [store, fresh].map((each) =>
          contentOf(each.state(headerOf(each, each.heads().unsafe))),
        );
        assert.equal(a, b);
        assertFlatIsTrie(store);
        await Promise.all([store.close(), fresh.close()]);
      }),
      { numRuns: 25, seed: 4 },
    );
  });

  it("hands out a state that stays that of its block when the head moves on, and while a batch is written", async () => {
    const store = await open(newFolder());
    const genesisRef = store.heads().unsafe;
    const state = store.state(headerOf(store, genesisRef));
    const before = contentOf(state);
    const pending = append(store, "moves");
    assert.equal(contentOf(state), before);
    await pending;
    assert.equal(contentOf(state), before);
    await append(store, "again");
    assert.equal(contentOf(state), before);
    await store.commit({ base: genesisRef, durable: false });
    assert.equal(contentOf(state), before);
    await store.close();
  });

  it("refuses transitions that would break its order, and writes nothing of them", async () => {
    const store = await open(newFolder());
    const { ref: one } = await append(store, "1");
    const { ref: two } = await append(store, "2");
    const from = { number: 5n, hash: ZERO_HASH };
    await store.commit({ base: two, safe: { ref: one, derivedFrom: from }, durable: false });
    await store.commit({ base: two, finalized: { ref: one, from }, durable: false });
    const heads = store.heads();
    const invalid = "STORE_TRANSITION_INVALID";
    const genesisRef = store.refByNumber(0n);
    assert.ok(genesisRef);
    await rejects(store.commit({ base: genesisRef, durable: false }), invalid);
    await rejects(
      store.commit({ base: one, safe: { ref: two, derivedFrom: from }, durable: false }),
      invalid,
    );
    await rejects(store.commit({ base: two, finalized: { ref: two, from }, durable: false }), invalid);
    await rejects(store.commit({ base: two, finalized: { ref: genesisRef, from }, durable: false }), invalid);
    await rejects(store.commit({ base: { ...two, hash: ZERO_HASH }, durable: false }), invalid);
    const stranger = syntheticBlock({ header: headerOf(store, one), hash: one.hash }, store.readNode, "x");
    await rejects(store.commit({ base: two, append: stranger, durable: false }), invalid);
    assert.deepEqual(store.heads(), heads);
    await append(store, "3");
    await store.close();
  });

  it("records safe heads by L1 block, and forgets those of a reorganised branch", async () => {
    const store = await open(newFolder());
    const { ref } = await append(store, "1");
    const at = (number: bigint) => ({ number, hash: keccak256(Uint8Array.of(Number(number))) });
    await store.commit({ base: ref, safeHeadAt: at(10n), durable: false });
    await store.commit({
      base: ref,
      safe: { ref, derivedFrom: at(11n) },
      safeHeadAt: at(11n),
      durable: false,
    });
    await store.commit({ base: ref, safeHeadAt: at(12n), durable: false });
    assert.equal(store.safeHeadAtL1Block(10n)?.safe.number, 0n);
    assert.deepEqual(store.safeHeadAtL1Block(12n), { l1: at(12n), safe: { number: 1n, hash: ref.hash } });
    await store.commit({ base: ref, forgetSafeHeadsAbove: 10n, durable: false });
    assert.equal(store.safeHeadAtL1Block(11n), undefined);
    assert.equal(store.safeHeadAtL1Block(12n), undefined);
    assert.equal(store.safeHeadAtL1Block(10n)?.safe.number, 0n);
    await store.close();
  });

  it("is an archive: the state of every block stays readable", async () => {
    const store = await open(newFolder());
    for (let count = 0; count < 8; count++) await append(store, `archive ${count}`);
    for (let number = 0n; number <= 8n; number++) {
      const ref = store.refByNumber(number);
      assert.ok(ref);
      assert.equal(contentOf(store.state(headerOf(store, ref))), trieContent(store, ref));
    }
    await store.close();
  });
});
