import { asHash, concatBytes, type Hash, ZERO_HASH } from "../bytes.ts";
import { blake2b256 } from "./hash.ts";
import { encodeCompact, type ScaleDecoding, ScaleReader } from "./scale.ts";

/**
 * A Substrate block's header. Its hash, BLAKE2b-256 of its SCALE form, names the block.
 * Source: sp_runtime::generic::{Header, Digest}.
 */
export type SubstrateHeader = {
  readonly parentHash: Hash;
  /** Compact on the wire; 32 bits on all chains that are read here, but nothing depends on it. */
  readonly number: bigint;
  readonly stateRoot: Hash;
  readonly extrinsicsRoot: Hash;
  /** Each item as it is encoded, its kind first: who authored and sealed the block does not matter here. */
  readonly digest: readonly Uint8Array[];
};

/** Kinds of digest items. */
const OTHER = 0;
const CONSENSUS = 4;
const SEAL = 5;
const PRE_RUNTIME = 6;
const RUNTIME_ENVIRONMENT_UPDATED = 8;
/** Engine's name in front of an item's bytes, as in `aura`. */
const ENGINE_LENGTH = 4;

function readDigestItem(reader: ScaleReader): Uint8Array {
  const start = reader.at;
  const kind = reader.u8();
  if (kind === CONSENSUS || kind === SEAL || kind === PRE_RUNTIME) {
    reader.take(ENGINE_LENGTH);
    reader.byteString();
  } else if (kind === OTHER) {
    reader.byteString();
  } else if (kind !== RUNTIME_ENVIRONMENT_UPDATED) {
    reader.fail("scale-variant-unknown");
  }
  return reader.bytes.slice(start, reader.at);
}

/** Whether bytes are one digest item and nothing else. */
export function isDigestItem(bytes: Uint8Array): boolean {
  const reader = new ScaleReader(bytes);
  readDigestItem(reader);
  return reader.finish(undefined).kind === "ok";
}

/** Reads a header, wherever it ends; the reader keeps what is wrong. */
export function readHeader(reader: ScaleReader): SubstrateHeader {
  const parentHash = reader.take(32).slice();
  const number = reader.compact();
  const stateRoot = reader.take(32).slice();
  const extrinsicsRoot = reader.take(32).slice();
  const digest = reader.sequence(() => readDigestItem(reader));
  // After a fault the pieces are too short for hashes, and nobody gets them.
  const hash = (bytes: Uint8Array) => (reader.fault === undefined ? asHash(bytes) : ZERO_HASH);
  return {
    parentHash: hash(parentHash),
    number,
    stateRoot: hash(stateRoot),
    extrinsicsRoot: hash(extrinsicsRoot),
    digest,
  };
}

/** Reads a header that fills `bytes`. Never throws. */
export function decodeHeader(bytes: Uint8Array): ScaleDecoding<SubstrateHeader> {
  const reader = new ScaleReader(bytes);
  return reader.finish(readHeader(reader));
}

export function encodeHeader(header: SubstrateHeader): Uint8Array {
  const { parentHash, number, stateRoot, extrinsicsRoot, digest } = header;
  return concatBytes(
    parentHash,
    encodeCompact(number),
    stateRoot,
    extrinsicsRoot,
    encodeCompact(digest.length),
    ...digest,
  );
}

/** The block's hash. */
export function headerHash(header: SubstrateHeader): Hash {
  return blake2b256(encodeHeader(header));
}
