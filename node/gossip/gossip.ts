import { type Address, bytesEqual, type Hash, toHex } from "@phala-l2/protocol/bytes";
import type { RollupConfig } from "@phala-l2/protocol/config/rollup";
import { RollupError } from "@phala-l2/protocol/errors";
import type { Log } from "@phala-l2/protocol/log";
import type { Block } from "@phala-l2/protocol/wire/block";
import {
  decodeUnsafeBlock,
  MAX_GOSSIP_SIZE,
  type UnsafeBlockVersion,
} from "@phala-l2/protocol/wire/unsafe-block";
import { systemClock } from "../clock.ts";
import { type Forwarding, joinNetwork, type Network, type OwnFacts } from "./network.ts";
import { BAN_SCORE } from "./parameters.ts";
import { PeerBans } from "./peer-bans.ts";
import type { PeerFacts } from "./peer-facts.ts";
import { PeerGate, type Subnet } from "./peer-gate.ts";
import { newPeerKey } from "./peer-key.ts";
import { SeenBlocks } from "./seen-blocks.ts";
import { compressSnappy } from "./snappy.ts";
import { keepConnected, peerIdOf } from "./static-peers.ts";
import { payloadServer, type ReadBlock } from "./sync/payload-server.ts";
import { createPeerBlocks } from "./sync/peer-blocks.ts";
import { type RequestCounts, RequestScores } from "./sync/request-scores.ts";
import { blocksTopic, blocksTopics } from "./topic.ts";
import { type GossipVerdict, judgeMessage, MAX_AGE } from "./validate.ts";

export type GossipOptions = {
  /** Multiaddrs to listen on: `/ip4/0.0.0.0/tcp/9222`; port 0 takes any. */
  readonly listen: readonly string[];
  /** Multiaddrs to tell others instead, behind a NAT. */
  readonly announce?: readonly string[];
  /** Peers to stay connected with: multiaddrs that end in `/p2p/<peer id>`. */
  readonly peers: readonly string[];
  /** The peer's identity (`loadPeerKey`); a new one each start without it. */
  readonly privateKey?: Uint8Array;
  readonly config: RollupConfig;
  /** SystemConfig's unsafeBlockSigner as of now; undefined while L1 has not told. */
  readonly signer: () => Address | undefined;
  readonly maxConnections?: number;
};

export type GossipParts = {
  /**
   * Called with each block that may be passed on, in the order of arrival: signed and well-formed, not yet
   * executed. The next one waits for the promise.
   */
  readonly onBlock: (block: Block, hash: Hash) => Promise<void>;
  /** Blocks that peers may ask for; absent: they are told to ask others. */
  readonly readBlock?: ReadBlock;
  readonly log: Log;
  /** Unix milliseconds. */
  readonly now: () => number;
};

/** A peer with what it earned by answering requests. */
export type KnownPeer = PeerFacts & { readonly requests: RequestCounts };

export interface Gossip {
  readonly peerId: string;
  addresses(): readonly string[];
  /**
   * Announces a signed message (`encodeUnsafeBlock`), of version 4 where none is named; the number of peers it
   * went to at once. @throws RollupError GOSSIP_MESSAGE_INVALID for one that no peer would take
   */
  publish(message: Uint8Array, version?: UnsafeBlockVersion): Promise<number>;
  connect(address: string): Promise<void>;
  disconnect(peerId: string): Promise<void>;
  self(): OwnFacts;
  /** Those connected now, or all that were ever met. */
  peers(connectedOnly?: boolean): Promise<readonly KnownPeer[]>;
  peerCount(): number;
  /** A block that gossip missed, from whichever peer has it; undefined when none gives it. */
  fetchBlock(hash: Hash, number: bigint): Promise<Block | undefined>;
  /** By score, and by the operator. */
  bannedPeers(): readonly string[];
  /** Who else may not connect. What is refused is also disconnected. */
  readonly gate: Gate;
  /** Keeps a peer connected when there are too many. */
  protect(peerId: string, isProtected: boolean): Promise<void>;
  stop(): Promise<void>;
}

