import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { buildAttributes } from "@phala-l2/derivation/attributes";
import { openEpoch } from "@phala-l2/derivation/epoch";
import { genesisBlock } from "@phala-l2/execution/genesis";
import { nativeKzg } from "@phala-l2/node/l1/kzg";
import { type NodeOptions, type RunningNode, startNode } from "@phala-l2/node/main";
import { addressFromHex, asHash, hashFromHex, toHex } from "@phala-l2/protocol/bytes";
import type { RollupConfig } from "@phala-l2/protocol/config/rollup";
import { isRollupError } from "@phala-l2/protocol/errors";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { silentLog } from "@phala-l2/protocol/log";
import { encodeFrames } from "@phala-l2/protocol/wire/frame";
import type { SingularBatch } from "@phala-l2/protocol/wire/singular-batch";
import { createWalletClient, http, publicActions } from "viem";
import { mnemonicToAccount } from "viem/accounts";
import { blobOfFrames, channelId, singularChannel, wholeFrame } from "../derivation/batcher-data.ts";
import { Scenario } from "../derivation/scenario.ts";
import { type Anvil, startAnvil } from "../l1/anvil.ts";
import { type Beacon, startBeacon } from "../l1/beacon.ts";
import { testGenesis, transfer } from "./world.ts";

const BATCHER = mnemonicToAccount("test test test test test test test test test test test junk");
const folder = mkdtempSync(join(tmpdir(), "phala-l2-node-"));
const running = new Set<RunningNode>();
let folders = 0;

let anvil: Anvil;
let beacon: Beacon;
let config: RollupConfig;
let client: ReturnType<typeof walletOf>;

/** Patient, because checking a blob takes anvil a while on a busy machine. */
function walletOf(url: string) {
  return createWalletClient({
    account: BATCHER,
    transport: http(url, { timeout: 60_000, retryCount: 0 }),
  }).extend(publicActions);
}

before(async () => {
  anvil = await startAnvil({ port: 0, chainId: 900 });
  beacon = await startBeacon({ port: 0, l1Url: anvil.url });
  client = walletOf(anvil.url);
  const first = await client.getBlock({ blockNumber: 0n });
  const base = new Scenario({ systemConfig: { batcherAddress: addressFromHex(BATCHER.address) } }).config;
  const l1 = { number: 0n, hash: hashFromHex(first.hash) };
  const anchored = { ...base, genesis: { ...base.genesis, l1, l2Time: first.timestamp } };
  const { hash } = genesisBlock(testGenesis(anchored));
  config = { ...anchored, genesis: { ...anchored.genesis, l2: { number: 0n, hash } } };
});

after(async () => {
  for (const node of running) await node.stop();
  await beacon.stop();
  await anvil.stop();
  rmSync(folder, { recursive: true, force: true });
});

function optionsOf(changes: Partial<NodeOptions> = {}): NodeOptions {
  return {
    rollup: config,
    genesis: testGenesis(config),
    dataDir: join(folder, `${folders++}`),
    l1: {
      rpcUrls: [anvil.url],
      beaconUrls: [beacon.url],
      pollIntervalMs: 50,
      timeoutMs: 2000,
      confirmations: 0n,
    },
    rpc: { host: "127.0.0.1", port: 0, corsOrigins: [], adminPort: undefined },
    p2p: undefined,
    sequencerUrl: undefined,
    ...changes,
  };
}

async function start(options: NodeOptions): Promise<RunningNode> {
  const node = await startNode(options, { log: silentLog });
  running.add(node);
  return node;
}

async function stop(node: RunningNode): Promise<void> {
  running.delete(node);
  await node.stop();
}

async function until(what: string, isTrue: () => boolean): Promise<void> {
  for (let tries = 0; tries < 2000; tries++) {
    if (isTrue()) return;
    await sleep(20);
  }
  throw new Error(`never came true: ${what}`);
}

/** The node builds one block on L1's first block. */
async function sequence(node: RunningNode, transactions: readonly Uint8Array[]): Promise<SingularBatch> {
  const parent = node.chain.heads().unsafe;
  const { epoch } = openEpoch(config, await node.l1.block(0n), config.genesis.systemConfig);
  const attributes = buildAttributes({ config, parent, epoch, transactions: [] });
  const open = await node.engine.build(attributes, parent.hash);
  for (const raw of transactions) assert.equal((await open.apply(raw)).kind, "included");
  await node.engine.insert(open.seal());
  const { timestamp } = attributes;
  return { parentHash: parent.hash, epochNumber: 0n, epochHash: epoch.ref.hash, timestamp, transactions };
}

async function ask(node: RunningNode, method: string, params: readonly unknown[] = []) {
  assert.ok(node.rpc);
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  const headers = { "content-type": "application/json" };
  const response = await fetch(node.rpc.url, { method: "POST", headers, body });
  return ((await response.json()) as { result: unknown }).result;
}

