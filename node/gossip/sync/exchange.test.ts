import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { type Hash, toHex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { silentLog } from "@phala-l2/protocol/log";
import type { Block } from "@phala-l2/protocol/wire/block";
import { headerHash } from "@phala-l2/protocol/wire/header";
import type { Clock } from "../../clock.ts";
import { type Gossip, startGossip } from "../gossip.ts";
import type { Answer } from "../streams.ts";
import { blockAt, CONFIG, NOW, SEQUENCER } from "../testing/blocks.ts";
import { type RawHandler, type RawPeer, startRawPeer } from "../testing/raw-peer.ts";
import { encodeRefusal, encodeRequest, encodeResponse, payloadProtocol } from "./payload-message.ts";
import { payloadServer } from "./payload-server.ts";
import { createPeerBlocks } from "./peer-blocks.ts";
import { RequestScores } from "./request-scores.ts";

const PROTOCOL = payloadProtocol(901n);
const TOPIC = "/optimism/901/3/blocks";
/** The newest block that the clock allows: one a second from NOW - 1000 on. */
const NEWEST = 1_000n;
const running: { stop(): Promise<void> }[] = [];
after(async () => {
  await Promise.all(running.map((one) => one.stop()));
});

const blockOf = (number: bigint, tag = 0): Block =>
  blockAt(number, { timestamp: NOW - NEWEST + number }, tag);
const hashOf = (number: bigint, tag = 0): Hash => headerHash(blockOf(number, tag).header);

async function startNode(readBlock?: (number: bigint) => Promise<Block | undefined>): Promise<Gossip> {
  const gossip = await startGossip(
    { listen: ["/ip4/127.0.0.1/tcp/0"], peers: [], config: CONFIG, signer: () => SEQUENCER },
    {
      onBlock: async () => {},
      ...(readBlock && { readBlock }),
      log: silentLog,
      now: () => Number(NOW) * 1_000,
    },
  );
  running.push(gossip);
  return gossip;
}

async function startRaw(handler?: RawHandler): Promise<RawPeer> {
  const raw = await startRawPeer({ topics: [TOPIC] });
  running.push(raw);
  if (handler !== undefined) await raw.serve(PROTOCOL, handler);
  return raw;
}

async function until(condition: () => boolean | Promise<boolean>, seconds = 20): Promise<void> {
  const end = performance.now() + seconds * 1_000;
  while (!(await condition())) {
    assert.ok(performance.now() < end, `the condition did not come about in ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Connects, and waits until the node knows what the peer serves. */
async function join(node: Gossip, raw: RawPeer): Promise<void> {
  await raw.meet(node.addresses()[0] ?? "");
  await until(async () => (await node.peers()).some(({ protocols }) => protocols.includes(PROTOCOL)));
}

describe("a node that serves blocks", () => {
  const serve = async (number: bigint): Promise<Block | undefined> => {
    if (number === 7n) throw new RollupError("STORE_CORRUPT", "the disk is gone");
    return number === 8n ? undefined : blockOf(number);
  };
  const rows: readonly (readonly [
    name: string,
    pieces: readonly Uint8Array[],
    answer: Uint8Array | undefined,
  ])[] = [
    ["a block", [encodeRequest(5n)], encodeResponse(blockOf(5n))],
    ["genesis", [encodeRequest(0n)], encodeResponse(blockOf(0n))],
    ["the newest", [encodeRequest(NEWEST)], encodeResponse(blockOf(NEWEST))],
    [
      "a request in pieces",
      [encodeRequest(5n).subarray(0, 3), encodeRequest(5n).subarray(3)],
      encodeResponse(blockOf(5n)),
    ],
    ["a block beyond the clock", [encodeRequest(NEWEST + 1n)], encodeRefusal(2)],
    ["block 2^64 - 1", [encodeRequest(2n ** 64n - 1n)], encodeRefusal(2)],
    ["a block that it has not", [encodeRequest(8n)], encodeRefusal(1)],
    ["a block that it can not read", [encodeRequest(7n)], encodeRefusal(3)],
    ["half a number", [new Uint8Array(4)], encodeRefusal(3)],
    ["nothing", [], encodeRefusal(3)],
  ];
  test("answers as op-node does", async () => {
    const node = await startNode(serve);
    const raw = await startRaw();
    await raw.meet(node.addresses()[0] ?? "");
    for (const [name, pieces, answer] of rows)
      assert.deepEqual(await raw.ask(PROTOCOL, pieces), answer, name);
  });
  test("is not held up by peers that open streams and send nothing", async () => {
    const node = await startNode(serve);
    const [idle, raw] = [await startRaw(), await startRaw()];
    await Promise.all([idle, raw].map((peer) => peer.meet(node.addresses()[0] ?? "")));
    let end = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const never = async function* (): AsyncGenerator<Uint8Array> {
      await ended;
      yield new Uint8Array(8);
    };
    const held = Array.from({ length: 8 }, () => idle.ask(PROTOCOL, never()));
    assert.deepEqual(await raw.ask(PROTOCOL, [encodeRequest(5n)]), encodeResponse(blockOf(5n)));
    end();
    // Four streams a connection: the others were reset at once.
    assert.ok((await Promise.all(held)).filter((answer) => answer === undefined).length >= 4);
  });
  test("does not offer what it can not serve", async () => {
    const node = await startNode();
    const raw = await startRaw();
    await raw.meet(node.addresses()[0] ?? "");
    assert.equal(await raw.ask(PROTOCOL, [encodeRequest(5n)]), undefined);
    assert.ok(!node.self().protocols.includes(PROTOCOL));
  });
  test("lets a peer wait its turn: fifteen at once, four a second, none after twenty seconds", async () => {
    const waits: number[] = [];
    const clock: Clock = {
      now: () => Number(NOW) * 1_000,
      sleep: async (milliseconds) => {
        waits.push(milliseconds);
      },
    };
    const { answer } = payloadServer({
      config: CONFIG,
      readBlock: async (number) => blockOf(number),
      clock,
      signal: new AbortController().signal,
      log: silentLog,
    });
    const results: (number | undefined)[] = [];
    for (let i = 0; i < 100; i++) results.push((await answer("greedy", encodeRequest(1n)))?.[0]);
    assert.deepEqual(waits.slice(0, 2), [250, 500]);
    // 15 at once, and 80 that fit into twenty seconds at four a second; all refused after that.
    assert.deepEqual([waits.length, results.indexOf(3), results.lastIndexOf(0)], [80, 95, 94]);
    // The others' share is their own: what all may have together is more than one took.
    assert.equal((await answer("modest", encodeRequest(1n)))?.[0], 0);
  });
});

describe("a node that asks for blocks", () => {
  test("has it from one of its own kind, and from a peer of another make", async () => {
    const server = await startNode(async (number) => blockOf(number));
    const client = await startNode();
    await client.connect(server.addresses()[0] ?? "");
    await until(async () => (await client.peers()).some(({ protocols }) => protocols.includes(PROTOCOL)));
    const own = await client.fetchBlock(hashOf(5n), 5n);
    assert.equal(own && toHex(headerHash(own.header)), toHex(hashOf(5n)));
    const other = await startNode();
    await join(other, await startRaw(([low = 0]) => [encodeResponse(blockOf(BigInt(low)))]));
    assert.deepEqual(await other.fetchBlock(hashOf(9n), 9n), blockOf(9n));
    const [peer] = await other.peers();
    assert.deepEqual(peer?.requests, { validResponses: 1, errorResponses: 0, rejectedPayloads: 0 });
  });
  test("has nothing where nobody serves", async () => {
    const node = await startNode();
    assert.equal(await node.fetchBlock(hashOf(5n), 5n), undefined);
    const raw = await startRaw();
    await raw.meet(node.addresses()[0] ?? "");
    assert.equal(await node.fetchBlock(hashOf(5n), 5n), undefined);
  });
  const endless = async function* (): AsyncGenerator<Uint8Array> {
    const piece = new Uint8Array(1 << 20);
    for (;;) yield piece;
  };
  const liars: readonly (readonly [
    name: string,
    handler: RawHandler,
    what: "errorResponses" | "rejectedPayloads",
  ])[] = [
    ["refuses", () => [encodeRefusal(1)], "errorResponses"],
    ["sends another number", () => [encodeResponse(blockOf(6n))], "errorResponses"],
    ["sends another block of that number", () => [encodeResponse(blockOf(5n, 1))], "rejectedPayloads"],
    [
      "sends a block that is not what it claims",
      () => [encodeResponse(blockOf(5n)).with(60, 1)],
      "errorResponses",
    ],
    ["never ends", endless, "errorResponses"],
    ["sends nothing", () => [], "errorResponses"],
  ];
  for (const [name, handler, what] of liars) {
    test(`is not harmed by a peer that ${name}`, async () => {
      const node = await startNode();
      await join(node, await startRaw(handler));
      assert.equal(await node.fetchBlock(hashOf(5n), 5n), undefined);
      const [peer] = await node.peers();
      assert.equal(peer?.requests[what], 1);
      await until(async () => ((await node.peers())[0]?.score.total ?? 0) < 0);
    });
  }
  test("stops asking when it stops", async () => {
    const node = await startNode();
    const silent = async function* (): AsyncGenerator<Uint8Array> {
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      yield encodeRefusal(1);
    };
    await join(node, await startRaw(silent));
    const asked = node.fetchBlock(hashOf(5n), 5n);
    await node.stop();
    assert.equal(await asked, undefined);
  });
});

describe("whom a node asks", () => {
  const good = encodeResponse(blockOf(5n));
  function setUp(
    answers: Readonly<Record<string, () => Answer>>,
    cost: (peerId: string) => number = () => 0,
  ) {
    let now = 1_000_000;
    const asked: string[] = [];
    const clock: Clock = {
      now: () => now,
      sleep: async (milliseconds) => {
        now += milliseconds;
      },
    };
    const scores = new RequestScores(() => now, 1_000);
    const fetchBlock = createPeerBlocks({
      config: CONFIG,
      peers: {
        peersServing: async () => Object.keys(answers),
        request: async (peerId) => {
          asked.push(peerId);
          now += cost(peerId);
          return answers[peerId]?.() ?? { kind: "failed", reason: "unreachable" };
        },
      },
      scores,
      clock,
      signal: new AbortController().signal,
      log: silentLog,
    });
    return {
      asked,
      scores,
      fetch: async () => (await fetchBlock(hashOf(5n), 5n)) !== undefined,
      pass: (milliseconds: number) => {
        now += milliseconds;
      },
    };
  }
  const ok = (): Answer => ({ kind: "answer", bytes: good });
  const failed = (): Answer => ({ kind: "failed", reason: "broken-off" });
  const branch = (): Answer => ({ kind: "answer", bytes: encodeResponse(blockOf(5n, 1)) });

  test("one that fails is passed over for the next, and for five seconds", async () => {
    const { asked, fetch, pass } = setUp({ bad: failed, fine: ok });
    assert.equal(await fetch(), true);
    assert.equal(await fetch(), true);
    assert.deepEqual(asked, ["bad", "fine", "fine"]);
    pass(5_000);
    assert.equal(await fetch(), true);
    // Tried after those who serve.
    assert.deepEqual(asked.slice(3), ["fine"]);
  });
  test("one on another branch is asked once a minute, and so never banned for it", async () => {
    const { asked, fetch, pass, scores } = setUp({ other: branch });
    for (let second = 0; second < 600; second++) {
      assert.equal(await fetch(), false);
      assert.ok(scores.score("other") > -100);
      pass(1_000);
    }
    assert.equal(asked.length, 10);
  });
  test("one that answers slowly is believed, and then left alone for a minute", async () => {
    const { asked, fetch } = setUp({ slow: ok, fine: ok }, (peerId) => (peerId === "slow" ? 9_000 : 10));
    for (let i = 0; i < 3; i++) assert.equal(await fetch(), true);
    assert.deepEqual(asked, ["slow", "fine", "fine"]);
  });
  test("three at most for one block", async () => {
    const { asked, fetch } = setUp({ a: failed, b: failed, c: failed, d: ok });
    assert.equal(await fetch(), false);
    assert.deepEqual(asked, ["a", "b", "c"]);
    assert.equal(await fetch(), true);
  });
});