/** The operator's hand on who may connect. Blocking is false where the list is full. */
export interface Gate {
  blockPeer(peerId: string): Promise<boolean>;
  unblockPeer(peerId: string): void;
  blockAddress(ip: string): Promise<boolean>;
  unblockAddress(ip: string): void;
  blockSubnet(subnet: Subnet): Promise<boolean>;
  unblockSubnet(subnet: Subnet): void;
  addresses(): readonly string[];
  subnets(): readonly Subnet[];
}

/** Connections of both directions; op-node's default high watermark is 30. */
const MAX_CONNECTIONS = 50;
/** Milliseconds between looks at the peers' scores. */
const SCORE_CHECK_MS = 1_000;
/** Accepted blocks that wait for the engine: a minute of them at one a second. More are dropped, L1 has them. */
const MAX_WAITING = 64;

type Accepted = { readonly block: Block; readonly hash: Hash };

/** Who signs, and who did until a minute ago. */
function signersOf({ signer }: GossipOptions, now: () => number) {
  let current: Address | undefined;
  let replaced: { readonly signer: Address; readonly at: number } | undefined;
  return () => {
    const newest = signer();
    if (current !== undefined && newest !== undefined && !bytesEqual(current, newest)) {
      replaced = { signer: current, at: now() };
    }
    current = newest ?? current;
    const isRecent = replaced !== undefined && now() - replaced.at <= Number(MAX_AGE) * 1_000;
    return { signer: newest, previousSigner: isRecent ? replaced?.signer : undefined };
  };
}

/** Judges what arrives and remembers what was accepted until it is delivered. */
function inbox(options: GossipOptions, { log, now }: GossipParts) {
  const seen = new SeenBlocks();
  const accepted = new WeakMap<Uint8Array, Accepted>();
  const versions = blocksTopics(options.config);
  const signers = signersOf(options, now);
  return {
    seen,
    topics: [...versions.keys()],
    take: (data: Uint8Array): Accepted | undefined => accepted.get(data),
    judge: (topic: string, data: Uint8Array, from: string): Forwarding => {
      const version = versions.get(topic);
      if (version === undefined) return "reject";
      const verdict: GossipVerdict = judgeMessage(data, version, {
        config: options.config,
        ...signers(),
        now: BigInt(Math.floor(now() / 1_000)),
        seen,
      });
      if (verdict.kind === "accept") {
        seen.add(verdict.block.header.number, verdict.hash);
        accepted.set(data, verdict);
      } else
        log.debug({ from, verdict: verdict.kind, reason: verdict.reason }, "a gossip message was not taken");
      return verdict.kind;
    },
  };
}

/** Hands blocks over one after another; a failure of the receiver does not stop the next. */
function deliverInOrder({ onBlock, log }: GossipParts): (accepted: Accepted) => void {
  let waiting = 0;
  let last: Promise<void> = Promise.resolve();
  return ({ block, hash }) => {
    const facts = { number: block.header.number, hash: toHex(hash) };
    if (waiting >= MAX_WAITING) return log.warn(facts, "a gossiped block was dropped: the engine is behind");
    waiting++;
    last = last
      .then(() => onBlock(block, hash))
      .catch((error: unknown) => log.error({ ...facts, error }, "a gossiped block could not be inserted"))
      .finally(() => waiting--);
  };
}

/** Bans peers whose score fell too far; those that the operator named are only ignored by the network. */
function banBadPeers(network: Network, bans: PeerBans, named: ReadonlySet<string>, log: Log): () => void {
  const timer = setInterval(() => {
    for (const peerId of network.connectedPeers()) {
      const score = network.scoreOf(peerId);
      if (score >= BAN_SCORE || named.has(peerId)) continue;
      bans.ban(peerId);
      log.warn({ peerId, score }, "a gossip peer was banned");
      network.disconnect(peerId).catch((error: unknown) => log.debug({ peerId, error }, "cannot disconnect"));
    }
  }, SCORE_CHECK_MS);
  return () => clearInterval(timer);
}

