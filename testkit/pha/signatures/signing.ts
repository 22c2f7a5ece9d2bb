import { concatBytes } from "@phala-l2/protocol/bytes";
import {
  ed25519PairFromSeed,
  ed25519Sign,
  secp256k1PairFromSeed,
  secp256k1Sign,
  sr25519PairFromSeed,
  sr25519Sign,
} from "@polkadot/util-crypto";
import type { Random } from "../../derivation/random.ts";
import type { KeyKind, Question } from "./question.ts";

const SEED_LENGTH = 32;
/** More than a claim's message has, and more than three blocks of each hash. */
const LONGEST_MESSAGE = 600;

type Signer = { readonly publicKey: Uint8Array; readonly sign: (message: Uint8Array) => Uint8Array };

/**
 * sr25519 draws its nonces from WebCrypto. While it signs, WebCrypto's numbers are the case's, so that equal runs make
 * equal signatures. Synchronous: nobody else draws meanwhile.
 */
function withRandomness<T>(random: Random, act: () => T): T {
  const fill = (array: Uint8Array): Uint8Array => {
    array.set(random.bytes(array.length));
    return array;
  };
  Object.defineProperty(globalThis.crypto, "getRandomValues", { value: fill, configurable: true });
  try {
    return act();
  } finally {
    Reflect.deleteProperty(globalThis.crypto, "getRandomValues");
  }
}

function signerOf(kind: KeyKind, random: Random): Signer {
  const seed = random.bytes(SEED_LENGTH);
  if (kind === "sr25519") {
    const pair = sr25519PairFromSeed(seed);
    return {
      publicKey: pair.publicKey,
      sign: (message) => withRandomness(random, () => sr25519Sign(message, pair)),
    };
  }
  if (kind === "ed25519") {
    const pair = ed25519PairFromSeed(seed);
    return { publicKey: pair.publicKey, sign: (message) => ed25519Sign(message, pair) };
  }
  const pair = secp256k1PairFromSeed(seed);
  return { publicKey: pair.publicKey, sign: (message) => secp256k1Sign(message, pair, "blake2") };
}

/** A key of this kind, as polkadot-js makes it from a seed. */
export function publicKeyOf(kind: KeyKind, random: Random): Uint8Array {
  return signerOf(kind, random).publicKey;
}

/** A message as long as a claim's, or of any length to twice that. */
export function anyMessage(random: Random): Uint8Array {
  return random.bytes(random.below(LONGEST_MESSAGE + 1));
}

/** As wallets wrap what is no transaction. */
export function wrapped(message: Uint8Array): Uint8Array {
  const encoder = new TextEncoder();
  return concatBytes(encoder.encode("<Bytes>"), message, encoder.encode("</Bytes>"));
}

/** A question to which the answer is yes; `wrap` makes what is signed of the message that is asked for. */
export function signed(
  kind: KeyKind,
  random: Random,
  wrap: (message: Uint8Array) => Uint8Array = (message) => message,
): Question {
  const message = anyMessage(random);
  const { publicKey, sign } = signerOf(kind, random);
  return { kind, publicKey, message, signature: sign(wrap(message)) };
}
