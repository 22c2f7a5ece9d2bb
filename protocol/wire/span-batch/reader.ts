import { EMPTY_BYTES } from "../../bytes.ts";
import { rlpSpanAt } from "../rlp.ts";
import { asBitlist, type Bitlist, bitlistSize } from "./bitlist.ts";

/** Why the columns of a span batch cannot be read. */
export type ReadFault =
  | "span-truncated"
  | "uvarint-overflow"
  | "bitlist-overlong"
  | "transaction-data-not-a-list"
  | "transaction-data-malformed"
  | "too-many-elements";

/** A uvarint of 64 bits has at most ten bytes, the tenth of which has one bit. */
const MAX_UVARINT_BYTES = 10;
/** Bytes of a uvarint that fit a small number without loss: 4 times 7 bits. */
const SMALL_UVARINT_BYTES = 4;
/** EIP-2718: a first byte up to this is a transaction's type. */
const MAX_TYPE_BYTE = 0x7f;

/**
 * Reads the columns of a span batch one after another. The first fault is remembered and every later read
 * gives a neutral value, so a decoder lists its columns once and asks at its end. No value may be used while
 * `fault` is set.
 */
export class ColumnReader {
  #at = 0;
  #fault: ReadFault | undefined;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get fault(): ReadFault | undefined {
    return this.#fault;
  }

  /** Records a fault, unless there was an earlier one, and hands back the neutral value. */
  fail<T>(fault: ReadFault, neutral: T): T {
    this.#fault ??= fault;
    return neutral;
  }

  /** The next bytes, as a view; none when there are not so many. */
  take(length: number): Uint8Array {
    if (this.#fault !== undefined) return EMPTY_BYTES;
    const end = this.#at + length;
    if (end > this.#bytes.length) return this.fail("span-truncated", EMPTY_BYTES);
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  /**
   * Unsigned base-128 number of at most 64 bits, lowest group first. As op-node (Go's ReadUvarint) has it,
   * groups of zeros at the end are allowed, more than 64 bits are not.
   */
  uvarint(): bigint {
    if (this.#fault !== undefined) return 0n;
    let small = 0;
    let large = 0n;
    for (let i = 0; i < MAX_UVARINT_BYTES; i++) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) return this.fail("span-truncated", 0n);
      this.#at++;
      const group = byte & 0x7f;
      if (i < SMALL_UVARINT_BYTES) small |= group << (7 * i);
      else large |= BigInt(group) << BigInt(7 * i);
      if (byte < 0x80) {
        if (i === MAX_UVARINT_BYTES - 1 && byte > 1) break;
        return large | BigInt(small);
      }
    }
    return this.fail("uvarint-overflow", 0n);
  }

  /** A uvarint that counts elements, at most `limit`. */
  count(limit: number): number {
    const count = this.uvarint();
    return count > BigInt(limit) ? this.fail("too-many-elements", 0) : Number(count);
  }

  bitlist(length: number): Bitlist {
    const neutral = { length, bytes: EMPTY_BYTES };
    const bytes = this.take(bitlistSize(length));
    if (this.#fault !== undefined) return neutral;
    return asBitlist(length, bytes) ?? this.fail("bitlist-overlong", neutral);
  }

  /**
   * The data column's next entry: a type byte unless the transaction is a legacy one, and an RLP list of at
   * most `maxLength` bytes. What the list holds is not looked at.
   */
  transactionData(maxLength: number): Uint8Array {
    if (this.#fault !== undefined) return EMPTY_BYTES;
    const first = this.#bytes[this.#at];
    if (first === undefined) return this.fail("span-truncated", EMPTY_BYTES);
    const listAt = first <= MAX_TYPE_BYTE ? this.#at + 1 : this.#at;
    const span = rlpSpanAt(this.#bytes, listAt, this.#bytes.length);
    if (span.fault === "rlp-truncated") return this.fail("span-truncated", EMPTY_BYTES);
    if (span.fault !== undefined) return this.fail("transaction-data-malformed", EMPTY_BYTES);
    if (!span.isList) return this.fail("transaction-data-not-a-list", EMPTY_BYTES);
    if (span.end - listAt > maxLength) return this.fail("too-many-elements", EMPTY_BYTES);
    return this.take(span.end - this.#at);
  }
}

/** The shortest uvarint of a number of at most 64 bits. */
export function encodeUvarint(value: bigint): Uint8Array {
  const groups: number[] = [];
  let rest = value;
  while (rest >= 0x80n) {
    groups.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  groups.push(Number(rest));
  return Uint8Array.from(groups);
}

/** A column's entries one after another: of an array, since a call takes far fewer arguments than a span has. */
export function joinAll(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
