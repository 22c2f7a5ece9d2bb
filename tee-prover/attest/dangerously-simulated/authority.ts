import { constants, createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { concatBytes } from "@phala-l2/protocol/bytes";
import type { PinnedRoot } from "../../verify/certificates/chain.ts";
import { contextTag, TAG } from "../../verify/certificates/der.ts";
import { EXTENSION, KEY_USAGE } from "../../verify/certificates/extensions.ts";
import {
  bitsOf,
  boolean,
  element,
  integer,
  namedBits,
  objectIdentifier,
  octets,
  sequence,
  set,
  text,
  time,
} from "./der-writer.ts";

/** The time that tests live at, in Unix seconds. */
export const NOW = 1_760_000_000n;
export const DAY = 86_400n;

export type Key = { readonly privateKey: KeyObject; readonly spki: Uint8Array };

export function newKey(namedCurve: "P-256" | "P-384" = "P-256"): Key {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve });
  return { privateKey, spki: publicKey.export({ format: "der", type: "spki" }) };
}

/** x | y of the key's point. */
export function pointOf({ privateKey }: Key): Uint8Array {
  const { x = "", y = "" } = privateKey.export({ format: "jwk" });
  return concatBytes(Buffer.from(x, "base64url"), Buffer.from(y, "base64url"));
}

/** r | s, as hardware and Intel's JSON have it. */
export function signRaw({ privateKey }: Key, message: Uint8Array): Uint8Array {
  return sign("sha256", message, { key: privateKey, dsaEncoding: "ieee-p1363" });
}

export type ExtensionDraft = { readonly oid: string; readonly critical: boolean; readonly value: Uint8Array };

export type CertificateDraft = {
  readonly subject: string;
  /** The name of who issues it, where it differs from who signs it. */
  readonly issuer?: string;
  readonly serial?: bigint;
  readonly notBefore?: bigint;
  readonly notAfter?: bigint;
  /** `undefined` leaves the extension out. */
  readonly ca?: boolean | undefined;
  readonly pathLength?: number | undefined;
  readonly keyUsage?: readonly number[] | undefined;
  readonly extensions?: readonly ExtensionDraft[];
  readonly version?: number;
};

export type Issued = {
  readonly der: Uint8Array;
  readonly key: Key;
  readonly subject: string;
  readonly serial: bigint;
};

/** An RSA key of the least size that is accepted: larger ones take seconds to find. */
export function newRsaKey(): Key {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 3072 });
  return { privateKey, spki: publicKey.export({ format: "der", type: "spki" }) };
}

const ECDSA_SHA256 = sequence(objectIdentifier("1.2.840.10045.4.3.2"));
const ECDSA_SHA384 = sequence(objectIdentifier("1.2.840.10045.4.3.3"));
const PSS_SALT_BYTES = 48;

/** RSASSA-PSS with SHA-384 throughout, as AMD writes it: the trailer field is spelled out (RFC 4055, section 3.1). */
function pssAlgorithm(): Uint8Array {
  const sha384 = sequence(objectIdentifier("2.16.840.1.101.3.4.2.2"), element(TAG.null));
  const mask = sequence(objectIdentifier("1.2.840.113549.1.1.8"), sha384);
  return sequence(
    objectIdentifier("1.2.840.113549.1.1.10"),
    sequence(tagged(0, sha384), tagged(1, mask), tagged(2, integer(PSS_SALT_BYTES)), tagged(3, integer(1))),
  );
}

function isP384({ privateKey }: Key): boolean {
  return privateKey.asymmetricKeyDetails?.namedCurve === "secp384r1";
}

/** What the key signs certificates with, as the vendors do: P-256 with SHA-256, P-384 with SHA-384, RSA as PSS with SHA-384. */
function algorithmOf(key: Key): Uint8Array {
  if (key.privateKey.asymmetricKeyType === "rsa") return pssAlgorithm();
  return isP384(key) ? ECDSA_SHA384 : ECDSA_SHA256;
}

function signatureOf(key: Key, part: Uint8Array): Uint8Array {
  const { privateKey } = key;
  if (privateKey.asymmetricKeyType !== "rsa")
    return sign(isP384(key) ? "sha384" : "sha256", part, privateKey);
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  return sign("sha384", part, { key: privateKey, padding, saltLength: PSS_SALT_BYTES });
}

