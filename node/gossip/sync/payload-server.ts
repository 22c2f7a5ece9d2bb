import type { RollupConfig } from "@phala-l2/protocol/config/rollup";
import { isRollupError } from "@phala-l2/protocol/errors";
import type { Log } from "@phala-l2/protocol/log";
import type { Block } from "@phala-l2/protocol/wire/block";
import type { Clock } from "../../clock.ts";
import type { ServedProtocol } from "../streams.ts";
import {
  decodeRequest,
  encodeRefusal,
  encodeResponse,
  MAX_RESPONSE_LENGTH,
  payloadProtocol,
  REQUEST_LENGTH,
  RESULT,
} from "./payload-message.ts";
import { TokenBucket } from "./token-bucket.ts";

/** Canonical blocks up to the unsafe head; undefined where this node has none of that number. */
export type ReadBlock = (number: bigint) => Promise<Block | undefined>;

export type PayloadServerParts = {
  readonly config: RollupConfig;
  readonly readBlock: ReadBlock;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log: Log;
};

/** Requests a second, and at once, of all peers together and of each. Source: op-node, p2p/sync.go. */
export const SERVER_RATE = { perSecond: 20, burst: 40 } as const;
export const PEER_RATE = { perSecond: 4, burst: 15 } as const;
/** Milliseconds that a request waits for its turn; one that had to wait longer is refused. op-node: 20 s. */
const MAX_WAIT_MS = 20_000;
/** Milliseconds to receive a request, and to send an answer. op-node: 10 s. */
const TRANSFER_MS = 10_000;
/** Peers whose rate is remembered. op-node: 1,000. */
const MAX_PEERS = 1_000;
/** Streams of one peer at once: op-node asks for one block after the other. */
const MAX_STREAMS = 4;
/** Of all peers: what they hold in memory, ten megabytes each at worst, while they read slowly. */
const MAX_STREAMS_OF_ALL = 64;

/** The newest block that can exist by the clock. Source: op-node, rollup.Config.TargetBlockNumber. */
function newestPossible({ genesis, blockTime }: RollupConfig, now: bigint): bigint {
  return now < genesis.l2Time ? -1n : genesis.l2.number + (now - genesis.l2Time) / blockTime;
}

class Turns {
  readonly #all: TokenBucket;
  readonly #peers = new Map<string, TokenBucket>();

  constructor(now: number) {
    this.#all = new TokenBucket(SERVER_RATE.perSecond, SERVER_RATE.burst, now);
  }

  /** Milliseconds until the peer's turn; undefined when that is too long. The peer's own limit is asked first. */
  wait(peerId: string, now: number): number | undefined {
    const own = this.#peers.get(peerId) ?? new TokenBucket(PEER_RATE.perSecond, PEER_RATE.burst, now);
    this.#peers.delete(peerId);
    this.#peers.set(peerId, own);
    for (const oldest of this.#peers.keys()) {
      if (this.#peers.size <= MAX_PEERS) break;
      this.#peers.delete(oldest);
    }
    const wait = own.reserve(now, MAX_WAIT_MS);
    const rest = wait === undefined ? undefined : this.#all.reserve(now, MAX_WAIT_MS);
    return wait === undefined || rest === undefined ? undefined : Math.max(wait, rest);
  }
}

/** Serves blocks by number to peers that missed them. Source: rollup-node-p2p.md, "payload_by_number". */
export function payloadServer({ config, readBlock, clock, signal, log }: PayloadServerParts): ServedProtocol {
  const turns = new Turns(clock.now());

  async function read(number: bigint): Promise<Uint8Array> {
    const now = BigInt(Math.floor(clock.now() / 1_000));
    if (number < config.genesis.l2.number || number > newestPossible(config, now)) {
      return encodeRefusal(RESULT.invalidRequest);
    }
    try {
      const block = await readBlock(number);
      if (block === undefined) return encodeRefusal(RESULT.notFound);
      const response = encodeResponse(block);
      return response.length > MAX_RESPONSE_LENGTH ? encodeRefusal(RESULT.otherError) : response;
    } catch (error) {
      if (!isRollupError(error)) throw error;
      log.warn({ number, code: error.code }, "a peer's request for a block can not be answered");
      return encodeRefusal(RESULT.otherError);
    }
  }

  async function answer(peerId: string, request: Uint8Array): Promise<Uint8Array | undefined> {
    const number = decodeRequest(request);
    const wait = turns.wait(peerId, clock.now());
    if (wait === undefined || number === undefined) return encodeRefusal(RESULT.otherError);
    if (wait > 0) await clock.sleep(wait, signal);
    return signal.aborted ? undefined : read(number);
  }

  return {
    protocol: payloadProtocol(config.l2ChainId),
    requestLength: REQUEST_LENGTH,
    maxStreams: MAX_STREAMS,
    transferMs: TRANSFER_MS,
    maxStreamsOfAll: MAX_STREAMS_OF_ALL,
    answer,
  };
}
