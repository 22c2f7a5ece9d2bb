import {
  type Address,
  asAddress,
  asHash,
  bigintFromBytes,
  bigintToBytes,
  bytesEqual,
  concatBytes,
  EMPTY_BYTES,
  type Hash,
  ZERO_HASH,
} from "../bytes.ts";
import { RollupError } from "../errors.ts";
import { keccak256 } from "../keccak.ts";
import { recoverAddress, type Signature, signatureToBytes } from "../secp256k1.ts";
import { EMPTY_TRIE_ROOT } from "../trie/trie.ts";
import { type Block, transactionsRoot } from "./block.ts";
import { EMPTY_OMMERS_HASH, EMPTY_REQUESTS_HASH, type Header, headerHash } from "./header.ts";

/**
 * An L2 block as the sequencer gossips it, before any L1 batch has it.
 * Source: specs/protocol/rollup-node-p2p.md "Block encoding", "Block signatures"; isthmus/exec-engine.md
 * "Update to ExecutionPayload".
 *
 * message (before snappy) = signature 65 | parentBeaconBlockRoot 32, from version 3 | payload
 * payload = SSZ ExecutionPayload: fixed part | extraData | offsets and transactions | withdrawals
 * signed  = keccak256(domain 32 of zeros | chain id u256 | keccak256(parentBeaconBlockRoot? | payload))
 *
 * The version is the topic's: 1 before Canyon, 2 from Canyon, 3 from Ecotone, 4 from Isthmus.
 */
export type UnsafeBlockVersion = 1 | 2 | 3 | 4;

export type UnsafeBlock = {
  readonly version: UnsafeBlockVersion;
  /** The block that the payload describes, with the roots that follow from its transactions. */
  readonly block: Block;
  /** The hash that the payload claims and its content has. */
  readonly hash: Hash;
};

export type UnsafeBlockMessage = UnsafeBlock & {
  /** r | s | y parity; see `unsafeBlockSigner`. */
  readonly signature: Uint8Array;
  /** What is signed, chain id aside. */
  readonly payloadHash: Hash;
};

export type UnsafeBlockDecoding =
  | { readonly kind: "ok"; readonly message: UnsafeBlockMessage }
  | { readonly kind: "invalid"; readonly reason: UnsafeBlockFault };
export type UnsafeBlockFault =
  | "message-too-short"
  | "extra-data-offset"
  | "extra-data-too-long"
  | "transactions-offset"
  | "withdrawals-offset"
  | "withdrawals-not-empty"
  | "transaction-offsets"
  | "transaction-empty"
  | "too-many-transactions"
  | "block-hash-mismatch";

/** Largest message after decompression. Source: rollup-node-p2p.md "Message compression and limits". */
export const MAX_GOSSIP_SIZE = 10 * (1 << 20);
const SIGNATURE_LENGTH = 65;
/** MAX_TRANSACTIONS_PER_PAYLOAD of the consensus specification. */
const MAX_TRANSACTIONS = 1 << 20;
/** MAX_EXTRA_DATA_BYTES of the consensus specification. */
const MAX_EXTRA_DATA = 32;
const OFFSET = 4;
const DOMAIN = ZERO_HASH;

/** Places in the payload's fixed part. */
const AT = {
  parentHash: 0,
  feeRecipient: 32,
  stateRoot: 52,
  receiptsRoot: 84,
  logsBloom: 116,
  prevRandao: 372,
  number: 404,
  gasLimit: 412,
  gasUsed: 420,
  timestamp: 428,
  extraDataOffset: 436,
  baseFee: 440,
  blockHash: 472,
  transactionsOffset: 504,
  withdrawalsOffset: 508,
  blobGasUsed: 512,
  excessBlobGas: 520,
  withdrawalsRoot: 528,
} as const;
/** Length of the fixed part by version. */
const FIXED_LENGTH = { 1: 508, 2: 512, 3: 528, 4: 560 } as const;

function hasBeaconRoot(version: UnsafeBlockVersion): boolean {
  return version >= 3;
}

