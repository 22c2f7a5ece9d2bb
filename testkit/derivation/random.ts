/** A small seeded generator (mulberry32): equal seeds give equal runs on every machine. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** A whole number from 0 to 2^32 - 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number {
    return this.next() % limit;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.next() & 0xff);
  }

  pick<T>(items: readonly [T, ...T[]]): T {
    return items[this.below(items.length)] ?? items[0];
  }
}

/** A copy with one to four small changes: a byte set, a bit turned, a stretch cut out, doubled or put in. */
export function mutated(random: Random, original: Uint8Array): Uint8Array {
  let bytes: Uint8Array = original.slice();
  for (let changes = 1 + random.below(4); changes > 0; changes--) bytes = mutatedOnce(random, bytes);
  return bytes;
}

function mutatedOnce(random: Random, bytes: Uint8Array): Uint8Array {
  const at = random.below(bytes.length + 1);
  const end = Math.min(bytes.length, at + random.below(12));
  const stretch = bytes.subarray(at, end);
  switch (random.below(6)) {
    case 0:
      if (at < bytes.length) bytes[at] = random.next() & 0xff;
      return bytes;
    case 1:
      if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
      return bytes;
    case 2:
      return spliced(bytes, at, end, new Uint8Array(0));
    case 3:
      return spliced(bytes, at, at, stretch);
    case 4:
      return spliced(bytes, at, at, random.bytes(random.below(8)));
    default:
      return bytes.slice(0, at);
  }
}

function spliced(bytes: Uint8Array, from: number, to: number, insert: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length - (to - from) + insert.length);
  out.set(bytes.subarray(0, from));
  out.set(insert, from);
  out.set(bytes.subarray(to), from + insert.length);
  return out;
}
