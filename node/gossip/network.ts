import { GossipSub, gossipsub } from "@chainsafe/libp2p-gossipsub";
import { noise } from "@chainsafe/libp2p-noise";
import { yamux } from "@chainsafe/libp2p-yamux";
import { privateKeyFromRaw } from "@libp2p/crypto/keys";
import { identify } from "@libp2p/identify";
import { ping } from "@libp2p/ping";
import { tcp } from "@libp2p/tcp";
import { RollupError } from "@phala-l2/protocol/errors";
import { MAX_GOSSIP_SIZE } from "@phala-l2/protocol/wire/unsafe-block";
import { createLibp2p, type Libp2p, type Libp2pOptions } from "libp2p";
import { GOSSIP_PARAMETERS, peerScoreParameters, SCORE_THRESHOLDS } from "./parameters.ts";
import { messageId } from "./topic.ts";

/** What the network does with a message. */
export type Forwarding = "accept" | "ignore" | "reject";

export type NetworkOptions = {
  /** Multiaddrs to listen on, at least one: `/ip4/0.0.0.0/tcp/9222`. */
  readonly listen: readonly string[];
  /** Multiaddrs to tell others instead, behind a NAT. */
  readonly announce: readonly string[];
  /** secp256k1 key of the peer's identity, 32 bytes. */
  readonly privateKey: Uint8Array;
  readonly topics: readonly string[];
  /** Most connections of both directions together. */
  readonly maxConnections: number;
};

export type NetworkParts = {
  /** Judges each new message before it is delivered or forwarded. Never throws. */
  readonly judge: (topic: string, data: Uint8Array, from: string) => Forwarding;
  /** Called with each accepted message of another peer: the same array object that was judged. */
  readonly onMessage: (data: Uint8Array, from: string) => void;
  /** Whether connections from and to a peer are refused. */
  readonly isBanned: (peerId: string) => boolean;
};

export type PeerFacts = {
  readonly peerId: string;
  readonly addresses: readonly string[];
  readonly direction: "inbound" | "outbound";
  readonly protocols: readonly string[];
  readonly userAgent: string;
  readonly isSubscribed: boolean;
  readonly isInMesh: boolean;
  readonly score: number;
};

/** The gossip network as the rest of the node sees it: no libp2p type leaves this file. */
export interface Network {
  readonly peerId: string;
  /** Own multiaddrs, peer id included. */
  addresses(): readonly string[];
  /** Number of peers that the message was sent to at once. */
  publish(topic: string, data: Uint8Array): Promise<number>;
  /** Connects; resolves when the connection is open. @throws RollupError GOSSIP_DIAL_FAILED { address } */
  dial(address: string): Promise<void>;
  isConnected(peerId: string): boolean;
  peers(): Promise<readonly PeerFacts[]>;
  scoreOf(peerId: string): number;
  connectedPeers(): readonly string[];
  disconnect(peerId: string): Promise<void>;
  stop(): Promise<void>;
}

type Verdict = Parameters<GossipSub["reportMessageValidationResult"]>[2];

// The library's verdicts are a string enum that it does not export; its values are these words.
function isVerdict(word: Forwarding | Verdict): word is Verdict {
  return word === "accept" || word === "ignore" || word === "reject";
}

function verdictOf(word: Forwarding): Verdict {
  if (isVerdict(word)) return word;
  throw new RollupError("GOSSIP_VERDICT_UNKNOWN", `no such verdict: ${word}`);
}

function pubsubOf(node: Libp2p<{ pubsub: ReturnType<ReturnType<typeof gossipsub>> }>): GossipSub {
  const { pubsub } = node.services;
  if (pubsub instanceof GossipSub) return pubsub;
  throw new RollupError("GOSSIP_LIBRARY_CHANGED", "libp2p did not start gossipsub");
}

type PrivateKey = NonNullable<Libp2pOptions["privateKey"]>;

// The key library is built against another copy of the same interface, whose types do not match by name.
function isPrivateKey(key: object): key is PrivateKey {
  return "type" in key && key.type === "secp256k1" && "publicKey" in key && "sign" in key;
}

function identityOf(privateKey: Uint8Array): PrivateKey {
  const key = privateKeyFromRaw(privateKey);
  if (isPrivateKey(key)) return key;
  throw new RollupError("PEER_KEY_INVALID", "a peer's key is a secp256k1 key of 32 bytes");
}

