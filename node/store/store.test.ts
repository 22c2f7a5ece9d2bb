import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, describe, it } from "node:test";
import type { SealedBlock } from "@phala-l2/execution/block/sealed-block";
import type { StateReader } from "@phala-l2/execution/state/reader";
import { trieState } from "@phala-l2/execution/state/trie-state";
import { bytesEqual, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import type { L2BlockRef } from "@phala-l2/protocol/config/rollup";
import { isRollupError } from "@phala-l2/protocol/errors";
import { keccak256 } from "@phala-l2/protocol/keccak";
import fc from "fast-check";
import type { ChainStore } from "./chain-store.ts";
import { openDatabase } from "./database.ts";
import { canonicalKey, hashKey, metaKey } from "./keys.ts";
import { openStore } from "./open.ts";
import {
  ADDRESSES,
  SLOTS,
  syntheticBlock,
  syntheticConfig,
  syntheticGenesis,
} from "./testing/synthetic-chain.ts";

const root = mkdtempSync(join(tmpdir(), "phala-l2-store-"));
after(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;
const newFolder = () => join(root, `${folders++}`);

const genesis = syntheticGenesis();
const config = syntheticConfig(genesis);
const open = (folder: string) => openStore({ folder, config, genesis });

function headerOf(store: ChainStore, ref: L2BlockRef) {
  const header = store.headerByHash(ref.hash);
  assert.ok(header);
  return header;
}

async function append(store: ChainStore, seed: string, base = store.heads().unsafe, durable = false) {
  const block = syntheticBlock({ header: headerOf(store, base), hash: base.hash }, store.readNode, seed);
  const dropped = await store.commit({ base, append: block, durable });
  return { ...block, dropped };
}

/** All that the synthetic chain ever touches, as one comparable value. */
function contentOf(state: StateReader): string {
  const lines = ADDRESSES.map((address) => {
    const account = state.account(address);
    const slots = SLOTS.map((slot) => (account === undefined ? 0n : state.storage(address, slot)));
    const fields = account && [
      account.nonce,
      account.balance,
      toHex(account.storageRoot),
      toHex(account.codeHash),
    ];
    return `${toHex(address)} ${fields?.join(",")} ${slots.join(",")}`;
  });
  return lines.join("\n");
}

function trieContent(store: ChainStore, ref: L2BlockRef): string {
  const { stateRoot } = headerOf(store, ref);
  return contentOf(trieState(stateRoot, store.readNode, (hash) => store.readCode(hash)));
}

/** The flat state and the head's tries tell the same; each slot of the flat tables is read, gone ones too. */
function assertFlatIsTrie(store: ChainStore): void {
  const head = store.heads().unsafe;
  const flat = store.state(headerOf(store, head));
  assert.equal(contentOf(flat), trieContent(store, head));
  for (const address of ADDRESSES) {
    if (flat.account(address) !== undefined) continue;
    for (const slot of SLOTS) assert.equal(flat.storage(address, slot), 0n);
  }
}

const rejects = (promise: Promise<unknown>, code: string) =>
  assert.rejects(promise, (error) => isRollupError(error, code));

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

describe("opening a store", () => {
  it("refuses another chain, another genesis file, another schema", async () => {
    const folder = newFolder();
    await (await open(folder)).close();
    const otherGenesis = { ...genesis, hash: keccak256(Uint8Array.of(9)) };
    await rejects(openStore({ folder, config, genesis: otherGenesis }), "GENESIS_MISMATCH");
    const otherConfig = {
      ...config,
      genesis: { ...config.genesis, l2: { number: 0n, hash: otherGenesis.hash } },
    };
    await rejects(openStore({ folder, config: otherConfig, genesis: otherGenesis }), "STORE_OTHER_CHAIN");
    const database = await openDatabase(folder);
    await database.write([{ key: metaKey("schema"), value: Uint8Array.of(99) }], { durable: true });
    await database.close();
    await rejects(open(folder), "STORE_SCHEMA");
  });
  it("refuses a folder that is open already", async () => {
    const folder = newFolder();
    const store = await open(folder);
    await rejects(open(folder), "STORE_LOCKED");
    await store.close();
    await (await open(folder)).close();
  });
  it("refuses a folder that can not be one", async () => {
    const file = newFolder();
    writeFileSync(file, "a file");
    await rejects(open(join(file, "inside")), "STORE_UNAVAILABLE");
  });

  const wounds: Record<string, (store: ChainStore) => { key: Uint8Array; value: Uint8Array | undefined }> = {
    "the flat state of another block": () => ({ key: metaKey("flat"), value: genesis.hash }),
    "no flat marker": () => ({ key: metaKey("flat"), value: undefined }),
    "no heads": () => ({ key: metaKey("heads"), value: undefined }),
    "malformed heads": () => ({ key: metaKey("heads"), value: Uint8Array.of(1, 2, 3) }),
    "a head that is not canonical": () => ({ key: canonicalKey(3n), value: genesis.hash }),
    "a head without a reference": (store) => ({
      key: hashKey("ref", store.heads().unsafe.hash),
      value: undefined,
    }),
    "a hole below the head": () => ({ key: canonicalKey(2n), value: undefined }),
    "a block without its reverse diff": (store) => ({
      key: hashKey("reverseDiff", store.hashByNumber(2n) ?? ZERO_HASH),
      value: undefined,
    }),
    "a head without a header": (store) => ({
      key: hashKey("header", store.heads().unsafe.hash),
      value: undefined,
    }),
    "a head without a state": (store) => ({
      key: hashKey("node", headerOf(store, store.heads().unsafe).stateRoot),
      value: undefined,
    }),
  };
  for (const [name, wound] of Object.entries(wounds)) {
    it(`refuses ${name}`, async () => {
      const folder = newFolder();
      const store = await open(folder);
      for (const seed of ["1", "2", "3"]) await append(store, seed);
      const write = wound(store);
      await store.close();
      const database = await openDatabase(folder);
      await database.write([write], { durable: true });
      await database.close();
      await rejects(open(folder), "STORE_CORRUPT");
    });
  }

  it("after a flipped bit anywhere refuses, or serves an earlier block whole: never a wrong answer", async () => {
    const folder = newFolder();
    const store = await open(folder);
    const chain = new Set([toHex(genesis.hash)]);
    for (let count = 0; count < 6; count++) chain.add(toHex((await append(store, `flip ${count}`)).ref.hash));
    await store.close();
    const damagedAnswer = async (damaged: string) => {
      const reopened = await open(damaged);
      try {
        assertFlatIsTrie(reopened);
        for (let number = reopened.heads().unsafe.number; number >= 0n; number--) {
          assert.ok(chain.has(toHex(reopened.hashByNumber(number) ?? ZERO_HASH)));
        }
      } finally {
        await reopened.close();
      }
    };
    let refused = 0;
    // First the write-ahead log is damaged, then the table that a restart makes of it.
    for (const kind of [".log", ".ldb"]) {
      const file = readdirSync(folder).find(
        (name) => name.endsWith(kind) && statSync(join(folder, name)).size > 100,
      );
      assert.ok(file);
      const content = readFileSync(join(folder, file));
      for (let flip = 0; flip < 25; flip++) {
        const damaged = newFolder();
        cpSync(folder, damaged, { recursive: true });
        const place = Math.floor(((flip + 0.5) * content.length) / 25);
        const changed = Buffer.from(content);
        changed[place] = (changed[place] ?? 0) ^ (1 << (flip % 8));
        writeFileSync(join(damaged, file), changed);
        try {
          await damagedAnswer(damaged);
        } catch (error) {
          const isRefusal =
            isRollupError(error, "STORE_CORRUPT") || isRollupError(error, "TRIE_NODE_MISSING");
          assert.ok(isRefusal, `${kind} at ${place}: ${error}`);
          refused++;
        }
      }
      await (await open(folder)).close();
    }
    assert.ok(refused > 10);
  });

  it("takes no more transitions after a failed write, and goes on after a restart", async () => {
    const folder = newFolder();
    const store = await open(folder);
    const block = syntheticBlock({ header: genesis.block.header, hash: genesis.hash }, store.readNode, "1");
    await store.close();
    await rejects(
      store.commit({ base: store.heads().unsafe, append: block, durable: false }),
      "STORE_CLOSED",
    );
    const again = await open(folder);
    await append(again, "1");
    await again.close();
  });
});

/** Starts a process that commits, and kills it without warning after that many acknowledged blocks. */
async function killAfter(
  folder: string,
  seed: string,
  blocks: number,
): Promise<{ number: bigint; hash: string }[]> {
  const script = new URL("./testing/commit-stream.ts", import.meta.url).pathname;
  const child: ChildProcess = spawn(process.execPath, [script, folder, seed], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  assert.ok(child.stdout);
  const exited = once(child, "exit");
  const acknowledged: { number: bigint; hash: string }[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const [number = "", hash = ""] = line.split(" ");
    acknowledged.push({ number: BigInt(number), hash });
    if (acknowledged.length === blocks) child.kill("SIGKILL");
  }
  const [, signal] = await exited;
  assert.equal(signal, "SIGKILL");
  return acknowledged;
}

describe("kill -9 during a stream of commits", () => {
  it("leaves a whole chain that has every acknowledged block, and the flat state of its head", async () => {
    const folder = newFolder();
    for (const [round, blocks] of [1, 23, 57].entries()) {
      const acknowledged = await killAfter(folder, `kill ${round}`, blocks);
      const store = await open(folder);
      assertFlatIsTrie(store);
      const last = acknowledged.at(-1);
      assert.ok(last);
      // Blocks whose line was cut off by the kill may follow, and replace at most two.
      const { unsafe } = store.heads();
      assert.ok(unsafe.number >= last.number - 1n);
      assert.ok(store.block(store.hashByNumber(last.number - 1n) ?? ZERO_HASH) !== undefined);
      for (let number = unsafe.number; number > 0n; number--) {
        const hash = store.hashByNumber(number);
        assert.ok(hash);
        const parent = store.hashByNumber(number - 1n);
        assert.ok(
          parent !== undefined && bytesEqual(store.headerByHash(hash)?.parentHash ?? ZERO_HASH, parent),
        );
      }
      assert.ok(acknowledged.every(({ hash }) => hash.startsWith("0x")));
      await store.close();
    }
  });
});
