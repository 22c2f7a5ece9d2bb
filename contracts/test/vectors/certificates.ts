import { constants, sign } from "node:crypto";
import {
  certificate,
  revocations,
  SIGN_CERTIFICATES,
  SIGN_REVOCATIONS,
  type Signer,
  signer,
} from "./certificate-writer.ts";
import * as der from "./der-writer.ts";

type Hex = Readonly<Record<string, string>>;

const hex = (bytes: Uint8Array) => `0x${Buffer.from(bytes).toString("hex")}`;
const both = [SIGN_CERTIFICATES, SIGN_REVOCATIONS];

function hexed(values: Readonly<Record<string, Uint8Array>>): Hex {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, hex(value)]));
}

/** Root, authority, leaf of P-384, with every way in which a certificate can be wrong that needs a signature. */
export function pathVectors(): Hex {
  const root = signer("root", "p384");
  const authority = signer("authority", "p384");
  const leaf = signer("leaf", "p384");
  const silent = signer("no revocations", "p384");
  const other = signer("root", "p384");
  return hexed({
    root: certificate(root, root, { serial: 1, authority: {}, usages: both }),
    rootOfOtherKey: certificate(other, other, { serial: 1, authority: {}, usages: both }),
    authority: certificate(authority, root, { serial: 2, authority: { pathLength: 0 }, usages: both }),
    authorityRenewed: certificate(authority, root, { serial: 3, authority: { pathLength: 0 }, usages: both }),
    authorityWithoutUsage: certificate(authority, root, { serial: 4, authority: {}, usages: [0] }),
    authorityWithoutRevocations: certificate(silent, root, {
      serial: 5,
      authority: {},
      usages: [SIGN_CERTIFICATES],
    }),
    leaf: certificate(leaf, authority, { serial: 0x1234567890, usages: [0] }),
    leafWithoutExtensions: certificate(leaf, authority, { serial: 0 }),
    leafOfOtherName: certificate(leaf, authority, { serial: 6, issuerName: "root" }),
    leafExpired: certificate(leaf, authority, { serial: 7, notAfter: "2025-06-01T00:00:00" }),
    leafOfFuture: certificate(leaf, authority, { serial: 8, notBefore: "2026-06-01T00:00:00" }),
    leafCritical: certificate(leaf, authority, {
      serial: 9,
      extensions: [["551d1e", true, der.sequence()]],
    }),
    leafRepeated: certificate(leaf, authority, {
      serial: 10,
      usages: [0],
      extensions: [["551d0f", true, der.flags(SIGN_CERTIFICATES)]],
    }),
    leafWithLimit: certificate(leaf, authority, {
      serial: 11,
      extensions: [["551d13", true, der.sequence(der.small(0))]],
    }),
    authorityBelowLimit: certificate(silent, authority, { serial: 12, authority: {}, usages: both }),
    belowLeaf: certificate(silent, leaf, { serial: 13 }),
    ...lists(root, authority, silent),
  });
}

function lists(root: Signer, authority: Signer, silent: Signer): Record<string, Uint8Array> {
  return {
    listOfLeaf: revocations(authority, { serials: [100, 0x1234567890] }),
    listOfMany: revocations(authority, { serials: [101, 102, 103, 104, 0x1234567890] }),
    listNewer: revocations(authority, { serials: [], thisUpdate: "2025-12-02T00:00:00" }),
    listOfAuthority: revocations(root, { serials: [2] }),
    listExpired: revocations(authority, { serials: [0x1234567890], nextUpdate: "2025-12-15T00:00:00" }),
    listOfFuture: revocations(authority, { serials: [0x1234567890], thisUpdate: "2026-01-15T00:00:00" }),
    listDelta: revocations(authority, { serials: [0x1234567890], delta: true }),
    listOfSilent: revocations(silent, { serials: [1] }),
  };
}

/** An SGX extension of values that no platform has. */
function sgxExtension(): Uint8Array {
  const prefix = "2a864886f84d010d01";
  const field = (id: string, value: der.Der) => der.sequence(der.oid(prefix + id), value);
  const tcb = Array.from({ length: 17 }, (_, i) =>
    field(`02${(i + 1).toString(16).padStart(2, "0")}`, der.small(i === 16 ? 0x1234 : i * 17)),
  );
  const cpuSvn = field("0212", der.octets(Buffer.alloc(16, 0xcc)));
  return der.sequence(
    field("01", der.octets(Buffer.alloc(16, 0xaa))),
    field("02", der.sequence(...tcb, cpuSvn)),
    field("03", der.octets(Buffer.from("0100", "hex"))),
    field("04", der.octets(Buffer.from("00906ed50000", "hex"))),
    field("05", der.element(0x0a, Uint8Array.of(1))),
    field("06", der.octets(Buffer.alloc(16, 0xbb))),
  );
}

/** Chains of the form of Intel's (P-256) and AMD's (RSA-4096-PSS over a P-384 leaf). */
export function vendorFormVectors(): Hex {
  const intel = signer("root of p256", "p256");
  const pck = signer("pck", "p256");
  const ark = signer("root of rsa", "rsa");
  const vcek = signer("vcek", "p384");
  const amd = "2b060104019c7801";
  const level = (id: string, value: number) => [`${amd}03${id}`, false, der.small(value)] as const;
  const levels = [level("01", 4), level("02", 1), level("03", 22), level("08", 213)];
  const product = [`${amd}02`, false, der.element(0x16, Buffer.from("Turin-B1"))] as const;
  const chip = [`${amd}04`, false, Buffer.from("0102030405060708", "hex")] as const;
  const cloud = [`${amd}05`, false, Buffer.from("cloud")] as const;
  return hexed({
    p256Root: certificate(intel, intel, { serial: 1, authority: { pathLength: 1 }, usages: both }),
    p256Leaf: certificate(pck, intel, {
      serial: 2,
      extensions: [["2a864886f84d010d01", false, sgxExtension()]],
    }),
    rsaRoot: certificate(ark, ark, { serial: 1, authority: {}, usages: both }),
    rsaLeaf: certificate(vcek, ark, { serial: 0, extensions: [product, ...levels, level("09", 7), chip] }),
    rsaLeafOfCloud: certificate(vcek, ark, { serial: 0, extensions: [product, ...levels, cloud] }),
    rsaLeafOfBoth: certificate(vcek, ark, { serial: 0, extensions: [product, ...levels, chip, cloud] }),
    rsaLeafWithoutSnp: certificate(vcek, ark, {
      serial: 0,
      extensions: [product, ...levels.slice(0, 2), chip],
    }),
  });
}

/** RSASSA-PSS over one message: right, and with another salt, digest or padding. */
export function pssVectors(): Hex {
  const key = signer("rsa", "rsa");
  const message = Buffer.from("message");
  const pss = (digest: string, saltLength: number) =>
    sign(digest, message, { key: key.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });
  const modulus = key.publicKey.export({ format: "jwk" }).n;
  if (modulus === undefined) throw new Error("no modulus");
  return hexed({
    modulus: Buffer.from(modulus, "base64url"),
    message,
    signature: pss("sha384", 48),
    shortSalt: pss("sha384", 47),
    longSalt: pss("sha384", 49),
    noSalt: pss("sha384", 0),
    otherDigest: pss("sha256", 48),
    otherPadding: sign("sha384", message, key.privateKey),
  });
}
