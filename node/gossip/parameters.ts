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

/** Score steps: below each a peer loses something more. A banned one is cut off by `peer-bans.ts`. */
export const SCORE_THRESHOLDS = {
  gossipThreshold: -10,
  publishThreshold: -40,
  graylistThreshold: -80,
  acceptPXThreshold: 20,
  opportunisticGraftThreshold: 0.05,
} as const;

/** Below this score a peer is disconnected and banned. op-node: -100. */
export const BAN_SCORE = -100;

/** Counters fall to a hundredth in ten minutes, at one decay a second. */
const SLOW_DECAY = 0.01 ** (1 / 600);

/** Of one topic. */
const TOPIC_SCORE = {
  topicWeight: 1,
  timeInMeshWeight: 0,
  timeInMeshQuantum: 1_000,
  timeInMeshCap: 1,
  firstMessageDeliveriesWeight: 0.5,
  firstMessageDeliveriesDecay: SLOW_DECAY,
  firstMessageDeliveriesCap: 20,
  meshMessageDeliveriesWeight: 0,
  meshMessageDeliveriesDecay: SLOW_DECAY,
  meshMessageDeliveriesCap: 1,
  meshMessageDeliveriesThreshold: 1,
  meshMessageDeliveriesWindow: 10,
  meshMessageDeliveriesActivation: 5_000,
  meshFailurePenaltyWeight: 0,
  meshFailurePenaltyDecay: SLOW_DECAY,
  invalidMessageDeliveriesWeight: -10,
  invalidMessageDeliveriesDecay: SLOW_DECAY,
} as const;

/**
 * What a peer's score is made of. Invalid messages count with their square: one is forgiven (-10), the fourth
 * is a ban (-160). Honest service earns little (at most +10), so that nobody saves up for misbehaviour, and
 * silence costs nothing: a chain may pause.
 */
export function peerScoreParameters(topics: readonly string[]) {
  return {
    topics: Object.fromEntries(topics.map((topic) => [topic, TOPIC_SCORE])),
    topicScoreCap: 10,
    // Several peers behind one address are common (a data centre, a test): only beyond ten it counts.
    IPColocationFactorWeight: -5,
    IPColocationFactorThreshold: 10,
    behaviourPenaltyWeight: -10,
    behaviourPenaltyThreshold: 6,
    behaviourPenaltyDecay: SLOW_DECAY,
    decayInterval: 1_000,
    decayToZero: 0.01,
    retainScore: 3_600_000,
  };
}
