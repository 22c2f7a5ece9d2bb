import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, describe, test } from "node:test";
import { type Address, type Hash, toHex } from "@phala-l2/protocol/bytes";
import { silentLog } from "@phala-l2/protocol/log";
import { addressOfKey } from "@phala-l2/protocol/secp256k1";
import { headerHash } from "@phala-l2/protocol/wire/header";
import { type Gossip, startGossip } from "./gossip.ts";
import { compressSnappy } from "./snappy.ts";
import { blockAt, CONFIG, messageOf, NOW, SEQUENCER, STRANGER_KEY } from "./testing/blocks.ts";
import { type RawPeer, type RawPeerOptions, startRawPeer } from "./testing/raw-peer.ts";

const TOPIC = "/optimism/901/3/blocks";
const running: { stop(): Promise<void> }[] = [];
after(async () => {
  await Promise.all(running.map((one) => one.stop()));
});

async function until(condition: () => boolean | Promise<boolean>, seconds = 20): Promise<void> {
  const end = performance.now() + seconds * 1_000;
  while (!(await condition())) {
    assert.ok(performance.now() < end, `the condition did not come about in ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

type Victim = { readonly gossip: Gossip; readonly received: string[]; readonly time: { now: number } };

async function startVictim(signer: () => Address | undefined = () => SEQUENCER): Promise<Victim> {
  const received: string[] = [];
  const time = { now: Number(NOW) * 1_000 };
  const gossip = await startGossip(
    { listen: ["/ip4/127.0.0.1/tcp/0"], peers: [], config: CONFIG, signer },
    {
      onBlock: async (_block, hash: Hash) => {
        received.push(toHex(hash));
      },
      log: silentLog,
      now: () => time.now,
    },
  );
  running.push(gossip);
  return { gossip, received, time };
}

async function meet({ gossip }: Victim, options: Partial<RawPeerOptions> = {}): Promise<RawPeer> {
  const raw = await startRawPeer({ topics: [TOPIC], ...options });
  running.push(raw);
  await raw.meet(gossip.addresses()[0] ?? "");
  await until(async () =>
    (await gossip.peers()).some(({ isSubscribed, peerId }) => isSubscribed && peerId === raw.peerId),
  );
  return raw;
}

const hashOf = (number: bigint, changes = {}, tag = 0) =>
  toHex(headerHash(blockAt(number, changes, tag).header));
const invalidOf = async ({ gossip }: Victim, peerId: string) =>
  (await gossip.peers()).find((peer) => peer.peerId === peerId)?.score.invalidMessageDeliveries ?? 0;

describe("a peer of another make", () => {
  test("is understood, and understands", async () => {
    const heard: string[] = [];
    const victim = await startVictim();
    const raw = await meet(victim, { onMessage: (_topic, data) => heard.push(toHex(data)) });
    assert.equal(raw.subscribers(TOPIC), 1);
    const block = messageOf(blockAt(1n));
    await raw.publish(TOPIC, compressSnappy(block));
    await until(() => victim.received.length === 1);
    const own = messageOf(blockAt(2n));
    await until(async () => (await victim.gossip.publish(own)) > 0 || heard.length > 0);
    await until(() => heard.length > 0);
    assert.deepEqual(heard, [toHex(compressSnappy(own))]);
  });

  test("the same block compressed in another way is heard once and blames nobody", async () => {
    const victim = await startVictim();
    const raw = await meet(victim);
    const message = messageOf(blockAt(1n));
    const literal = Uint8Array.of(
      ...[(message.length & 0x7f) | 0x80, message.length >> 7, 61 << 2, (message.length - 1) & 0xff],
      ...[(message.length - 1) >> 8, ...message],
    );
    await raw.publish(TOPIC, compressSnappy(message));
    await raw.publish(TOPIC, literal);
    await raw.publish(TOPIC, compressSnappy(messageOf(blockAt(2n))));
    await until(() => victim.received.length === 2);
    assert.deepEqual(victim.received, [hashOf(1n), hashOf(2n)]);
    assert.equal(await invalidOf(victim, raw.peerId), 0);
  });

  const invalid: readonly (readonly [name: string, data: () => Uint8Array])[] = [
    ["no snappy", () => Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 1)],
    ["a snappy bomb", () => Uint8Array.of(0x80, 0x80, 0x80, 0x05, ...new Uint8Array(20))],
    ["nothing inside", () => compressSnappy(new Uint8Array(0))],
    ["only a signature", () => compressSnappy(messageOf(blockAt(3n)).subarray(0, 65))],
    ["a stranger's signature", () => compressSnappy(messageOf(blockAt(3n), STRANGER_KEY))],
    ["a block for another chain", () => compressSnappy(messageOf(blockAt(3n), undefined, 902n))],
    ["an old block", () => compressSnappy(messageOf(blockAt(3n, { timestamp: NOW - 61n })))],
    ["a block of the future", () => compressSnappy(messageOf(blockAt(3n, { timestamp: NOW + 6n })))],
    ["a block with blobs", () => compressSnappy(messageOf(blockAt(3n, { excessBlobGas: 1n })))],
    ["random bytes", () => compressSnappy(new Uint8Array(randomBytes(2_000)))],
  ];
  for (const [name, data] of invalid) {
    test(`pays for ${name}`, async () => {
      const victim = await startVictim();
      const raw = await meet(victim);
      await raw.publish(TOPIC, data());
      await until(async () => (await invalidOf(victim, raw.peerId)) > 0);
      await raw.publish(TOPIC, compressSnappy(messageOf(blockAt(4n))));
      await until(() => victim.received.length > 0);
      assert.deepEqual(victim.received, [hashOf(4n)]);
    });
  }

  test("that signs its messages is not listened to (StrictNoSign)", async () => {
    const victim = await startVictim();
    const raw = await meet(victim, { signs: true });
    await raw.publish(TOPIC, compressSnappy(messageOf(blockAt(1n))));
    await until(async () => (await invalidOf(victim, raw.peerId)) > 0);
    assert.deepEqual(victim.received, []);
  });

  test("on other topics is not heard, and costs nothing", async () => {
    const victim = await startVictim();
    const others = ["/optimism/901/2/blocks", "/optimism/902/3/blocks", "/eth2/beacon_block"];
    const raw = await meet(victim, { topics: [TOPIC, ...others] });
    for (const [tag, topic] of others.entries()) {
      await raw.publish(topic, compressSnappy(messageOf(blockAt(1n, {}, tag))));
    }
    await raw.publish(TOPIC, compressSnappy(messageOf(blockAt(2n))));
    await until(() => victim.received.length > 0);
    assert.deepEqual(victim.received, [hashOf(2n)]);
    for (const topic of others) assert.equal(raw.subscribers(topic), 0);
  });

  test("that sends more than 10 MiB at once does not get it through", async () => {
    const victim = await startVictim();
    const raw = await meet(victim);
    const healthy = await meet(victim);
    await raw.publish(TOPIC, new Uint8Array(randomBytes(10 * 1024 * 1024 + 1)));
    await healthy.publish(TOPIC, compressSnappy(messageOf(blockAt(1n))));
    await until(() => victim.received.length > 0);
    assert.deepEqual(victim.received, [hashOf(1n)]);
  });

  test("that goes on sending rubbish is cut off for an hour, by its identity", async () => {
    const victim = await startVictim();
    const raw = await meet(victim);
    for (let tag = 0; tag < 6; tag++) {
      await raw.publish(TOPIC, compressSnappy(messageOf(blockAt(1n, {}, tag), STRANGER_KEY)));
    }
    await until(() => victim.gossip.bannedPeers().includes(raw.peerId) && raw.connections() === 0);
    await assert.rejects(raw.meet(victim.gossip.addresses()[0] ?? ""));
    await until(() => raw.connections() === 0);
    victim.time.now += 3_600_000;
    assert.deepEqual(victim.gossip.bannedPeers(), []);
  });
});

describe("the signer changes (SystemConfig's unsafe block signer)", () => {
  const NEXT = addressOfKey(STRANGER_KEY);
  test("the new one is heard, the old one no longer; its carriers are not blamed for a minute", async () => {
    let signer: Address | undefined = SEQUENCER;
    const victim = await startVictim(() => signer);
    const raw = await meet(victim);
    await raw.publish(TOPIC, compressSnappy(messageOf(blockAt(1n))));
    await until(() => victim.received.length === 1);
    signer = NEXT;
    await raw.publish(TOPIC, compressSnappy(messageOf(blockAt(2n))));
    await raw.publish(TOPIC, compressSnappy(messageOf(blockAt(2n, {}, 1), STRANGER_KEY)));
    await until(() => victim.received.length === 2);
    assert.deepEqual(victim.received, [hashOf(1n), hashOf(2n, {}, 1)]);
    assert.equal(await invalidOf(victim, raw.peerId), 0);
    victim.time.now += 61_000;
    await raw.publish(TOPIC, compressSnappy(messageOf(blockAt(3n))));
    await until(async () => (await invalidOf(victim, raw.peerId)) > 0);
    assert.equal(victim.received.length, 2);
  });
});

describe("the operator's gate", () => {
  test("a blocked peer or subnet is disconnected and stays out until it is unblocked", async () => {
    const victim = await startVictim();
    const { gate } = victim.gossip;
    const address = victim.gossip.addresses()[0] ?? "";
    const loopback = { address: "127.0.0.0", prefix: 8 };
    const raw = await meet(victim);
    const closed = async () => {
      await until(() => raw.connections() === 0);
      await assert.rejects(raw.meet(address));
      await until(() => raw.connections() === 0);
    };
    assert.equal(await gate.blockPeer(raw.peerId), true);
    await closed();
    await assert.rejects(victim.gossip.connect(raw.address()));
    gate.unblockPeer(raw.peerId);
    await raw.meet(address);
    assert.equal(await gate.blockSubnet(loopback), true);
    await closed();
    gate.unblockSubnet(loopback);
    await raw.meet(address);
    await until(() => victim.gossip.peerCount() === 1);
  });
});
