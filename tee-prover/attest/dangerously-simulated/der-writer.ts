import { concatBytes, fromHex } from "@phala-l2/protocol/bytes";
import { TAG } from "../../verify/certificates/der.ts";

/** One element in DER: tag, length in its shortest form, content. */
export function element(tag: number, ...content: readonly Uint8Array[]): Uint8Array {
  const bytes = concatBytes(...content);
  const { length } = bytes;
  const head =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : length < 0x1_0000
          ? [tag, 0x82, length >> 8, length & 0xff]
          : [tag, 0x83, length >> 16, (length >> 8) & 0xff, length & 0xff];
  return concatBytes(Uint8Array.from(head), bytes);
}

export function sequence(...content: readonly Uint8Array[]): Uint8Array {
  return element(TAG.sequence, ...content);
}

export function set(...content: readonly Uint8Array[]): Uint8Array {
  return element(TAG.set, ...content);
}

export function octets(bytes: Uint8Array): Uint8Array {
  return element(TAG.octetString, bytes);
}

export function boolean(value: boolean): Uint8Array {
  return element(TAG.boolean, Uint8Array.of(value ? 0xff : 0));
}

/** A whole number >= 0. */
export function integer(value: bigint | number): Uint8Array {
  const digits = BigInt(value).toString(16);
  const bytes = fromHex(digits.length % 2 === 0 ? digits : `0${digits}`);
  return element(TAG.integer, (bytes[0] ?? 0) >= 0x80 ? concatBytes(Uint8Array.of(0), bytes) : bytes);
}

export function bitsOf(bytes: Uint8Array): Uint8Array {
  return element(TAG.bitString, Uint8Array.of(0), bytes);
}

/** A list of named bits, in its shortest form. */
export function namedBits(bits: readonly number[]): Uint8Array {
  const last = Math.max(...bits);
  const bytes = new Uint8Array((last >> 3) + 1);
  for (const bit of bits) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  return element(TAG.bitString, Uint8Array.of(7 - (last & 7)), bytes);
}

export function objectIdentifier(dotted: string): Uint8Array {
  const [top = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes = [top * 40 + second, ...rest].flatMap((arc) => {
    const groups = [arc & 0x7f];
    for (let left = arc >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80);
    return groups;
  });
  return element(TAG.objectIdentifier, Uint8Array.from(bytes));
}

export function text(value: string, tag: number = 0x0c): Uint8Array {
  return element(tag, new TextEncoder().encode(value));
}

/** UTCTime up to 2049, GeneralizedTime after it (RFC 5280, section 4.1.2.5). */
export function time(seconds: bigint): Uint8Array {
  const digits = new Date(Number(seconds) * 1000).toISOString().replaceAll(/[-:T]|\.000/g, "");
  return digits < "2050" ? text(digits.slice(2), TAG.utcTime) : text(digits, TAG.generalizedTime);
}
