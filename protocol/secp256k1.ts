import { secp256k1 } from "@noble/curves/secp256k1.js";
import { type Address, asAddress, bigintFromBytes, bigintToBytes, concatBytes, type Hash } from "./bytes.ts";
import { keccak256 } from "./keccak.ts";

/** An ECDSA signature over secp256k1 with the parity of the nonce point's y, as Ethereum writes it. */
export type Signature = { readonly r: bigint; readonly s: bigint; readonly yParity: 0 | 1 };

/** Order of the group: r and s lie in 1 … order - 1. */
export const SECP256K1_ORDER = secp256k1.Point.CURVE().n;

/** EIP-2: of the two valid s values only the lower counts, so nobody can restate a transaction's signature. */
export function isLowS(s: bigint): boolean {
  return s <= SECP256K1_ORDER >> 1n;
}

function isScalar(value: bigint): boolean {
  return value > 0n && value < SECP256K1_ORDER;
}

function addressOfPublicKey(uncompressed: Uint8Array): Address {
  return asAddress(keccak256(uncompressed.subarray(1)).slice(12));
}

/**
 * The address whose key made this signature over a 32-byte digest, or undefined when no key can have
 * (r or s out of range, r no point's x, or the point at infinity). High s is accepted: see isLowS.
 */
export function recoverAddress(digest: Hash, signature: Signature): Address | undefined {
  const { r, s, yParity } = signature;
  if (!isScalar(r) || !isScalar(s)) return undefined;
  try {
    const key = new secp256k1.Signature(r, s, yParity).recoverPublicKey(digest);
    return addressOfPublicKey(key.toBytes(false));
  } catch {
    // The library reports "no such key" by throwing; scalars and the digest's length are known to be good.
    return undefined;
  }
}

/** Signs a 32-byte digest with a 32-byte key: deterministic (RFC 6979) and low-s. */
export function signDigest(digest: Hash, privateKey: Uint8Array): Signature {
  const bytes = secp256k1.sign(digest, privateKey, { prehash: false, lowS: true, format: "recovered" });
  const { r, s, recovery } = secp256k1.Signature.fromBytes(bytes, "recovered");
  return { r, s, yParity: recovery === 1 ? 1 : 0 };
}

/** The address of a 32-byte private key. */
export function addressOfKey(privateKey: Uint8Array): Address {
  return addressOfPublicKey(secp256k1.getPublicKey(privateKey, false));
}

/** Signature as 65 bytes r | s | yParity: the form of gossip and of wallets (which add 27 to the last). */
export function signatureToBytes({ r, s, yParity }: Signature): Uint8Array {
  return concatBytes(bigintToBytes(r, 32), bigintToBytes(s, 32), Uint8Array.of(yParity));
}

/** What contracts' signatures have in their last byte, v, for an even y. Source: Yellow Paper, appendix F. */
const RECOVERY_BASE = 27;
const CONTRACT_SIGNATURE_LENGTH = 65;

/** Signature as 65 bytes r | s | v, v 27 or 28: the form that contracts recover. */
export function contractSignature(signature: Signature): Uint8Array {
  return signatureToBytes(signature).with(64, RECOVERY_BASE + signature.yParity);
}

/**
 * Who signed a digest, by 65 bytes r | s | v. Undefined for whatever contracts refuse: another length, v other than 27 or 28,
 * high s, and where no key can have signed. Source: OpenZeppelin's ECDSA.
 */
export function contractSigner(digest: Hash, bytes: Uint8Array): Address | undefined {
  const parity = (bytes[64] ?? 0) - RECOVERY_BASE;
  if (bytes.length !== CONTRACT_SIGNATURE_LENGTH || (parity !== 0 && parity !== 1)) return undefined;
  const [r, s] = [bigintFromBytes(bytes.subarray(0, 32)), bigintFromBytes(bytes.subarray(32, 64))];
  return isLowS(s) ? recoverAddress(digest, { r, s, yParity: parity }) : undefined;
}

/** A public key's two coordinates, 64 bytes, from its compressed form; undefined when that is no key's. */
export function publicKeyCoordinates(compressed: Uint8Array): Uint8Array | undefined {
  try {
    return secp256k1.Point.fromBytes(compressed).toBytes(false).subarray(1);
  } catch {
    // The library reports "no such point" by throwing.
    return undefined;
  }
}