/**
 * Decodes a gossip message after decompression, and checks that the payload's block hash is that of its
 * content. Timestamps, signature and the fork that the topic belongs to are for the caller. Never throws.
 */
export function decodeUnsafeBlock(message: Uint8Array, version: UnsafeBlockVersion): UnsafeBlockDecoding {
  const signed = message.subarray(SIGNATURE_LENGTH);
  const unsafe = decodeEnvelope(signed, version);
  if (unsafe.kind === "invalid") return unsafe;
  const signature = message.slice(0, SIGNATURE_LENGTH);
  return { kind: "ok", message: { ...unsafe.envelope, signature, payloadHash: keccak256(signed) } };
}

export type EnvelopeDecoding =
  | { readonly kind: "ok"; readonly envelope: UnsafeBlock }
  | { readonly kind: "invalid"; readonly reason: UnsafeBlockFault };

/**
 * Decodes what a message's signature covers, which peers also ask each other for: the beacon root, from version
 * 3, and the payload. Its block hash is checked; to whom the block belongs is for the caller. Never throws.
 */
export function decodeEnvelope(envelope: Uint8Array, version: UnsafeBlockVersion): EnvelopeDecoding {
  const rootLength = hasBeaconRoot(version) ? ZERO_HASH.length : 0;
  const payload = envelope.subarray(rootLength);
  if (payload.length < FIXED_LENGTH[version]) return { kind: "invalid", reason: "message-too-short" };
  const beaconRoot = hasBeaconRoot(version) ? asHash(envelope.slice(0, rootLength)) : undefined;
  const unsafe = readPayload(payload, version, beaconRoot);
  return typeof unsafe === "string" ? { kind: "invalid", reason: unsafe } : { kind: "ok", envelope: unsafe };
}

/**
 * The signature of a message and the hash that it covers, without looking at the payload: so that a message of
 * another signer costs one hash and one recovery. Undefined when the message is too short for a signature.
 */
export function readUnsafeBlockSignature(
  message: Uint8Array,
): Pick<UnsafeBlockMessage, "signature" | "payloadHash"> | undefined {
  if (message.length <= SIGNATURE_LENGTH) return undefined;
  const payloadHash = keccak256(message.subarray(SIGNATURE_LENGTH));
  return { signature: message.slice(0, SIGNATURE_LENGTH), payloadHash };
}

function littleEndian(bytes: Uint8Array): bigint {
  return bigintFromBytes(bytes.toReversed());
}

function littleEndianBytes(value: bigint, length: number): Uint8Array {
  return bigintToBytes(value, length).reverse();
}

function readPayload(
  payload: Uint8Array,
  version: UnsafeBlockVersion,
  beaconRoot: Hash | undefined,
): UnsafeBlock | UnsafeBlockFault {
  const parts = readParts(payload, version);
  if (typeof parts === "string") return parts;
  const hash = (at: number) => asHash(payload.slice(at, at + 32));
  const u64 = (at: number) => littleEndian(payload.subarray(at, at + 8));
  const header: Header = {
    parentHash: hash(AT.parentHash),
    ommersHash: EMPTY_OMMERS_HASH,
    beneficiary: asAddress(payload.slice(AT.feeRecipient, AT.feeRecipient + 20)),
    stateRoot: hash(AT.stateRoot),
    transactionsRoot: transactionsRoot(parts.transactions),
    receiptsRoot: hash(AT.receiptsRoot),
    logsBloom: payload.slice(AT.logsBloom, AT.logsBloom + 256),
    difficulty: 0n,
    number: u64(AT.number),
    gasLimit: u64(AT.gasLimit),
    gasUsed: u64(AT.gasUsed),
    timestamp: u64(AT.timestamp),
    extraData: parts.extraData,
    prevRandao: hash(AT.prevRandao),
    nonce: new Uint8Array(8),
    baseFeePerGas: littleEndian(payload.subarray(AT.baseFee, AT.baseFee + 32)),
    ...(version >= 2 && { withdrawalsRoot: version === 4 ? hash(AT.withdrawalsRoot) : EMPTY_TRIE_ROOT }),
    ...(version >= 3 && {
      blobGasUsed: u64(AT.blobGasUsed),
      excessBlobGas: u64(AT.excessBlobGas),
      parentBeaconBlockRoot: beaconRoot,
    }),
    ...(version >= 4 && { requestsHash: EMPTY_REQUESTS_HASH }),
  };
  const claimedHash = hash(AT.blockHash);
  if (!bytesEqual(claimedHash, headerHash(header))) return "block-hash-mismatch";
  return { version, block: { header, transactions: parts.transactions }, hash: claimedHash };
}

