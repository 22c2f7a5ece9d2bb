import { p384 } from "@noble/curves/nist.js";
import { bigintFromBytes } from "./bytes.ts";

/** Bytes of a coordinate, of each number of a signature, and of SHA-384. */
export const P384_BYTES = 48;

const { n: ORDER } = p384.Point.CURVE();
const { Fn } = p384.Point;

/** x | y of a key that is on the curve; undefined for anything else. */
function pointOf(key: Uint8Array) {
  if (key.length !== 2 * P384_BYTES) return undefined;
  const point = p384.Point.fromAffine({
    x: bigintFromBytes(key.subarray(0, P384_BYTES)),
    y: bigintFromBytes(key.subarray(P384_BYTES)),
  });
  try {
    point.assertValidity();
    return point;
  } catch {
    // The library reports "not on the curve" by throwing.
    return undefined;
  }
}

/**
 * Whether the signature's point R = z/s G + r/s Q has an odd y: the hint `oddFirst` of the contracts' `ISignatureVerifier`,
 * which halves the gas of a P-384 signature. Undefined where the signature is not the key's (FIPS 186-5, section 6.4.2).
 * High s is accepted, as AMD's hardware makes it.
 *
 * @param key x | y, 48 bytes each. @param signature r | s, 48 bytes each. @param digest 48 bytes, SHA-384 of the message.
 */
export function isP384PointOdd(
  key: Uint8Array,
  signature: Uint8Array,
  digest: Uint8Array,
): boolean | undefined {
  if (signature.length !== 2 * P384_BYTES || digest.length !== P384_BYTES) return undefined;
  const [r, s] = [signature.subarray(0, P384_BYTES), signature.subarray(P384_BYTES)].map(bigintFromBytes);
  if (r === undefined || s === undefined || r === 0n || s === 0n || r >= ORDER || s >= ORDER)
    return undefined;
  const q = pointOf(key);
  if (q === undefined) return undefined;
  const inverse = Fn.inv(s);
  const [u1, u2] = [Fn.mul(Fn.create(bigintFromBytes(digest)), inverse), Fn.mul(r, inverse)];
  const point = p384.Point.BASE.multiplyUnsafe(u1).add(q.multiplyUnsafe(u2));
  if (point.is0()) return undefined;
  const { x, y } = point.toAffine();
  return x % ORDER === r ? (y & 1n) === 1n : undefined;
}
