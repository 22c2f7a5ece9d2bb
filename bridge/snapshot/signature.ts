import { bytesEqual, concatBytes, type Hash } from "@phala-l2/protocol/bytes";
import { cryptoWaitReady, ed25519Verify, secp256k1Verify, sr25519Verify } from "@polkadot/util-crypto";

/** Kinds of keys that accounts of the parachain have. */
export const KEY_KINDS = ["sr25519", "ed25519", "ecdsa"] as const;
export type KeyKind = (typeof KEY_KINDS)[number];

export type SignatureVerdict =
  | { readonly valid: true; readonly kind: KeyKind; readonly wrapped: boolean }
  | { readonly valid: false; readonly reason: string };

type Verify = (message: Uint8Array, signature: Uint8Array, account: Hash) => boolean;

const VERIFIERS: Readonly<Record<KeyKind, Verify>> = {
  sr25519: sr25519Verify,
  ed25519: ed25519Verify,
  // Over BLAKE2b-256 of the message. The account is the hash of the key that is recovered, so its key need not be told.
  ecdsa: (message, signature, account) => secp256k1Verify(message, signature, account, "blake2"),
};

/** Lengths without and with the byte in front that tells the kind (`MultiSignature`). */
const LENGTHS: Readonly<Record<KeyKind, number>> = { sr25519: 64, ed25519: 64, ecdsa: 65 };
const TAGS: Readonly<Record<KeyKind, number>> = { ed25519: 0, sr25519: 1, ecdsa: 2 };

function bareSignature(signature: Uint8Array, kind: KeyKind): Uint8Array | undefined {
  const length = LENGTHS[kind];
  if (signature.length === length) return signature;
  const isTagged = signature.length === length + 1 && signature[0] === TAGS[kind];
  return isTagged ? signature.subarray(1) : undefined;
}

const encoder = new TextEncoder();
const OPENING = encoder.encode("<Bytes>");
const CLOSING = encoder.encode("</Bytes>");

/** A message without the wrapping that wallets put around it, where it has one. */
function bareMessage(message: Uint8Array): Uint8Array {
  const end = message.length - CLOSING.length;
  const isWrapped =
    end >= OPENING.length &&
    bytesEqual(message.subarray(0, OPENING.length), OPENING) &&
    bytesEqual(message.subarray(end), CLOSING);
  return isWrapped ? message.subarray(OPENING.length, end) : message;
}

/** The library throws for some signatures that are none. */
function isSignedBy(kind: KeyKind, message: Uint8Array, signature: Uint8Array, account: Hash): boolean {
  try {
    return VERIFIERS[kind](message, signature, account);
  } catch {
    return false;
  }
}

/**
 * Whether a signature over exactly this message, raw or as wallets wrap it, is by an account's key: the verdicts of
 * @polkadot/util-crypto. The account of an ecdsa key is BLAKE2b-256 of the compressed key.
 * @param only the kind of key, where it is known; all are tried else
 */
export async function judgeSignature(
  message: Uint8Array,
  signature: Uint8Array,
  account: Hash,
  only?: KeyKind,
): Promise<SignatureVerdict> {
  await cryptoWaitReady();
  const kinds = KEY_KINDS.filter((kind) => only === undefined || kind === only);
  const candidates = kinds.flatMap((kind) => {
    const bare = bareSignature(signature, kind);
    return bare === undefined ? [] : [{ kind, bare }];
  });
  if (candidates.length === 0) {
    return { valid: false, reason: `no signature by a key of this kind has ${signature.length} bytes` };
  }
  const raw = bareMessage(message);
  for (const wrapped of [false, true]) {
    const signed = wrapped ? concatBytes(OPENING, raw, CLOSING) : raw;
    for (const { kind, bare } of candidates) {
      if (isSignedBy(kind, signed, bare, account)) return { valid: true, kind, wrapped };
    }
  }
  return { valid: false, reason: "this account's key has not signed this message" };
}
