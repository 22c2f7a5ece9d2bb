import { createPublicKey, type KeyObject, constants as nodeCrypto, verify } from "node:crypto";
import { contextTag, DerReader, TAG } from "./der.ts";

export type Curve = "P-256" | "P-384";
/** What signs: the curve decides how long the numbers of a signature are. */
export type SignatureAlgorithm = "ecdsa-sha256" | "ecdsa-sha384" | "rsa-pss-sha384";
export type PublicKey = {
  readonly type: Curve | "RSA";
  readonly key: KeyObject;
};

/** Bytes of a coordinate, and of each number of an ECDSA signature. */
const FIELD_BYTES: Readonly<Record<Curve, number>> = { "P-256": 32, "P-384": 48 };
/** RSA moduli that vendors use have 3072 or 4096 bits; less is too weak, more only costs time. */
const RSA_BITS = { least: 3072, most: 4096 };
/** SHA-384's length: RFC 4055 recommends it, and AMD uses it. */
const PSS_SALT_BYTES = 48;

const OID = {
  ecPublicKey: "1.2.840.10045.2.1",
  rsaEncryption: "1.2.840.113549.1.1.1",
  rsaPss: "1.2.840.113549.1.1.10",
  mgf1: "1.2.840.113549.1.1.8",
  sha384: "2.16.840.1.101.3.4.2.2",
};
const CURVES: Readonly<Record<string, Curve>> = {
  "1.2.840.10045.3.1.7": "P-256",
  "1.3.132.0.34": "P-384",
};
const ECDSA: Readonly<Record<string, SignatureAlgorithm>> = {
  "1.2.840.10045.4.3.2": "ecdsa-sha256",
  "1.2.840.10045.4.3.3": "ecdsa-sha384",
};

/** AlgorithmIdentifier of a signature: RFC 5758 section 3.2 (ECDSA has no parameters), RFC 4055 section 3.1 (PSS). */
export function readSignatureAlgorithm(reader: DerReader, name: string): SignatureAlgorithm | undefined {
  const inside = reader.sequence(name);
  const oid = inside.objectIdentifier(name);
  if (oid === OID.rsaPss) readPssParameters(inside.sequence(`${name}.parameters`), name);
  inside.end(name);
  const algorithm = oid === OID.rsaPss ? "rsa-pss-sha384" : ECDSA[oid];
  if (algorithm === undefined) reader.fail(`${name}: algorithm ${oid} is not supported`);
  return algorithm;
}

function readHash(reader: DerReader, name: string): void {
  const inside = reader.sequence(name);
  if (inside.objectIdentifier(name) !== OID.sha384) inside.fail(`${name}: SHA-384 is wanted`);
  if (!inside.done) inside.element(TAG.null, name);
  inside.end(name);
}

function readPssParameters(reader: DerReader, name: string): void {
  readHash(reader.inside(contextTag(0), name), `${name}.hash`);
  const mask = reader.inside(contextTag(1), name).sequence(`${name}.mask`);
  if (mask.objectIdentifier(`${name}.mask`) !== OID.mgf1) mask.fail(`${name}: MGF1 is wanted`);
  readHash(mask, `${name}.maskHash`);
  const salt = reader.inside(contextTag(2), name).small(`${name}.saltLength`, 255);
  if (salt !== PSS_SALT_BYTES) reader.fail(`${name}: a salt of ${PSS_SALT_BYTES} bytes is wanted`);
  if (!reader.done) {
    const trailer = reader.inside(contextTag(3), name).small(`${name}.trailer`, 255);
    if (trailer !== 1) reader.fail(`${name}: trailer field 1 is wanted`);
  }
  reader.end(name);
}

function readCurve(algorithm: DerReader, point: Uint8Array, name: string): Curve | undefined {
  const curve = CURVES[algorithm.objectIdentifier(`${name}.curve`)];
  if (curve === undefined) algorithm.fail(`${name}: neither P-256 nor P-384`);
  else if (point.length !== 1 + 2 * FIELD_BYTES[curve] || point[0] !== 4) {
    algorithm.fail(`${name}: an uncompressed point is wanted`);
  }
  return curve;
}

