import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { type Address, type Hash, toHex } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import { silentLog } from "@phala-l2/protocol/log";
import { headerHash } from "@phala-l2/protocol/wire/header";
import { isPeerAddress } from "./address.ts";
import { type Gossip, startGossip } from "./gossip.ts";
import { joinNetwork, type Network } from "./network.ts";
import { BAN_MS, PeerBans } from "./peer-bans.ts";
import { loadPeerKey, newPeerKey } from "./peer-key.ts";
import { compressSnappy } from "./snappy.ts";
import { blockAt, CONFIG, messageOf, NOW, SEQUENCER, STRANGER_KEY } from "./testing/blocks.ts";

const LOOPBACK = ["/ip4/127.0.0.1/tcp/0"];
const TOPIC = "/optimism/901/3/blocks";

type Peer = { readonly gossip: Gossip; readonly received: Hash[] };

const running: { stop(): Promise<void> }[] = [];
after(async () => {
  await Promise.all(running.map((one) => one.stop()));
});

async function startPeer(
  peers: readonly string[] = [],
  signer: () => Address | undefined = () => SEQUENCER,
  privateKey: Uint8Array = newPeerKey(),
  listen: readonly string[] = LOOPBACK,
): Promise<Peer> {
  const received: Hash[] = [];
  const gossip = await startGossip(
    { listen, peers, privateKey, config: CONFIG, signer },
    {
      onBlock: async (_block, hash) => {
        received.push(hash);
      },
      log: silentLog,
      now: () => Number(NOW) * 1_000,
    },
  );
  running.push(gossip);
  return { gossip, received };
}

/** A peer that sends whatever it is told. */
async function startRogue(peer: Peer): Promise<Network> {
  const network = await joinNetwork(
    {
      listen: LOOPBACK,
      announce: [],
      privateKey: newPeerKey(),
      topics: [TOPIC],
      maxConnections: 5,
      blockMs: 1_000,
      protectedPeers: [],
    },
    {
      judge: () => "accept",
      onMessage: () => {},
      gate: { refusesPeer: () => false, refusesAddress: () => false },
      requestScore: () => 0,
      served: [],
      log: silentLog,
    },
  );
  running.push(network);
  await network.dial(addressOf(peer));
  await until(async () => (await network.peers()).some(({ isSubscribed }) => isSubscribed));
  return network;
}

function addressOf({ gossip }: Peer): string {
  const [address] = gossip.addresses();
  assert.ok(address !== undefined);
  return address;
}

