import { GossipSub, gossipsub } from "@chainsafe/libp2p-gossipsub";
import { noise } from "@chainsafe/libp2p-noise";
import { yamux } from "@chainsafe/libp2p-yamux";
import { privateKeyFromRaw } from "@libp2p/crypto/keys";
import { identify } from "@libp2p/identify";
import { ping } from "@libp2p/ping";
import { tcp } from "@libp2p/tcp";
import { RollupError } from "@phala-l2/protocol/errors";
import type { Log } from "@phala-l2/protocol/log";
import { MAX_GOSSIP_SIZE } from "@phala-l2/protocol/wire/unsafe-block";
import { createLibp2p, type Libp2p, type Libp2pOptions } from "libp2p";
import {
  GOSSIP_PARAMETERS,
  MAX_OUTBOUND_BYTES,
  peerScoreParameters,
  RPC_LIMITS,
  SCORE_THRESHOLDS,
} from "./parameters.ts";
import { nodeIdOf, type PeerFacts, peerFacts } from "./peer-facts.ts";
import type { PeerGate } from "./peer-gate.ts";
import { type Answer, type RequestLimits, request, type ServedProtocol, streamServer } from "./streams.ts";
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
  /** Milliseconds between blocks: what scores decay by. */
  readonly blockMs: number;
  /** Peers that stay connected when there are too many. */
  readonly protectedPeers: Iterable<string>;
};

export type NetworkParts = {
  /** Judges each new message before it is delivered or forwarded. Never throws. */
  readonly judge: (topic: string, data: Uint8Array, from: string) => Forwarding;
  /** Called with each accepted message of another peer: the same array object that was judged. */
  readonly onMessage: (data: Uint8Array, from: string) => void;
  readonly gate: Pick<PeerGate, "refusesPeer" | "refusesAddress">;
  /** Part of a peer's score that is not gossip's. */
  readonly requestScore: (peerId: string) => number;
  /** Requests of peers that are answered. */
  readonly served: readonly ServedProtocol[];
  readonly log: Log;
};

/** What other peers may know of this one. */
export type OwnFacts = Pick<PeerFacts, "nodeId" | "addresses" | "protocols" | "userAgent">;

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
  self(): OwnFacts;
  /** Those connected now, or all that were ever met. */
  peers(connectedOnly?: boolean): Promise<readonly PeerFacts[]>;
  scoreOf(peerId: string): number;
  connectedPeers(): readonly string[];
  /** Connected peers that said that they serve a protocol. */
  peersServing(protocol: string): Promise<readonly string[]>;
  /** Asks one connected peer on a stream of its own. */
  request(
    peerId: string,
    protocol: string,
    bytes: Uint8Array,
    how: { readonly limits: RequestLimits; readonly signal: AbortSignal },
  ): Promise<Answer>;
  disconnect(peerId: string): Promise<void>;
  /** Closes the connections that the gate refuses by now. */
  enforceGate(): Promise<void>;
  protect(peerId: string, isProtected: boolean): Promise<void>;
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

const USER_AGENT = "phala-l2/0.1.0";

function createNode(options: NetworkOptions, { gate, requestScore }: NetworkParts) {
  return createLibp2p({
    privateKey: identityOf(options.privateKey),
    addresses: { listen: [...options.listen], announce: [...options.announce] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionManager: { maxConnections: options.maxConnections },
    connectionGater: {
      // The library's default refuses private addresses in browsers only; the operator chose these peers.
      denyDialMultiaddr: (address) => gate.refusesAddress(address.toString()),
      denyDialPeer: (peer) => gate.refusesPeer(peer.toString()),
      denyInboundConnection: ({ remoteAddr }) => gate.refusesAddress(remoteAddr.toString()),
      denyInboundEncryptedConnection: (peer) => gate.refusesPeer(peer.toString()),
      denyOutboundEncryptedConnection: (peer, { remoteAddr }) =>
        gate.refusesPeer(peer.toString()) || gate.refusesAddress(remoteAddr.toString()),
    },
    nodeInfo: { name: "phala-l2", version: "0.1.0", userAgent: USER_AGENT },
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
        maxOutboundBufferSize: MAX_OUTBOUND_BYTES,
        decodeRpcLimits: RPC_LIMITS,
        scoreParams: {
          ...peerScoreParameters(options.topics, options.blockMs),
          appSpecificScore: requestScore,
        },
        scoreThresholds: SCORE_THRESHOLDS,
        msgIdFn: (message) => messageId(message.topic, message.data),
      }),
    },
  });
}