type Parts = { readonly extraData: Uint8Array; readonly transactions: readonly Uint8Array[] };

/** The parts of variable length: their offsets ascend from the end of the fixed part and leave nothing out. */
function readParts(payload: Uint8Array, version: UnsafeBlockVersion): Parts | UnsafeBlockFault {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const extraDataAt = view.getUint32(AT.extraDataOffset, true);
  const transactionsAt = view.getUint32(AT.transactionsOffset, true);
  const end = version === 1 ? payload.length : view.getUint32(AT.withdrawalsOffset, true);
  if (extraDataAt !== FIXED_LENGTH[version]) return "extra-data-offset";
  if (transactionsAt < extraDataAt || transactionsAt > payload.length) return "transactions-offset";
  if (transactionsAt - extraDataAt > MAX_EXTRA_DATA) return "extra-data-too-long";
  if (end < transactionsAt || end > payload.length) return "withdrawals-offset";
  if (end !== payload.length) return "withdrawals-not-empty";
  const transactions = readTransactions(payload.subarray(transactionsAt, end));
  if (typeof transactions === "string") return transactions;
  return { extraData: payload.slice(extraDataAt, transactionsAt), transactions };
}

/** SSZ list of byte lists: u32 offsets, the first of which tells their number, then the bytes. */
function readTransactions(list: Uint8Array): readonly Uint8Array[] | UnsafeBlockFault {
  if (list.length === 0) return [];
  if (list.length < OFFSET) return "transaction-offsets";
  const view = new DataView(list.buffer, list.byteOffset, list.byteLength);
  const first = view.getUint32(0, true);
  if (first === 0 || first % OFFSET !== 0 || first > list.length) return "transaction-offsets";
  const count = first / OFFSET;
  if (count > MAX_TRANSACTIONS) return "too-many-transactions";
  const transactions: Uint8Array[] = [];
  for (let i = 0, start = first; i < count; i++) {
    const end = i + 1 < count ? view.getUint32(OFFSET * (i + 1), true) : list.length;
    if (end < start || end > list.length) return "transaction-offsets";
    if (end === start) return "transaction-empty";
    transactions.push(list.slice(start, end));
    start = end;
  }
  return transactions;
}

/** The version that a header's fields belong to. @throws RollupError UNSAFE_BLOCK_FIELDS for a block before London */
export function unsafeBlockVersion(header: Header): UnsafeBlockVersion {
  if (header.baseFeePerGas === undefined) {
    throw new RollupError("UNSAFE_BLOCK_FIELDS", "a gossiped block has a base fee", {
      data: { number: header.number },
    });
  }
  if (header.requestsHash !== undefined) return 4;
  if (header.parentBeaconBlockRoot !== undefined) return 3;
  return header.withdrawalsRoot === undefined ? 1 : 2;
}

