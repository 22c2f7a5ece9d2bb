import { ed25519 } from "@noble/curves/ed25519.js";
import { asHash, bytesEqual, concatBytes, type Hash, toHex } from "../bytes.ts";
import { headerHash, readHeader, type SubstrateHeader } from "./header.ts";
import { encodeUnsigned, type ScaleDecoding, type ScaleFault, ScaleReader } from "./scale.ts";

/**
 * GRANDPA, by which Substrate chains agree on what is final: of the authorities of a set, more than two thirds by
 * weight sign one round's precommits for a block or for descendants of it. Sources: Polkadot protocol specification,
 * "GRANDPA" and "Finality proofs"; sp_consensus_grandpa (payload), sc_consensus_grandpa (justification's ancestries).
 */
export type Authority = {
  /** ed25519 public key, 32 bytes. */
  readonly key: Uint8Array;
  /** u64. */
  readonly weight: bigint;
};

export type AuthoritySet = {
  /** u64: the number of hand-overs since genesis. It is signed, so that no other set's votes count. */
  readonly id: bigint;
  readonly authorities: readonly Authority[];
};

export type FinalityFault =
  | ScaleFault
  | "justification-too-large"
  | "too-many-precommits"
  | "authorities-malformed"
  | "precommit-below-target"
  | "precommit-unrelated"
  | "signature-invalid"
  | "ancestry-unused"
  | "weight-insufficient"
  | "header-not-justified"
  | "hand-over-absent"
  | "hand-over-delayed"
  | "hand-over-forced";

export type FinalBlock = { readonly hash: Hash; readonly number: bigint; readonly round: bigint };

export type Finality =
  | { readonly kind: "final"; readonly block: FinalBlock }
  | { readonly kind: "refused"; readonly reason: FinalityFault };

/** A thousand precommits take 132 kB, and each may come with headers of some hundred bytes. */
export const MAX_JUSTIFICATION_BYTES = 2 * 2 ** 20;
/** Authorities of one set: the largest relay chains have a thousand. Each signature costs a millisecond. */
export const MAX_AUTHORITIES = 4096;

const KEY_LENGTH = 32;
const SIGNATURE_LENGTH = 64;
const HASH_LENGTH = 32;
/** round 8 | target hash 32 */
const TARGET_END = 8 + HASH_LENGTH;
/** Index of a precommit among the messages of a round. */
const PRECOMMIT = 1;
/** target hash 32 | number 4 | signature 64 | key 32 */
const PRECOMMIT_LENGTH = HASH_LENGTH + 4 + SIGNATURE_LENGTH + KEY_LENGTH;
/** Who votes twice in a round is in a commit with both votes, never with more. */
const MAX_VOTES_EACH = 2;
const MAX_U64 = 2n ** 64n - 1n;

type Precommit = {
  readonly target: Hash;
  readonly number: number;
  readonly signature: Uint8Array;
  readonly key: Uint8Array;
};

type Justification = {
  readonly round: bigint;
  readonly target: Hash;
  readonly number: number;
  readonly precommits: readonly Precommit[];
  /** Headers of blocks above the target, down to it from each precommit's block. */
  readonly ancestries: readonly SubstrateHeader[];
};

function refused(reason: FinalityFault): { readonly kind: "refused"; readonly reason: FinalityFault } {
  return { kind: "refused", reason };
}

function readPrecommits(reader: ScaleReader): readonly Precommit[] {
  const precommits: Precommit[] = [];
  for (let left = reader.length(PRECOMMIT_LENGTH); left > 0; left--) {
    const target = reader.take(HASH_LENGTH);
    const number = reader.u32();
    const signature = reader.take(SIGNATURE_LENGTH);
    const key = reader.take(KEY_LENGTH);
    if (reader.fault === undefined) precommits.push({ target: asHash(target), number, signature, key });
  }
  return precommits;
}

function decodeJustification(bytes: Uint8Array): Justification | FinalityFault {
  if (bytes.length > MAX_JUSTIFICATION_BYTES) return "justification-too-large";
  const reader = new ScaleReader(bytes);
  const round = reader.u64();
  const target = reader.take(HASH_LENGTH);
  const number = reader.u32();
  const precommits = readPrecommits(reader);
  const ancestries = reader.sequence(() => readHeader(reader));
  const whole = reader.finish(undefined);
  if (whole.kind === "invalid") return whole.reason;
  return { round, target: asHash(target), number, precommits, ancestries };
}

