import { bigintFromBytes, bigintToBytes, concatBytes, fromHex } from "@phala-l2/protocol/bytes";
import { mutated, type Random } from "../../derivation/random.ts";
import { L, N, P, SMALL_ORDER } from "./points.ts";
import { KEY_KINDS, LENGTHS, type Question } from "./question.ts";
import { anyMessage, publicKeyOf, signed, wrapped } from "./signing.ts";

/** A question and the attack that made it. */
export type HostileQuestion = { readonly way: string; readonly question: Question };

/** Makes of a good question another one. */
type Way = (question: Question, random: Random) => Question;

const HALF = 32;
const MOST_BITS = 3;
/** The highest bit of the last byte: schnorrkel's marker, or an odd x in a point. */
const HIGHEST_BIT = 0x80;
/** L fits fifteen times into 256 bits. */
const MULTIPLES_OF_L = 15;
/** Numbers below 2^255 that are not below p. */
const ABOVE_P = 19;
const BYTE_VALUES = 256;
const RECOVERY_IDS = 4;

const littleEndian = (value: bigint): Uint8Array => bigintToBytes(value, HALF).toReversed();

function withBits(random: Random, bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  for (let bits = 1 + random.below(MOST_BITS); bits > 0 && copy.length > 0; bits--) {
    const at = random.below(copy.length);
    copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8));
  }
  return copy;
}

/** The halves of a signature, and what follows them. */
function parts({ signature }: Question): readonly [r: Uint8Array, s: Uint8Array, rest: Uint8Array] {
  return [signature.subarray(0, HALF), signature.subarray(HALF, 2 * HALF), signature.subarray(2 * HALF)];
}

function withHalves(question: Question, r: Uint8Array, s: Uint8Array): Question {
  const [, , rest] = parts(question);
  return { ...question, signature: concatBytes(r, s, rest) };
}

const flipR: Way = (question, random) => {
  const [r, s] = parts(question);
  return withHalves(question, withBits(random, r), s);
};

const flipS: Way = (question, random) => {
  const [r, s] = parts(question);
  return withHalves(question, r, withBits(random, s));
};

/** The same number modulo the order in another form; for ECDSA also the negative one, which is as good. */
const otherForm: Way = (question, random) => {
  const [r, s, rest] = parts(question);
  if (question.kind === "ecdsa") {
    const number = bigintFromBytes(s);
    if (random.below(4) === 0) return withHalves(question, r, bigintToBytes((number + N) % 2n ** 256n, HALF));
    const id = random.below(2) === 0 ? rest : Uint8Array.of((rest[0] ?? 0) ^ 1);
    return { ...question, signature: concatBytes(r, bigintToBytes(N - number, HALF), id) };
  }
  const marker = question.kind === "sr25519" ? HIGHEST_BIT : 0;
  const plain = s.slice();
  plain[HALF - 1] = (plain[HALF - 1] ?? 0) & ~marker;
  const number = bigintFromBytes(plain.toReversed()) + BigInt(1 + random.below(MULTIPLES_OF_L)) * L;
  const other = littleEndian(number % 2n ** 256n);
  other[HALF - 1] = (other[HALF - 1] ?? 0) | marker;
  return withHalves(question, r, other);
};

/** The marker, or the recovery id. */
const lastByte: Way = (question, random) => {
  const signature = question.signature.slice();
  const at = signature.length - 1;
  const last = signature[at] ?? 0;
  const values = [
    last ^ HIGHEST_BIT,
    random.below(BYTE_VALUES),
    random.below(RECOVERY_IDS),
    last + 27,
  ] as const;
  signature[at] = random.pick([...values]);
  return { ...question, signature };
};

/** Keys and commitments of which anybody knows the secret, with s = 0 or a good one. */
const smallOrder: Way = (question, random) => {
  const [r, s] = parts(question);
  const point = () => fromHex(random.pick(SMALL_ORDER));
  const zero = new Uint8Array(HALF);
  const forged = withHalves(question, random.below(4) === 0 ? r : point(), random.below(4) === 0 ? s : zero);
  return random.below(4) === 0 ? forged : { ...forged, publicKey: point() };
};

