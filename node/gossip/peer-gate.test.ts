import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PeerBans } from "./peer-bans.ts";
import { canonicalIp, canonicalSubnet, PeerGate } from "./peer-gate.ts";

const gate = () => new PeerGate(new PeerBans(() => 0));

describe("addresses", () => {
  const ips: readonly (readonly [written: string, canonical: string | undefined])[] = [
    ["10.0.0.1", "10.0.0.1"],
    ["::ffff:10.0.0.1", "10.0.0.1"],
    ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["::1", "::1"],
    ["fe80::1%eth0", undefined],
    ["10.0.0", undefined],
    ["10.0.0.256", undefined],
    ["010.0.0.1", undefined],
    ["", undefined],
    ["peer.example", undefined],
  ];
  for (const [written, canonical] of ips) {
    test(`${written} is ${canonical ?? "none"}`, () => assert.equal(canonicalIp(written), canonical));
  }
  const subnets: readonly (readonly [written: string, canonical: string | undefined])[] = [
    ["10.1.2.3/8", "10.0.0.0/8"],
    ["10.1.2.3/32", "10.1.2.3/32"],
    ["10.1.2.3/0", "0.0.0.0/0"],
    ["192.168.255.255/23", "192.168.254.0/23"],
    ["2001:db8:ffff::1/33", "2001:db8:8000::/33"],
    ["::1/128", "::1/128"],
    ["64:ff9b::10.0.0.1/120", "64:ff9b::a00:0/120"],
    ["10.0.0.0/33", undefined],
    ["::/129", undefined],
    ["10.0.0.0", undefined],
    ["10.0.0.0/", undefined],
    ["10.0.0.0/-1", undefined],
    ["10.0.0.0/8/8", undefined],
    ["::ffff:10.0.0.0/104", undefined],
  ];
  for (const [written, canonical] of subnets) {
    test(`${written} is ${canonical ?? "none"}`, () => {
      const found = canonicalSubnet(written);
      assert.equal(found && `${found.address}/${found.prefix}`, canonical);
    });
  }
});

describe("the gate", () => {
  test("refuses a blocked address in whatever clothes, and no other", () => {
    const closed = gate();
    closed.blockAddress("10.0.0.1");
    for (const address of [
      "/ip4/10.0.0.1/tcp/1",
      "/ip6/::ffff:10.0.0.1/tcp/2/p2p/Qm",
      "/ip6/::ffff:a00:1/tcp/1",
    ]) {
      assert.equal(closed.refusesAddress(address), true, address);
    }
    for (const address of ["/ip4/10.0.0.2/tcp/1", "/dns4/peer.example/tcp/1", "/ip6/::1/tcp/1", ""]) {
      assert.equal(closed.refusesAddress(address), false, address);
    }
    closed.unblockAddress("10.0.0.1");
    assert.equal(closed.refusesAddress("/ip4/10.0.0.1/tcp/1"), false);
  });
  test("refuses a blocked subnet to its edges", () => {
    const closed = gate();
    const subnet = { address: "10.0.0.0", prefix: 30 };
    closed.blockSubnet(subnet);
    closed.blockSubnet({ address: "2001:db8::", prefix: 32 });
    const refused = (ip: string) => closed.refusesAddress(`/${ip.includes(":") ? "ip6" : "ip4"}/${ip}/tcp/1`);
    assert.deepEqual(["10.0.0.0", "10.0.0.3", "10.0.0.4", "9.255.255.255"].map(refused), [
      true,
      true,
      false,
      false,
    ]);
    assert.deepEqual(["2001:db8::1", "2001:db9::1"].map(refused), [true, false]);
    closed.unblockSubnet(subnet);
    assert.equal(refused("10.0.0.0"), false);
    assert.deepEqual(closed.blockedSubnets(), [{ address: "2001:db8::", prefix: 32 }]);
  });
  test("refuses peers that are blocked or banned; unblocking ends both", () => {
    const bans = new PeerBans(() => 0);
    const closed = new PeerGate(bans);
    closed.blockPeer("a");
    bans.ban("a");
    bans.ban("b");
    assert.deepEqual(closed.blockedPeers(), ["a", "b"]);
    closed.unblockPeer("a");
    assert.deepEqual(
      [closed.refusesPeer("a"), closed.refusesPeer("b"), closed.refusesPeer("c")],
      [false, true, false],
    );
  });
  test("takes ten thousand of each and no more", () => {
    const closed = gate();
    for (let i = 0; i < 10_000; i++) assert.equal(closed.blockPeer(`peer ${i}`), true);
    assert.equal(closed.blockPeer("one more"), false);
    assert.equal(closed.refusesPeer("one more"), false);
  });
});
