import { RATE_WORDS } from "./kernel.ts";

/** Bytes of a block of Keccak-256: 1600 bits less twice the digest's. */
export const RATE_BYTES = 4 * RATE_WORDS;
export const DIGEST_BYTES = 32;
/** Keccak's padding, not SHA-3's: a one bit, zeros, a one bit at the block's end. Source: Keccak reference, 1.1.2. */
const PADDING_FIRST = 0x01;
const PADDING_LAST = 0x80;
/**
 * Bytes of padded messages that go to the device at once: enough to fill a large GPU with messages of a trie node's
 * size, and with their states (200 bytes each) below 128 MiB, the least that WebGPU lets one buffer have.
 */
export const BATCH_BYTES = 32 << 20;
/** A large batch of small messages is bounded by its states instead: 100 MiB of them. */
const BATCH_MESSAGES = 1 << 19;

/** Messages as the kernel takes them, those of most blocks first: neighbours on the device take about as long. */
export type Batch = {
  /** Padded messages, one after another. */
  readonly data: Uint8Array;
  /** For each message its first 32-bit word and its number of blocks. */
  readonly spans: Uint32Array;
  /** Which of the given messages each is. */
  readonly order: readonly number[];
};

/** Blocks that a message takes with its padding, which has at least one byte. */
export function blocksOf(length: number): number {
  return Math.floor(length / RATE_BYTES) + 1;
}

/**
 * Divides messages into batches. One batch exceeds `BATCH_BYTES` only if a single message does.
 * Nothing is copied before a batch is asked for.
 */
export function* batchesOf(
  messages: readonly Uint8Array[],
  { bytes: mostBytes = BATCH_BYTES, messages: mostMessages = BATCH_MESSAGES } = {},
): Generator<Batch, void> {
  const blocks = messages.map(({ length }) => blocksOf(length));
  const sorted = messages.map((_, index) => index).sort((a, b) => (blocks[b] ?? 0) - (blocks[a] ?? 0));
  for (let from = 0; from < sorted.length; ) {
    let [to, bytes] = [from, 0];
    for (; to < sorted.length && to - from < mostMessages; to++) {
      const size = (blocks[sorted[to] ?? 0] ?? 0) * RATE_BYTES;
      if (to > from && bytes + size > mostBytes) break;
      bytes += size;
    }
    yield packed(messages, sorted.slice(from, to), bytes);
    from = to;
  }
}

function packed(messages: readonly Uint8Array[], order: readonly number[], bytes: number): Batch {
  const data = new Uint8Array(bytes);
  const spans = new Uint32Array(2 * order.length);
  let at = 0;
  for (const [place, index] of order.entries()) {
    const message = messages[index] ?? new Uint8Array(0);
    const blocks = blocksOf(message.length);
    spans.set([at / 4, blocks], 2 * place);
    data.set(message, at);
    data[at + message.length] = PADDING_FIRST;
    at += blocks * RATE_BYTES;
    data[at - 1] = (data[at - 1] ?? 0) | PADDING_LAST;
  }
  return { data, spans, order };
}

/**
 * The digests in the order of the messages, out of the device's answer: word w of message i at w * count + i.
 * Undefined for an answer of another size.
 */
export function digestsOf(words: Uint8Array, count: number): readonly Uint8Array[] | undefined {
  if (words.length !== count * DIGEST_BYTES) return undefined;
  return Array.from({ length: count }, (_, i) => {
    const digest = new Uint8Array(DIGEST_BYTES);
    for (let word = 0; word < DIGEST_BYTES / 4; word++) {
      const at = 4 * (word * count + i);
      digest.set(words.subarray(at, at + 4), 4 * word);
    }
    return digest;
  });
}
