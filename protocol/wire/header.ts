import { type Address, fromHex, type Hash, hashFromHex } from "../bytes.ts";
import { RollupError } from "../errors.ts";
import { keccak256 } from "../keccak.ts";
import {
  decodeRlp,
  encodeRlp,
  encodeRlpListOf,
  RlpFields,
  type RlpInput,
  U64_BYTES,
  U256_BYTES,
} from "./rlp.ts";

/**
 * A block header of L1 or L2. The optional fields came with later forks (London, Shanghai, Cancun, Prague) and
 * are present up to some field and absent from there on.
 */
export type Header = {
  readonly parentHash: Hash;
  readonly ommersHash: Hash;
  readonly beneficiary: Address;
  readonly stateRoot: Hash;
  readonly transactionsRoot: Hash;
  readonly receiptsRoot: Hash;
  /** 256 bytes. */
  readonly logsBloom: Uint8Array;
  readonly difficulty: bigint;
  readonly number: bigint;
  readonly gasLimit: bigint;
  readonly gasUsed: bigint;
  /** Unix seconds. */
  readonly timestamp: bigint;
  /** On the L2 from Holocene: the EIP-1559 parameters. */
  readonly extraData: Uint8Array;
  readonly prevRandao: Hash;
  /** 8 bytes. */
  readonly nonce: Uint8Array;
  readonly baseFeePerGas?: bigint | undefined;
  /** On the L2 from Isthmus: storage root of the L2ToL1MessagePasser. */
  readonly withdrawalsRoot?: Hash | undefined;
  /** On the L2 from Jovian: the block's data-availability footprint. */
  readonly blobGasUsed?: bigint | undefined;
  readonly excessBlobGas?: bigint | undefined;
  readonly parentBeaconBlockRoot?: Hash | undefined;
  readonly requestsHash?: Hash | undefined;
  /** Fields after these, each in its RLP: so that a header of a future L1 fork still has its right hash. */
  readonly extraFields?: readonly Uint8Array[] | undefined;
};

export type HeaderDecoding =
  | { readonly kind: "ok"; readonly header: Header }
  | { readonly kind: "invalid"; readonly reason: string };

export const BLOOM_LENGTH = 256;
const NONCE_LENGTH = 8;

/** keccak256(rlp([])): a block without ommers, as every one since the Merge. */
export const EMPTY_OMMERS_HASH = hashFromHex(
  "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347",
);
/** sha256 of nothing: a block without execution requests (EIP-7685), as every L2 block. */
export const EMPTY_REQUESTS_HASH = hashFromHex(
  "0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
);
/** Nonce of every header since the Merge. */
export const EMPTY_NONCE = fromHex("0x0000000000000000");

function optionalFields(header: Header): readonly (RlpInput | undefined)[] {
  return [
    header.baseFeePerGas,
    header.withdrawalsRoot,
    header.blobGasUsed,
    header.excessBlobGas,
    header.parentBeaconBlockRoot,
    header.requestsHash,
  ];
}

/**
 * A header's RLP.
 * @throws RollupError HEADER_FIELDS_GAP when a field is present after an absent one: it has no encoding
 */
export function encodeHeader(header: Header): Uint8Array {
  const required: readonly RlpInput[] = [
    header.parentHash,
    header.ommersHash,
    header.beneficiary,
    header.stateRoot,
    header.transactionsRoot,
    header.receiptsRoot,
    header.logsBloom,
    header.difficulty,
    header.number,
    header.gasLimit,
    header.gasUsed,
    header.timestamp,
    header.extraData,
    header.prevRandao,
    header.nonce,
  ];
  const optional = optionalFields(header);
  const present = optional.filter((field) => field !== undefined);
  const extra = header.extraFields ?? [];
  const hasGap = optional.slice(0, present.length).includes(undefined);
  if (hasGap || (extra.length > 0 && present.length < optional.length)) {
    throw new RollupError("HEADER_FIELDS_GAP", `header ${header.number} has a field after an absent one`);
  }
  return encodeRlpListOf([...required, ...present].map((field) => encodeRlp(field)).concat(extra));
}

/** Decodes a header; fields that this version does not know are kept in `extraFields`. Never throws. */
export function decodeHeader(bytes: Uint8Array): HeaderDecoding {
  const rlp = decodeRlp(bytes);
  if (rlp.kind === "invalid") return rlp;
  if (rlp.item instanceof Uint8Array) return { kind: "invalid", reason: "header-not-a-list" };
  return readHeader(new RlpFields(rlp.item));
}

/** The same of a list's fields, for a header inside a block. */
export function readHeader(fields: RlpFields): HeaderDecoding {
  const required = {
    parentHash: fields.hash("parent-hash"),
    ommersHash: fields.hash("ommers-hash"),
    beneficiary: fields.address("beneficiary"),
    stateRoot: fields.hash("state-root"),
    transactionsRoot: fields.hash("transactions-root"),
    receiptsRoot: fields.hash("receipts-root"),
    logsBloom: fields.fixed("logs-bloom", BLOOM_LENGTH),
    difficulty: fields.quantity("difficulty", U256_BYTES),
    number: fields.quantity("number", U64_BYTES),
    gasLimit: fields.quantity("gas-limit", U64_BYTES),
    gasUsed: fields.quantity("gas-used", U64_BYTES),
    timestamp: fields.quantity("timestamp", U64_BYTES),
    extraData: fields.bytes("extra-data"),
    prevRandao: fields.hash("prev-randao"),
    nonce: fields.fixed("nonce", NONCE_LENGTH),
  };
  const header: Header = {
    ...required,
    ...(fields.remaining > 0 && { baseFeePerGas: fields.quantity("base-fee", U256_BYTES) }),
    ...(fields.remaining > 0 && { withdrawalsRoot: fields.hash("withdrawals-root") }),
    ...(fields.remaining > 0 && { blobGasUsed: fields.quantity("blob-gas-used", U64_BYTES) }),
    ...(fields.remaining > 0 && { excessBlobGas: fields.quantity("excess-blob-gas", U64_BYTES) }),
    ...(fields.remaining > 0 && { parentBeaconBlockRoot: fields.hash("parent-beacon-block-root") }),
    ...(fields.remaining > 0 && { requestsHash: fields.hash("requests-hash") }),
    ...(fields.remaining > 0 && { extraFields: readExtraFields(fields) }),
  };
  return fields.fault === undefined ? { kind: "ok", header } : { kind: "invalid", reason: fields.fault };
}

function readExtraFields(fields: RlpFields): readonly Uint8Array[] {
  const extra: Uint8Array[] = [];
  while (fields.remaining > 0) extra.push(encodeRlp(fields.item("extra-field")));
  return extra;
}

/** The block's hash. */
export function headerHash(header: Header): Hash {
  return keccak256(encodeHeader(header));
}
