import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { genesisBlock } from "@phala-l2/execution/genesis";
import { type RunningDrivenNode, startDrivenNode } from "@phala-l2/node/driven-node";
import { startNode } from "@phala-l2/node/main";
import { type RunningRemoteNode, startRemoteNode } from "@phala-l2/node/remote-node";
import { hashFromHex, toHex } from "@phala-l2/protocol/bytes";
import type { RollupConfig } from "@phala-l2/protocol/config/rollup";
import { isRollupError } from "@phala-l2/protocol/errors";
import { silentLog } from "@phala-l2/protocol/log";
import { Scenario } from "../derivation/scenario.ts";
import { type Anvil, startAnvil } from "../l1/anvil.ts";
import { testGenesis } from "../node/world.ts";
import { at, post } from "./caller.ts";

const L1_BLOCKS = 60;
const L1_BLOCK_SECONDS = 12;
const folder = mkdtempSync(join(tmpdir(), "phala-l2-engine-api-"));
const jwtSecret = join(folder, "driven", "jwt.hex");
const ends: (() => Promise<void>)[] = [async () => rmSync(folder, { recursive: true, force: true })];
let anvil: Anvil;
let config: RollupConfig;
let driven: RunningDrivenNode;
let remote: RunningRemoteNode;

async function ask(url: string, method: string, ...params: readonly unknown[]): Promise<unknown> {
  return JSON.parse((await post(url, JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }))).text);
}

const quantity = (value: number) => `0x${value.toString(16)}`;

before(async () => {
  anvil = await startAnvil({ port: 0, chainId: 900 });
  ends.push(() => anvil.stop());
  const first = await ask(anvil.url, "eth_getBlockByNumber", "0x0", false);
  const base = new Scenario().config;
  const l1 = { number: 0n, hash: hashFromHex(String(at(first, "result", "hash"))) };
  const l2Time = BigInt(String(at(first, "result", "timestamp")));
  const anchored = { ...base, genesis: { ...base.genesis, l1, l2Time } };
  const { hash } = genesisBlock(testGenesis(anchored));
  config = { ...anchored, genesis: { ...anchored.genesis, l2: { number: 0n, hash } } };
  // Nobody posts batches: once their sequencing windows are over, empty blocks follow.
  await ask(anvil.url, "anvil_mine", quantity(L1_BLOCKS), quantity(L1_BLOCK_SECONDS));
  driven = await startDrivenNode(
    {
      rollup: config,
      genesis: testGenesis(config),
      dataDir: join(folder, "driven"),
      rpc: { host: "127.0.0.1", port: 0, corsOrigins: [], adminPort: 0 },
      engineApi: { host: "127.0.0.1", port: 0, jwtSecret },
    },
    { log: silentLog },
  );
  ends.push(() => driven.stop());
});
after(async () => {
  for (const end of ends.toReversed()) await end();
});

function options() {
  return {
    rollup: config,
    dataDir: join(folder, "remote"),
    l1: { rpcUrls: [anvil.url], beaconUrls: [], pollIntervalMs: 50, timeoutMs: 5000, confirmations: 0n },
    rpc: { host: "127.0.0.1", port: 0, corsOrigins: [], adminPort: undefined },
    p2p: undefined,
    sequencerUrl: undefined,
    remoteEngine: { url: driven.engineApi.url, jwtSecret },
  };
}

async function until(what: string, isTrue: () => boolean): Promise<void> {
  for (let tries = 0; tries < 3000; tries++) {
    if (isTrue()) return;
    await wait(20);
  }
  throw new Error(`never came true: ${what}`);
}

describe("one node derives, another executes, over a real L1", () => {
  it("and they come to the blocks of a node that does both", async () => {
    remote = await startRemoteNode(options(), { log: silentLog });
    ends.push(() => remote.stop());
    const { dataDir: _, remoteEngine: __, ...common } = options();
    const genesis = testGenesis(config);
    const whole = await startNode({ ...common, genesis, dataDir: join(folder, "whole") }, { log: silentLog });
    ends.push(() => whole.stop());
    const isDone = ({ currentL1 }: { currentL1: { number: bigint } }) =>
      currentL1.number >= BigInt(L1_BLOCKS);
    await until(
      "both have read L1",
      () => isDone(remote.engine.syncStatus()) && isDone(whole.engine.syncStatus()),
    );
    const { safe } = whole.chain.heads();
    assert.ok(safe.number > 100n);
    assert.deepEqual(driven.chain.heads().safe, safe);
    const number = quantity(Number(safe.number));
    assert.ok(remote.rpc && whole.rpc && driven.rpc);
    const [there, here] = await Promise.all(
      [remote.rpc.url, whole.rpc.url].map((url) => ask(url, "optimism_outputAtBlock", number)),
    );
    for (const field of ["outputRoot", "stateRoot", "withdrawalStorageRoot", "blockRef"]) {
      assert.deepEqual(at(there, "result", field), at(here, "result", field), field);
    }
    const head = await ask(driven.rpc.url, "eth_getBlockByNumber", "safe", false);
    assert.equal(at(head, "result", "hash"), toHex(safe.hash));
  });

  it("and each serves what is its own", async () => {
    assert.ok(remote.rpc && driven.rpc);
    assert.equal(at(await ask(remote.rpc.url, "net_version"), "result"), "901");
    assert.equal(at(await ask(remote.rpc.url, "eth_blockNumber"), "error", "code"), -32601);
    assert.equal(at(await ask(remote.rpc.url, "optimism_outputAtBlock", "0xfffff"), "error", "code"), -32000);
    assert.equal(at(await ask(driven.rpc.url, "optimism_syncStatus"), "error", "code"), -32601);
    assert.equal(
      at(await ask(driven.rpc.url, "engine_getPayloadV4", "0x0300000000000000"), "error", "code"),
      -32601,
    );
    assert.equal((await fetch(`${remote.rpc.url}/readyz`)).status, 200);
    assert.ok(driven.rpc.adminUrl);
    assert.equal(at(await ask(driven.rpc.adminUrl, "miner_setMaxDASize", "0x1", "0x2"), "result"), true);
    assert.equal(at(await ask(driven.rpc.adminUrl, "eth_chainId"), "result"), "0x385");
    for (const method of ["miner_setMaxDASize", "engine_forkchoiceUpdatedV3"]) {
      assert.equal(at(await ask(driven.rpc.url, method, "0x1", "0x2"), "error", "code"), -32601, method);
    }
    const engine = await ask(driven.rpc.adminUrl, "engine_forkchoiceUpdatedV3", {}, null);
    assert.equal(at(engine, "error", "code"), -32601);
  });

  it("and a node that can not reach its engine says so at once, and leaves nothing behind", async () => {
    const nowhere = { ...options(), remoteEngine: { url: "http://127.0.0.1:1", jwtSecret } };
    const secretless = {
      ...options(),
      remoteEngine: { url: driven.engineApi.url, jwtSecret: join(folder, "none") },
    };
    await assert.rejects(startRemoteNode(nowhere, { log: silentLog }), (error) =>
      isRollupError(error, "ENGINE_UNREACHABLE"),
    );
    await assert.rejects(startRemoteNode(secretless, { log: silentLog }), (error) =>
      isRollupError(error, "JWT_SECRET_INVALID"),
    );
  });
});
