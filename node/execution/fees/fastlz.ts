/**
 * The length that FastLZ (level 1) would compress bytes to, without making the output: the L1 fee's estimate
 * of a transaction's share of a compressed batch. Every node must find the same length, so the search below
 * keeps the reference's table size, hash and limits, its odd match length included.
 * Source: specs/protocol/fjord/exec-engine.md "FastLZ Implementation" and the Solidity library it names.
 */

const TABLE_SIZE = 8192;
const MAX_DISTANCE = 0x1fff;
const MULTIPLIER = 2_654_435_769;
/** No match starts in the last bytes, and none reaches the very end. */
const TAIL = 13;
const MATCH_TAIL = 9;
/** A run of literals costs one byte a started 32; a long match three bytes a full 262. */
const LITERAL_RUN = 32;
const LONGEST_MATCH = 262;
const SHORT_MATCH = 6;

/** Bytes of the FastLZ compression of `bytes`. */
export function fastLzLength(bytes: Uint8Array): number {
  const table = new Uint32Array(TABLE_SIZE);
  const limit = Math.max(bytes.length - TAIL, 0);
  let length = 0;
  let anchor = 0;
  for (let at = 2; at < limit; ) {
    const match = findMatch(bytes, table, at, limit);
    if (match === undefined) break;
    length += literalsLength(match.at - anchor);
    const matched = matchLength(bytes, match.reference + 3, match.at + 3, limit + MATCH_TAIL);
    length += encodedMatchLength(matched);
    at = match.at + matched;
    table[slotOf(threeBytes(bytes, at))] = at;
    table[slotOf(threeBytes(bytes, at + 1))] = at + 1;
    at += 2;
    anchor = at;
  }
  return length + literalsLength(bytes.length - anchor);
}

/** The next place whose three bytes stood not far before; undefined when the search reaches the limit. */
function findMatch(
  bytes: Uint8Array,
  table: Uint32Array,
  start: number,
  limit: number,
): { at: number; reference: number } | undefined {
  for (let at = start; at < limit; at++) {
    const sequence = threeBytes(bytes, at);
    const slot = slotOf(sequence);
    const reference = table[slot] ?? 0;
    table[slot] = at;
    if (at - reference <= MAX_DISTANCE && sequence === threeBytes(bytes, reference)) {
      // The reference tests its limit on the place after the one it looked at.
      return at + 1 < limit ? { at, reference } : undefined;
    }
  }
  return undefined;
}

/** One more than the equal bytes from both places: the reference counts the first different one. */
function matchLength(bytes: Uint8Array, reference: number, at: number, end: number): number {
  const most = end - at;
  for (let i = 0; i < most; i++) if (bytes[reference + i] !== bytes[at + i]) return i + 1;
  return most;
}

function literalsLength(count: number): number {
  const rest = count % LITERAL_RUN;
  return (LITERAL_RUN + 1) * Math.floor(count / LITERAL_RUN) + (rest === 0 ? 0 : rest + 1);
}

function encodedMatchLength(matched: number): number {
  const length = matched - 1;
  return 3 * Math.floor(length / LONGEST_MATCH) + (length % LONGEST_MATCH >= SHORT_MATCH ? 3 : 2);
}

function threeBytes(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16);
}

function slotOf(sequence: number): number {
  return (Math.imul(MULTIPLIER, sequence) >>> 19) & (TABLE_SIZE - 1);
}
