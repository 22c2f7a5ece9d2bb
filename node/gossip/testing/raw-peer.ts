import { GossipSub, gossipsub } from "@chainsafe/libp2p-gossipsub";
import { noise } from "@chainsafe/libp2p-noise";
import { yamux } from "@chainsafe/libp2p-yamux";
import { identify } from "@libp2p/identify";
import { ping } from "@libp2p/ping";
import { tcp } from "@libp2p/tcp";
import { createLibp2p } from "libp2p";

/**
 * A peer of another make: libp2p and gossipsub as they come, with none of this node's limits, checks or scores. It
 * sends whatever it is told.
 */
export type RawPeerOptions = {
  readonly topics: readonly string[];
  /** Adds author, sequence number and signature to messages, which the OP Stack forbids. */
  readonly signs?: boolean;
  /** The gossipsub parameters of op-node are not the library's. */
  readonly onMessage?: (topic: string, data: Uint8Array) => void;
};

/** How a protocol's stream is served: all that comes in, and what goes out, piece by piece. */
export type RawHandler = (request: Uint8Array) => AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

export interface RawPeer {
  readonly peerId: string;
  address(): string;
  /** Connects and waits until both have told what they listen to. */
  meet(address: string): Promise<void>;
  publish(topic: string, data: Uint8Array): Promise<number>;
  serve(protocol: string, handler: RawHandler): Promise<void>;
  /** Sends pieces on a stream and reads what comes back to the end; undefined when the other side resets it. */
  ask(
    protocol: string,
    pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  ): Promise<Uint8Array | undefined>;
  connections(): number;
  /** Peers that listen to the topic, as far as this one was told. */
  subscribers(topic: string): number;
  stop(): Promise<void>;
}

async function createRaw({ signs = false }: RawPeerOptions) {
  return createLibp2p({
    addresses: { listen: ["/ip4/127.0.0.1/tcp/0"] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionGater: { denyDialMultiaddr: () => false },
    services: {
      identify: identify(),
      ping: ping(),
      pubsub: gossipsub({
        globalSignaturePolicy: signs ? "StrictSign" : "StrictNoSign",
        allowPublishToZeroTopicPeers: true,
        emitSelf: false,
        floodPublish: true,
        heartbeatInterval: 200,
      }),
    },
  });
}

async function collect(source: AsyncIterable<{ subarray(): Uint8Array }>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of source) parts.push(part.subarray());
  return new Uint8Array(Buffer.concat(parts));
}

export async function startRawPeer(options: RawPeerOptions): Promise<RawPeer> {
  const node = await createRaw(options);
  const { pubsub } = node.services;
  if (!(pubsub instanceof GossipSub)) throw new Error("no gossipsub");
  const [first] = options.topics;
  for (const topic of options.topics) pubsub.subscribe(topic);
  pubsub.addEventListener("gossipsub:message", ({ detail }) =>
    options.onMessage?.(detail.msg.topic, detail.msg.data),
  );
  const own = () => {
    const [address] = node.getMultiaddrs();
    if (address === undefined) throw new Error("the raw peer does not listen");
    return address;
  };
  return {
    peerId: node.peerId.toString(),
    address: () => own().toString(),
    meet: async (address) => {
      const { remotePeer } = await node.dial(own().decapsulate(own()).encapsulate(address));
      const knows = () =>
        first === undefined || pubsub.getSubscribers(first).some((peer) => peer.equals(remotePeer));
      while (!knows()) {
        if (node.getConnections(remotePeer).length === 0) throw new Error("the other side hung up");
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
    publish: async (topic, data) => (await pubsub.publish(topic, data)).recipients.length,
    serve: async (protocol, handler) => {
      await node.handle(protocol, async ({ stream }) => {
        try {
          const [request] = await Promise.all([collect(stream.source)]);
          await stream.sink(
            (async function* () {
              yield* handler(request);
            })(),
          );
        } catch (error) {
          stream.abort(error instanceof Error ? error : new Error("broken off"));
        }
      });
    },
    ask: async (protocol, pieces) => {
      const [connection] = node.getConnections();
      if (connection === undefined) return undefined;
      try {
        const stream = await connection.newStream(protocol);
        const sent = stream.sink(
          (async function* () {
            yield* pieces;
          })(),
        );
        const [answer] = await Promise.all([collect(stream.source), sent]);
        return answer;
      } catch {
        return undefined;
      }
    },
    connections: () => node.getConnections().length,
    subscribers: (topic) => pubsub.getSubscribers(topic).length,
    stop: async () => node.stop(),
  };
}
