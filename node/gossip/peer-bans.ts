/** Milliseconds of a ban. op-node: one hour. */
export const BAN_MS = 3_600_000;
/** Bans that are remembered; beyond that the oldest are forgiven. */
const MAX_BANS = 10_000;

/** Who may not connect, and until when. Time is milliseconds of any clock that never goes back. */
export class PeerBans {
  readonly #until = new Map<string, number>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  ban(peerId: string): void {
    this.#until.delete(peerId);
    this.#until.set(peerId, this.#now() + BAN_MS);
    if (this.#until.size <= MAX_BANS) return;
    for (const oldest of this.#until.keys()) {
      this.#until.delete(oldest);
      return;
    }
  }

  isBanned(peerId: string): boolean {
    const until = this.#until.get(peerId);
    if (until === undefined) return false;
    if (until > this.#now()) return true;
    this.#until.delete(peerId);
    return false;
  }

  /** Ends a ban before its time. */
  forgive(peerId: string): void {
    this.#until.delete(peerId);
  }

  /** Peers that are banned now. */
  list(): readonly string[] {
    return [...this.#until.keys()].filter((peerId) => this.isBanned(peerId));
  }
}
