import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, it } from "node:test";
import { bytesEqual, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import { keccak256 } from "@phala-l2/protocol/keccak";
import type { ChainStore } from "./chain-store.ts";
import { openDatabase } from "./database.ts";
import { canonicalKey, hashKey, metaKey } from "./keys.ts";
import { openStore } from "./open.ts";
import { syntheticBlock } from "./testing/synthetic-chain.ts";
import {
  append,
  assertFlatIsTrie,
  config,
  genesis,
  headerOf,
  newFolder,
  open,
  rejects,
} from "./testing/synthetic-store.ts";

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
