/** Signature schemes in the order of the contract's enumeration. */
export const KEY_KINDS = ["sr25519", "ed25519", "ecdsa"] as const;
export type KeyKind = (typeof KEY_KINDS)[number];

/** What is asked of a verifier: is this the key's signature over exactly these bytes? */
export type Question = {
  readonly kind: KeyKind;
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
};

/** `length`: no key or no signature of this kind has so many bytes, which is an error and no verdict. */
export type Verdict = "valid" | "invalid" | "length";

type Lengths = { readonly publicKey: number; readonly signature: number };

/** Bytes of keys and signatures. */
export const LENGTHS: Readonly<Record<KeyKind, Lengths>> = {
  sr25519: { publicKey: 32, signature: 64 },
  ed25519: { publicKey: 32, signature: 64 },
  ecdsa: { publicKey: 33, signature: 65 },
};

export function hasLengths({ kind, publicKey, signature }: Question): boolean {
  return publicKey.length === LENGTHS[kind].publicKey && signature.length === LENGTHS[kind].signature;
}
