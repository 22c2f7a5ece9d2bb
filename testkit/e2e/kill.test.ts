import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createPublicClient, http } from "viem";
import { Random } from "../derivation/random.ts";
import { devnetAccount, USERS } from "../devnet/accounts.ts";
import { clientsOf, deposit } from "../system/clients.ts";
import { PartProcess, type Ready } from "../system/part-process.ts";
import { partSettings } from "../system/part-settings.ts";
import { type RollupL1, startRollupL1 } from "../system/rollup-l1.ts";
import { SteadyLoad } from "../system/steady-load.ts";
import { until } from "../system/wait.ts";

/** Moments of the kills within a second and a half: blocks and batches take a second or two. */
const SEED = 20_350;
const LONGEST_LIFE_MS = 1500;
/** The deposit, which funds the user, has used a nonce of its sender's. */
const FIRST_NONCE = 1;
const random = new Random(SEED);

const folder = mkdtempSync(join(tmpdir(), "phala-l2-kill-"));
const user = devnetAccount(USERS[0]);
const sequencer = new PartProcess("sequencer", folder);
const batcher = new PartProcess("batcher", folder);
const verifier = new PartProcess("node", folder);
let l1: RollupL1;
let settings: ReturnType<typeof partSettings>;
let sequencerUrl: string;
let sequencerPeers: readonly string[];
let verifierUrl: string;
let load: SteadyLoad;

function textOf(ready: Ready, field: string): string {
  const value = ready[field];
  assert.ok(typeof value === "string");
  return value;
}

function listOf(ready: Ready, field: string): readonly string[] {
  const value = ready[field];
  assert.ok(Array.isArray(value));
  return value.map(String);
}

const client = (url: string) => createPublicClient({ transport: http(url), cacheTime: 0 });

async function blockOf(url: string, tag: "latest" | "safe") {
  return client(url).getBlock({ blockTag: tag });
}

async function startVerifier(): Promise<void> {
  const ready = await verifier.start(settings.verifier({ peers: sequencerPeers }, sequencerUrl));
  verifierUrl = textOf(ready, "rpc");
}

const startBatcher = () => batcher.start(settings.batcher(sequencerUrl, "calldata"));

/** A restarted sequencer answers where the killed one did. */
async function restartSequencer(): Promise<void> {
  const [peer = ""] = sequencerPeers;
  const p2pListen = peer.replace(/\/p2p\/.*$/, "");
  await sequencer.start(settings.sequencer({ rpcPort: Number(new URL(sequencerUrl).port), p2pListen }));
}

before(async () => {
  l1 = await startRollupL1(folder);
  settings = partSettings(folder, l1);
  const ready = await sequencer.start(settings.sequencer());
  sequencerUrl = textOf(ready, "rpc");
  sequencerPeers = listOf(ready, "p2p");
  await Promise.all([startBatcher(), startVerifier()]);

  const { l1ChainId, l2ChainId, addresses } = l1.chain.book;
  const network = {
    l1ChainId,
    l2ChainId: Number(l2ChainId),
    l1RpcUrl: l1.url,
    l2RpcUrl: sequencerUrl,
    portal: addresses.OptimismPortalProxy,
    disputeGameFactory: addresses.DisputeGameFactoryProxy,
    l1StandardBridge: addresses.L1StandardBridgeProxy,
    multicall3: addresses.Multicall3,
  };
  await deposit(clientsOf(network, user), { to: user.address, mint: 10n ** 18n, gas: 21_000n });
  load = new SteadyLoad(user, { rpcUrl: sequencerUrl, chainId: network.l2ChainId, firstNonce: FIRST_NONCE });
});

after(async () => {
  load?.abandon();
  for (const part of [verifier, batcher, sequencer]) await part.kill();
  await l1?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Kills at a random moment under load, and proves with a fresh acknowledgement and safe head that all goes on. */
async function killed(part: PartProcess, restart: () => Promise<unknown>): Promise<void> {
  await sleep(random.below(LONGEST_LIFE_MS));
  const acknowledged = load.acknowledged.length;
  await part.kill();
  const { number: safe } = await blockOf(part === verifier ? sequencerUrl : verifierUrl, "safe");
  await restart();
  await until(() => load.acknowledged.length > acknowledged, { what: "transactions are acknowledged again" });
  await until(async () => (await blockOf(verifierUrl, "safe")).number > safe, {
    what: "the safe head advances",
  });
}

describe("killed under load", () => {
  it("the sequencer comes back, and again", async () => {
    await killed(sequencer, restartSequencer);
    await killed(sequencer, restartSequencer);
  });

  it("the batcher leaves no gap and nothing twice", async () => {
    await killed(batcher, startBatcher);
  });

  it("the verifier catches up", async () => {
    await killed(verifier, startVerifier);
  });

  it("all at once", async () => {
    await sleep(random.below(LONGEST_LIFE_MS));
    await Promise.all([sequencer.kill(), batcher.kill(), verifier.kill()]);
    await restartSequencer();
    await Promise.all([startBatcher(), startVerifier()]);
  });

  it("no acknowledged transaction is lost, and the verifier has each in the same block", async () => {
    await load.stop();
    const { acknowledged } = load;
    const last = acknowledged.reduce(
      (highest, { blockNumber }) => (blockNumber > highest ? blockNumber : highest),
      0n,
    );
    await until(async () => (await blockOf(verifierUrl, "safe")).number >= last, {
      what: "the verifier has derived all of the load",
    });
    assert.ok(acknowledged.length > 50, `${acknowledged.length} transactions are a load`);
    for (const url of [sequencerUrl, verifierUrl]) {
      const node = client(url);
      const found = await Promise.all(acknowledged.map(({ hash }) => node.getTransactionReceipt({ hash })));
      assert.deepEqual(
        found.map(({ transactionHash: hash, blockHash, blockNumber }) => ({ hash, blockHash, blockNumber })),
        acknowledged,
      );
      assert.equal(
        await node.getTransactionCount({ address: user.address }),
        FIRST_NONCE + acknowledged.length,
      );
    }
  });

  it("each part stops cleanly in the end", async () => {
    for (const part of [verifier, batcher, sequencer]) await part.stop();
  });
});
