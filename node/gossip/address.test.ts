import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isListenAddress, isPeerAddress } from "./address.ts";

const PEER = "16Uiu2HAmPZ8i1RMrBnHkoqNhYC8yvVCvfFhk4UbENy7Q5sRkS1mA";

describe("addresses of gossip", () => {
  it("can be dialled where a host, a TCP port and the peer's id are named", () => {
    for (const address of [
      `/ip4/127.0.0.1/tcp/9222/p2p/${PEER}`,
      `/ip6/::1/tcp/9222/p2p/${PEER}`,
      `/ip6zone/eth0/ip6/fe80::1/tcp/9222/p2p/${PEER}`,
      `/dns4/sequencer.example/tcp/65535/p2p/${PEER}`,
      `/dns/localhost/tcp/1/p2p/12D3KooWGC6TvWhfapngX6wvJHMYvKpDMXPb3ZnCZ6dMoaMtimQ5`,
      `/dns6/a_b.example./tcp/1/p2p/QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N`,
      `/dnsaddr/bootstrap.example/p2p/${PEER}`,
    ]) {
      assert.ok(isPeerAddress(address), address);
      assert.ok(!isListenAddress(address), address);
    }
  });

  it("can be listened on where an IP address and a port are named", () => {
    for (const address of ["/ip4/0.0.0.0/tcp/9222", "/ip4/127.0.0.1/tcp/0", "/ip6/::/tcp/9222"]) {
      assert.ok(isListenAddress(address), address);
      assert.ok(!isPeerAddress(address), address);
    }
    assert.ok(!isListenAddress("/dns4/node.example/tcp/9222"));
  });

  for (const address of [
    "garbage",
    "",
    "/",
    "127.0.0.1:9222",
    "http://127.0.0.1:9222",
    `/ip4/127.0.0.1/p2p/${PEER}`,
    `/ip4/127.0.0.1/udp/9222/p2p/${PEER}`,
    `/ip4/127.0.0.1/udp/9222/quic-v1/p2p/${PEER}`,
    `/ip4/127.0.0.1/tcp/9222/ws/p2p/${PEER}`,
    `/ip4/256.0.0.1/tcp/9222/p2p/${PEER}`,
    `/ip4/::1/tcp/9222/p2p/${PEER}`,
    `/ip6/127.0.0.1/tcp/9222/p2p/${PEER}`,
    `/ip4/127.0.0.1/tcp/65536/p2p/${PEER}`,
    `/ip4/127.0.0.1/tcp/0/p2p/${PEER}`,
    `/ip4/127.0.0.1/tcp/x/p2p/${PEER}`,
    `/ip4/127.0.0.1/tcp/9222/p2p/${PEER}/`,
    `/ip4/127.0.0.1/tcp/9222/p2p/${PEER.slice(0, -8)}`,
    `/ip4/127.0.0.1/tcp/9222/p2p/${PEER.replace("U", "0")}`,
    "/ip4/127.0.0.1/tcp/9222/p2p/PEER_ID",
    `/ip4/127.0.0.1/tcp/9222/p2p/${PEER}/p2p-circuit`,
    `/dns4/-/tcp/9222/p2p/${PEER}`,
    `/dnsaddr//p2p/${PEER}`,
    `/dnsaddr/a.example/tcp/1/p2p/${PEER}`,
    ` /ip4/127.0.0.1/tcp/9222/p2p/${PEER}`,
  ]) {
    it(`refuses ${JSON.stringify(address)}`, () => {
      assert.ok(!isPeerAddress(address));
      assert.ok(!isListenAddress(address));
    });
  }
});
