import { bytesEqual } from "@phala-l2/protocol/bytes";
import { type DerReader, TAG } from "./der.ts";

/** An extension as it stands in a certificate or revocation list (RFC 5280, section 4.1). */
export type Extension = { readonly critical: boolean; readonly value: Uint8Array };
/** By object identifier. */
export type Extensions = ReadonlyMap<string, Extension>;

export const EXTENSION = {
  keyUsage: "2.5.29.15",
  basicConstraints: "2.5.29.19",
  crlNumber: "2.5.29.20",
  crlReason: "2.5.29.21",
  authorityKeyIdentifier: "2.5.29.35",
} as const;

/** What this verifier reads and judges in certificates; another critical extension refuses the certificate. */
const UNDERSTOOD: readonly string[] = [EXTENSION.keyUsage, EXTENSION.basicConstraints];

/** Extensions ::= SEQUENCE OF Extension; none may stand twice (RFC 5280, section 4.2). */
export function readExtensions(reader: DerReader, name: string): Extensions {
  const extensions = new Map<string, Extension>();
  while (!reader.done) {
    const inside = reader.sequence(`${name}.extension`);
    const oid = inside.objectIdentifier(`${name}.extension`);
    const critical = inside.nextTag === TAG.boolean ? inside.boolean(`${name}.${oid}.critical`) : false;
    const value = inside.octets(`${name}.${oid}`);
    inside.end(`${name}.${oid}`);
    if (extensions.has(oid)) reader.fail(`${name}: extension ${oid} stands twice`);
    extensions.set(oid, { critical, value });
  }
  return extensions;
}

/** A critical extension that nobody here judges (RFC 5280, section 4.2: such a certificate MUST be rejected). */
export function unknownCritical(extensions: Extensions, understood: readonly string[] = UNDERSTOOD) {
  for (const [oid, { critical }] of extensions) if (critical && !understood.includes(oid)) return oid;
  return undefined;
}

/** Bits of KeyUsage (RFC 5280, section 4.2.1.3). */
export const KEY_USAGE = { digitalSignature: 0, keyCertSign: 5, cRLSign: 6 } as const;

/** The named bits that are set; undefined when the extension is absent. */
export type KeyUsage = ReadonlySet<number> | undefined;

export function readKeyUsage(extensions: Extensions, reader: DerReader): KeyUsage {
  const extension = extensions.get(EXTENSION.keyUsage);
  if (extension === undefined) return undefined;
  const inside = reader.of(extension.value);
  const { content } = inside.element(TAG.bitString, "keyUsage");
  inside.end("keyUsage");
  const [unused = 255, ...bytes] = content;
  if (unused > 7 || bytes.length === 0 || bytes.length > 2) inside.fail("keyUsage: no bits");
  const bits = new Set<number>();
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    if ((((bytes[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1) === 1) bits.add(bit);
  }
  // AMD writes trailing zero bits, which X.690 11.2 forbids; bits beyond the end would have no meaning at all.
  if (Math.max(0, ...bits) >= bytes.length * 8 - unused) inside.fail("keyUsage: an unused bit is set");
  return bits;
}

/** BasicConstraints (RFC 5280, section 4.2.1.9). */
export type BasicConstraints = { readonly ca: boolean; readonly pathLength: number | undefined };

const PATH_LENGTH_MAX = 255;

export function readBasicConstraints(
  extensions: Extensions,
  reader: DerReader,
): BasicConstraints | undefined {
  const extension = extensions.get(EXTENSION.basicConstraints);
  if (extension === undefined) return undefined;
  const outer = reader.of(extension.value);
  const inside = outer.sequence("basicConstraints");
  outer.end("basicConstraints");
  const ca = inside.nextTag === TAG.boolean ? inside.boolean("basicConstraints.ca") : false;
  const pathLength =
    inside.nextTag === TAG.integer ? inside.small("basicConstraints.pathLength", PATH_LENGTH_MAX) : undefined;
  inside.end("basicConstraints");
  if (pathLength !== undefined && !ca) inside.fail("basicConstraints: a path length without CA");
  return { ca, pathLength };
}

/** Distinguished names are the same when their DER is: vendors copy the issuer's bytes. */
export function sameName(a: Uint8Array, b: Uint8Array): boolean {
  return bytesEqual(a, b);
}
