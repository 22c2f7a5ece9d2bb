/** DER as X.690 has it, written: only what certificates and revocation lists need. */
export type Der = Uint8Array;

function length(size: number): number[] {
  if (size < 0x80) return [size];
  const bytes: number[] = [];
  for (let rest = size; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return [0x80 + bytes.length, ...bytes];
}

export function element(tag: number, ...contents: readonly Uint8Array[]): Der {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag, ...length(content.length)]), content]);
}

export const sequence = (...contents: readonly Der[]): Der => element(0x30, ...contents);
export const explicit = (number: number, content: Der): Der => element(0xa0 + number, content);
export const octets = (content: Uint8Array): Der => element(0x04, content);
export const bits = (content: Uint8Array): Der => element(0x03, Uint8Array.of(0), content);
export const boolean = (value: boolean): Der => element(0x01, Uint8Array.of(value ? 0xff : 0));
export const oid = (content: string): Der => element(0x06, Buffer.from(content, "hex"));

/** Named bits of which only some of the first seven are set. */
export function flags(...set: readonly number[]): Der {
  let byte = 0;
  for (const bit of set) byte |= 0x80 >> bit;
  return element(0x03, Uint8Array.of(7 - Math.max(...set), byte));
}

/** A non-negative INTEGER of big-endian bytes. */
export function integer(bytes: Uint8Array): Der {
  let from = 0;
  while (from < bytes.length - 1 && bytes[from] === 0) from++;
  const magnitude = bytes.subarray(from);
  const sign = (magnitude[0] ?? 0) >= 0x80 ? Uint8Array.of(0) : new Uint8Array();
  return element(0x02, sign, magnitude);
}

export function small(value: number): Der {
  const hex = value.toString(16);
  return integer(Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex"));
}

/** A GeneralizedTime of an ISO date and time in UTC. */
export function time(iso: string): Der {
  return element(0x18, Buffer.from(`${iso.replaceAll(/[-:T]/g, "").slice(0, 14)}Z`));
}

/** A name of one attribute, the common name. */
export function name(commonName: string): Der {
  return sequence(element(0x31, sequence(oid("550403"), element(0x0c, Buffer.from(commonName)))));
}
