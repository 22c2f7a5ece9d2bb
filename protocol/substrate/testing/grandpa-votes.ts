import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from "node:crypto";
import { asHash, type Hash } from "../../bytes.ts";
import { encodeHeader, type SubstrateHeader } from "../header.ts";

/** Signs with Node's ed25519, and writes SCALE by hand: nothing of what is tested makes the vectors. */
export type Voter = { readonly key: Uint8Array; readonly secret: KeyObject };

/** PKCS #8 in front of an ed25519 key's seed (RFC 8410). */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");

function voterWith(secret: KeyObject): Voter {
  const der = createPublicKey(secret).export({ type: "spki", format: "der" });
  return { key: Uint8Array.from(der.subarray(-32)), secret };
}

export function voter(): Voter {
  return voterWith(generateKeyPairSync("ed25519").privateKey);
}

/** The voter of a name, the same each time. */
export function namedVoter(name: string): Voter {
  const seed = createHash("sha256").update(name).digest();
  return voterWith(
    createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: "der", type: "pkcs8" }),
  );
}

/** The set's id and round of votes that name no others. */
export const SET_ID = 12n;
export const ROUND = 3n;

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

export function u64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}

/** SCALE's compact form of a small length. */
export function compact(value: number): Buffer {
  if (value < 64) return Buffer.of(value << 2);
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE((value << 2) | 1);
  return bytes;
}

export type Vote = { readonly hash: Uint8Array; readonly number: number };
export type Cast = Vote & { readonly by: Voter; readonly setId?: bigint; readonly round?: bigint };

function cast({ hash, number, by, setId = SET_ID, round = ROUND }: Cast): Buffer {
  const payload = Buffer.concat([Buffer.of(1), hash, u32(number), u64(round), u64(setId)]);
  return Buffer.concat([hash, u32(number), sign(null, payload, by.secret), by.key]);
}

export type Made = {
  readonly target: Vote;
  readonly votes: readonly Cast[];
  readonly headers?: readonly SubstrateHeader[];
};

export function justification({ target, votes, headers = [] }: Made): Uint8Array {
  return Buffer.concat([
    u64(ROUND),
    target.hash,
    u32(target.number),
    compact(votes.length),
    ...votes.map(cast),
    compact(headers.length),
    ...headers.map(encodeHeader),
  ]);
}

/** A header of no block that ever was. */
export function child(
  parentHash: Hash,
  number: bigint,
  digest: readonly Uint8Array[] = [],
  stateRoot: Hash = asHash(createHash("sha256").update(`${number}`).digest()),
): SubstrateHeader {
  return { parentHash, number, stateRoot, extrinsicsRoot: stateRoot, digest };
}

/** A digest item of GRANDPA's engine. */
export function announcement(kind: number, voters: readonly Voter[], delay = 0, cut = 0): Uint8Array {
  const list = [compact(voters.length), ...voters.flatMap(({ key }) => [Buffer.from(key), u64(1n)])];
  const median = kind === 2 ? [u32(7)] : [];
  const whole = Buffer.concat([Buffer.of(kind), ...median, ...list, u32(delay)]);
  const log = whole.subarray(0, whole.length - cut);
  return Buffer.concat([Buffer.of(4), Buffer.from("FRNK"), compact(log.length), log]);
}
