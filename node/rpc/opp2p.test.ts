import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { isRecord } from "@phala-l2/protocol/json-record";

import { silentLog } from "@phala-l2/protocol/log";
import { type Gossip, startGossip } from "../gossip/gossip.ts";
import { CONFIG } from "../gossip/testing/blocks.ts";
import { opp2pMethods, opp2pViews } from "./opp2p.ts";
import type { Reply } from "./reply.ts";

const CHAIN_ID = CONFIG.l2ChainId;
/** The methods of op-node's p2p.API. */
const READS = [
  "self",
  "peers",
  "peerStats",
  "discoveryTable",
  "listBlockedPeers",
  "listBlockedAddrs",
  "listBlockedSubnets",
];
const WRITES = [
  ...["blockPeer", "unblockPeer", "blockAddr", "unblockAddr", "blockSubnet", "unblockSubnet"],
  ...["protectPeer", "unprotectPeer", "connectPeer", "disconnectPeer"],
];
const PEER = "16Uiu2HAm5xfNEHvzbAyyJGSMhD6z5oEZGGCbTmDbXWBRcQ2MwmZ4";

describe("opp2p", () => {
  let a: Gossip;
  let b: Gossip;
  before(async () => {
    const start = () =>
      startGossip(
        { listen: ["/ip4/127.0.0.1/tcp/0"], peers: [], config: CONFIG, signer: () => undefined },
        { onBlock: async () => {}, readBlock: async () => undefined, log: silentLog, now: () => Date.now() },
      );
    [a, b] = await Promise.all([start(), start()]);
  });
  after(async () => {
    await Promise.all([a.stop(), b.stop()]);
  });

  async function call(name: string, ...params: readonly unknown[]): Promise<Reply> {
    const method = opp2pMethods(a, CHAIN_ID)[`opp2p_${name}`];
    assert.ok(method !== undefined, name);
    return method(params, { signal: new AbortController().signal });
  }
  async function value(name: string, ...params: readonly unknown[]): Promise<unknown> {
    const reply = await call(name, ...params);
    assert.ok(reply.kind === "result", JSON.stringify(reply));
    return reply.value;
  }
  async function until(condition: () => Promise<boolean>): Promise<void> {
    const end = performance.now() + 20_000;
    while (!(await condition())) {
      assert.ok(performance.now() < end);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  const peerOfA = async (connected = true): Promise<Readonly<Record<string, unknown>>> => {
    const dump = await value("peers", connected);
    const peers = isRecord(dump) && isRecord(dump.peers) ? dump.peers : {};
    const peer = peers[b.peerId];
    return isRecord(peer) ? peer : {};
  };

  test("has op-node's methods, of which anybody may only call those that read", () => {
    const names = (methods: object) =>
      Object.keys(methods)
        .map((name) => name.slice("opp2p_".length))
        .sort();
    assert.deepEqual(names(opp2pViews(a, CHAIN_ID)), READS.toSorted());
    assert.deepEqual(names(opp2pMethods(a, CHAIN_ID)), [...READS, ...WRITES].sort());
  });

  test("self has the fields of op-node's PeerInfo", async () => {
    const self = await value("self");
    assert.ok(isRecord(self));
    assert.deepEqual(Object.keys(self), [
      ...["peerID", "nodeID", "userAgent", "protocolVersion", "ENR", "addresses", "protocols"],
      ...["connectedness", "direction", "protected", "chainID", "latency", "gossipBlocks", "scores"],
    ]);
    assert.equal(self.peerID, a.peerId);
    assert.match(String(self.nodeID), /^[0-9a-f]{64}$/);
    assert.notEqual(self.nodeID, "0".repeat(64));
    assert.equal(self.chainID, Number(CHAIN_ID));
    assert.ok(Array.isArray(self.addresses) && String(self.addresses[0]).endsWith(`/p2p/${a.peerId}`));
    assert.ok(
      Array.isArray(self.protocols) && self.protocols.includes("/opstack/req/payload_by_number/901/0"),
    );
  });

  test("a peer is connected, seen with its scores, protected and disconnected", async () => {
    assert.equal(await value("connectPeer", b.addresses()[0]), null);
    await until(async () => (await peerOfA()).gossipBlocks === true);
    const peer = await peerOfA();
    assert.deepEqual([peer.connectedness, peer.direction, peer.chainID, peer.protected], [1, 2, 901, false]);
    assert.match(String(peer.nodeID), /^[0-9a-f]{64}$/);
    assert.ok(isRecord(peer.scores) && isRecord(peer.scores.gossip));
    assert.deepEqual(Object.keys(peer.scores.gossip), [
      "total",
      "blocks",
      "IPColocationFactor",
      "behavioralPenalty",
    ]);
    assert.deepEqual(peer.scores.reqResp, { validResponses: 0, errorResponses: 0, rejectedPayloads: 0 });
    const stats = await value("peerStats");
    assert.deepEqual(stats, { connected: 1, table: 0, blocksTopic: 1, banned: 0, known: 1 });
    assert.equal(await value("protectPeer", b.peerId), null);
    assert.equal((await peerOfA()).protected, true);
    assert.equal(await value("unprotectPeer", b.peerId), null);
    assert.equal((await peerOfA()).protected, false);
    assert.equal(await value("disconnectPeer", b.peerId), null);
    await until(async () => a.peerCount() === 0);
    assert.deepEqual(await peerOfA(), {});
    const known = await peerOfA(false);
    assert.deepEqual([known.peerID, known.connectedness, known.direction], [b.peerId, 0, 0]);
  });

  test("blocked peers, addresses and subnets are listed as op-node does, and let in again", async () => {
    for (const text of ["10.0.0.1", "::ffff:10.0.0.1", "2001:db8::1"])
      assert.equal(await value("blockAddr", text), null);
    assert.deepEqual(await value("listBlockedAddrs"), ["10.0.0.1", "2001:db8::1"]);
    assert.equal(await value("blockSubnet", "10.1.0.0/16"), null);
    assert.equal(await value("blockSubnet", { IP: "10.1.0.0", Mask: "//8AAA==" }), null);
    const subnets = [{ IP: "10.1.0.0", Mask: "//8AAA==" }];
    assert.deepEqual(await value("listBlockedSubnets"), subnets);
    assert.equal(await value("blockPeer", PEER), null);
    assert.deepEqual(await value("listBlockedPeers"), [PEER]);
    const dump = await value("peers", true);
    assert.ok(isRecord(dump));
    assert.deepEqual(
      [dump.bannedPeers, dump.bannedIPS, dump.bannedSubnets],
      [[PEER], ["10.0.0.1", "2001:db8::1"], subnets],
    );
    for (const [method, ...params] of [
      ["unblockAddr", "10.0.0.1"],
      ["unblockAddr", "2001:db8::1"],
      ["unblockSubnet", "10.1.255.0/16"],
      ["unblockPeer", PEER],
      ["unblockPeer", PEER],
    ] as const) {
      assert.equal(await value(method, ...params), null);
    }
    for (const list of ["Addrs", "Subnets", "Peers"]) assert.deepEqual(await value(`listBlocked${list}`), []);
  });

  test("there is no discovery, and it says so in op-node's words", async () => {
    assert.deepEqual(await call("discoveryTable"), {
      kind: "failure",
      code: -32000,
      message: "discovery disabled",
    });
  });

  const wrong: readonly (readonly [method: string, ...params: unknown[]])[] = [
    ...["blockPeer", "unblockPeer", "protectPeer", "unprotectPeer", "disconnectPeer"].flatMap(
      (method) =>
        [[method], [method, 1], [method, "nonsense"], [method, "16Uiu2HA/"], [method, PEER, 2]] as const,
    ),
    ...["blockAddr", "unblockAddr"].flatMap(
      (method) =>
        [
          [method],
          [method, 1],
          [method, "10.0.0"],
          [method, "10.0.0.0/8"],
          [method, "peer.example"],
        ] as const,
    ),
    ...["blockSubnet", "unblockSubnet"].flatMap(
      (method) =>
        [
          [method],
          [method, 8],
          [method, "10.0.0.0"],
          [method, "10.0.0.0/33"],
          [method, { IP: "10.0.0.0" }],
          [method, { IP: "10.0.0.0", Mask: "/wD/AA==" }],
          [method, { IP: "::", Mask: "/wAAAA==" }],
          [method, { IP: 1, Mask: "/wAAAA==" }],
        ] as const,
    ),
    ["connectPeer"],
    ["connectPeer", 1],
    ["connectPeer", "nonsense"],
    ["connectPeer", "/ip4/127.0.0.1/tcp/1"],
    ["peers", "yes"],
    ["self", 1],
  ];
  for (const [method, ...params] of wrong) {
    test(`${method}(${JSON.stringify(params).slice(1, -1)}) is refused`, async () => {
      assert.equal((await call(method, ...params)).kind, "failure");
      assert.deepEqual(a.bannedPeers(), []);
      assert.deepEqual(a.gate.subnets(), []);
    });
  }
});
