import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { add, G, inverse, lift, modulo, multiply, N, negate, P, type Point } from "./p384-curve.ts";

/** A question to a verifier. `oddFirst` is the hint that makes a valid one cheap. */
export interface SignatureVector {
  readonly name: string;
  readonly key: string;
  readonly digest: string;
  readonly signature: string;
  readonly oddFirst: boolean;
  readonly valid: boolean;
}

const hex48 = (value: bigint) => value.toString(16).padStart(96, "0");
const number = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).toString("hex")}`);

function vector(name: string, key: Point, z: bigint, r: bigint, s: bigint, valid: boolean): SignatureVector {
  if (key === undefined) throw new Error(`${name}: infinity is no key`);
  const w = inverse(s, N);
  const point = add(multiply(z * w, G), multiply(r * w, key));
  const answer = s > 0n && s < N && r > 0n && r < N && point !== undefined && modulo(point.x, N) === r;
  if (answer !== valid) throw new Error(`${name}: ${answer}`);
  return {
    name,
    key: `0x${hex48(key.x)}${hex48(key.y)}`,
    digest: `0x${hex48(z)}`,
    signature: `0x${hex48(r)}${hex48(s)}`,
    oddFirst: point !== undefined && (point.y & 1n) === 1n,
    valid,
  };
}

/** Signatures of Node's crypto (OpenSSL), with the s it chose and with n - s. */
function genuine(index: number): SignatureVector[] {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-384" });
  const { x, y } = publicKey.export({ format: "jwk" });
  if (x === undefined || y === undefined) throw new Error("no coordinates");
  const key = { x: number(Buffer.from(x, "base64url")), y: number(Buffer.from(y, "base64url")) };
  const message = Buffer.from(`message ${index}`);
  const signature = sign("sha384", message, { key: privateKey, dsaEncoding: "ieee-p1363" });
  const z = number(createHash("sha384").update(message).digest());
  const r = number(signature.subarray(0, 48));
  const s = number(signature.subarray(48));
  return [
    vector(`OpenSSL ${index}, s`, key, z, r, s, true),
    vector(`OpenSSL ${index}, n - s`, key, z, r, N - s, true),
    vector(`OpenSSL ${index}, another message`, key, z ^ 1n, r, s, false),
  ];
}

/** With R = u1 G + u2 Q wanted, the key follows: Q = (R - u1 G) / u2. Then s = r / u2 and z = u1 s. */
function fromPoint(name: string, wanted: Point, u1: bigint, u2: bigint): SignatureVector {
  if (wanted === undefined) throw new Error(`${name}: no point`);
  const key = multiply(inverse(u2, N), add(wanted, negate(multiply(u1, G))));
  const r = modulo(wanted.x, N);
  const s = modulo(r * inverse(u2, N), N);
  return vector(name, key, modulo(u1 * s, N), r, s, true);
}

/** A key k G with u1 and u2 chosen; r is whatever is asked for. */
function fromFactors(
  name: string,
  k: bigint,
  u1: bigint,
  u2: bigint,
  r: bigint,
  valid: boolean,
): SignatureVector {
  const s = modulo(r * inverse(u2, N), N);
  return vector(name, multiply(k, G), modulo(u1 * s, N), r, s, valid);
}

function firstPoint(from: bigint): Point {
  for (let x = from; ; x++) {
    const point = lift(x);
    if (point !== undefined) return point;
  }
}

function x(factor: bigint): bigint {
  const point = multiply(factor, G);
  if (point === undefined) throw new Error("infinity has no x");
  return modulo(point.x, N);
}

/** Cases that random signatures never meet: carries, infinity on the way, equal and opposite summands, x(R) from n on. */
function edges(): SignatureVector[] {
  const small = firstPoint(1n);
  const large = firstPoint(N + 1n);
  if (large === undefined || large.x >= P) throw new Error("no x between n and p");
  return [
    fromPoint("x(R) >= n", large, 5n, 7n),
    fromPoint("x(R) >= n, long factors", negate(large), N - 5n, N / 3n),
    fromPoint("small x(R)", small, N / 5n, N / 7n),
    fromFactors("zero digest", 3n, 0n, 5n, x(15n), true),
    fromFactors("key is G", 1n, 2n, 3n, x(5n), true),
    fromFactors("key is -G", N - 1n, 2n, 5n, x(3n), true),
    fromFactors("u1 G = u2 Q", 2n, 6n, 3n, x(12n), true),
    fromFactors("u1 G = -u2 Q: infinity", 2n, N - 6n, 3n, x(12n), false),
    fromFactors("u2 = 1", 7n, 11n, 1n, x(18n), true),
    fromFactors("u2 = n - 1", 7n, 11n, N - 1n, x(4n), true),
    fromFactors("u2 = 2^192", 9n, 1n, 2n ** 192n, x(9n * 2n ** 192n + 1n), true),
    fromFactors("u2 = 2^192 - 1", 9n, N - 1n, 2n ** 192n - 1n, x(9n * (2n ** 192n - 1n) - 1n), true),
    fromFactors("u2 = (n + 1) / 2", 9n, 4n, (N + 1n) / 2n, x((9n * (N + 1n)) / 2n + 4n), true),
    fromFactors("u1 = 2^383", 9n, 2n ** 383n, 4n, x(2n ** 383n + 36n), true),
    fromFactors("another r", 9n, 4n, 5n, x(50n), false),
  ];
}

/** P-384 vectors; the keys are forgotten. */
export function p384Vectors(): SignatureVector[] {
  return [...[0, 1, 2, 3].flatMap(genuine), ...edges()];
}