type Node = Awaited<ReturnType<typeof createNode>>;

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
 * Tags that keep a peer's connection when the library prunes, which it does by their sum. Each is worth a hundred at
 * most, and the mesh of one topic is worth as much: together these outweigh all topics.
 */
const PROTECTION = Array.from({ length: 10 }, (_, i) => ({ name: `phala-l2-protected-${i}`, value: 100 }));

/** Protects peers whenever they are connected. */
async function protection(node: Node, peers: Iterable<string>, log: Log) {
  const isProtected = new Set(peers);
  const tag = async (peer: Node["peerId"]): Promise<void> => {
    const isWanted = isProtected.has(peer.toString());
    const tags = PROTECTION.map(({ name, value }) => [name, isWanted ? { value } : undefined] as const);
    await node.peerStore.merge(peer, { tags: Object.fromEntries(tags) });
  };
  node.addEventListener("peer:connect", ({ detail }) => {
    if (!isProtected.has(detail.toString())) return;
    tag(detail).catch((error: unknown) => log.debug({ error }, "a peer can not be protected"));
  });
  return {
    has: (peerId: string) => isProtected.has(peerId),
    set: async (peerId: string, wanted: boolean): Promise<void> => {
      if (wanted) isProtected.add(peerId);
      else isProtected.delete(peerId);
      const peer = node.getPeers().find((candidate) => candidate.toString() === peerId);
      if (peer !== undefined) await tag(peer);
    },
  };
}

/** Answers requests of peers, and asks them. */
async function requests(
  node: Node,
  served: readonly ServedProtocol[],
): Promise<Pick<Network, "request" | "peersServing">> {
  for (const each of served) {
    const answer = streamServer(each);
    await node.handle(
      each.protocol,
      ({ stream, connection }) => answer(stream, connection.remotePeer.toString()),
      { maxInboundStreams: each.maxStreams },
    );
  }
  return {
    peersServing: async (protocol) => {
      const connected = new Set(node.getPeers().map(String));
      const peers = await node.peerStore.all();
      return peers
        .filter(({ id, protocols }) => connected.has(id.toString()) && protocols.includes(protocol))
        .map(({ id }) => id.toString());
    },
    request: async (peerId, protocol, bytes, how) => {
      const connection = node.getConnections().find(({ remotePeer }) => remotePeer.toString() === peerId);
      if (connection === undefined) return { kind: "failed", reason: "unreachable" };
      return request(connection, protocol, bytes, how);
    },
  };
}

async function enforce(node: Node, { gate }: NetworkParts): Promise<void> {
  const refused = node.getConnections().filter(({ remotePeer, remoteAddr }) => {
    return gate.refusesPeer(remotePeer.toString()) || gate.refusesAddress(remoteAddr.toString());
  });
  await Promise.all(refused.map((connection) => connection.close()));
}

/**
 * Joins the gossip network on some topics: TCP, noise, yamux, gossipsub with the OP Stack's parameters.
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
  const protectedPeers = await protection(node, options.protectedPeers, parts.log);
  const { peersServing, request: ask } = await requests(node, parts.served);
  return {
    peerId: node.peerId.toString(),
    addresses: () => node.getMultiaddrs().map(String),
    publish: async (topic, data) => (await pubsub.publish(topic, data)).recipients.length,
    dial: (address) => dial(node, address),
    isConnected: (peerId) => connectedPeers().includes(peerId),
    self: () => ({
      nodeId: nodeIdOf(node.peerId),
      addresses: node.getMultiaddrs().map(String),
      protocols: node.getProtocols(),
      userAgent: USER_AGENT,
    }),
    peers: (connectedOnly = true) =>
      peerFacts({ node, pubsub, topics, isProtected: protectedPeers.has }, connectedOnly),
    scoreOf: (peerId) => pubsub.getScore(peerId),
    connectedPeers,
    peersServing,
    request: ask,
    disconnect: async (peerId) => {
      const peer = node.getPeers().find((candidate) => candidate.toString() === peerId);
      if (peer !== undefined) await node.hangUp(peer);
    },
    enforceGate: () => enforce(node, parts),
    protect: protectedPeers.set,
    stop: async () => node.stop(),
  };
}