export function nameOf(commonName: string): Uint8Array {
  const attribute = (oid: string, value: string) => set(sequence(objectIdentifier(oid), text(value)));
  return sequence(attribute("2.5.4.3", commonName), attribute("2.5.4.10", "A development authority"));
}

function extension({ oid, critical, value }: ExtensionDraft): Uint8Array {
  return sequence(objectIdentifier(oid), ...(critical ? [boolean(true)] : []), octets(value));
}

function extensionsOf({
  ca,
  pathLength,
  keyUsage,
  extensions = [],
}: CertificateDraft): readonly ExtensionDraft[] {
  const drafts: ExtensionDraft[] = [];
  if (keyUsage !== undefined) {
    drafts.push({ oid: EXTENSION.keyUsage, critical: true, value: namedBits(keyUsage) });
  }
  if (ca !== undefined) {
    const parts = [
      ...(ca ? [boolean(true)] : []),
      ...(pathLength === undefined ? [] : [integer(pathLength)]),
    ];
    drafts.push({ oid: EXTENSION.basicConstraints, critical: true, value: sequence(...parts) });
  }
  return [...drafts, ...extensions];
}

export type Signer = { readonly subject: string; readonly key: Key };

/** signed part | algorithm | signature, as certificates and lists are put together. */
export function signedBy(key: Key, part: Uint8Array): Uint8Array {
  return sequence(part, algorithmOf(key), bitsOf(signatureOf(key, part)));
}

let lastSerial = 0x1000n;

/** A certificate of the draft for the key, signed by the issuer, or by itself. */
export function issueCertificate(draft: CertificateDraft, issuer?: Signer, key: Key = newKey()): Issued {
  lastSerial += 1n;
  const { subject, serial = lastSerial, notBefore = NOW - 30n * DAY, notAfter = NOW + 365n * DAY } = draft;
  const signer = issuer ?? { subject, key };
  const part = sequence(
    ...(draft.version === 1 ? [] : [tagged(0, integer((draft.version ?? 3) - 1))]),
    integer(serial),
    algorithmOf(signer.key),
    nameOf(draft.issuer ?? signer.subject),
    sequence(time(notBefore), time(notAfter)),
    nameOf(subject),
    key.spki,
    tagged(3, sequence(...extensionsOf(draft).map(extension))),
  );
  return { der: signedBy(signer.key, part), key, subject, serial };
}

function tagged(number: number, content: Uint8Array): Uint8Array {
  return element(contextTag(number), content);
}

export const CA_USAGE: readonly number[] = [KEY_USAGE.keyCertSign, KEY_USAGE.cRLSign];
export const LEAF_USAGE: readonly number[] = [KEY_USAGE.digitalSignature];

export type CrlDraft = {
  readonly issuer?: string;
  readonly thisUpdate?: bigint;
  readonly nextUpdate?: bigint;
  readonly revoked?: readonly bigint[];
  readonly extensions?: readonly ExtensionDraft[];
};

/** A revocation list of the draft, signed by the authority. */
export function issueCrl(signer: Signer, draft: CrlDraft = {}): Uint8Array {
  const { thisUpdate = NOW - DAY, nextUpdate = NOW + 30n * DAY, revoked = [] } = draft;
  const entries = revoked.map((serial) => sequence(integer(serial), time(thisUpdate)));
  const extensions = [
    { oid: EXTENSION.crlNumber, critical: false, value: integer(1) },
    ...(draft.extensions ?? []),
  ];
  const part = sequence(
    integer(1),
    algorithmOf(signer.key),
    nameOf(draft.issuer ?? signer.subject),
    time(thisUpdate),
    time(nextUpdate),
    ...(entries.length === 0 ? [] : [sequence(...entries)]),
    tagged(0, sequence(...extensions.map(extension))),
  );
  return signedBy(signer.key, part);
}

/** PEM as Intel writes it: lines of 64 characters. */
export function pemOf(...certificates: readonly { readonly der: Uint8Array }[]): string {
  return certificates
    .map(({ der }) => {
      const lines = Buffer.from(der)
        .toString("base64")
        .replaceAll(/.{64}(?=.)/g, "$&\n");
      return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
    })
    .join("");
}

/** Trust in this authority's key. */
export function pinned({ key, subject }: Signer): PinnedRoot {
  return { name: subject, keyHash: createHash("sha256").update(key.spki).digest("hex") };
}
