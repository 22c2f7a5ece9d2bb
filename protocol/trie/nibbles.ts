/** A path through the trie: one half-byte (0 … 15) per element. */
export type Nibbles = Uint8Array;

/** Hex-prefix flags. Source: Yellow Paper, appendix C. */
const ODD = 1;
const LEAF = 2;

/** A key's bytes as nibbles, the high half first. */
export function toNibbles(key: Uint8Array): Nibbles {
  const nibbles = new Uint8Array(2 * key.length);
  for (let i = 0; i < key.length; i++) {
    const byte = key[i] ?? 0;
    nibbles[2 * i] = byte >> 4;
    nibbles[2 * i + 1] = byte & 0xf;
  }
  return nibbles;
}

/** Nibbles to the key's bytes, or undefined when their number is odd: then no key has this path. */
export function fromNibbles(nibbles: Nibbles): Uint8Array | undefined {
  if (nibbles.length % 2 !== 0) return undefined;
  const key = new Uint8Array(nibbles.length / 2);
  for (let i = 0; i < key.length; i++) key[i] = ((nibbles[2 * i] ?? 0) << 4) | (nibbles[2 * i + 1] ?? 0);
  return key;
}

/** How many nibbles `path` from `at` on has in common with the beginning of `segment`. */
export function commonLength(segment: Nibbles, path: Nibbles, at: number): number {
  const most = Math.min(segment.length, path.length - at);
  let length = 0;
  while (length < most && segment[length] === path[at + length]) length++;
  return length;
}

export function hexPrefixLength(nibbles: Nibbles): number {
  return (nibbles.length >> 1) + 1;
}

/** Writes the hex-prefix form at `at` (`hexPrefixLength` bytes). */
export function writeHexPrefix(out: Uint8Array, at: number, nibbles: Nibbles, isLeaf: boolean): void {
  const odd = nibbles.length & 1;
  const flags = (isLeaf ? LEAF : 0) | (odd === 1 ? ODD : 0);
  out[at] = (flags << 4) | (odd === 1 ? (nibbles[0] ?? 0) : 0);
  for (let from = odd, to = at + 1; from < nibbles.length; from += 2, to++) {
    out[to] = ((nibbles[from] ?? 0) << 4) | (nibbles[from + 1] ?? 0);
  }
}

/** Reads a hex-prefix path; undefined when flags or padding are not as the one encoding has them. */
export function readHexPrefix(bytes: Uint8Array): { nibbles: Nibbles; isLeaf: boolean } | undefined {
  const first = bytes[0];
  if (first === undefined) return undefined;
  const flags = first >> 4;
  const isOdd = (flags & ODD) !== 0;
  if (flags > (ODD | LEAF) || (!isOdd && (first & 0xf) !== 0)) return undefined;
  return { nibbles: toNibbles(bytes).subarray(isOdd ? 1 : 2), isLeaf: (flags & LEAF) !== 0 };
}
