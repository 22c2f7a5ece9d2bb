import type { GossipSub } from "@chainsafe/libp2p-gossipsub";
import { toHex } from "@phala-l2/protocol/bytes";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { publicKeyCoordinates } from "@phala-l2/protocol/secp256k1";
import type { Libp2p } from "libp2p";
import { IP_COLOCATION_THRESHOLD } from "./parameters.ts";

/** What gossipsub counts of a peer, over all topics. */
export type GossipCounts = {
  readonly total: number;
  /** Seconds. */
  readonly timeInMesh: number;
  readonly firstMessageDeliveries: number;
  readonly meshMessageDeliveries: number;
  readonly invalidMessageDeliveries: number;
  readonly ipColocationFactor: number;
  readonly behaviouralPenalty: number;
};

export type PeerFacts = {
  readonly peerId: string;
  /** discv5's id of the same key, 64 hex digits; undefined for a key of another kind. */
  readonly nodeId: string | undefined;
  /** Each with the peer's id at its end. */
  readonly addresses: readonly string[];
  /** Undefined while it is not connected. */
  readonly direction: "inbound" | "outbound" | undefined;
  readonly protocols: readonly string[];
  readonly userAgent: string;
  readonly protocolVersion: string;
  readonly isProtected: boolean;
  readonly isSubscribed: boolean;
  readonly isInMesh: boolean;
  readonly score: GossipCounts;
};

type Connection = ReturnType<Libp2p["getConnections"]>[number];
type PeerId = Connection["remotePeer"];

export type PeerSource = {
  readonly node: Pick<Libp2p, "getConnections" | "peerStore" | "peerId">;
  readonly pubsub: GossipSub;
  readonly topics: readonly string[];
  readonly isProtected: (peerId: string) => boolean;
};

/** The id that Ethereum's discovery gives a key: keccak-256 of its coordinates. */
export function nodeIdOf({ publicKey }: PeerId): string | undefined {
  if (publicKey?.type !== "secp256k1") return undefined;
  const coordinates = publicKeyCoordinates(publicKey.raw);
  return coordinates && toHex(keccak256(coordinates)).slice(2);
}

function withPeer(address: string, peerId: string): string {
  return address.includes("/p2p/") ? address : `${address}/p2p/${peerId}`;
}

type Stats = ReturnType<GossipSub["dumpPeerScoreStats"]>;

/**
 * Peers by the addresses that they came from. Counted once for all: whoever comes under thousands of names may also
 * ask for this list, again and again.
 */
function peersByIp(stats: Stats): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { knownIPs } of Object.values(stats))
    for (const ip of knownIPs) counts.set(ip, (counts.get(ip) ?? 0) + 1);
  return counts;
}

/** The square of how many more peers than allowed share an address. Source: gossipsub v1.1, P6. */
function colocation(known: Stats[string] | undefined, byIp: ReadonlyMap<string, number>): number {
  let factor = 0;
  for (const ip of known?.knownIPs ?? [])
    factor += Math.max(0, (byIp.get(ip) ?? 0) - IP_COLOCATION_THRESHOLD) ** 2;
  return factor;
}

function countsOf(
  known: Stats[string] | undefined,
  byIp: ReadonlyMap<string, number>,
  total: number,
): GossipCounts {
  const topics = Object.values(known?.topics ?? {});
  const sum = (of: (topic: (typeof topics)[number]) => number) =>
    topics.reduce((all, topic) => all + of(topic), 0);
  return {
    total,
    timeInMesh: sum(({ meshTime }) => meshTime) / 1_000,
    firstMessageDeliveries: sum((topic) => topic.firstMessageDeliveries),
    meshMessageDeliveries: sum((topic) => topic.meshMessageDeliveries),
    invalidMessageDeliveries: sum((topic) => topic.invalidMessageDeliveries),
    ipColocationFactor: colocation(known, byIp),
    behaviouralPenalty: known?.behaviourPenalty ?? 0,
  };
}

/** The peers that are connected, or all that were met. */
export async function peerFacts(
  { node, pubsub, topics, isProtected }: PeerSource,
  connectedOnly: boolean,
): Promise<readonly PeerFacts[]> {
  const subscribed = new Set(topics.flatMap((topic) => pubsub.getSubscribers(topic).map(String)));
  const mesh = new Set(topics.flatMap((topic) => pubsub.getMeshPeers(topic)));
  const stats = pubsub.dumpPeerScoreStats();
  const byIp = peersByIp(stats);
  const known = new Map((await node.peerStore.all()).map((peer) => [peer.id.toString(), peer]));
  const connections = new Map<string, Connection>();
  for (const connection of node.getConnections()) {
    const peerId = connection.remotePeer.toString();
    if (!connections.has(peerId)) connections.set(peerId, connection);
  }
  const others = connectedOnly ? [] : [...known.keys()].filter((peerId) => peerId !== node.peerId.toString());
  return [...new Set([...connections.keys(), ...others])].map((peerId): PeerFacts => {
    const connection = connections.get(peerId);
    const peer = known.get(peerId);
    const text = (key: string) => new TextDecoder().decode(peer?.metadata.get(key) ?? new Uint8Array(0));
    const remote = connection?.remotePeer ?? peer?.id;
    const addresses = peer?.addresses.map(({ multiaddr }) => multiaddr.toString()) ?? [];
    const from = connection === undefined ? [] : [connection.remoteAddr.toString()];
    return {
      peerId,
      nodeId: remote && nodeIdOf(remote),
      addresses: [...new Set([...from, ...addresses].map((address) => withPeer(address, peerId)))],
      direction: connection?.direction,
      protocols: peer?.protocols ?? [],
      userAgent: text("AgentVersion"),
      protocolVersion: text("ProtocolVersion"),
      isProtected: isProtected(peerId),
      isSubscribed: subscribed.has(peerId),
      isInMesh: mesh.has(peerId),
      score: countsOf(stats[peerId], byIp, pubsub.getScore(peerId)),
    };
  });
}
