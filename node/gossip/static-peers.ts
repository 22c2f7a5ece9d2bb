import { isRollupError } from "@phala-l2/protocol/errors";
import type { Log } from "@phala-l2/protocol/log";
import type { Network } from "./network.ts";

/** Milliseconds between looks at who is connected; a lost peer is back within about this. */
const CHECK_MS = 1_000;
/** Waits after failed dials double up to this. */
const MAX_BACKOFF_MS = 60_000;

type Attempt = { failures: number; notBefore: number; isDialing: boolean };

/** The peer id at a multiaddr's end; undefined when it names none. */
export function peerIdOf(address: string): string | undefined {
  return /\/p2p\/([^/]+)$/.exec(address)?.[1];
}

/** Keeps connections to the peers that the operator named; the returned function ends it. */
export function keepConnected(network: Network, addresses: readonly string[], log: Log): () => void {
  const attempts = new Map<string, Attempt>(
    addresses.map((address) => [address, { failures: 0, notBefore: 0, isDialing: false }]),
  );

  async function dial(address: string, attempt: Attempt): Promise<void> {
    attempt.isDialing = true;
    try {
      await network.dial(address);
      attempt.failures = 0;
      log.info({ address }, "connected to a static peer");
    } catch (error) {
      attempt.failures++;
      attempt.notBefore = performance.now() + Math.min(CHECK_MS * 2 ** attempt.failures, MAX_BACKOFF_MS);
      // The waits grow, so that a peer that stays away is told of once a minute.
      const { code, cause } = isRollupError(error) ? error : { code: undefined, cause: error };
      const why = cause instanceof Error ? cause.message : String(cause);
      log.warn({ code, address, why, failures: attempt.failures }, "a static peer cannot be reached");
    } finally {
      attempt.isDialing = false;
    }
  }

  function check(): void {
    const connected = new Set(network.connectedPeers());
    for (const [address, attempt] of attempts) {
      const peerId = peerIdOf(address);
      const isDone = peerId !== undefined && (connected.has(peerId) || peerId === network.peerId);
      if (isDone || attempt.isDialing || performance.now() < attempt.notBefore) continue;
      void dial(address, attempt);
    }
  }

  const timer = setInterval(check, CHECK_MS);
  check();
  return () => clearInterval(timer);
}
