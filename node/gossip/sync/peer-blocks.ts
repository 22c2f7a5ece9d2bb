import { bytesEqual, type Hash, toHex } from "@phala-l2/protocol/bytes";
import type { RollupConfig } from "@phala-l2/protocol/config/rollup";
import type { Log } from "@phala-l2/protocol/log";
import type { Block } from "@phala-l2/protocol/wire/block";
import type { Clock } from "../../clock.ts";
import type { Answer, RequestLimits } from "../streams.ts";
import { decodeResponse, encodeRequest, MAX_RESPONSE_LENGTH, payloadProtocol } from "./payload-message.ts";
import { PEER_RATE } from "./payload-server.ts";
import type { RequestScores } from "./request-scores.ts";
import { TokenBucket } from "./token-bucket.ts";

/** Who can be asked, and how. */
export type AskPeers = {
  /** Connected peers that serve a protocol. */
  readonly peersServing: (protocol: string) => Promise<readonly string[]>;
  readonly request: (
    peerId: string,
    protocol: string,
    bytes: Uint8Array,
    how: { readonly limits: RequestLimits; readonly signal: AbortSignal },
  ) => Promise<Answer>;
};

export type PeerBlocksParts = {
  readonly config: RollupConfig;
  readonly peers: AskPeers;
  readonly scores: RequestScores;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log: Log;
};

/** Source: op-node, p2p/sync.go. */
const LIMITS: RequestLimits = { openMs: 5_000, answerMs: 10_000, maxAnswer: MAX_RESPONSE_LENGTH };
/** Peers that are asked for one block before it is given up; L1 has it some day. */
const MAX_ATTEMPTS = 3;
/** Milliseconds in which a peer that failed is not asked. op-node: 5 s. */
const FAULT_PAUSE_MS = 5_000;
/**
 * The same of one that answers slowly, so that nobody keeps a node behind by answering a block each ten seconds,
 * and of one on another branch, which may be honest: asked once a minute, it is never banned for it.
 */
const LONG_PAUSE_MS = 60_000;
const SLOW_MS = 2_000;
/** Peers that are remembered. */
const MAX_PEERS = 1_000;

type Asked = { readonly rate: TokenBucket; notBefore: number };

/**
 * Fetches blocks that gossip has missed from peers. A signed block names its parent by hash, so that it does not
 * matter who gives it; who gives something else pays with its score. Undefined when nobody has it.
 */
export function createPeerBlocks({ config, peers, scores, clock, signal, log }: PeerBlocksParts) {
  const protocol = payloadProtocol(config.l2ChainId);
  const asked = new Map<string, Asked>();

  function of(peerId: string): Asked {
    const { perSecond, burst } = PEER_RATE;
    const known = asked.get(peerId) ?? {
      rate: new TokenBucket(perSecond, burst, clock.now()),
      notBefore: 0,
    };
    asked.delete(peerId);
    asked.set(peerId, known);
    for (const oldest of asked.keys()) {
      if (asked.size <= MAX_PEERS) break;
      asked.delete(oldest);
    }
    return known;
  }

  async function ask(peerId: string, hash: Hash, number: bigint): Promise<Block | undefined> {
    const peer = of(peerId);
    // What the server would make us wait anyway.
    const wait = peer.rate.reserve(clock.now(), Number.POSITIVE_INFINITY) ?? 0;
    if (wait > 0) await clock.sleep(wait, signal);
    if (signal.aborted) return undefined;
    const start = clock.now();
    const answer = await peers.request(peerId, protocol, encodeRequest(number), { limits: LIMITS, signal });
    if (signal.aborted) return undefined;
    const now = clock.now();
    const decoding = answer.kind === "answer" ? decodeResponse(answer.bytes, number, config) : answer;
    if (decoding.kind !== "ok") {
      peer.notBefore = now + FAULT_PAUSE_MS;
      scores.add(peerId, "errorResponses");
      log.debug({ peerId, number, reason: decoding.reason }, "a peer did not give a block");
      return undefined;
    }
    if (!bytesEqual(decoding.block.hash, hash)) {
      peer.notBefore = now + LONG_PAUSE_MS;
      scores.add(peerId, "rejectedPayloads");
      log.debug(
        { peerId, number, hash: toHex(decoding.block.hash) },
        "a peer gave a block of another branch",
      );
      return undefined;
    }
    if (now - start > SLOW_MS) peer.notBefore = now + LONG_PAUSE_MS;
    scores.add(peerId, "validResponses");
    return decoding.block.block;
  }

  return async (hash: Hash, number: bigint): Promise<Block | undefined> => {
    const now = clock.now();
    const ready = (await peers.peersServing(protocol)).filter((peerId) => of(peerId).notBefore <= now);
    const best = ready.toSorted((a, b) => scores.score(b) - scores.score(a)).slice(0, MAX_ATTEMPTS);
    for (const peerId of best) {
      const block = await ask(peerId, hash, number);
      if (block !== undefined || signal.aborted) return block;
    }
    return undefined;
  };
}