function createNode(options: NetworkOptions, { isBanned }: NetworkParts) {
  return createLibp2p({
    privateKey: identityOf(options.privateKey),
    addresses: { listen: [...options.listen], announce: [...options.announce] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionManager: { maxConnections: options.maxConnections },
    connectionGater: {
      // The library's default refuses private addresses in browsers only; the operator chose these peers.
      denyDialMultiaddr: () => false,
      denyDialPeer: (peer) => isBanned(peer.toString()),
      denyInboundEncryptedConnection: (peer) => isBanned(peer.toString()),
    },
    nodeInfo: { name: "phala-l2", version: "0.1.0", userAgent: "phala-l2/0.1.0" },
    services: {
      identify: identify(),
      ping: ping(),
      pubsub: gossipsub({
        ...GOSSIP_PARAMETERS,
        // Blocks are signed inside; the network's own authorship would only tell who relayed (StrictNoSign).
        globalSignaturePolicy: "StrictNoSign",
        allowPublishToZeroTopicPeers: true,
        ignoreDuplicatePublishError: true,
        allowedTopics: [...options.topics],
        maxInboundDataLength: MAX_GOSSIP_SIZE,
        scoreParams: peerScoreParameters(options.topics),
        scoreThresholds: SCORE_THRESHOLDS,
        msgIdFn: (message) => messageId(message.topic, message.data),
      }),
    },
  });
}

type Node = Awaited<ReturnType<typeof createNode>>;

function connectionFacts(node: Node, pubsub: GossipSub, topics: readonly string[]) {
  const subscribed = new Set(topics.flatMap((topic) => pubsub.getSubscribers(topic).map(String)));
  const mesh = new Set(topics.flatMap((topic) => pubsub.getMeshPeers(topic)));
  return node.getConnections().map(async (connection): Promise<PeerFacts> => {
    const peerId = connection.remotePeer.toString();
    const known = (await node.peerStore.has(connection.remotePeer))
      ? await node.peerStore.get(connection.remotePeer)
      : undefined;
    const userAgent = known?.metadata.get("AgentVersion");
    return {
      peerId,
      addresses: [connection.remoteAddr.toString()],
      direction: connection.direction,
      protocols: known?.protocols ?? [],
      userAgent: userAgent === undefined ? "" : new TextDecoder().decode(userAgent),
      isSubscribed: subscribed.has(peerId),
      isInMesh: mesh.has(peerId),
      score: pubsub.getScore(peerId),
    };
  });
}

/** An own multiaddr to start from: the library's parser is not among this package's dependencies. */
function parseAddress(node: Node, address: string): ReturnType<Node["getMultiaddrs"]>[number] {
  const [own] = node.getMultiaddrs();
  if (own === undefined) throw new RollupError("GOSSIP_NOT_LISTENING", "the node has no address of its own");
  return own.decapsulate(own).encapsulate(address);
}

async function dial(node: Node, address: string): Promise<void> {
  try {
    await node.dial(parseAddress(node, address));
  } catch (cause) {
    throw new RollupError("GOSSIP_DIAL_FAILED", `cannot connect to ${address}`, { data: { address }, cause });
  }
}

async function startNode(options: NetworkOptions, parts: NetworkParts): Promise<Node> {
  try {
    return await createNode(options, parts);
  } catch (cause) {
    throw new RollupError("GOSSIP_LISTEN_FAILED", `cannot listen on ${options.listen.join(", ")}`, {
      data: { listen: options.listen },
      cause,
    });
  }
}

/**
 * Joins the gossip network on one topic: TCP, noise, yamux, gossipsub with the OP Stack's parameters.
 * Source: specs/protocol/rollup-node-p2p.md.
 * @throws RollupError GOSSIP_LISTEN_FAILED { listen }
 */
export async function joinNetwork(options: NetworkOptions, parts: NetworkParts): Promise<Network> {
  const node = await startNode(options, parts);
  const pubsub = pubsubOf(node);
  const { topics } = options;
  for (const topic of topics) {
    pubsub.topicValidators.set(topic, (peer, message) =>
      verdictOf(parts.judge(topic, message.data, peer.toString())),
    );
    pubsub.subscribe(topic);
  }
  pubsub.addEventListener("gossipsub:message", ({ detail }) => {
    parts.onMessage(detail.msg.data, detail.propagationSource.toString());
  });
  const connectedPeers = (): readonly string[] => node.getPeers().map(String);
  return {
    peerId: node.peerId.toString(),
    addresses: () => node.getMultiaddrs().map(String),
    publish: async (topic, data) => (await pubsub.publish(topic, data)).recipients.length,
    dial: (address) => dial(node, address),
    isConnected: (peerId) => connectedPeers().includes(peerId),
    peers: () => Promise.all(connectionFacts(node, pubsub, topics)),
    scoreOf: (peerId) => pubsub.getScore(peerId),
    connectedPeers,
    disconnect: async (peerId) => {
      const peer = node.getPeers().find((candidate) => candidate.toString() === peerId);
      if (peer !== undefined) await node.hangUp(peer);
    },
    stop: async () => node.stop(),
  };
}
