import type { Hex } from "@phala-l2/protocol/bytes";

/**
 * The eight points of small order of edwards25519 in all ways of writing them: those of RFC 8032, then with y + p for y,
 * then with an odd x of 0. For such a key anybody makes signatures, which hold for one message in eight at least.
 */
export const SMALL_ORDER: readonly [Hex, ...Hex[]] = [
  "0x0100000000000000000000000000000000000000000000000000000000000000",
  "0xc7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "0x0000000000000000000000000000000000000000000000000000000000000080",
  "0x26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "0xecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "0x26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
  "0x0000000000000000000000000000000000000000000000000000000000000000",
  "0xc7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
  "0xeeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "0xedffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "0xedffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
  "0x0100000000000000000000000000000000000000000000000000000000000080",
  "0xecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
  "0xeeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
];

/** p of the field of both schemes over Curve25519, and the order of their base point. */
export const P = 2n ** 255n - 19n;
export const L = 2n ** 252n + 27742317777372353535851937790883648493n;
/** The order of secp256k1's generator. */
export const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