/** What an authority signs: `(Message::Precommit { target hash, number }, round, set id)` in SCALE. */
export function precommitPayload(
  target: Hash,
  number: number,
  { round, setId }: { readonly round: bigint; readonly setId: bigint },
): Uint8Array {
  return concatBytes(
    Uint8Array.of(PRECOMMIT),
    target,
    encodeUnsigned(BigInt(number), 4),
    encodeUnsigned(round, 8),
    encodeUnsigned(setId, 8),
  );
}

/** Weights by key, in hex; undefined for a set that can be none. */
function weightsOf({ id, authorities }: AuthoritySet): ReadonlyMap<string, bigint> | undefined {
  const weights = new Map(authorities.map(({ key, weight }) => [toHex(key), weight]));
  const isSet =
    id >= 0n &&
    id <= MAX_U64 &&
    authorities.length > 0 &&
    authorities.length <= MAX_AUTHORITIES &&
    // A key that stands twice would have two weights.
    weights.size === authorities.length &&
    authorities.every(({ key, weight }) => key.length === KEY_LENGTH && weight > 0n && weight <= MAX_U64);
  return isSet ? weights : undefined;
}

/** Least weight that decides: all but the largest part that is less than a third. */
export function thresholdOf(total: bigint): bigint {
  return total - (total - 1n) / 3n;
}

/** Follows each precommit's block down to the target; tells what is wrong with the route, or undefined. */
function routeFault({ target, number, precommits, ancestries }: Justification): FinalityFault | undefined {
  const parents = new Map(ancestries.map((header) => [toHex(headerHash(header)), header]));
  const used = new Set<string>();
  for (const precommit of precommits) {
    if (precommit.number < number) return "precommit-below-target";
    let [hash, height]: [Hash, number] = [precommit.target, precommit.number];
    while (!bytesEqual(hash, target)) {
      const name = toHex(hash);
      const header = parents.get(name);
      if (header === undefined || header.number !== BigInt(height) || height <= number) {
        return "precommit-unrelated";
      }
      used.add(name);
      [hash, height] = [header.parentHash, height - 1];
    }
    if (height !== number) return "precommit-unrelated";
  }
  // Nobody can pad a justification: one commit has one form.
  return used.size === ancestries.length ? undefined : "ancestry-unused";
}

/** Hash of the block that a justification is said to be of: nothing is verified, and no vote is looked at. Never throws. */
export function claimedTarget(bytes: Uint8Array): ScaleDecoding<Hash> {
  const reader = new ScaleReader(bytes.subarray(0, TARGET_END));
  reader.u64();
  const target = reader.take(HASH_LENGTH);
  const whole = reader.finish(target);
  return whole.kind === "ok" ? { kind: "ok", value: asHash(whole.value) } : whole;
}

type Ballot = { readonly precommit: Precommit; readonly weight: bigint };

/** The first precommit of each member, in their order: further ones add no weight, and strangers have none. */
function ballotsOf(
  precommits: readonly Precommit[],
  weights: ReadonlyMap<string, bigint>,
): readonly Ballot[] {
  const ballots = new Map<string, Ballot>();
  for (const precommit of precommits) {
    const name = toHex(precommit.key);
    const weight = weights.get(name);
    if (weight !== undefined && !ballots.has(name)) ballots.set(name, { precommit, weight });
  }
  return [...ballots.values()];
}

function sum(values: Iterable<bigint>): bigint {
  return [...values].reduce((total, value) => total + value, 0n);
}

/**
 * The block that a justification (SCALE `GrandpaJustification`) makes final, if this set signed it. Of each member the first
 * vote counts; votes of strangers weigh nothing. Signatures are verified in the order of the votes until those that
 * are good decide, and the first bad one before that ends it; what comes after is not looked at, as no vote can take finality away.
 * So the verdict is that of the bytes and the set alone, and hostile bytes cost no more signatures than honest ones. (Substrate's
 * nodes refuse a bad signature wherever it stands: they judge their peers by it, and the block is final all the same.) Never throws.
 */