/** The payload of a block: its SSZ encoding in the version of its fields. @throws RollupError UNSAFE_BLOCK_FIELDS */
export function encodePayload(block: Block): Uint8Array {
  const { header } = block;
  const version = unsafeBlockVersion(header);
  const extraDataAt = FIXED_LENGTH[version];
  const transactionsAt = extraDataAt + header.extraData.length;
  const transactions = encodeTransactions(block.transactions);
  const offset = (value: number) => littleEndianBytes(BigInt(value), OFFSET);
  return concatBytes(
    ...[header.parentHash, header.beneficiary, header.stateRoot, header.receiptsRoot, header.logsBloom],
    header.prevRandao,
    ...[header.number, header.gasLimit, header.gasUsed, header.timestamp].map((n) => littleEndianBytes(n, 8)),
    offset(extraDataAt),
    littleEndianBytes(header.baseFeePerGas ?? 0n, 32),
    headerHash(header),
    offset(transactionsAt),
    version >= 2 ? offset(transactionsAt + transactions.length) : EMPTY_BYTES,
    version >= 3 ? littleEndianBytes(header.blobGasUsed ?? 0n, 8) : EMPTY_BYTES,
    version >= 3 ? littleEndianBytes(header.excessBlobGas ?? 0n, 8) : EMPTY_BYTES,
    version >= 4 ? (header.withdrawalsRoot ?? ZERO_HASH) : EMPTY_BYTES,
    header.extraData,
    transactions,
  );
}

function encodeTransactions(transactions: readonly Uint8Array[]): Uint8Array {
  const offsets = new Uint8Array(OFFSET * transactions.length);
  const view = new DataView(offsets.buffer);
  let at = offsets.length;
  for (const [i, transaction] of transactions.entries()) {
    view.setUint32(OFFSET * i, at, true);
    at += transaction.length;
  }
  const out = new Uint8Array(at);
  out.set(offsets);
  at = offsets.length;
  for (const transaction of transactions) {
    out.set(transaction, at);
    at += transaction.length;
  }
  return out;
}

/** The 32 bytes that the sequencer signs. @param payloadHash of the beacon root, from version 3, and the payload */
export function unsafeBlockDigest(payloadHash: Hash, chainId: bigint): Hash {
  return keccak256(concatBytes(DOMAIN, bigintToBytes(chainId, 32), payloadHash));
}

/**
 * Who signed the message for this chain; undefined when nobody can have. y parity is 0 or 1.
 * Source: rollup-node-p2p.md "Block signatures".
 */
export function unsafeBlockSigner(
  { signature, payloadHash }: Pick<UnsafeBlockMessage, "signature" | "payloadHash">,
  chainId: bigint,
): Address | undefined {
  const parity = signature[64];
  if (signature.length !== SIGNATURE_LENGTH || (parity !== 0 && parity !== 1)) return undefined;
  const scalar = (at: number) => bigintFromBytes(signature.subarray(at, at + 32));
  return recoverAddress(unsafeBlockDigest(payloadHash, chainId), {
    r: scalar(0),
    s: scalar(32),
    yParity: parity,
  });
}

/** A message that wants only its signature. */
export type UnsignedUnsafeBlock = {
  /** What the unsafe block signer signs. */
  readonly digest: Hash;
  /** The message that announces the block, before compression. */
  readonly withSignature: (signature: Signature) => Uint8Array;
};

/** Prepares the announcement of a block, wherever the signer's key may be. @throws RollupError UNSAFE_BLOCK_FIELDS */
export function unsignedUnsafeBlock(block: Block, chainId: bigint): UnsignedUnsafeBlock {
  const signed = encodeEnvelope(block);
  return {
    digest: unsafeBlockDigest(keccak256(signed), chainId),
    withSignature: (signature) => concatBytes(signatureToBytes(signature), signed),
  };
}

/** What a message's signature covers; see `decodeEnvelope`. @throws RollupError UNSAFE_BLOCK_FIELDS */
export function encodeEnvelope(block: Block): Uint8Array {
  const root = hasBeaconRoot(unsafeBlockVersion(block.header))
    ? block.header.parentBeaconBlockRoot
    : undefined;
  return concatBytes(root ?? EMPTY_BYTES, encodePayload(block));
}

/** The same with a key at hand. @throws RollupError UNSAFE_BLOCK_FIELDS */
export function encodeUnsafeBlock(
  block: Block,
  chainId: bigint,
  sign: (digest: Hash) => Signature,
): Uint8Array {
  const { digest, withSignature } = unsignedUnsafeBlock(block, chainId);
  return withSignature(sign(digest));
}