/** Numbers that are no encodings, for the key or for R. */
const notCanonical: Way = (question, random) => {
  const [r, s] = parts(question);
  const bytes = littleEndian(P + BigInt(random.below(ABOVE_P)));
  const highest = r.slice();
  highest[HALF - 1] = (highest[HALF - 1] ?? 0) | HIGHEST_BIT;
  const bad = random.pick([bytes, highest, withBits(random, bytes), random.bytes(HALF)]);
  if (random.below(2) === 0) return withHalves(question, bad, s);
  const prefix = question.kind === "ecdsa" ? question.publicKey.subarray(0, 1) : new Uint8Array(0);
  return { ...question, publicKey: concatBytes(prefix, bad) };
};

function resized(bytes: Uint8Array, length: number): Uint8Array {
  const copy = new Uint8Array(length);
  copy.set(bytes.subarray(0, length));
  return copy;
}

/** A key and a signature of one kind, given out as those of another. */
const otherKind: Way = ({ message, ...question }, random) => {
  const kind = random.pick([...KEY_KINDS]);
  if (random.below(8) === 0) return { ...question, kind, message };
  const { publicKey, signature } = LENGTHS[kind];
  return {
    kind,
    message,
    publicKey: resized(question.publicKey, publicKey),
    signature: resized(question.signature, signature),
  };
};

const halves: Way = (question, random) => {
  const [r, s] = parts(question);
  const [zero, ones] = [new Uint8Array(HALF), new Uint8Array(HALF).fill(0xff)];
  const [first, second] = random.pick([
    [s, r],
    [zero, s],
    [r, zero],
    [ones, s],
    [r, ones],
    [zero, zero],
    [r, r],
  ]);
  return withHalves(question, first ?? zero, second ?? zero);
};

const otherLengths: Way = (question, random) => {
  const { publicKey, signature } = question;
  return random.below(2) === 0
    ? { ...question, publicKey: mutated(random, publicKey) }
    : { ...question, signature: mutated(random, signature) };
};

const WAYS: Readonly<Record<string, Way>> = {
  "as signed": (question) => question,
  "bits of the key": (question, random) => ({ ...question, publicKey: withBits(random, question.publicKey) }),
  "bits of R": flipR,
  "bits of s": flipS,
  "bits of the message": (question, random) => ({ ...question, message: withBits(random, question.message) }),
  "another message": (question, random) => ({ ...question, message: mutated(random, question.message) }),
  "signed wrapped": ({ kind }, random) => signed(kind, random, wrapped),
  "asked wrapped": (question) => ({ ...question, message: wrapped(question.message) }),
  "another form of s": otherForm,
  "another last byte": lastByte,
  "points of small order": smallOrder,
  "not canonical": notCanonical,
  "another kind": otherKind,
  "another's key": (question, random) => ({ ...question, publicKey: publicKeyOf(question.kind, random) }),
  "another's signature": (question, random) => ({
    ...question,
    signature: signed(question.kind, random).signature,
  }),
  halves,
  "other lengths": otherLengths,
};

/** One case in so many is a question of `crafted`, the message changed in half of them. */
const CRAFTED = 16;

/** A question of any kind, one in seventeen as signed. */
export function hostileQuestion(
  random: Random,
  crafted: readonly [Question, ...Question[]],
): HostileQuestion {
  if (random.below(CRAFTED) === 0) {
    const question = random.pick([...crafted]);
    return {
      way: "crafted",
      question: random.below(2) === 0 ? question : { ...question, message: anyMessage(random) },
    };
  }
  const names = Object.keys(WAYS);
  const way = names[random.below(names.length)] ?? "as signed";
  const question = signed(random.pick([...KEY_KINDS]), random);
  return { way, question: WAYS[way]?.(question, random) ?? question };
}