/** The gate with the doors closed on those who are inside already. */
function gateOf(gate: PeerGate, network: Network): Gate {
  const enforced = async (isBlocked: boolean): Promise<boolean> => {
    if (isBlocked) await network.enforceGate();
    return isBlocked;
  };
  return {
    blockPeer: (peerId) => enforced(gate.blockPeer(peerId)),
    unblockPeer: (peerId) => gate.unblockPeer(peerId),
    blockAddress: (ip) => enforced(gate.blockAddress(ip)),
    unblockAddress: (ip) => gate.unblockAddress(ip),
    blockSubnet: (subnet) => enforced(gate.blockSubnet(subnet)),
    unblockSubnet: (subnet) => gate.unblockSubnet(subnet),
    addresses: () => gate.blockedAddresses(),
    subnets: () => gate.blockedSubnets(),
  };
}

/**
 * Joins the chain's gossip network: unsafe blocks from the sequencer, judged before they are passed on.
 * Source: specs/protocol/rollup-node-p2p.md. @throws RollupError GOSSIP_LISTEN_FAILED, PEER_KEY_INVALID
 */
export async function startGossip(options: GossipOptions, parts: GossipParts): Promise<Gossip> {
  const { config, peers } = options;
  const { log, now, readBlock } = parts;
  const box = inbox(options, parts);
  const bans = new PeerBans(now);
  const gate = new PeerGate(bans);
  const blockMs = Number(config.blockTime) * 1_000;
  const scores = new RequestScores(now, blockMs);
  const deliver = deliverInOrder(parts);
  const stopping = new AbortController();
  const asking = { config, clock: { ...systemClock, now }, signal: stopping.signal, log };
  const named = new Set(peers.flatMap((address) => peerIdOf(address) ?? []));
  const network = await joinNetwork(
    {
      listen: options.listen,
      announce: options.announce ?? [],
      privateKey: options.privateKey ?? newPeerKey(),
      topics: box.topics,
      maxConnections: options.maxConnections ?? MAX_CONNECTIONS,
      blockMs,
      protectedPeers: named,
    },
    {
      log,
      judge: box.judge,
      gate,
      requestScore: (peerId) => scores.score(peerId),
      served: readBlock === undefined ? [] : [payloadServer({ ...asking, readBlock })],
      onMessage: (data) => {
        const accepted = box.take(data);
        if (accepted !== undefined) deliver(accepted);
      },
    },
  );
  const stopDialing = keepConnected(network, peers, log);
  const stopBanning = banBadPeers(network, bans, named, log);
  return {
    peerId: network.peerId,
    addresses: () => network.addresses(),
    self: () => network.self(),
    fetchBlock: createPeerBlocks({ ...asking, peers: network, scores }),
    gate: gateOf(gate, network),
    protect: (peerId, isProtected) => network.protect(peerId, isProtected || named.has(peerId)),
    publish: async (message, version = 4) => {
      const own = decodeUnsafeBlock(message, version);
      const fault =
        own.kind === "invalid"
          ? own.reason
          : message.length > MAX_GOSSIP_SIZE
            ? "message-too-long"
            : undefined;
      if (own.kind === "invalid" || fault !== undefined) {
        throw new RollupError("GOSSIP_MESSAGE_INVALID", `no peer would take this block: ${fault}`, {
          data: { fault },
        });
      }
      // What comes back from others later is not news.
      box.seen.add(own.message.block.header.number, own.message.hash);
      return network.publish(blocksTopic(config.l2ChainId, version), compressSnappy(message));
    },
    connect: (address) => network.dial(address),
    disconnect: (peerId) => network.disconnect(peerId),
    peers: async (connectedOnly) =>
      (await network.peers(connectedOnly)).map((peer) => ({ ...peer, requests: scores.of(peer.peerId) })),
    peerCount: () => network.connectedPeers().length,
    bannedPeers: () => gate.blockedPeers(),
    stop: async () => {
      stopping.abort();
      stopDialing();
      stopBanning();
      await network.stop();
    },
  };
}