/** SubjectPublicKeyInfo (RFC 5280, section 4.1.2.7): a P-256, P-384 or RSA key. Node checks that the point is on its curve. */
export function readPublicKey(reader: DerReader, name: string): PublicKey | undefined {
  const { raw, content } = reader.element(TAG.sequence, name);
  const inside = reader.of(content);
  const algorithm = inside.sequence(`${name}.algorithm`);
  const oid = algorithm.objectIdentifier(`${name}.algorithm`);
  const bits = inside.bytesOfBits(`${name}.key`);
  let type: PublicKey["type"] | undefined;
  if (oid === OID.ecPublicKey) type = readCurve(algorithm, bits, name);
  else if (oid === OID.rsaEncryption) {
    algorithm.element(TAG.null, `${name}.parameters`);
    type = "RSA";
  } else reader.fail(`${name}: key algorithm ${oid} is not supported`);
  algorithm.end(`${name}.algorithm`);
  inside.end(name);
  if (reader.fault !== undefined || type === undefined) return undefined;
  const key = importKey(() => createPublicKey({ key: Buffer.from(raw), format: "der", type: "spki" }));
  const modulus = key?.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key === undefined) reader.fail(`${name}: no valid key`);
  else if (type === "RSA" && (modulus < RSA_BITS.least || modulus > RSA_BITS.most)) {
    reader.fail(`${name}: RSA of ${modulus} bits`);
  } else return { type, key };
  return undefined;
}

/** The key of a point's coordinates, x | y; undefined when it is not on the curve. */
export function publicKeyOfPoint(curve: Curve, point: Uint8Array): PublicKey | undefined {
  const length = FIELD_BYTES[curve];
  const [x, y] = [point.subarray(0, length), point.subarray(length)].map((coordinate) =>
    Buffer.from(coordinate).toString("base64url"),
  );
  if (point.length !== 2 * length || x === undefined || y === undefined) return undefined;
  const key = importKey(() => createPublicKey({ key: { kty: "EC", crv: curve, x, y }, format: "jwk" }));
  return key === undefined ? undefined : { type: curve, key };
}

/** Node throws on a key that is none; here that is an answer, since the key comes from the evidence. */
function importKey(make: () => KeyObject): KeyObject | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}

/** Left-pads a number to the curve's length; undefined when it does not fit. */
function padded(number: Uint8Array, length: number): Uint8Array | undefined {
  if (number.length > length) return undefined;
  const bytes = new Uint8Array(length);
  bytes.set(number, length - number.length);
  return bytes;
}

/** r | s of an ECDSA-Sig-Value (RFC 3279, section 2.2.3), strictly DER; undefined when it is none. */
export function rawSignature(der: Uint8Array, curve: Curve): Uint8Array | undefined {
  const outer = new DerReader(der);
  const inside = outer.sequence("signature");
  const r = padded(inside.unsigned("r"), FIELD_BYTES[curve]);
  const s = padded(inside.unsigned("s"), FIELD_BYTES[curve]);
  inside.end("signature");
  outer.end("signature");
  if (outer.fault !== undefined || r === undefined || s === undefined) return undefined;
  return Buffer.concat([r, s]);
}

/**
 * ECDSA over r | s as hardware writes it. High s is genuine: AMD's firmware does not normalise.
 */
export function verifyEcdsa(
  { type, key }: PublicKey,
  hash: "sha256" | "sha384",
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (type === "RSA" || signature.length !== 2 * FIELD_BYTES[type]) return false;
  return verify(hash, message, { key, dsaEncoding: "ieee-p1363" }, signature);
}

/** A signature of a certificate or revocation list; false also when key and algorithm do not go together. */
export function verifySignature(
  key: PublicKey,
  algorithm: SignatureAlgorithm,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (algorithm === "rsa-pss-sha384") {
    if (key.type !== "RSA") return false;
    const padding = nodeCrypto.RSA_PKCS1_PSS_PADDING;
    return verify("sha384", message, { key: key.key, padding, saltLength: PSS_SALT_BYTES }, signature);
  }
  if (key.type === "RSA") return false;
  const raw = rawSignature(signature, key.type);
  return (
    raw !== undefined && verifyEcdsa(key, algorithm === "ecdsa-sha256" ? "sha256" : "sha384", message, raw)
  );
}
