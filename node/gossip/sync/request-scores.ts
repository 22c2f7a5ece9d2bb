/**
 * What peers earn and lose by answering requests: op-node's "light" application score (p2p/app_params.go). Counters
 * fall to a hundredth within sixty blocks.
 */
const VALID = { weight: 0.5, cap: 10 };
/** Few enough that silence alone never bans: a peer need not serve requests. */
const ERROR = { weight: -1, cap: 9 };
/** Blocks that are not of the chain: the sixth bans. */
const REJECTED = { weight: -20, cap: 20 };
const DECAY = 0.01 ** (1 / 60);
const DECAY_TO_ZERO = 0.01;
/** Peers that are remembered; beyond that those that changed longest ago are forgotten. */
const MAX_PEERS = 1_000;

export type RequestCounts = {
  readonly validResponses: number;
  readonly errorResponses: number;
  readonly rejectedPayloads: number;
};

const NONE: RequestCounts = { validResponses: 0, errorResponses: 0, rejectedPayloads: 0 };
const CAPS: RequestCounts = {
  validResponses: VALID.cap,
  errorResponses: ERROR.cap,
  rejectedPayloads: REJECTED.cap,
};

function decayed(count: number, factor: number): number {
  const left = count * factor;
  return left < DECAY_TO_ZERO ? 0 : left;
}

/** Counts of responses by peer. Time is milliseconds of any clock that never goes back. */
export class RequestScores {
  readonly #counts = new Map<string, RequestCounts & { readonly at: number }>();
  readonly #now: () => number;
  readonly #blockTimeMs: number;

  constructor(now: () => number, blockTimeMs: number) {
    this.#now = now;
    this.#blockTimeMs = blockTimeMs;
  }

  of(peerId: string): RequestCounts {
    const known = this.#counts.get(peerId);
    if (known === undefined) return NONE;
    const factor = DECAY ** ((this.#now() - known.at) / this.#blockTimeMs);
    return {
      validResponses: decayed(known.validResponses, factor),
      errorResponses: decayed(known.errorResponses, factor),
      rejectedPayloads: decayed(known.rejectedPayloads, factor),
    };
  }

  add(peerId: string, what: keyof RequestCounts): void {
    const counts = this.of(peerId);
    this.#counts.delete(peerId);
    this.#counts.set(peerId, {
      ...counts,
      [what]: Math.min(CAPS[what], counts[what] + 1),
      at: this.#now(),
    });
    if (this.#counts.size <= MAX_PEERS) return;
    for (const oldest of this.#counts.keys()) {
      this.#counts.delete(oldest);
      return;
    }
  }

  /** What they add to the peer's gossip score. */
  score(peerId: string): number {
    const { validResponses, errorResponses, rejectedPayloads } = this.of(peerId);
    return validResponses * VALID.weight + errorResponses * ERROR.weight + rejectedPayloads * REJECTED.weight;
  }
}
