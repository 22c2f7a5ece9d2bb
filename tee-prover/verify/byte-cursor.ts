/**
 * Reads fixed fields of a quote or report one after another, little-endian. A field past the end is short, a number there
 * is made of zeros, and `overrun` says so: whoever began asks once.
 */
export class ByteCursor {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get at(): number {
    return this.#at;
  }

  /** Fields were read that are not there. */
  get overrun(): boolean {
    return this.#at > this.#bytes.length;
  }

  take(length: number): Uint8Array {
    const part = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return part;
  }

  u16(): number {
    const [low = 0, high = 0] = this.take(2);
    return low + high * 256;
  }

  u32(): number {
    return this.u16() + this.u16() * 0x1_0000;
  }

  /** What has not been read yet. */
  rest(): Uint8Array {
    return this.#bytes.subarray(this.#at);
  }
}
