// DER (ITU-T X.690, sections 8, 10 and 11) as X.509 needs it: definite lengths in their shortest form, tags of one
// byte, nothing after the end.

/** Tags of X.690 and X.680, with the class and constructed bits. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  objectIdentifier: 0x06,
  enumerated: 0x0a,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Tag of a context-specific constructed element: [0], [3] … */
export function contextTag(number: number): number {
  return 0xa0 | number;
}

export type DerElement = {
  readonly tag: number;
  readonly content: Uint8Array;
  /** Tag and length included: what signatures cover and names are compared by. */
  readonly raw: Uint8Array;
};

/** The first thing that was wrong; shared by a reader and the readers inside it. */
type Fault = { reason: string | undefined };

const NOTHING: DerElement = { tag: 0, content: new Uint8Array(0), raw: new Uint8Array(0) };
/** Lengths up to 2^24 - 1: far more than any certificate or revocation list has. */
const LENGTH_BYTES_MAX = 3;
/** An arc of an object identifier that the reader takes: 2^28 - 1. */
const ARC_BYTES_MAX = 4;

/**
 * Reads elements in order. The first fault sticks: what is read after it is empty, loops over `done` end, and
 * whoever began asks `fault` once. So hostile input is neither an exception nor a check at each line.
 */
export class DerReader {
  readonly #bytes: Uint8Array;
  readonly #fault: Fault;
  #at = 0;

  constructor(bytes: Uint8Array, fault: Fault = { reason: undefined }) {
    this.#bytes = bytes;
    this.#fault = fault;
  }

  get fault(): string | undefined {
    return this.#fault.reason;
  }

  /** No bytes are left, or something was wrong. */
  get done(): boolean {
    return this.#fault.reason !== undefined || this.#at >= this.#bytes.length;
  }

  /** Tag of the next element; undefined at the end. */
  get nextTag(): number | undefined {
    return this.done ? undefined : this.#bytes[this.#at];
  }

  fail(reason: string): void {
    this.#fault.reason ??= reason;
  }

  /** The next element, of any tag. */
  any(name: string): DerElement {
    const start = this.#at;
    const tag = this.#byte(name);
    const length = this.#length(name);
    const end = this.#at + length;
    if (this.fault === undefined && (tag & 0x1f) === 0x1f) this.fail(`${name}: a tag of several bytes`);
    if (this.fault === undefined && end > this.#bytes.length) this.fail(`${name}: cut off`);
    if (this.fault !== undefined) return NOTHING;
    const content = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return { tag, content, raw: this.#bytes.subarray(start, end) };
  }

  /** The next element, which has this tag. */
  element(tag: number, name: string): DerElement {
    if (this.fault === undefined && this.#bytes[this.#at] !== tag) {
      const found = this.#bytes[this.#at];
      this.fail(`${name}: tag ${tag} wanted, ${found === undefined ? "the end" : found} found`);
    }
    return this.any(name);
  }

  /** A reader of what stands inside the next element. */
  inside(tag: number, name: string): DerReader {
    return new DerReader(this.element(tag, name).content, this.#fault);
  }

  sequence(name: string): DerReader {
    return this.inside(TAG.sequence, name);
  }

  /** A reader of other bytes, whose fault is this reader's too. */
  of(bytes: Uint8Array): DerReader {
    return new DerReader(bytes, this.#fault);
  }

  /** Every byte must have been read. */
  end(name: string): void {
    if (this.fault === undefined && this.#at !== this.#bytes.length) this.fail(`${name}: bytes at the end`);
  }

  /** A whole number >= 0, as bytes without leading zeros; zero is one byte (X.690 8.3.2: shortest form). */
  unsigned(name: string, tag: number = TAG.integer): Uint8Array {
    const { content } = this.element(tag, name);
    const [first, second] = content;
    if (this.fault !== undefined) return content;
    if (first === undefined) this.fail(`${name}: an integer without bytes`);
    else if (first >= 0x80) this.fail(`${name}: a negative integer`);
    else if (first === 0 && second !== undefined) {
      if (second < 0x80) this.fail(`${name}: an integer with superfluous zeros`);
      return content.subarray(1);
    }
    return content;
  }

  /** A whole number from 0 to `max`, which fits a JavaScript number. */
  small(name: string, max: number, tag: number = TAG.integer): number {
    const bytes = this.unsigned(name, tag);
    if (bytes.length > 4) this.fail(`${name}: more than ${max}`);
    const value = this.fault === undefined ? bytes.reduce((sum, byte) => sum * 256 + byte, 0) : 0;
    if (value > max) this.fail(`${name}: more than ${max}`);
    return value;
  }

  /** X.690 11.1: true is 0xff, false is 0x00. */
  boolean(name: string): boolean {
    const { content } = this.element(TAG.boolean, name);
    const value = content[0];
    if (content.length !== 1 || (value !== 0 && value !== 0xff)) this.fail(`${name}: no boolean`);
    return value === 0xff;
  }

  /** A bit string of whole bytes. */
  bytesOfBits(name: string): Uint8Array {
    const { content } = this.element(TAG.bitString, name);
    if (content[0] !== 0) this.fail(`${name}: bits of whole bytes are wanted`);
    return content.subarray(1);
  }

  octets(name: string, length?: number): Uint8Array {
    const { content } = this.element(TAG.octetString, name);
    if (length !== undefined && content.length !== length) this.fail(`${name}: ${length} bytes are wanted`);
    return content;
  }

  /** An object identifier in dotted decimal form (X.690 8.19). */
  objectIdentifier(name: string): string {
    const { content } = this.element(TAG.objectIdentifier, name);
    const arcs: number[] = [];
    let arc = 0;
    let bytes = 0;
    for (const byte of content) {
      if (bytes === 0 && byte === 0x80) this.fail(`${name}: an arc with superfluous zeros`);
      arc = arc * 128 + (byte & 0x7f);
      bytes++;
      if (bytes > ARC_BYTES_MAX) this.fail(`${name}: an arc is too large`);
      if (byte >= 0x80) continue;
      arcs.push(arc);
      arc = 0;
      bytes = 0;
    }
    const [first] = arcs;
    if (bytes !== 0 || first === undefined) {
      this.fail(`${name}: an object identifier that is cut off`);
      return "";
    }
    const top = Math.min(2, Math.floor(first / 40));
    return [top, first - top * 40, ...arcs.slice(1)].join(".");
  }

  #byte(name: string): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) {
      this.fail(`${name}: cut off`);
      return 0;
    }
    this.#at++;
    return byte;
  }

  /** X.690 10.1: the definite form, in the fewest bytes. */
  #length(name: string): number {
    const first = this.#byte(name);
    if (first < 0x80) return first;
    const count = first & 0x7f;
    if (count === 0 || count > LENGTH_BYTES_MAX) {
      this.fail(`${name}: ${count === 0 ? "an indefinite length" : "a length out of bounds"}`);
      return 0;
    }
    let length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + this.#byte(name);
    const shortest = length < 0x80 ? 0 : length < 0x100 ? 1 : length < 0x1_0000 ? 2 : 3;
    if (shortest !== count) this.fail(`${name}: a length not in its shortest form`);
    return length;
  }
}
