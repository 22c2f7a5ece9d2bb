import type { Gossip } from "../gossip/gossip.ts";
import type { PeerFacts } from "../gossip/network.ts";
import { method0, method1, optional, type RpcMethods, required } from "./method.ts";
import { bool, text } from "./parameters.ts";
import { failure, type Reply, result, SERVER_ERROR } from "./reply.ts";

/** network.Connectedness and network.Direction of go-libp2p, as op-node writes them. */
const CONNECTED = 1;
const DIRECTIONS = { inbound: 1, outbound: 2 } as const;

/** The shape of op-node's p2p.PeerInfo; what this node does not measure is zero or empty. */
function peerJson(peer: PeerFacts, chainId: bigint): object {
  return {
    peerID: peer.peerId,
    nodeID: "",
    userAgent: peer.userAgent,
    protocolVersion: "",
    ENR: "",
    addresses: peer.addresses,
    protocols: peer.protocols,
    connectedness: CONNECTED,
    direction: DIRECTIONS[peer.direction],
    protected: false,
    chainID: Number(chainId),
    latency: 0,
    gossipBlocks: peer.isSubscribed,
    scores: { gossip: { total: peer.score }, reqResp: {} },
  };
}

async function connection(attempt: Promise<void>): Promise<Reply> {
  try {
    await attempt;
    return result(null);
  } catch (error) {
    return failure(SERVER_ERROR, error instanceof Error ? error.message : "cannot connect");
  }
}

/** What of op-node's opp2p namespace anybody may ask. */
export function opp2pViews(gossip: Gossip, chainId: bigint): RpcMethods {
  return {
    opp2p_self: method0(() =>
      result({
        peerID: gossip.peerId,
        addresses: gossip.addresses(),
        chainID: Number(chainId),
        gossipBlocks: true,
      }),
    ),
    opp2p_peers: method1(optional(bool, true), async () => {
      const peers = await gossip.peers();
      return result({
        totalConnected: peers.length,
        peers: Object.fromEntries(peers.map((peer) => [peer.peerId, peerJson(peer, chainId)])),
        bannedPeers: gossip.bannedPeers(),
        bannedIPS: [],
        bannedSubnets: [],
      });
    }),
    opp2p_peerStats: method0(async () => {
      const peers = await gossip.peers();
      return result({
        connected: peers.length,
        table: 0,
        blocksTopic: peers.filter(({ isSubscribed }) => isSubscribed).length,
        banned: gossip.bannedPeers().length,
        known: peers.length,
      });
    }),
  };
}

/** The whole namespace, with what changes connections: for an address that the operator alone reaches. */
export function opp2pMethods(gossip: Gossip, chainId: bigint): RpcMethods {
  return {
    ...opp2pViews(gossip, chainId),
    opp2p_connectPeer: method1(required(text), (address) => connection(gossip.connect(address))),
    opp2p_disconnectPeer: method1(required(text), (peerId) => connection(gossip.disconnect(peerId))),
  };
}