export function verifyJustification(bytes: Uint8Array, set: AuthoritySet): Finality {
  const weights = weightsOf(set);
  if (weights === undefined) return refused("authorities-malformed");
  const decoded = decodeJustification(bytes);
  if (typeof decoded === "string") return refused(decoded);
  const { round, target, number, precommits } = decoded;
  if (precommits.length > MAX_VOTES_EACH * weights.size) return refused("too-many-precommits");
  const fault = routeFault(decoded);
  if (fault !== undefined) return refused(fault);
  const ballots = ballotsOf(precommits, weights);
  const threshold = thresholdOf(sum(weights.values()));
  // Before any signature: too few are too few.
  if (sum(ballots.map(({ weight }) => weight)) < threshold) return refused("weight-insufficient");
  let decided = 0n;
  for (const { precommit, weight } of ballots) {
    const payload = precommitPayload(precommit.target, precommit.number, { round, setId: set.id });
    if (!isSigned(precommit, payload)) return refused("signature-invalid");
    decided += weight;
    if (decided >= threshold) break;
  }
  return { kind: "final", block: { hash: asHash(Uint8Array.from(target)), number: BigInt(number), round } };
}

/** By ZIP-215, as Substrate's own nodes verify: all of them come to the same verdict on malleable encodings. */
function isSigned({ signature, key }: Precommit, payload: Uint8Array): boolean {
  try {
    return ed25519.verify(signature, payload, key, { zip215: true });
  } catch {
    // The library throws on a key that is no point, which a hostile set may hold.
    return false;
  }
}

/** A block that is final and names the authorities that come after it. */
export type HandOver = {
  /** SCALE header of the block that announces them. */
  readonly header: SubstrateHeader;
  /** Of exactly that block, by the set that it ends. */
  readonly justification: Uint8Array;
};

export type SetVerdict =
  | { readonly kind: "set"; readonly set: AuthoritySet }
  | { readonly kind: "refused"; readonly reason: FinalityFault };

/** A consensus item of GRANDPA's engine in a header's digest: kind 4, "FRNK", then a byte string. */
const CONSENSUS_ITEM = 4;
const ENGINE = new TextEncoder().encode("FRNK");
const SCHEDULED_CHANGE = 1;
const FORCED_CHANGE = 2;

function readAuthorities(reader: ScaleReader): readonly Authority[] {
  const authorities: Authority[] = [];
  for (let left = reader.length(KEY_LENGTH + 8); left > 0; left--) {
    const key = Uint8Array.from(reader.take(KEY_LENGTH));
    const weight = reader.u64();
    if (reader.fault === undefined) authorities.push({ key, weight });
  }
  return authorities;
}

/** The authorities that a header announces for right after it. */
function announcedAuthorities({ digest }: SubstrateHeader): readonly Authority[] | FinalityFault {
  for (const item of digest) {
    const reader = new ScaleReader(item);
    if (reader.u8() !== CONSENSUS_ITEM || !bytesEqual(reader.take(ENGINE.length), ENGINE)) continue;
    const log = new ScaleReader(reader.byteString());
    const kind = log.u8();
    if (kind === FORCED_CHANGE) return "hand-over-forced";
    if (kind !== SCHEDULED_CHANGE) continue;
    const authorities = readAuthorities(log);
    const delay = log.u32();
    const whole = log.finish(undefined);
    if (whole.kind === "invalid") return whole.reason;
    return delay === 0 ? authorities : "hand-over-delayed";
  }
  return "hand-over-absent";
}

/**
 * The set that follows another: a final block of the old one announces it. Relay chains announce without delay, in the block
 * that ends a session; a delayed change is refused, and so is a forced one, which no finality stands behind.
 */
export function nextSet(set: AuthoritySet, { header, justification }: HandOver): SetVerdict {
  const finality = verifyJustification(justification, set);
  if (finality.kind === "refused") return finality;
  if (!bytesEqual(finality.block.hash, headerHash(header))) return refused("header-not-justified");
  const authorities = announcedAuthorities(header);
  if (typeof authorities === "string") return refused(authorities);
  const next: AuthoritySet = { id: set.id + 1n, authorities };
  return weightsOf(next) === undefined ? refused("authorities-malformed") : { kind: "set", set: next };
}

/**
 * An authority list as `GrandpaApi_grandpa_authorities` answers it and the state keeps it (`Grandpa.Authorities`). Never
 * throws.
 */
export function decodeAuthorities(bytes: Uint8Array): ScaleDecoding<readonly Authority[]> {
  const reader = new ScaleReader(bytes);
  return reader.finish(readAuthorities(reader));
}

/**
 * Whom a header announces, as the set of that number; for who has verified the hand-over before, or does not have to. What
 * votes are counted by is `nextSet`'s.
 */
export function announcedSet(header: SubstrateHeader, id: bigint): SetVerdict {
  const authorities = announcedAuthorities(header);
  return typeof authorities === "string" ? refused(authorities) : { kind: "set", set: { id, authorities } };
}
