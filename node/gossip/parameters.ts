/**
 * Gossipsub's parameters for the OP Stack. Source: specs/protocol/rollup-node-p2p.md, "Gossipsub"; values not
 * named there are op-node's (p2p/gossip.go).
 */
const HEARTBEAT_MS = 500;

export const GOSSIP_PARAMETERS = {
  D: 8,
  Dlo: 6,
  Dhi: 12,
  Dlazy: 6,
  heartbeatInterval: HEARTBEAT_MS,
  fanoutTTL: 24_000,
  mcacheLength: 12,
  mcacheGossip: 3,
  seenTTL: 130 * HEARTBEAT_MS,
  floodPublish: false,
  doPX: false,
  fallbackToFloodsub: false,
} as const;

/** What one RPC of a peer may hold, beyond its 10 MiB: decoding must not take longer than reading. */
export const RPC_LIMITS = {
  maxSubscriptions: 128,
  maxMessages: 512,
  maxIhaveMessageIDs: 5_000,
  maxIwantMessageIDs: 5_000,
  maxIdontwantMessageIDs: 5_000,
  maxControlMessages: 5_000,
  maxPeerInfos: 16,
} as const;

/** Bytes that wait for a peer which reads slowly; beyond them it misses messages. Three blocks of the largest. */
export const MAX_OUTBOUND_BYTES = 32 * 1024 * 1024;

/** Score steps: below each a peer loses something more. A banned one is cut off by `peer-bans.ts`. */
export const SCORE_THRESHOLDS = {
  gossipThreshold: -10,
  publishThreshold: -40,
  graylistThreshold: -40,
  acceptPXThreshold: 20,
  opportunisticGraftThreshold: 0.05,
} as const;

/** Below this score a peer is disconnected and banned. op-node: -100. */
export const BAN_SCORE = -100;

/** Peers behind one address that cost nothing: several are common (a data centre, a test). */
export const IP_COLOCATION_THRESHOLD = 10;

/** op-node counts in blocks, six of which it calls an epoch. */
const EPOCH = 6;
/** Counters below this are zero. */
const DECAY_TO_ZERO = 0.01;

/** Falls to a hundredth in that many blocks, at one decay a block. */
function decay(blocks: number): number {
  return DECAY_TO_ZERO ** (1 / blocks);
}

/**
 * Of one topic: op-node's "light" parameters (p2p/topic_params.go) but for two. Silence costs nothing, for a chain
 * may pause, and topics of forks to come are silent. And one invalid message is forgiven (-10) where op-node bans
 * at once; the fourth is a ban (-160, which the +34 that service can earn do not outweigh). Honest peers do pass on
 * an invalid one: where L1 has just named another signer, or a clock runs behind.
 */
function topicScore(blockMs: number) {
  const hour = Math.floor(3_600_000 / blockMs);
  return {
    topicWeight: 0.8,
    timeInMeshWeight: 10 / hour,
    timeInMeshQuantum: blockMs,
    timeInMeshCap: hour,
    firstMessageDeliveriesWeight: 1,
    firstMessageDeliveriesDecay: decay(20 * EPOCH),
    firstMessageDeliveriesCap: 23,
    meshMessageDeliveriesWeight: 0,
    meshMessageDeliveriesDecay: decay(5 * EPOCH),
    meshMessageDeliveriesCap: 5 * EPOCH,
    meshMessageDeliveriesThreshold: 3,
    meshMessageDeliveriesWindow: 2_000,
    meshMessageDeliveriesActivation: 4 * EPOCH * blockMs,
    meshFailurePenaltyWeight: 0,
    meshFailurePenaltyDecay: decay(5 * EPOCH),
    invalidMessageDeliveriesWeight: -12.5,
    invalidMessageDeliveriesDecay: decay(50 * EPOCH),
  };
}

/** op-node's "light" parameters (p2p/peer_params.go). @param blockMs milliseconds between blocks */
export function peerScoreParameters(topics: readonly string[], blockMs: number) {
  const topic = topicScore(blockMs);
  return {
    topics: Object.fromEntries(topics.map((name) => [name, topic])),
    topicScoreCap: 34,
    appSpecificWeight: 1,
    IPColocationFactorWeight: -35,
    IPColocationFactorThreshold: IP_COLOCATION_THRESHOLD,
    behaviourPenaltyWeight: -16,
    behaviourPenaltyThreshold: 6,
    behaviourPenaltyDecay: decay(10 * EPOCH),
    decayInterval: blockMs,
    decayToZero: DECAY_TO_ZERO,
    retainScore: 100 * EPOCH * blockMs,
  };
}