async function until(condition: () => boolean | Promise<boolean>, seconds = 10): Promise<void> {
  const end = performance.now() + seconds * 1_000;
  while (!(await condition())) {
    assert.ok(performance.now() < end, `the condition did not come about in ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Until each has as many mesh peers as connections are meant: a message sent earlier may miss somebody. */
async function inMesh(...peers: readonly (readonly [peer: Peer, meshPeers: number])[]): Promise<void> {
  for (const [{ gossip }, count] of peers) {
    await until(async () => (await gossip.peers()).filter((peer) => peer.isInMesh).length === count);
  }
}

describe("a static peer that cannot be reached", () => {
  test("is warned of, with code and reason", async () => {
    const later = await startPeer();
    const address = addressOf(later);
    assert.ok(isPeerAddress(address), address);
    await later.gossip.stop();
    const [, port = ""] = /\/tcp\/(\d+)\//.exec(address) ?? [];
    const warnings: string[] = [];
    const gossip = await startGossip(
      { listen: LOOPBACK, peers: [address], config: CONFIG, signer: () => SEQUENCER },
      {
        onBlock: async () => {},
        log: { ...silentLog, warn: (facts) => warnings.push(JSON.stringify(facts)) },
        now: () => Number(NOW) * 1_000,
      },
    );
    running.push(gossip);
    await until(() => warnings.length > 0);
    const { why, ...facts } = JSON.parse(warnings[0] ?? "");
    assert.deepEqual(facts, { code: "GOSSIP_DIAL_FAILED", address, failures: 1 });
    assert.match(why, new RegExp(port));
  });
});

describe("peers on this machine", () => {
  test("a block goes from the sequencer over a middle peer to a third, once to each", async () => {
    const sequencer = await startPeer();
    const middle = await startPeer([addressOf(sequencer)]);
    const far = await startPeer([addressOf(middle)]);
    await inMesh([sequencer, 1], [middle, 2], [far, 1]);
    const hashes: string[] = [];
    for (let number = 1n; number <= 5n; number++) {
      const block = blockAt(number, {}, 0, number === 3n ? 300_000 : 3);
      hashes.push(toHex(headerHash(block.header)));
      await sequencer.gossip.publish(messageOf(block));
    }
    await until(() => middle.received.length >= 5 && far.received.length >= 5);
    assert.deepEqual(middle.received.map(toHex).sort(), [...hashes].sort());
    assert.deepEqual(far.received.map(toHex).sort(), [...hashes].sort());
    assert.deepEqual(sequencer.received, []);
    assert.equal(middle.gossip.peerCount(), 2);
    const [facts] = await far.gossip.peers();
    assert.equal(facts?.peerId, middle.gossip.peerId);
    assert.match(facts?.userAgent ?? "", /^phala-l2/);
  });

  test("what is not the sequencer's is neither taken nor passed on, and its sender is banned", async () => {
    const victim = await startPeer();
    const behind = await startPeer([addressOf(victim)]);
    await inMesh([victim, 1], [behind, 1]);
    const rogue = await startRogue(victim);
    // One bad message is forgiven.
    await rogue.publish(TOPIC, compressSnappy(messageOf(blockAt(1n), STRANGER_KEY)));
    await rogue.publish(TOPIC, compressSnappy(messageOf(blockAt(2n))));
    await until(() => victim.received.length === 1);
    assert.deepEqual(victim.gossip.bannedPeers(), []);
    // A flood of others is not.
    const bomb = Uint8Array.of(0x80, 0x80, 0x80, 0x05, ...new Uint8Array(20));
    const old = messageOf(blockAt(3n, { timestamp: NOW - 61n }));
    const ahead = messageOf(blockAt(3n, { timestamp: NOW + 6n }));
    for (const data of [bomb, Uint8Array.of(1, 2, 3), compressSnappy(old), compressSnappy(ahead)]) {
      await rogue.publish(TOPIC, data);
    }
    await until(() => victim.gossip.bannedPeers().includes(rogue.peerId));
    await until(() => !rogue.isConnected(victim.gossip.peerId));
    // A dial may succeed on the rogue's side before the victim hangs up; it never lasts.
    await Promise.allSettled([rogue.dial(addressOf(victim))]);
    await until(() => !rogue.isConnected(victim.gossip.peerId));
    assert.equal(
      (await victim.gossip.peers()).some(({ peerId }) => peerId === rogue.peerId),
      false,
    );
    await until(() => behind.received.length === 1);
    assert.deepEqual(victim.received.map(toHex), [toHex(headerHash(blockAt(2n).header))]);
    assert.deepEqual(behind.received, victim.received);
    assert.deepEqual(behind.gossip.bannedPeers(), []);
  });

  test("while the signer is not known nothing is taken and nobody is blamed", async () => {
    let signer: Address | undefined;
    const waiting = await startPeer([], () => signer);
    const rogue = await startRogue(waiting);
    for (let tag = 0; tag < 6; tag++)
      await rogue.publish(TOPIC, compressSnappy(messageOf(blockAt(1n, {}, tag))));
    signer = SEQUENCER;
    await rogue.publish(TOPIC, compressSnappy(messageOf(blockAt(2n))));
    await until(() => waiting.received.length > 0);
    const rogueFacts = (await waiting.gossip.peers()).find(({ peerId }) => peerId === rogue.peerId);
    assert.ok((rogueFacts?.score.total ?? -1) >= 0);
  });

  test("six different blocks of one height pass; more are held back", async () => {
    const victim = await startPeer();
    const rogue = await startRogue(victim);
    for (let tag = 0; tag < 7; tag++)
      await rogue.publish(TOPIC, compressSnappy(messageOf(blockAt(4n, {}, tag))));
    await rogue.publish(TOPIC, compressSnappy(messageOf(blockAt(5n))));
    await until(() => victim.received.length >= 7);
    assert.equal(victim.received.length, 7);
  });

  test("a static peer that restarts under its key is connected again", async () => {
    const key = newPeerKey();
    const first = await startPeer([], undefined, key);
    const address = addressOf(first);
    const other = await startPeer([address]);
    await inMesh([other, 1]);
    await first.gossip.stop();
    await until(() => other.gossip.peerCount() === 0);
    const listen = address.slice(0, address.indexOf("/p2p/"));
    const again = await startPeer([], undefined, key, [listen]);
    assert.equal(again.gossip.peerId, first.gossip.peerId);
    await until(() => other.gossip.peerCount() === 1, 15);
  });

  test("a receiver's fault does not stop the next block", async () => {
    const received: bigint[] = [];
    const fragile = await startGossip(
      { listen: LOOPBACK, peers: [], config: CONFIG, signer: () => SEQUENCER },
      {
        onBlock: async ({ header }) => {
          received.push(header.number);
          throw new Error("the engine is busy");
        },
        log: silentLog,
        now: () => Number(NOW) * 1_000,
      },
    );
    running.push(fragile);
    const rogue = await startRogue({ gossip: fragile, received: [] });
    for (const number of [1n, 2n]) await rogue.publish(TOPIC, compressSnappy(messageOf(blockAt(number))));
    await until(() => received.length === 2);
    assert.deepEqual([...received].sort(), [1n, 2n]);
  });

  test("own blocks that no peer would take are refused before they are sent", async () => {
    const { gossip } = await startPeer();
    await assert.rejects(gossip.publish(new Uint8Array(10)), (error) =>
      isRollupError(error, "GOSSIP_MESSAGE_INVALID"),
    );
    const broken = messageOf(blockAt(1n)).with(300, 77);
    await assert.rejects(gossip.publish(broken), (error) => isRollupError(error, "GOSSIP_MESSAGE_INVALID"));
  });

  test("a taken port is told by its code", async () => {
    const taken = await startPeer();
    const address = addressOf(taken);
    await assert.rejects(
      startPeer([], undefined, newPeerKey(), [address.slice(0, address.indexOf("/p2p/"))]),
      (error) => isRollupError(error, "GOSSIP_LISTEN_FAILED"),
    );
  });
});

describe("the peer's key", () => {
  test("is made once, readable by its owner alone, and kept", async () => {
    const folder = await mkdtemp(join(tmpdir(), "peer-key-"));
    const file = join(folder, "p2p.key");
    const key = await loadPeerKey(file);
    assert.deepEqual(await loadPeerKey(file), key);
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.match(await readFile(file, "utf8"), /^[0-9a-f]{64}\n$/);
    await rm(folder, { recursive: true });
  });
  for (const [name, content] of [
    ["nothing", ""],
    ["zero", "00".repeat(32)],
    ["the order and more", "ff".repeat(32)],
    ["too short", "11".repeat(31)],
    ["no hex", "zz".repeat(32)],
  ] as const) {
    test(`${name} is none`, async () => {
      const folder = await mkdtemp(join(tmpdir(), "peer-key-"));
      const file = join(folder, "p2p.key");
      await writeFile(file, content);
      await assert.rejects(loadPeerKey(file), (error) => isRollupError(error, "PEER_KEY_INVALID"));
      await rm(folder, { recursive: true });
    });
  }
});

describe("bans", () => {
  test("end after an hour", () => {
    let now = 0;
    const bans = new PeerBans(() => now);
    bans.ban("a");
    assert.deepEqual([bans.isBanned("a"), bans.isBanned("b")], [true, false]);
    now = BAN_MS;
    assert.equal(bans.isBanned("a"), false);
    assert.deepEqual(bans.list(), []);
  });
  test("are remembered for ten thousand peers at most", () => {
    const bans = new PeerBans(() => 0);
    for (let i = 0; i <= 10_000; i++) bans.ban(`peer ${i}`);
    assert.equal(bans.isBanned("peer 0"), false);
    assert.equal(bans.isBanned("peer 1"), true);
    assert.equal(bans.list().length, 10_000);
  });
});
