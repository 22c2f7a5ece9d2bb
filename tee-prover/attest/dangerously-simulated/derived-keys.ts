import { checkPrimeSync, createECDH, createPrivateKey, createPublicKey, hkdfSync } from "node:crypto";
import { bigintFromBytes, bigintToBytes } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import type { Key } from "./authority.ts";

/**
 * Everybody has these words, so everybody has every key that is derived of them, like the accounts of a test mnemonic.
 * What such a key signs proves nothing; production trusts none (`DEVELOPMENT_ROOTS`).
 */
export const PUBLIC_PHRASE =
  "phala-l2 development attestation roots: these words are public, and whatever they derive protects nothing";
const SALT = "phala-l2 dangerously simulated";

/** HKDF (RFC 5869) with SHA-512 of the public phrase: the same bytes for the same label, everywhere. */
export function publicBytes(label: string, length: number): Uint8Array {
  return new Uint8Array(hkdfSync("sha512", PUBLIC_PHRASE, SALT, label, length));
}

/** Node's name of each curve, its order (SP 800-186, section 3.2.1), and bytes of a coordinate. */
const CURVES = {
  "P-256": {
    name: "prime256v1",
    order: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
    bytes: 32,
  },
  "P-384": {
    name: "secp384r1",
    order:
      0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
    bytes: 48,
  },
} as const;
/** More bytes than the order has, so that the remainder is as good as even (FIPS 186-5, appendix A.2.1). */
const EXTRA_BYTES = 16;

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}

function keyOf(jwk: Readonly<Record<string, string>>): Key {
  const privateKey = createPrivateKey({ key: jwk, format: "jwk" });
  return { privateKey, spki: createPublicKey(privateKey).export({ format: "der", type: "spki" }) };
}

/** The key of this label on the curve. */
export function publicKnownKey(curve: keyof typeof CURVES, label: string): Key {
  const { name, order, bytes } = CURVES[curve];
  const wide = bigintFromBytes(publicBytes(`${curve} ${label}`, bytes + EXTRA_BYTES));
  const secret = bigintToBytes((wide % (order - 1n)) + 1n, bytes);
  const pair = createECDH(name);
  pair.setPrivateKey(secret);
  const point = pair.getPublicKey().subarray(1);
  const [x, y] = [point.subarray(0, bytes), point.subarray(bytes)];
  return keyOf({ kty: "EC", crv: curve, d: text(secret), x: text(x), y: text(y) });
}

/**
 * How far the primes of an RSA key are from where their search begins, in steps of two. They were searched once, which
 * takes a second; with them each start only checks that these are primes.
 */
export type PrimeSteps = { readonly p: bigint; readonly q: bigint };

const RSA_BYTES = 512;
const EXPONENT = 65_537n;

function primeOf(label: string, steps: bigint): bigint {
  const bits = BigInt(RSA_BYTES * 4);
  // Both upper bits, so that the product has all its bits; the lowest, since primes are odd.
  const start = bigintFromBytes(publicBytes(label, RSA_BYTES / 2)) | (3n << (bits - 2n)) | 1n;
  const prime = start + 2n * steps;
  if (checkPrimeSync(prime)) return prime;
  throw new RollupError("SIMULATION_KEY_BROKEN", `${label} is no prime ${steps} steps from its start`);
}

/** The inverse of `value` modulo `modulus`, which have no common divisor (extended Euclid). */
function inverse(value: bigint, modulus: bigint): bigint {
  let [rest, next] = [modulus, value % modulus];
  let [factor, nextFactor] = [0n, 1n];
  while (next > 0n) {
    const quotient = rest / next;
    [rest, next] = [next, rest - quotient * next];
    [factor, nextFactor] = [nextFactor, factor - quotient * nextFactor];
  }
  return ((factor % modulus) + modulus) % modulus;
}

/** The RSA key of 4,096 bits of this label. @throws RollupError SIMULATION_KEY_BROKEN */
export function publicKnownRsaKey(label: string, steps: PrimeSteps): Key {
  const [p, q] = [primeOf(`${label} p`, steps.p), primeOf(`${label} q`, steps.q)];
  const d = inverse(EXPONENT, (p - 1n) * (q - 1n));
  const number = (value: bigint, length: number) => text(bigintToBytes(value, length));
  const half = RSA_BYTES / 2;
  return keyOf({
    kty: "RSA",
    n: number(p * q, RSA_BYTES),
    e: number(EXPONENT, 3),
    d: number(d, RSA_BYTES),
    p: number(p, half),
    q: number(q, half),
    dp: number(d % (p - 1n), half),
    dq: number(d % (q - 1n), half),
    qi: number(inverse(q, p), half),
  });
}
