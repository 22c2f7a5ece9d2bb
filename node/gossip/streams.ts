import type { Libp2p } from "libp2p";
import { joinBytes } from "./sync/join-bytes.ts";

type Connection = ReturnType<Libp2p["getConnections"]>[number];
/** A stream between two peers, as the library gives it. */
export type PeerStream = Awaited<ReturnType<Connection["newStream"]>>;

export type RequestLimits = {
  /** Milliseconds to open the stream, and then for everything else. */
  readonly openMs: number;
  readonly answerMs: number;
  /** Most bytes of an answer. */
  readonly maxAnswer: number;
};

export type Answer =
  | { readonly kind: "answer"; readonly bytes: Uint8Array }
  | { readonly kind: "failed"; readonly reason: "unreachable" | "too-long" | "broken-off" };

/** Answers one request of a peer; undefined closes the stream without an answer. */
export type AnswerRequest = (peerId: string, request: Uint8Array) => Promise<Uint8Array | undefined>;

export type ServedProtocol = {
  readonly protocol: string;
  /** Bytes of a request: a stream that ends before has none. */
  readonly requestLength: number;
  /** Streams that one connection may have open at once. */
  readonly maxStreams: number;
  /** The same of all connections; further ones are reset. */
  readonly maxStreamsOfAll: number;
  /** Milliseconds to receive the request, and to send the answer. */
  readonly transferMs: number;
  readonly answer: AnswerRequest;
};

/** Reads to the stream's end, or until there are `enough`; undefined when there are more than `limit` bytes. */
async function readUpTo(
  stream: PeerStream,
  limit: number,
  enough = Infinity,
): Promise<Uint8Array | undefined> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of stream.source) {
    length += part.byteLength;
    if (length > limit) return undefined;
    parts.push(part.subarray());
    if (length >= enough) break;
  }
  return joinBytes(parts, length);
}

/** Resets the stream, and with it whatever reads or writes it, when the time is over or the signal aborts. */
async function within<T>(
  stream: PeerStream,
  { ms, signal }: { readonly ms: number; readonly signal?: AbortSignal },
  work: () => Promise<T>,
): Promise<T> {
  const end = () => stream.abort(new Error("the stream's time is over"));
  const timer = setTimeout(end, ms);
  signal?.addEventListener("abort", end, { once: true });
  try {
    return await work();
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", end);
  }
}

/** Sends a request on a stream of its own and reads the answer to its end. What the peer does is a value. */
export async function request(
  connection: Connection,
  protocol: string,
  bytes: Uint8Array,
  { limits, signal }: { readonly limits: RequestLimits; readonly signal: AbortSignal },
): Promise<Answer> {
  let stream: PeerStream;
  try {
    const open = AbortSignal.any([signal, AbortSignal.timeout(limits.openMs)]);
    stream = await connection.newStream(protocol, { signal: open });
  } catch {
    return { kind: "failed", reason: "unreachable" };
  }
  try {
    const answer = await within(stream, { ms: limits.answerMs, signal }, async () => {
      await stream.sink([bytes]);
      return readUpTo(stream, limits.maxAnswer);
    });
    if (answer !== undefined) return { kind: "answer", bytes: answer };
    stream.abort(new Error("the answer is too long"));
    return { kind: "failed", reason: "too-long" };
  } catch {
    return { kind: "failed", reason: "broken-off" };
  }
}

/** Serves each stream's one request. A peer that sends nothing, or reads nothing, only loses its stream. */
export function streamServer(served: ServedProtocol): (stream: PeerStream, peerId: string) => Promise<void> {
  let open = 0;
  return async (stream, peerId) => {
    if (open >= served.maxStreamsOfAll) return stream.abort(new Error("too many requests at once"));
    open++;
    try {
      await serve(stream, peerId, served);
    } catch (error) {
      stream.abort(error instanceof Error ? error : new Error("the stream broke off"));
    } finally {
      open--;
    }
  };
}

async function serve(
  stream: PeerStream,
  peerId: string,
  { requestLength, transferMs, answer }: ServedProtocol,
): Promise<void> {
  const bytes = await within(stream, { ms: transferMs }, () => readUpTo(stream, Infinity, requestLength));
  const answered = bytes && (await answer(peerId, bytes));
  if (answered === undefined) return stream.abort(new Error("the request is not answered"));
  await within(stream, { ms: transferMs }, () => stream.sink([answered]));
}
