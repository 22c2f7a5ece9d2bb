import type { Gossip, KnownPeer } from "../gossip/gossip.ts";
import { method0, method1, optional, type RpcMethod, type RpcMethods, required } from "./method.ts";
import { ip, peerId, subnet, subnetJson } from "./opp2p-parameters.ts";
import { bool, text } from "./parameters.ts";
import { failure, type Reply, result, SERVER_ERROR } from "./reply.ts";

/** network.Connectedness and network.Direction of go-libp2p, as op-node writes them. */
const NOT_CONNECTED = 0;
const CONNECTED = 1;
const DIRECTIONS = { unknown: 0, inbound: 1, outbound: 2 } as const;
/** enode.ID where the key is unknown. */
const NO_NODE_ID = "0".repeat(64);

/** op-node's store.PeerScores. */
function scoresJson({ score, requests }: KnownPeer): object {
  const { total, ipColocationFactor, behaviouralPenalty, ...blocks } = score;
  const { timeInMesh, firstMessageDeliveries, meshMessageDeliveries, invalidMessageDeliveries } = blocks;
  return {
    gossip: {
      total,
      blocks: { timeInMesh, firstMessageDeliveries, meshMessageDeliveries, invalidMessageDeliveries },
      IPColocationFactor: ipColocationFactor,
      behavioralPenalty: behaviouralPenalty,
    },
    reqResp: requests,
  };
}

const NO_SCORES = {
  gossip: {
    total: 0,
    blocks: {
      timeInMesh: 0,
      firstMessageDeliveries: 0,
      meshMessageDeliveries: 0,
      invalidMessageDeliveries: 0,
    },
    IPColocationFactor: 0,
    behavioralPenalty: 0,
  },
  reqResp: { validResponses: 0, errorResponses: 0, rejectedPayloads: 0 },
};

/** op-node's p2p.PeerInfo. There is no discovery here, so no ENR; latency is not measured. */
function peerJson(peer: KnownPeer, chainId: bigint): object {
  return {
    peerID: peer.peerId,
    nodeID: peer.nodeId ?? NO_NODE_ID,
    userAgent: peer.userAgent,
    protocolVersion: peer.protocolVersion,
    ENR: "",
    addresses: peer.addresses,
    protocols: peer.protocols,
    connectedness: peer.direction === undefined ? NOT_CONNECTED : CONNECTED,
    direction: DIRECTIONS[peer.direction ?? "unknown"],
    protected: peer.isProtected,
    // Whoever listens to this chain's topics is of this chain; of others nothing is known.
    chainID: peer.isSubscribed ? Number(chainId) : 0,
    latency: 0,
    gossipBlocks: peer.isSubscribed,
    scores: scoresJson(peer),
  };
}

function selfJson(gossip: Gossip, chainId: bigint): object {
  const { nodeId, addresses, protocols, userAgent } = gossip.self();
  return {
    peerID: gossip.peerId,
    nodeID: nodeId ?? NO_NODE_ID,
    userAgent,
    protocolVersion: "",
    ENR: "",
    addresses,
    protocols,
    connectedness: NOT_CONNECTED,
    direction: DIRECTIONS.unknown,
    protected: false,
    chainID: Number(chainId),
    latency: 0,
    gossipBlocks: true,
    scores: NO_SCORES,
  };
}

/** What of op-node's opp2p namespace anybody may ask. */
export function opp2pViews(gossip: Gossip, chainId: bigint): RpcMethods {
  const subnets = () => gossip.gate.subnets().map(subnetJson);
  return {
    opp2p_self: method0(() => result(selfJson(gossip, chainId))),
    opp2p_peers: method1(optional(bool, true), async (connectedOnly) => {
      const peers = await gossip.peers(connectedOnly);
      return result({
        totalConnected: peers.filter(({ direction }) => direction !== undefined).length,
        peers: Object.fromEntries(peers.map((peer) => [peer.peerId, peerJson(peer, chainId)])),
        bannedPeers: gossip.bannedPeers(),
        bannedIPS: gossip.gate.addresses(),
        bannedSubnets: subnets(),
      });
    }),
    opp2p_peerStats: method0(async () => {
      const peers = await gossip.peers(false);
      return result({
        connected: gossip.peerCount(),
        table: 0,
        blocksTopic: peers.filter(({ isSubscribed }) => isSubscribed).length,
        banned: gossip.bannedPeers().length,
        known: peers.length,
      });
    }),
    opp2p_discoveryTable: method0(() => failure(SERVER_ERROR, "discovery disabled")),
    opp2p_listBlockedPeers: method0(() => result(gossip.bannedPeers())),
    opp2p_listBlockedAddrs: method0(() => result(gossip.gate.addresses())),
    opp2p_listBlockedSubnets: method0(() => result(subnets())),
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

async function blocking(attempt: Promise<boolean>): Promise<Reply> {
  return (await attempt) ? result(null) : failure(SERVER_ERROR, "the list of those blocked is full");
}

/** A method that succeeds with null, as Go's that return only an error. */
function effect<T>(
  parse: Parameters<typeof required<T>>[0],
  act: (value: T) => void | Promise<void>,
): RpcMethod {
  return method1(required(parse), async (value) => {
    await act(value);
    return result(null);
  });
}

/** The whole namespace, with what changes connections: for an address that the operator alone reaches. */
export function opp2pMethods(gossip: Gossip, chainId: bigint): RpcMethods {
  const { gate } = gossip;
  return {
    ...opp2pViews(gossip, chainId),
    opp2p_blockPeer: method1(required(peerId), (id) => blocking(gate.blockPeer(id))),
    opp2p_unblockPeer: effect(peerId, (id) => gate.unblockPeer(id)),
    opp2p_blockAddr: method1(required(ip), (address) => blocking(gate.blockAddress(address))),
    opp2p_unblockAddr: effect(ip, (address) => gate.unblockAddress(address)),
    opp2p_blockSubnet: method1(required(subnet), (range) => blocking(gate.blockSubnet(range))),
    opp2p_unblockSubnet: effect(subnet, (range) => gate.unblockSubnet(range)),
    opp2p_protectPeer: effect(peerId, (id) => gossip.protect(id, true)),
    opp2p_unprotectPeer: effect(peerId, (id) => gossip.protect(id, false)),
    opp2p_connectPeer: method1(required(text), (address) => connection(gossip.connect(address))),
    opp2p_disconnectPeer: method1(required(peerId), (id) => connection(gossip.disconnect(id))),
  };
}
