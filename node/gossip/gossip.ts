import { type Address, type Hash, toHex } from "@phala-l2/protocol/bytes";
import type { RollupConfig } from "@phala-l2/protocol/config/rollup";
import { RollupError } from "@phala-l2/protocol/errors";
import type { Log } from "@phala-l2/protocol/log";
import type { Block } from "@phala-l2/protocol/wire/block";
import {
  decodeUnsafeBlock,
  MAX_GOSSIP_SIZE,
  type UnsafeBlockVersion,
} from "@phala-l2/protocol/wire/unsafe-block";
import { type Forwarding, joinNetwork, type Network, type PeerFacts } from "./network.ts";
import { BAN_SCORE } from "./parameters.ts";
import { PeerBans } from "./peer-bans.ts";
import { newPeerKey } from "./peer-key.ts";
import { SeenBlocks } from "./seen-blocks.ts";
import { compressSnappy } from "./snappy.ts";
import { keepConnected, peerIdOf } from "./static-peers.ts";
import { blocksTopic, blocksTopics } from "./topic.ts";
import { type GossipVerdict, judgeMessage } from "./validate.ts";

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
  readonly log: Log;
  /** Unix milliseconds. */
  readonly now: () => number;
};

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
  peers(): Promise<readonly PeerFacts[]>;
  peerCount(): number;
  bannedPeers(): readonly string[];
  stop(): Promise<void>;
}

/** Connections of both directions; op-node's default high watermark is 30. */
const MAX_CONNECTIONS = 50;
/** Milliseconds between looks at the peers' scores. */
const SCORE_CHECK_MS = 1_000;
/** Accepted blocks that wait for the engine: a minute of them at one a second. More are dropped, L1 has them. */
const MAX_WAITING = 64;

type Accepted = { readonly block: Block; readonly hash: Hash };

/** Judges what arrives and remembers what was accepted until it is delivered. */
function inbox(options: GossipOptions, { log, now }: GossipParts) {
  const seen = new SeenBlocks();
  const accepted = new WeakMap<Uint8Array, Accepted>();
  const versions = blocksTopics(options.config);
  return {
    seen,
    topics: [...versions.keys()],
    take: (data: Uint8Array): Accepted | undefined => accepted.get(data),
    judge: (topic: string, data: Uint8Array, from: string): Forwarding => {
      const version = versions.get(topic);
      if (version === undefined) return "reject";
      const verdict: GossipVerdict = judgeMessage(data, version, {
        config: options.config,
        signer: options.signer(),
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
      if (score > BAN_SCORE || named.has(peerId)) continue;
      bans.ban(peerId);
      log.warn({ peerId, score }, "a gossip peer was banned");
      network.disconnect(peerId).catch((error: unknown) => log.debug({ peerId, error }, "cannot disconnect"));
    }
  }, SCORE_CHECK_MS);
  return () => clearInterval(timer);
}

/**
 * Joins the chain's gossip network: unsafe blocks from the sequencer, judged before they are passed on.
 * Source: specs/protocol/rollup-node-p2p.md. @throws RollupError GOSSIP_LISTEN_FAILED, PEER_KEY_INVALID
 */
export async function startGossip(options: GossipOptions, parts: GossipParts): Promise<Gossip> {
  const { config, peers } = options;
  const box = inbox(options, parts);
  const bans = new PeerBans(parts.now);
  const deliver = deliverInOrder(parts);
  const network = await joinNetwork(
    {
      listen: options.listen,
      announce: options.announce ?? [],
      privateKey: options.privateKey ?? newPeerKey(),
      topics: box.topics,
      maxConnections: options.maxConnections ?? MAX_CONNECTIONS,
    },
    {
      judge: box.judge,
      isBanned: (peerId) => bans.isBanned(peerId),
      onMessage: (data) => {
        const accepted = box.take(data);
        if (accepted !== undefined) deliver(accepted);
      },
    },
  );
  const stopDialing = keepConnected(network, peers, parts.log);
  const named = new Set(peers.flatMap((address) => peerIdOf(address) ?? []));
  const stopBanning = banBadPeers(network, bans, named, parts.log);
  return {
    peerId: network.peerId,
    addresses: () => network.addresses(),
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
    peers: () => network.peers(),
    peerCount: () => network.connectedPeers().length,
    bannedPeers: () => bans.list(),
    stop: async () => {
      stopDialing();
      stopBanning();
      await network.stop();
    },
  };
}
