/** The same bytes but for one bit; bit 0 is the lowest of the first byte. */
export function flipBit(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}

/** The same text but for one bit of one character (of its lowest seven). */
export function flipCharacter(text: string, bit: number): string {
  const at = Math.floor(bit / 7);
  const character = String.fromCharCode(text.charCodeAt(at) ^ (1 << (bit % 7)));
  return text.slice(0, at) + character + text.slice(at + 1);
}

/** `part` of `other` at `start`. */
export function splice(bytes: Uint8Array, other: Uint8Array, start: number, end: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy.set(other.subarray(start, end), start);
  return copy;
}

/**
 * How many steps apart mutations are taken: `of` in a quick run, every one when EVIDENCE_MUTATIONS is `all`.
 */
export function stride(of: number): number {
  return process.env.EVIDENCE_MUTATIONS === "all" ? 1 : of;
}