/** An address where nothing listens any more. */
async function silentUrl(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

const to = () => toHex(config.batchInboxAddress);

describe("a node over a real L1", () => {
  const options = { dataDir: "" };
  let sequencer: RunningNode;

  it("derives what was posted as calldata and as blobs, and serves it", async () => {
    sequencer = await start(optionsOf());
    const batches: SingularBatch[] = [];
    for (let nonce = 0; nonce < 6; nonce++) batches.push(await sequence(sequencer, [transfer(nonce)]));
    const frames = [batches.slice(0, 3), batches.slice(3)].map((some, index) => [
      wholeFrame(channelId(index), singularChannel(some)),
    ]);
    const [calldata, blob] = frames;
    assert.ok(calldata && blob);
    await client.sendTransaction({ chain: null, to: to(), data: toHex(encodeFrames(calldata)) });
    const kzg = nativeKzg;
    await client.sendTransaction({
      chain: null,
      to: to(),
      blobs: [blobOfFrames(blob)],
      kzg: {
        blobToKzgCommitment: (bytes) => kzg.blobToKzgCommitment(bytes),
        computeBlobKzgProof: (bytes, commitment) => kzg.computeBlobKzgProof(bytes, commitment),
      },
      maxFeePerBlobGas: 10n ** 10n,
    });

    const verifierOptions = optionsOf();
    options.dataDir = verifierOptions.dataDir;
    const verifier = await start(verifierOptions);
    await until("the verifier has all blocks", () => verifier.chain.heads().safe.number === 6n);
    assert.deepEqual(verifier.chain.heads().safe.hash, sequencer.chain.heads().unsafe.hash);
    await until("the sequencer's blocks are safe", () => sequencer.chain.heads().safe.number === 6n);

    assert.equal(await ask(verifier, "eth_blockNumber"), "0x6");
    const block = (await ask(verifier, "eth_getBlockByNumber", ["safe", false])) as { hash: string };
    assert.equal(block.hash, toHex(sequencer.chain.heads().unsafe.hash));
    const status = (await ask(verifier, "optimism_syncStatus")) as { safe_l2: { number: number } };
    assert.equal(status.safe_l2.number, 6);
    assert.equal(await ask(verifier, "admin_sequencerActive"), false);
    await stop(verifier);
  });

  it("goes on after a restart, and lets no second process into its folder", async () => {
    const verifier = await start(optionsOf(options));
    assert.equal(verifier.chain.heads().safe.number, 6n);
    await assert.rejects(startNode(optionsOf(options), { log: silentLog }), (error) =>
      isRollupError(error, "STORE_LOCKED"),
    );
    await stop(verifier);
  });

  it("comes to finality with L1", async () => {
    const verifier = await start(optionsOf(options));
    // Two seconds apart: the beacon API tells blocks by their time.
    await client.request({ method: "anvil_mine" as never, params: ["0x10", "0x2"] as never });
    await until("blocks are final", () => verifier.chain.heads().finalized.number === 6n);
    await stop(verifier);
  });

  it("reads a contract's storage with a proof", async () => {
    const slot = keccak256(new TextEncoder().encode("systemconfig.unsafeblocksigner"));
    const value = asHash(new Uint8Array(32).fill(7, 12));
    const contract = config.l1SystemConfigAddress;
    const params = [toHex(contract), toHex(slot), toHex(value)];
    await client.request({ method: "anvil_setStorageAt" as never, params: params as never });
    await client.request({ method: "anvil_mine" as never, params: ["0x1", "0x2"] as never });
    const head = await sequencer.l1.head("latest");
    assert.equal(await sequencer.l1.provenSlot(contract, slot, head.hash), BigInt(toHex(value)));
    assert.equal(await sequencer.l1.provenSlot(contract, asHash(new Uint8Array(32)), head.hash), 0n);
    assert.equal(await sequencer.l1.provenSlot(config.batchInboxAddress, slot, head.hash), 0n);
  });

  it("refuses another L1, another genesis, and an L1 that does not answer, and leaves nothing behind", async () => {
    const wrong = {
      ...config,
      genesis: { ...config.genesis, l1: { number: 1n, hash: config.genesis.l1.hash } },
    };
    const refusal = async (changes: Partial<NodeOptions>, code: string) => {
      const refused = optionsOf(changes);
      await assert.rejects(startNode(refused, { log: silentLog }), (error) => isRollupError(error, code));
      await assert.rejects(startNode(refused, { log: silentLog }), (error) => isRollupError(error, code));
    };
    await refusal({ rollup: wrong }, "L1_OTHER_CHAIN");
    await refusal({ genesis: { ...testGenesis(config), baseFee: 8n } }, "GENESIS_MISMATCH");
    const { l1 } = optionsOf();
    await refusal({ l1: { ...l1, rpcUrls: [await silentUrl()] } }, "L1_UNREACHABLE");
  });
});
